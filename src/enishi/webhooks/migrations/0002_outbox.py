from django.db import migrations

# What is recorded reaches the outbox in the same transaction, by whatever way it is recorded: one by one or by the thousand.
# While no endpoint wants the event, nothing is written and no job is put into the queue. No lock is taken, so writers do not wait
# for each other.
OUTBOX = """
CREATE FUNCTION webhooks_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM webhooks_endpoint WHERE is_on) THEN
        INSERT INTO webhooks_fresh (entry_id)
            SELECT id FROM written WHERE EXISTS (
                SELECT 1 FROM webhooks_endpoint WHERE is_on AND written.event = ANY (events));
        IF FOUND THEN
            INSERT INTO procrastinate_jobs (queue_name, task_name, lock) VALUES ('webhooks', 'webhooks.run', 'webhooks.run');
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_take AFTER INSERT ON timeline_entry REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_take();
"""
UNDO = """
DROP TRIGGER webhooks_take ON timeline_entry;
DROP FUNCTION webhooks_take();
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [migrations.RunSQL(OUTBOX, UNDO)]
