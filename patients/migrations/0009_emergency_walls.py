"""The second wall round emergency access and requests: who may break the glass, and that each time is reviewed."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
ROLE = "(SELECT app.acting_role())"
OFFICER = f"{ROLE} = 'privacy_officer'"
# The right is given in advance: to doctors and nurses as delivered, and as administrators edited it, among the roles
# that hold any scope at all. A test holds these lists against `accounts.roles`.
MAY = """
CREATE FUNCTION app.may_break_glass() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT app.acting_role() IN ('front_desk', 'billing', 'nurse', 'doctor', 'pharmacist') AND coalesce(
        (SELECT e.held FROM accounts_roleedit e
            WHERE e.role = app.acting_role() AND e.permission = 'patients.break_glass'),
        app.acting_role() IN ('nurse', 'doctor'))
$$;
REVOKE ALL ON FUNCTION app.may_break_glass() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.may_break_glass() TO owner, web, worker, system_actor;
"""
# One opens for oneself, in the role one acts in, from now, for four hours at most, and says why.
BREAKS = f"""
CREATE POLICY breaks_glass ON patients_carerelationship FOR INSERT TO web, worker WITH CHECK (
    kind = 'break_glass' AND user_id = {ME} AND granted_by_id = {ME} AND role = {ROLE} AND ended_at IS NULL
    AND (SELECT app.may_break_glass()) AND patient_id <> ALL ((SELECT app.closed_patient_ids())::uuid[])
    AND lower(validity) > statement_timestamp() - interval '5 minutes'
    AND lower(validity) < statement_timestamp() + interval '1 minute'
    AND upper(validity) <= lower(validity) + interval '4 hours');
"""
# What the privacy officer approves was asked for: by that person, for that patient, no more and no longer.
ANSWERS = f"""
CREATE POLICY answers_request ON patients_carerelationship FOR INSERT TO web, worker WITH CHECK (
    kind = 'care_team' AND {OFFICER} AND granted_by_id = {ME} AND user_id <> {ME} AND ended_at IS NULL
    AND EXISTS (SELECT 1 FROM patients_accessrequest q
        WHERE patients_carerelationship.source = 'request:' || q.id AND q.state = 'waiting'
        AND (q.patient_id, q.user_id, q.role) = (patients_carerelationship.patient_id,
            patients_carerelationship.user_id, patients_carerelationship.role)
        AND patients_carerelationship.scopes <@ q.scopes AND upper(patients_carerelationship.validity) <= q.until));
"""
QUEUE = """
-- No emergency access without its place in the review queue: whoever adds the one adds the other.
CREATE FUNCTION app.note_emergency() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO patients_emergencyaccess (id, created_at, updated_at, patient_id, relationship_id, user_id, role,
        purpose, reason, opened_at, until, verdict, note)
    VALUES (uuidv7(), now(), now(), NEW.patient_id, NEW.id, NEW.user_id, NEW.role, NEW.source, NEW.reason,
        lower(NEW.validity), upper(NEW.validity), '', '');
    RETURN NULL;
END $$;
CREATE TRIGGER emergency_added AFTER INSERT ON patients_carerelationship
    FOR EACH ROW WHEN (NEW.kind = 'break_glass') EXECUTE FUNCTION app.note_emergency();

CREATE FUNCTION app.note_emergency_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE patients_emergencyaccess SET ended_at = NEW.ended_at, updated_at = now() WHERE relationship_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER emergency_ended AFTER UPDATE ON patients_carerelationship
    FOR EACH ROW WHEN (NEW.kind = 'break_glass' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION app.note_emergency_end();

-- Access that was found unjustified while it ran is over with the verdict.
CREATE FUNCTION app.end_unjustified() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE patients_carerelationship SET validity = validity * tstzrange(NULL, statement_timestamp()),
        ended_at = statement_timestamp(), ended_by_id = NEW.reviewed_by_id, updated_at = now()
    WHERE id = NEW.relationship_id AND ended_at IS NULL AND upper(validity) > statement_timestamp();
    RETURN NULL;
END $$;
CREATE TRIGGER unjustified AFTER UPDATE ON patients_emergencyaccess
    FOR EACH ROW WHEN (OLD.verdict <> 'not_justified' AND NEW.verdict = 'not_justified')
    EXECUTE FUNCTION app.end_unjustified();
"""
# The privacy officer reaches no patient, and has to know of whom a review or a request speaks.
NAMES = """
CREATE FUNCTION app.names_for_review(patients uuid[])
RETURNS TABLE (id uuid, family_name text, given_name text, birth_date date, mrn text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF app.acting_role() IS DISTINCT FROM 'privacy_officer' OR cardinality(patients) > 100 THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT p.id, p.family_name::text, p.given_name::text, p.birth_date, p.mrn::text
    FROM patients_patient p WHERE p.id = ANY (patients) AND (
        EXISTS (SELECT 1 FROM patients_emergencyaccess e WHERE e.patient_id = p.id)
        OR EXISTS (SELECT 1 FROM patients_accessrequest q WHERE q.patient_id = p.id));
END $$;
REVOKE ALL ON FUNCTION app.names_for_review(uuid[]), app.note_emergency(), app.note_emergency_end(),
    app.end_unjustified() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.names_for_review(uuid[]) TO web, worker;
"""
BACK = """
DROP FUNCTION app.names_for_review(uuid[]); DROP FUNCTION app.end_unjustified() CASCADE;
DROP FUNCTION app.note_emergency_end() CASCADE; DROP FUNCTION app.note_emergency() CASCADE;
DROP POLICY answers_request ON patients_carerelationship; DROP POLICY breaks_glass ON patients_carerelationship;
DROP FUNCTION app.may_break_glass();
"""
ANSWER = f"""user_id <> {ME} AND state IN ('approved', 'refused')
AND ({OFFICER} OR app.reaches(patient_id, 'identity'))"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0008_emergency_and_requests")]
    operations = [
        migrations.RunSQL(MAY + BREAKS + ANSWERS + QUEUE + NAMES, BACK),
        CompositeParentKey("patients_emergencyaccess", "relationship_id", "patients_carerelationship"),
        CompositeParentKey("patients_accessrequest", "relationship_id", "patients_carerelationship"),
        ProtectTable(
            "patients_emergencyaccess",
            sees=f"user_id = {ME} OR {OFFICER}",
            adds="false",
            changes=f"{OFFICER} AND reviewed_by_id = {ME} AND user_id <> {ME}",
        ),
        ProtectTable(
            "patients_accessrequest",
            sees=f"user_id = {ME} OR (patient_id IS NOT NULL AND {OFFICER})"
            f" OR ({ROLE} <> 'patient' AND {sees('identity', 'patients_accessrequest.patient_id')})",
            adds=f"user_id = {ME} AND role = {ROLE} AND role <> 'patient' AND state = 'waiting'",
            changes=f"answered_by_id = {ME} AND ((user_id = {ME} AND state = 'withdrawn') OR ({ANSWER}))",
        ),
    ]
