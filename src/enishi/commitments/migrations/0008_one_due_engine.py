"""What was told before is carried over to the one due-engine, so that nobody is told twice."""

from django.db import migrations

COPY = """
INSERT INTO due_digest (user_id, day, sent_at) SELECT user_id, day, sent_at FROM commitments_digest;
INSERT INTO due_reminder (subject_type, subject_id, user_id, moment, due_at, made_at, digest_id)
  SELECT CASE WHEN told.task_id IS NULL THEN 'commitments.promise' ELSE 'commitments.task' END,
         coalesce(told.promise_id, told.task_id), told.user_id, told.moment, told.due_at, told.made_at, kept.id
    FROM commitments_reminder told
    LEFT JOIN commitments_digest mail ON mail.id = told.digest_id
    LEFT JOIN due_digest kept ON kept.user_id = mail.user_id AND kept.day = mail.day;
INSERT INTO due_digest (user_id, day, sent_at)
  SELECT DISTINCT owner_id, date '1970-01-01', now() FROM commitments_duty
   WHERE owner_id IS NOT NULL AND review_told_on IS NOT NULL
  ON CONFLICT DO NOTHING;
INSERT INTO due_reminder (subject_type, subject_id, user_id, moment, due_at, made_at, digest_id)
  SELECT 'commitments.duty', duty.id, duty.owner_id, 'due',
         (duty.review_told_on + interval '12 hours') AT TIME ZONE 'UTC', now(), kept.id
    FROM commitments_duty duty
    JOIN due_digest kept ON kept.user_id = duty.owner_id AND kept.day = date '1970-01-01'
   WHERE duty.review_told_on IS NOT NULL;
INSERT INTO due_step (project_id, days, "to", user_id)
  SELECT project_id, days, "to", user_id FROM commitments_escalationstep;
INSERT INTO due_escalation (subject_type, subject_id, user_id, days, due_at, told_at, mailed_at)
  SELECT 'commitments.promise', promise_id, user_id, days, due_at, told_at, mailed_at FROM commitments_escalation;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('commitments', '0007_contributions'),
        ('due', '0001_what_falls_due'),
    ]

    operations = [
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.DeleteModel(name='Reminder'),
        migrations.DeleteModel(name='Digest'),
        migrations.DeleteModel(name='Escalation'),
        migrations.DeleteModel(name='EscalationStep'),
        migrations.RemoveField(model_name='duty', name='review_told_on'),
    ]
