"""What was told before is carried over to the one due-engine, so that nobody is told twice."""

from django.db import migrations

COPY = """
INSERT INTO due_digest (user_id, day, sent_at)
  SELECT DISTINCT user_id, date '1970-01-01', now() FROM cases_casealert
  ON CONFLICT DO NOTHING;
INSERT INTO due_reminder (subject_type, subject_id, user_id, moment, due_at, made_at, digest_id)
  SELECT 'cases.case', told.case_id, told.user_id, CASE told.moment WHEN 'over' THEN 'late' ELSE told.moment END,
         told.due_at, now(), kept.id
    FROM cases_casealert told
    JOIN due_digest kept ON kept.user_id = told.user_id AND kept.day = date '1970-01-01';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0005_owner'),
        ('due', '0001_what_falls_due'),
    ]

    operations = [
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.DeleteModel(name='CaseAlert'),
    ]
