"""The second wall round messages: nobody writes in another's name, and a patient neither takes nor closes."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
ROLE = "(SELECT app.acting_role())"
STAFF = f"({ROLE} <> 'patient')"

KEEP = """
CREATE FUNCTION app.keep_thread() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.status = 'closed' THEN
        RAISE EXCEPTION 'a closed thread stays as it is' USING ERRCODE = '23514';
    END IF;
    IF app.acting_role() = 'patient' AND (NEW.status, NEW.taken_by_id, NEW.taken_at)
        IS DISTINCT FROM (OLD.status, OLD.taken_by_id, OLD.taken_at) THEN
        RAISE EXCEPTION 'a patient neither takes nor closes a thread' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION app.keep_message() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.read_at IS NOT NULL AND (NEW.read_at, NEW.read_by_id) IS DISTINCT FROM (OLD.read_at, OLD.read_by_id) THEN
        RAISE EXCEPTION 'who read a message first, and when, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_thread(), app.keep_message() FROM PUBLIC;
CREATE TRIGGER keep_thread BEFORE UPDATE ON records_thread FOR EACH ROW EXECUTE FUNCTION app.keep_thread();
CREATE TRIGGER keep_message BEFORE UPDATE ON records_message FOR EACH ROW EXECUTE FUNCTION app.keep_message();
"""
BACK = "DROP FUNCTION app.keep_thread() CASCADE; DROP FUNCTION app.keep_message() CASCADE;"
THREAD = f"({sees('message', 'records_thread.patient_id')})"
MESSAGE = f"({sees('message', 'records_message.patient_id')})"


class Migration(migrations.Migration):
    dependencies = [("records", "0003_messages"), ("patients", "0002_walls")]
    operations = [
        CompositeParentKey("records_message", "thread_id", "records_thread"),
        migrations.RunSQL(KEEP, BACK),
        ProtectTable(
            "records_thread",
            sees=THREAD,
            adds=f"{THREAD} AND started_by_id = {ME} AND status = 'open' AND ({STAFF} OR taken_by_id IS NULL)",
            changes=f"{THREAD} AND (status = 'open' OR closed_by_id = {ME})",
        ),
        ProtectTable(
            "records_message",
            sees=MESSAGE,
            adds=f"{MESSAGE} AND author_id = {ME} AND author_role = {ROLE} AND to_patient = {STAFF}",
            # Read by the other side, and by oneself.
            changes=f"{MESSAGE} AND read_by_id = {ME} AND to_patient <> {STAFF}",
        ),
    ]
