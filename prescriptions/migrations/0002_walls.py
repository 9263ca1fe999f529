"""The second wall round prescriptions, and what was signed stays as it was signed, whoever writes."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

STAFF = "(SELECT app.acting_role()) <> 'patient'"
# What is not signed yet is seen by those who treat: models.PRESCRIBERS says the same to the first wall.
DRAFTS = "(status <> 'draft' OR (SELECT app.acting_role()) IN ('doctor', 'nurse'))"

# What is not on this list was signed, columns to come included.
FROZEN = """
CREATE FUNCTION app.keep_signed_prescription() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    life text[] := '{status,ends_at,ready_at,ready_by_id,collect_by,not_collected_at,picked_up_at,picked_up_by,'
        'picked_up_relation,handed_out_by_id,cancelled_at,cancelled_by_id,cancel_reason,cancel_note,updated_at}';
BEGIN
    IF OLD.signed_at IS NOT NULL AND (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'a signed prescription is cancelled and replaced, never changed' USING ERRCODE = '23514';
    END IF;
    IF OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.signed_by_id IS DISTINCT FROM app.user_id() THEN
        RAISE EXCEPTION 'nobody signs in the name of another' USING ERRCODE = '23514';
    END IF;
    IF OLD.status IN ('picked_up', 'cancelled') AND (to_jsonb(NEW) - '{ends_at,updated_at}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{ends_at,updated_at}'::text[]) THEN
        RAISE EXCEPTION 'a prescription that was collected or cancelled stays so' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_signed BEFORE UPDATE ON prescriptions_prescription
    FOR EACH ROW EXECUTE FUNCTION app.keep_signed_prescription();
REVOKE ALL ON FUNCTION app.keep_signed_prescription() FROM PUBLIC;
"""
BACK = "DROP FUNCTION app.keep_signed_prescription() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0001_initial"), ("patients", "0002_walls"), ("records", "0001_initial")]
    operations = [
        migrations.RunSQL(FROZEN, BACK),
        ProtectTable(
            "prescriptions_prescription",
            sees=f"{DRAFTS} AND {sees('medication', 'prescriptions_prescription.patient_id')}",
            adds=f"{STAFF} AND status = 'draft' AND {sees('medication', 'prescriptions_prescription.patient_id')}",
            changes=f"{STAFF} AND {sees('medication', 'prescriptions_prescription.patient_id')}",
        ),
        ProtectTable(
            "prescriptions_safetycheck",
            sees=sees("medication", "prescriptions_safetycheck.patient_id"),
            adds=f"{STAFF} AND {sees('medication', 'prescriptions_safetycheck.patient_id')}",
            changes="false",
        ),
        ProtectTable(
            "prescriptions_collectiondeadline",
            sees=sees("medication", "prescriptions_collectiondeadline.patient_id"),
            adds=f"{STAFF} AND {sees('medication', 'prescriptions_collectiondeadline.patient_id')}",
            changes=f"{STAFF} AND {sees('medication', 'prescriptions_collectiondeadline.patient_id')}",
        ),
        CompositeParentKey("prescriptions_prescription", "encounter_id", "records_encounter"),
        CompositeParentKey("prescriptions_safetycheck", "prescription_id", "prescriptions_prescription"),
        CompositeParentKey("prescriptions_collectiondeadline", "prescription_id", "prescriptions_prescription"),
    ]
