from django.db import migrations, models

CHOICES = [("new", "Not offered yet"), ("on", "On it"), ("off", "Not on it")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_single_logout")]

    operations = [
        # Who works here already is not offered it: they find it under their name.
        migrations.AddField(
            "user", "tour", models.CharField(choices=CHOICES, default="off", max_length=3)
        ),
        migrations.AlterField(
            "user", "tour", models.CharField(choices=CHOICES, default="new", max_length=3)
        ),
        migrations.AddField("user", "tour_stop", models.CharField(blank=True, max_length=20, default="")),
        migrations.AlterField("user", "tour_stop", models.CharField(blank=True, max_length=20)),
        migrations.AddField(
            "organisation",
            "first_steps",
            models.BooleanField(default=True, verbose_name="the first steps are shown"),
        ),
    ]
