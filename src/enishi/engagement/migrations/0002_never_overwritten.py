from django.db import migrations

# What was judged is never overwritten, whatever program connects. A rating may be withdrawn, follow a merged person, and
# become more confidential.
NEVER_OVERWRITTEN = """
CREATE FUNCTION engagement_rating_never_overwritten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.project_id, NEW.rated_on, NEW.impact, NEW.interest, NEW.influence, NEW.position, NEW.created_at)
       IS DISTINCT FROM
       (OLD.project_id, OLD.rated_on, OLD.impact, OLD.interest, OLD.influence, OLD.position, OLD.created_at) THEN
        RAISE EXCEPTION 'ratings are never overwritten (rating %)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER engagement_rating_never_overwritten BEFORE UPDATE ON engagement_rating
    FOR EACH ROW EXECUTE FUNCTION engagement_rating_never_overwritten();
"""
UNDO = """
DROP TRIGGER engagement_rating_never_overwritten ON engagement_rating;
DROP FUNCTION engagement_rating_never_overwritten();
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0001_initial")]
    operations = [migrations.RunSQL(NEVER_OVERWRITTEN, UNDO)]
