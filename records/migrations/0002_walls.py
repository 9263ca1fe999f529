"""The second wall round the chart, and what nobody can do to an entry: say something else in place of what it said."""

from django.db import migrations

from healthcare.db.partitioning import PartitionByPatient
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"
SHOWN = """record_status IN ('final', 'corrected', 'amended') AND superseded_at IS NULL AND released_at IS NOT NULL"""

# Where an entry stands in its life is beside what it says: the first moves by a table, each word of it once; the second
# never changes. Written apart from records.models on purpose: a test compares the two.
KEEP = """
CREATE FUNCTION app.keep_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    life text[] := '{record_status,superseded_at,acknowledged_at,acknowledged_by_id,released_at,released_by_id,'
        'release_comment,voided_at,voided_by_id,void_reason,updated_at}';
BEGIN
    IF (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'what an entry says never changes: correct it by a later version' USING ERRCODE = '23514';
    END IF;
    IF NEW.record_status <> OLD.record_status AND (OLD.record_status || '>' || NEW.record_status) <> ALL ('{
        draft>preliminary,draft>final,draft>entered_in_error,preliminary>final,preliminary>entered_in_error,
        final>entered_in_error,corrected>entered_in_error,amended>entered_in_error}'::text[]) THEN
        RAISE EXCEPTION 'an entry that is % cannot become %', OLD.record_status, NEW.record_status
            USING ERRCODE = '23514';
    END IF;
    IF OLD.superseded_at IS NOT NULL AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at
        OR OLD.acknowledged_at IS NOT NULL AND (NEW.acknowledged_at, NEW.acknowledged_by_id)
            IS DISTINCT FROM (OLD.acknowledged_at, OLD.acknowledged_by_id)
        OR OLD.released_at IS NOT NULL AND (NEW.released_at, NEW.released_by_id, NEW.release_comment)
            IS DISTINCT FROM (OLD.released_at, OLD.released_by_id, OLD.release_comment)
        OR OLD.voided_at IS NOT NULL AND (NEW.voided_at, NEW.voided_by_id, NEW.void_reason)
            IS DISTINCT FROM (OLD.voided_at, OLD.voided_by_id, OLD.void_reason) THEN
        RAISE EXCEPTION 'who did what with an entry, and when, is said once' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_entry() FROM PUBLIC;
CREATE TRIGGER keep_entry BEFORE UPDATE ON records_entry FOR EACH ROW EXECUTE FUNCTION app.keep_entry();
"""


def reaching(table: str, scope: str = "clinical") -> str:
    return f"({sees(scope, f'{table}.patient_id')})"


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial"), ("patients", "0002_walls"), ("scheduling", "0002_walls")]
    operations = [
        PartitionByPatient("records_entry", parts=16),
        CompositeParentKey("records_encounter", "appointment_id", "scheduling_appointment"),
        CompositeParentKey("records_entry", "encounter_id", "records_encounter"),
        CompositeParentKey("records_entry", "parent_id", "records_entry"),
        CompositeParentKey("records_entry", "supersedes_id", "records_entry"),
        CompositeParentKey("records_draft", "encounter_id", "records_encounter"),
        migrations.RunSQL(KEEP, "DROP FUNCTION app.keep_entry() CASCADE"),
        ProtectTable(
            "records_encounter",
            sees=f"{reaching('records_encounter')} AND ({STAFF} OR status <> 'entered_in_error')",
            adds=f"{reaching('records_encounter')} AND {STAFF}",
            changes=f"{reaching('records_encounter')} AND {STAFF}",
        ),
        ProtectTable(
            "records_entry",
            sees=f"{reaching('records_entry')} AND ({STAFF} OR ({SHOWN}))",
            # Nobody enters, signs, releases or acknowledges in another's name.
            adds=f"{reaching('records_entry')} AND {STAFF} AND enterer_id = {ME}"
            f" AND (signed_by_id IS NULL OR signed_by_id = {ME})",
            changes=f"{reaching('records_entry')} AND {STAFF}",
        ),
        ProtectTable(
            "records_draft",
            sees=f"author_id = {ME} AND {STAFF} AND {reaching('records_draft')}",
            removes=f"author_id = {ME}",
        ),
    ]
