"""The second wall round who pays, and what stays true of it whoever writes: a copy is a copy, an answer an answer."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
STAFF = "(SELECT app.acting_role()) <> 'patient'"

# Whose row it is may change where two records turn out to be of one person; what it says may not.
FROZEN = """
CREATE FUNCTION app.keep_visit_coverage() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    life text[] := '{replaced_at,patient_id,updated_at}';
BEGIN
    IF (to_jsonb(NEW) - life) IS DISTINCT FROM (to_jsonb(OLD) - life) THEN
        RAISE EXCEPTION 'the coverage of a visit is a copy, and stays as it was' USING ERRCODE = '23514';
    END IF;
    IF NEW.replaced_at IS NOT DISTINCT FROM OLD.replaced_at THEN
        RETURN NEW;
    END IF;
    IF OLD.replaced_at IS NOT NULL OR EXISTS (SELECT 1 FROM billing_invoice i WHERE i.status <> 'void'
            AND (i.appointment_id = OLD.appointment_id OR i.encounter_id = OLD.encounter_id)) THEN
        RAISE EXCEPTION 'the coverage of a billed visit is frozen' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE ON billing_visitcoverage
    FOR EACH ROW EXECUTE FUNCTION app.keep_visit_coverage();

CREATE FUNCTION app.keep_answer() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (to_jsonb(NEW) - 'patient_id') IS DISTINCT FROM (to_jsonb(OLD) - 'patient_id') THEN
        RAISE EXCEPTION 'an answer stays as it was given' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE ON billing_eligibilitycheck
    FOR EACH ROW WHEN (OLD.status <> 'asked') EXECUTE FUNCTION app.keep_answer();

CREATE TRIGGER kept BEFORE DELETE ON billing_coverage FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
CREATE TRIGGER kept BEFORE DELETE ON billing_visitcoverage FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
CREATE TRIGGER kept BEFORE DELETE ON billing_eligibilitycheck FOR EACH ROW EXECUTE FUNCTION app.keep_ledger();
REVOKE ALL ON FUNCTION app.keep_visit_coverage(), app.keep_answer() FROM PUBLIC;
"""
BACK = """
DROP TRIGGER kept ON billing_coverage; DROP TRIGGER kept ON billing_visitcoverage;
DROP TRIGGER kept ON billing_eligibilitycheck;
DROP FUNCTION app.keep_visit_coverage() CASCADE; DROP FUNCTION app.keep_answer() CASCADE;
"""
# The visits of the last ninety days: a page looks back no further.
WAITING = """
INSERT INTO billing_unbilledvisit (id, created_at, updated_at, patient_id, appointment_id, finished_at)
SELECT uuidv7(), now(), now(), a.patient_id, a.id, a.finished_at FROM scheduling_appointment a
WHERE a.status = 'checked_out' AND a.finished_at >= now() - interval '90 days'
    AND NOT EXISTS (SELECT 1 FROM billing_invoice i WHERE i.appointment_id = a.id);
"""


def reaching(table: str) -> str:
    return f"({sees('billing', f'{table}.patient_id')})"


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_visit_coverage"), ("billing", "0002_walls")]
    operations = [
        CompositeParentKey("billing_coverage", "supersedes_id", "billing_coverage"),
        CompositeParentKey("billing_visitcoverage", "appointment_id", "scheduling_appointment"),
        CompositeParentKey("billing_visitcoverage", "encounter_id", "records_encounter"),
        CompositeParentKey("billing_visitcoverage", "coverage_id", "billing_coverage"),
        CompositeParentKey("billing_eligibilitycheck", "coverage_id", "billing_coverage"),
        CompositeParentKey("billing_eligibilitycheck", "appointment_id", "scheduling_appointment"),
        CompositeParentKey("billing_unbilledvisit", "appointment_id", "scheduling_appointment"),
        migrations.RunSQL(FROZEN, BACK),
        # Staff write cards, each in their own name; which columns a page may change at all is `database_access`.
        ProtectTable(
            "billing_coverage",
            sees=reaching("billing_coverage"),
            adds=f"{reaching('billing_coverage')} AND {STAFF} AND entered_by_id = {ME} AND source = ''",
            changes=f"{reaching('billing_coverage')} AND {STAFF} AND (ended_by_id IS NULL OR ended_by_id = {ME})",
        ),
        ProtectTable(
            "billing_eligibilitycheck",
            sees=reaching("billing_eligibilitycheck"),
            adds=f"{reaching('billing_eligibilitycheck')} AND {STAFF} AND asked_by_id = {ME} AND status = 'asked'",
            changes="false",
        ),
        # The system alone copies what counted on the day of a visit, and knows what has no bill.
        ProtectTable("billing_visitcoverage", sees=reaching("billing_visitcoverage"), adds="false", changes="false"),
        ProtectTable("billing_unbilledvisit", sees=reaching("billing_unbilledvisit"), adds="false", changes="false"),
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
    ]
