"""The second wall round those who register themselves: anybody adds one and reads none, not even their own; the desk of
the site reads and answers it, once it was confirmed; the link in the mail confirms, and shows nothing.
"""

from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
ROLE = "(SELECT app.acting_role())"
REACHED = sees("identity", "patients_proposedchange.patient_id")
# The right is given by a role, as delivered or edited, among those that hold any scope: as app.may_merge.
FUNCTIONS = """
CREATE FUNCTION app.may_review_registrations() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT app.acting_role() IN ('front_desk', 'billing', 'nurse', 'doctor', 'pharmacist') AND coalesce(
        (SELECT e.held FROM accounts_roleedit e
            WHERE e.role = app.acting_role() AND e.permission = 'patients.review_registrations'),
        app.acting_role() = 'front_desk')
$$;

-- The link in the mail was opened: whether that was in time and the first time. Nothing of the row is shown.
CREATE FUNCTION app.confirm_registration(key uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE patients_selfregistration r
    SET state = 'waiting', confirmed_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE r.id = key AND r.state = 'unconfirmed' AND r.created_at > clock_timestamp() - interval '2 days';
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION app.may_review_registrations(), app.confirm_registration(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.may_review_registrations() TO owner, web, worker, system_actor;
GRANT EXECUTE ON FUNCTION app.confirm_registration(uuid) TO web, worker;
"""
BACK = "DROP FUNCTION app.confirm_registration(uuid); DROP FUNCTION app.may_review_registrations();"
QUEUE = """((SELECT app.may_review_registrations()) AND state <> 'unconfirmed'
AND (site_id IS NULL OR site_id = ANY ((SELECT app.site_ids())::uuid[])))"""
# What was answered stays as it was.
ONCE = f"ALTER POLICY person_changes ON patients_selfregistration USING ({QUEUE} AND state = 'waiting')"
NOT_ONCE = f"ALTER POLICY person_changes ON patients_selfregistration USING ({QUEUE})"
BY_PATIENTS = f"{ROLE} = 'patient' AND proposed_by_id = {ME} AND state = 'waiting' AND {REACHED}"
# What somebody told whom nobody has seen is proposed by the desk that takes them for this patient, and signed by none.
ALSO_TOLD = f"""state = 'waiting' AND {REACHED} AND (({ROLE} = 'patient' AND proposed_by_id = {ME})
OR (proposed_by_id IS NULL AND (SELECT app.may_review_registrations())))"""
PROPOSES = "ALTER POLICY person_adds ON patients_proposedchange WITH CHECK ({condition})"


class Migration(migrations.Migration):
    dependencies = [("patients", "0034_self_registrations")]
    operations = [
        migrations.RunSQL(FUNCTIONS, BACK),
        ProtectTable(
            "patients_selfregistration",
            sees=f"{QUEUE} OR (became IS NOT NULL AND {ROLE} <> 'patient' AND app.reaches(became, 'identity'))",
            adds="state = 'unconfirmed' AND confirmed_at IS NULL AND asked_at IS NULL AND became IS NULL",
            changes=f"{QUEUE} AND (answered_by_id = {ME} OR (state = 'waiting' AND asked_by_id = {ME}))"
            " AND (became IS NULL OR app.reaches(became, 'identity'))",
        ),
        migrations.RunSQL(ONCE, NOT_ONCE),
        migrations.RunSQL(PROPOSES.format(condition=ALSO_TOLD), PROPOSES.format(condition=BY_PATIENTS)),
    ]
