"""The second wall round halts and reviews. Where a medicine stands follows its halts, whoever writes."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

PRESCRIPTION, TOLD = "prescriptions_prescription", "prescriptions_medicationstatement"
HALT, REVIEW = "prescriptions_halt", "prescriptions_medicationreview"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
ME = "(SELECT app.user_id())"


def reaches(table: str) -> str:
    return f"({sees('medication', f'{table}.patient_id')})"


# Its medicine's own policy is asked, so a mark counts for what was said of it, too.
SEEN = f"""(EXISTS (SELECT 1 FROM {PRESCRIPTION} p WHERE p.id = {HALT}.prescription_id)
 OR EXISTS (SELECT 1 FROM {TOLD} t WHERE t.id = {HALT}.statement_id))"""

# Run as whoever writes: nobody halts what they do not see. Where it stands is told as the owner, by this alone.
FOLLOWED = f"""
CREATE FUNCTION app.halt_what_is_seen() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM {PRESCRIPTION} p WHERE p.id = NEW.prescription_id)
        AND NOT EXISTS (SELECT 1 FROM {TOLD} t WHERE t.id = NEW.statement_id) THEN
        RAISE EXCEPTION 'a medicine is halted by who sees it' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER halt_what_is_seen BEFORE INSERT ON {HALT} FOR EACH ROW EXECUTE FUNCTION app.halt_what_is_seen();

CREATE FUNCTION app.follow_halt() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stands text := CASE WHEN NEW.act = 'resume' THEN '' ELSE NEW.act END;
    since timestamptz := CASE WHEN NEW.act = 'resume' THEN NULL ELSE NEW.starts_at END;
BEGIN
    UPDATE {PRESCRIPTION} SET halt = stands, halt_from = since, updated_at = now() WHERE id = NEW.prescription_id;
    UPDATE {TOLD} SET halt = stands, halt_from = since, updated_at = now() WHERE id = NEW.statement_id;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_halt AFTER INSERT ON {HALT} FOR EACH ROW EXECUTE FUNCTION app.follow_halt();

CREATE FUNCTION app.keep_halt() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'where a medicine stands is said by its halts' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_halt BEFORE UPDATE ON {PRESCRIPTION} FOR EACH ROW
    WHEN (OLD.halt <> NEW.halt OR OLD.halt_from IS DISTINCT FROM NEW.halt_from) EXECUTE FUNCTION app.keep_halt();
CREATE TRIGGER keep_halt BEFORE UPDATE ON {TOLD} FOR EACH ROW
    WHEN (OLD.halt <> NEW.halt OR OLD.halt_from IS DISTINCT FROM NEW.halt_from) EXECUTE FUNCTION app.keep_halt();
REVOKE ALL ON FUNCTION app.halt_what_is_seen(), app.follow_halt(), app.keep_halt() FROM PUBLIC;
"""
BACK = """
DROP FUNCTION app.halt_what_is_seen() CASCADE;
DROP FUNCTION app.follow_halt() CASCADE;
DROP FUNCTION app.keep_halt() CASCADE;
"""

# A halt is no part of what was signed, and counts for what was collected, too.
LIFE = [
    ("app.keep_signed_prescription()", "'{sensitivity,status,", "'{sensitivity,halt,halt_from,status,"),
    ("app.keep_signed_prescription()", "'{sensitivity,ends_at,", "'{sensitivity,halt,halt_from,ends_at,"),
]
# What is stopped is not taken; what is on hold may be again.
HIDDEN = [
    (
        "app.hidden_medicines(uuid, uuid)",
        "AND p.status IN ('signed', 'ready', 'not_collected', 'picked_up')",
        "AND p.status IN ('signed', 'ready', 'not_collected', 'picked_up') AND p.halt <> 'stop'",
    ),
    ("app.hidden_medicines(uuid, uuid)", "AND s.ended_at IS NULL", "AND s.ended_at IS NULL AND s.halt <> 'stop'"),
]
REPLACED = """
DO $do$
DECLARE
    before text := pg_get_functiondef('{function}'::regprocedure);
    after text := replace(before, {old}, {new});
BEGIN
    IF after = before THEN
        RAISE EXCEPTION 'nothing to replace in {function}';
    END IF;
    EXECUTE after;
END $do$;
"""


def replaced(function: str, old: str, new: str) -> str:
    quoted = ["'" + text.replace("'", "''") + "'" for text in (old, new)]
    return REPLACED.format(function=function, old=quoted[0], new=quoted[1])


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0017_halts")]
    operations = [
        *(
            migrations.RunSQL(replaced(function, old, new), replaced(function, new, old))
            for function, old, new in [*LIFE, *HIDDEN]
        ),
        ProtectTable(
            HALT,
            sees=f"{reaches(HALT)} AND {SEEN}",
            adds=f"{STAFF} AND said_by_id = {ME} AND {reaches(HALT)}",
            changes="false",
        ),
        ProtectTable(
            REVIEW,
            sees=reaches(REVIEW),
            adds=f"{STAFF} AND reviewed_by_id = {ME} AND {reaches(REVIEW)}",
            changes="false",
        ),
        CompositeParentKey(HALT, "prescription_id", PRESCRIPTION),
        CompositeParentKey(HALT, "statement_id", TOLD),
        migrations.RunSQL(FOLLOWED, BACK),
    ]
