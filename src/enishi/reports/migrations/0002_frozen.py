"""Frozen reports cannot be changed: only the seal of a person who was erased, and a higher confidentiality, come later."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION reports_report_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'frozen' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.confidentiality >= OLD.confidentiality
        -- users are removed by setting them to null
        AND (NEW.user_id IS NULL OR NEW.user_id IS NOT DISTINCT FROM OLD.user_id)
        AND (to_jsonb(NEW) - 'confidentiality' - 'user_id') = (to_jsonb(OLD) - 'confidentiality' - 'user_id')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'report % is frozen', OLD.id;
END $$;
CREATE TRIGGER reports_report_frozen BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_report_frozen();

CREATE FUNCTION reports_part_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    report bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.report_id ELSE NEW.report_id END;
BEGIN
    IF NOT EXISTS (SELECT FROM reports_report WHERE id = report AND state = 'frozen') THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('enishi.redacting', true) = 'on'
        AND (OLD.report_id, OLD."table", OLD.position, OLD.rows, OLD.leaves)
            = (NEW.report_id, NEW."table", NEW.position, NEW.rows, NEW.leaves)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'report % is frozen', report;
END $$;
CREATE TRIGGER reports_part_frozen BEFORE INSERT OR UPDATE OR DELETE ON reports_part
    FOR EACH ROW EXECUTE FUNCTION reports_part_frozen();
"""

BACKWARDS = """
DROP TRIGGER reports_part_frozen ON reports_part;
DROP FUNCTION reports_part_frozen();
DROP TRIGGER reports_report_frozen ON reports_report;
DROP FUNCTION reports_report_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
