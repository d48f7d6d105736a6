from django.db import migrations

# Labels are English message ids; pages translate those of built-in types.
RELATION_TYPES = (
    ("works-for", "works for", "employs", True),
    ("represents", "represents", "is represented by", True),
    ("member-of", "is a member of", "has as a member", True),
    ("division-of", "is a division of", "has as a division", True),
    ("household-of", "belongs to the household", "is the household of", True),
    ("leads", "leads", "is led by", True),
    ("advises", "advises", "is advised by", False),
    ("neighbour-of", "is a neighbour of", "has as a neighbour", False),
    ("related-to", "is related to", "is related to", False),
    ("supplies", "supplies", "is supplied by", False),
    ("owns-land-at", "owns land at", "lies on land of", False),
)
PURPOSES = (
    ("news", "Project news by e-mail"),
    ("events", "Invitations to events"),
    ("phone", "Calls about our offers"),
    ("recording", "Recording of calls"),
    ("photos", "Publishing photos"),
)


def add(apps, schema_editor):
    relation_type = apps.get_model("contacts", "RelationType")
    for position, (code, name, inverse, affiliates) in enumerate(RELATION_TYPES):
        relation_type.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "inverse_name": inverse,
                "affiliates": affiliates,
                "built_in": True,
                "position": position,
            },
        )
    purpose = apps.get_model("contacts", "ConsentPurpose")
    for code, name in PURPOSES:
        purpose.objects.get_or_create(code=code, defaults={"name": name})


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
