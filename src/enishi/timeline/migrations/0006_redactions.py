import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models

import enishi.timeline.models

# As before, and besides: values may be taken out in the transaction that registers the redaction.
APPEND_ONLY = """
CREATE OR REPLACE FUNCTION timeline_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'history entries are never deleted (entry %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.id, NEW.at, NEW.user_id, NEW.actor_name, NEW.via, NEW.request_id, NEW.operation_id, NEW.event,
        NEW.subject_type, NEW.subject_id, NEW.party_id)
       IS DISTINCT FROM
       (OLD.id, OLD.at, OLD.user_id, OLD.actor_name, OLD.via, OLD.request_id, OLD.operation_id, OLD.event,
        OLD.subject_type, OLD.subject_id, OLD.party_id)
       OR (OLD.seal_id IS NOT NULL AND NEW.seal_id IS DISTINCT FROM OLD.seal_id) THEN
        RAISE EXCEPTION 'history entries never change (entry %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.label, NEW.changes, NEW.data, NEW.salt) IS DISTINCT FROM (OLD.label, OLD.changes, OLD.data, OLD.salt)
       AND NOT EXISTS (
           SELECT FROM timeline_redaction r WHERE r.entry_id = OLD.id AND r.written_in = txid_current()) THEN
        RAISE EXCEPTION 'history entries never change (entry %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION timeline_redaction_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'redactions never change (redaction %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER timeline_redaction_append_only BEFORE UPDATE OR DELETE ON timeline_redaction
    FOR EACH ROW EXECUTE FUNCTION timeline_redaction_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('timeline', '0005_cases'),
    ]

    operations = [
        # In two steps: what is sealed already was sealed without a salt.
        migrations.AddField(
            model_name='entry',
            name='salt',
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name='entry',
            name='salt',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), null=True),
        ),
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was', models.BinaryField()),
                ('now', models.BinaryField()),
                ('written_in', models.BigIntegerField(db_default=enishi.timeline.models.TransactionId())),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='timeline.entry')),
                ('erasure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='timeline.entry')),
            ],
        ),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
    ]
