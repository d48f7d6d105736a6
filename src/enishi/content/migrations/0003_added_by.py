from django.conf import settings
from django.db import migrations, models

FILL = """
    UPDATE content_file SET added_by_id = version.user_id
    FROM content_fileversion version
    WHERE version.file_id = content_file.id AND version.number = 1 AND version.user_id IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0002_reading"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="file",
            name="added_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=models.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="added by",
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(("added_by__isnull", False)),
                fields=["added_by", "-created_at", "-id"],
                name="file_added_by",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
