from django.db import migrations

# The history is append-only for everybody, whatever program connects. Only the placement of an entry may change.
APPEND_ONLY = """
CREATE FUNCTION timeline_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'history entries are never deleted (entry %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.id, NEW.at, NEW.user_id, NEW.actor_name, NEW.via, NEW.request_id, NEW.operation_id, NEW.event,
        NEW.subject_type, NEW.subject_id, NEW.label, NEW.party_id, NEW.changes, NEW.data)
       IS DISTINCT FROM
       (OLD.id, OLD.at, OLD.user_id, OLD.actor_name, OLD.via, OLD.request_id, OLD.operation_id, OLD.event,
        OLD.subject_type, OLD.subject_id, OLD.label, OLD.party_id, OLD.changes, OLD.data)
       OR (OLD.seal_id IS NOT NULL AND NEW.seal_id IS DISTINCT FROM OLD.seal_id) THEN
        RAISE EXCEPTION 'history entries never change (entry %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER timeline_entry_append_only BEFORE UPDATE OR DELETE ON timeline_entry
    FOR EACH ROW EXECUTE FUNCTION timeline_entry_append_only();

CREATE FUNCTION timeline_seal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'seals never change (seal %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER timeline_seal_append_only BEFORE UPDATE OR DELETE ON timeline_seal
    FOR EACH ROW EXECUTE FUNCTION timeline_seal_append_only();
"""
UNDO = """
DROP TRIGGER timeline_entry_append_only ON timeline_entry;
DROP FUNCTION timeline_entry_append_only();
DROP TRIGGER timeline_seal_append_only ON timeline_seal;
DROP FUNCTION timeline_seal_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("timeline", "0001_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY, UNDO)]
