"""The second wall round dispenses; never more is dispensed than was prescribed with its repeats, whoever writes."""

from importlib import import_module

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import opens_marked, sees

PRESCRIPTION, DISPENSE = "prescriptions_prescription", "prescriptions_dispense"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
REACH = f"({sees('medication', f'{DISPENSE}.patient_id')})"
SEEN = f"EXISTS (SELECT 1 FROM {PRESCRIPTION} p WHERE p.id = {DISPENSE}.prescription_id)"

# What is not on the list `life` was signed, columns to come included. What was collected comes back into the queue
# with its next repeat alone; how much was dispensed is counted by the trigger on dispenses alone.
FROZEN = """
CREATE OR REPLACE FUNCTION app.keep_signed_prescription() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    life text[] := '{sensitivity,status,ends_at,fill,dispensed,ready_at,ready_by_id,collect_by,not_collected_at,'
        'picked_up_at,picked_up_by,picked_up_relation,handed_out_by_id,not_dispensed_at,not_dispensed_by_id,'
        'not_dispensed_reason,not_dispensed_note,cancelled_at,cancelled_by_id,cancel_reason,cancel_note,'
        'document,updated_at}';
BEGIN
    IF OLD.signed_at IS NOT NULL AND (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'a signed prescription is cancelled and replaced, never changed' USING ERRCODE = '23514';
    END IF;
    IF OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.signed_by_id IS DISTINCT FROM app.user_id() THEN
        RAISE EXCEPTION 'nobody signs in the name of another' USING ERRCODE = '23514';
    END IF;
    IF OLD.status IN ('picked_up', 'cancelled')
        AND NOT (OLD.status = 'picked_up' AND NEW.status = 'signed' AND NEW.fill = OLD.fill + 1)
        AND (to_jsonb(NEW) - '{sensitivity,ends_at,dispensed,document,updated_at}'::text[])
            IS DISTINCT FROM (to_jsonb(OLD) - '{sensitivity,ends_at,dispensed,document,updated_at}'::text[]) THEN
        RAISE EXCEPTION 'a prescription that was collected or cancelled stays so' USING ERRCODE = '23514';
    END IF;
    IF NEW.dispensed <> OLD.dispensed AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'what was dispensed is counted by its dispenses' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
# As it was after the sixth migration.
BEFORE = """
CREATE OR REPLACE FUNCTION app.keep_signed_prescription() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    life text[] := '{sensitivity,status,ends_at,ready_at,ready_by_id,collect_by,not_collected_at,picked_up_at,'
        'picked_up_by,picked_up_relation,handed_out_by_id,cancelled_at,cancelled_by_id,cancel_reason,cancel_note,'
        'updated_at}';
BEGIN
    IF OLD.signed_at IS NOT NULL AND (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'a signed prescription is cancelled and replaced, never changed' USING ERRCODE = '23514';
    END IF;
    IF OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.signed_by_id IS DISTINCT FROM app.user_id() THEN
        RAISE EXCEPTION 'nobody signs in the name of another' USING ERRCODE = '23514';
    END IF;
    IF OLD.status IN ('picked_up', 'cancelled') AND (to_jsonb(NEW) - '{sensitivity,ends_at,updated_at}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{sensitivity,ends_at,updated_at}'::text[]) THEN
        RAISE EXCEPTION 'a prescription that was collected or cancelled stays so' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
# By what changes, not by a sum: of two at once the second waits for the row and then adds to what the first left; the
# constraint on the prescription refuses what is too much.
COUNTED = f"""
CREATE FUNCTION app.count_dispensed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    more numeric := CASE WHEN NEW.state = 'returned' THEN 0 ELSE NEW.quantity END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state <> 'prepared' AND NEW.state <> OLD.state THEN
            RAISE EXCEPTION 'what was handed out or put back stays so' USING ERRCODE = '23514';
        END IF;
        more := more - CASE WHEN OLD.state = 'returned' THEN 0 ELSE OLD.quantity END;
    END IF;
    IF more <> 0 THEN
        UPDATE {PRESCRIPTION} SET dispensed = dispensed + more WHERE id = NEW.prescription_id;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.count_dispensed() FROM PUBLIC;
CREATE TRIGGER count_dispensed AFTER INSERT OR UPDATE OF state, quantity ON {DISPENSE}
    FOR EACH ROW EXECUTE FUNCTION app.count_dispensed();
"""

REACHES = f"({sees('medication', f'{PRESCRIPTION}.patient_id')})"
MY_PRESCRIBING = "(SELECT array(SELECT p.id FROM accounts_provider p WHERE p.user_id = app.user_id()))::uuid[]"
DRAFTS = "(status <> 'draft' OR (SELECT app.acting_role()) IN ('doctor', 'nurse'))"
# Written apart from models on purpose: a test compares the two.
OPEN_TO = f"""({opens_marked(PRESCRIPTION, written_by=("handed_out_by_id", "not_dispensed_by_id"))}
 OR {PRESCRIPTION}.prescriber_id = ANY ({MY_PRESCRIBING})
 OR (SELECT app.acting_role()) = 'pharmacist'
 AND {PRESCRIPTION}.status IN ('signed', 'ready', 'not_collected', 'not_dispensed'))"""
OPEN_BEFORE = import_module("prescriptions.migrations.0006_walls_of_marks").OPEN_TO


def policies(open_to: str) -> list[str]:
    return [
        f"ALTER POLICY {policy} ON {PRESCRIPTION} USING ({DRAFTS} AND {REACHES} AND {open_to})"
        for policy in ("person_sees", "person_changes")
    ]


# What is ready or was collected before dispenses were kept.
SO_FAR = f"""
INSERT INTO {DISPENSE} (id, created_at, updated_at, patient_id, prescription_id, fill, quantity, product, part_reason,
    state, prepared_at, prepared_by_id, picked_up_at, picked_up_by, picked_up_relation, handed_out_by_id)
SELECT gen_random_uuid(), p.ready_at, p.updated_at, p.patient_id, p.id, 0, p.quantity, '', '',
    CASE WHEN p.status = 'picked_up' THEN 'handed_out' ELSE 'prepared' END,
    p.ready_at, p.ready_by_id, p.picked_up_at, p.picked_up_by, p.picked_up_relation, p.handed_out_by_id
FROM {PRESCRIPTION} p WHERE p.status IN ('ready', 'not_collected', 'picked_up');
"""


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0009_dispenses"), ("patients", "0041_grants_change_by_projection_alone")]
    operations = [
        migrations.RunSQL(FROZEN, BEFORE),
        migrations.RunSQL(COUNTED, "DROP FUNCTION app.count_dispensed() CASCADE"),
        migrations.RunSQL(policies(OPEN_TO), policies(OPEN_BEFORE)),
        ProtectTable(
            DISPENSE,
            sees=f"{REACH} AND {SEEN}",
            adds=f"{STAFF} AND {REACH}",
            changes=f"{STAFF} AND {REACH}",
        ),
        CompositeParentKey(DISPENSE, "prescription_id", PRESCRIPTION),
        migrations.RunSQL(SO_FAR, migrations.RunSQL.noop),
    ]
