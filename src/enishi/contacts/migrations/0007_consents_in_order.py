from django.db import migrations

FORWARDS = """
ALTER TABLE contacts_consent
    ADD CONSTRAINT consent_was_stated CHECK (stated_on <= created_at::date + 1) NOT VALID;
CREATE FUNCTION contacts_consent_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'withdrawn'
        AND EXISTS (SELECT FROM contacts_consent given WHERE given.party_id = NEW.party_id
                    AND given.purpose_id = NEW.purpose_id AND given.state = 'given' AND given.stated_on > NEW.stated_on)
        AND NOT EXISTS (SELECT FROM contacts_consent given WHERE given.party_id = NEW.party_id
                        AND given.purpose_id = NEW.purpose_id AND given.state = 'given' AND given.stated_on <= NEW.stated_on)
    THEN
        RAISE EXCEPTION 'consent % was withdrawn before it was given', NEW.purpose_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_in_order';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contacts_consent_in_order BEFORE INSERT ON contacts_consent
    FOR EACH ROW EXECUTE FUNCTION contacts_consent_in_order();
"""

BACKWARDS = """
DROP TRIGGER contacts_consent_in_order ON contacts_consent;
DROP FUNCTION contacts_consent_in_order();
ALTER TABLE contacts_consent DROP CONSTRAINT consent_was_stated;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_places")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
