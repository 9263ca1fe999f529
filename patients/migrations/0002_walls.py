"""The second wall round the patient, and how rights come to be: relationships in, grants out, by trigger alone."""

from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

FUNCTIONS = """
CREATE FUNCTION app.scope_permission(scope text) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.id FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
    WHERE t.app_label = 'patients' AND t.model = 'patient' AND p.codename = scope
$$;

-- Nobody opens their own chart in a staff role: their patient id then, else NULL.
CREATE FUNCTION app.own_patient_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.patient_id FROM patients_carerelationship r
    WHERE r.kind = 'self' AND r.user_id = app.user_id() AND r.validity @> statement_timestamp()
    AND app.acting_role() <> 'patient'
$$;

-- Charts that are closed to the actor whatever opens them: a later migration knows restrictions.
CREATE FUNCTION app.closed_patient_ids() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT array_remove(array[app.own_patient_id()], NULL)
$$;

-- Does the actor hold this scope on this patient? For single rows; policies spell it out, which the planner can use.
CREATE FUNCTION app.reaches(patient uuid, scope text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (
        EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = patient AND g.user_id = app.user_id()
            AND g.role = app.acting_role() AND g.permission_id = app.scope_permission(scope)
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
        OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = patient
            AND g.group_id = ANY (app.group_ids()) AND g.permission_id = app.scope_permission(scope)
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
    ) AND patient IS DISTINCT FROM app.own_patient_id()
$$;
"""

# Idempotent. Each grant holds one span: the one that runs now, else the next to come; spans that touch are joined.
# A worker calls it again for patients whose span has ended. It projects and decides nothing, so anyone may call it.
PROJECTION = """
CREATE FUNCTION app.sync_access(patients uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WITH wanted AS MATERIALIZED (
        SELECT patient_id, user_id, role, group_id, permission_id,
            (SELECT s FROM unnest(range_agg(validity)) AS s ORDER BY s LIMIT 1) AS span
        FROM (
            SELECT r.patient_id, r.user_id, r.role, NULL::integer AS group_id, s.scope, r.validity
            FROM patients_carerelationship r CROSS JOIN unnest(r.scopes) AS s(scope)
            WHERE r.patient_id = ANY (patients) AND r.user_id IS NOT NULL
            UNION ALL
            SELECT r.patient_id, NULL, '', t.group_id, s.scope, r.validity
            FROM patients_carerelationship r JOIN accounts_team t ON t.site_id = r.site_id
            CROSS JOIN unnest(r.scopes) AS s(scope)
            WHERE r.patient_id = ANY (patients) AND s.scope = ANY (t.scopes)
        ) AS spans
        JOIN (
            SELECT p.id AS permission_id, p.codename FROM auth_permission p
            JOIN django_content_type c ON c.id = p.content_type_id
            WHERE c.app_label = 'patients' AND c.model = 'patient'
        ) AS permission ON permission.codename = spans.scope
        WHERE NOT isempty(validity) AND (upper_inf(validity) OR upper(validity) > statement_timestamp())
        GROUP BY patient_id, user_id, role, group_id, permission_id
    ), lost_by_people AS (
        DELETE FROM patients_usergrant g WHERE g.content_object_id = ANY (patients) AND NOT EXISTS (
            SELECT 1 FROM wanted w WHERE w.patient_id = g.content_object_id AND w.user_id = g.user_id
            AND w.role = g.role AND w.permission_id = g.permission_id)
    ), lost_by_teams AS (
        DELETE FROM patients_groupgrant g WHERE g.content_object_id = ANY (patients) AND NOT EXISTS (
            SELECT 1 FROM wanted w WHERE w.patient_id = g.content_object_id AND w.group_id = g.group_id
            AND w.permission_id = g.permission_id)
    ), held_by_people AS (
        INSERT INTO patients_usergrant (content_object_id, user_id, role, permission_id, valid_from, valid_until)
        SELECT patient_id, user_id, role, permission_id,
            coalesce(lower(span), '1900-01-01Z'), coalesce(upper(span), '9999-01-01Z')
        FROM wanted WHERE user_id IS NOT NULL
        ON CONFLICT (user_id, role, permission_id, content_object_id) DO UPDATE
        SET valid_from = excluded.valid_from, valid_until = excluded.valid_until
        WHERE (patients_usergrant.valid_from, patients_usergrant.valid_until)
            IS DISTINCT FROM (excluded.valid_from, excluded.valid_until)
    )
    INSERT INTO patients_groupgrant (content_object_id, group_id, permission_id, valid_from, valid_until)
    SELECT patient_id, group_id, permission_id,
        coalesce(lower(span), '1900-01-01Z'), coalesce(upper(span), '9999-01-01Z')
    FROM wanted WHERE group_id IS NOT NULL
    ON CONFLICT (group_id, permission_id, content_object_id) DO UPDATE
    SET valid_from = excluded.valid_from, valid_until = excluded.valid_until
    WHERE (patients_groupgrant.valid_from, patients_groupgrant.valid_until)
        IS DISTINCT FROM (excluded.valid_from, excluded.valid_until);
END $$;

CREATE FUNCTION app.project_relationships() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.sync_access(array(SELECT DISTINCT patient_id FROM changed));
    RETURN NULL;
END $$;
CREATE TRIGGER relationships_added AFTER INSERT ON patients_carerelationship
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.project_relationships();
CREATE TRIGGER relationships_changed AFTER UPDATE ON patients_carerelationship
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.project_relationships();

-- A relationship may only be shortened: longer or wider access is a new row that somebody signs for.
CREATE FUNCTION app.only_shorten_relationship() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT NEW.validity <@ OLD.validity THEN
        RAISE EXCEPTION 'a care relationship can only be shortened' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_shorten BEFORE UPDATE ON patients_carerelationship
    FOR EACH ROW EXECUTE FUNCTION app.only_shorten_relationship();

-- The first access to a new patient: the teams of the site, signed for by whoever registered them.
CREATE FUNCTION app.open_to_site() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO patients_carerelationship
        (id, created_at, updated_at, patient_id, kind, site_id, role, scopes, validity, reason, source, granted_by_id)
    SELECT uuidv7(), now(), now(), p.id, 'site', p.site_id, '',
        '{identity,schedule,clinical,medication,billing,message}', tstzrange(p.created_at, NULL), '', 'registration',
        app.user_id()
    FROM added p;
    RETURN NULL;
END $$;
CREATE TRIGGER patients_added AFTER INSERT ON patients_patient
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION app.open_to_site();

CREATE SEQUENCE patients_mrn_seq;
"""
EXECUTE = """
REVOKE ALL ON FUNCTION app.scope_permission(text), app.own_patient_id(), app.closed_patient_ids(),
    app.reaches(uuid, text), app.sync_access(uuid[]), app.project_relationships(), app.only_shorten_relationship(),
    app.open_to_site() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.scope_permission(text), app.own_patient_id(), app.closed_patient_ids(),
    app.reaches(uuid, text), app.sync_access(uuid[]) TO owner, web, worker, backup, system_actor;
"""
BACK = """
DROP SEQUENCE patients_mrn_seq;
DROP FUNCTION app.open_to_site() CASCADE; DROP FUNCTION app.only_shorten_relationship() CASCADE;
DROP FUNCTION app.project_relationships() CASCADE; DROP FUNCTION app.sync_access(uuid[]);
DROP FUNCTION app.reaches(uuid, text);
DROP FUNCTION app.closed_patient_ids(), app.own_patient_id(), app.scope_permission(text);
"""
ME, PEOPLE = "(SELECT app.user_id())", "(SELECT app.stood_for())::uuid[]"
# Somebody may open a chart to others only as far as they reach themselves, and signs for it.
GRANTS = f"""granted_by_id = {ME} AND kind IN ('proxy', 'care_team', 'share', 'appointment')
AND user_id IS DISTINCT FROM {ME} AND app.reaches(patient_id, 'identity')
AND NOT EXISTS (SELECT 1 FROM unnest(scopes) AS s(scope) WHERE NOT app.reaches(patient_id, s.scope))"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("accounts", "0002_row_security"), ("db", "0001_context")]
    operations = [
        migrations.RunSQL(FUNCTIONS + PROJECTION + EXECUTE, BACK),
        ProtectTable(
            "patients_patient",
            sees=sees("identity", "patients_patient.id"),
            adds="site_id = ANY ((SELECT app.site_ids())::uuid[]) AND (SELECT app.acting_role()) <> 'patient'",
        ),
        ProtectTable(
            "patients_carerelationship",
            sees=f"user_id = {ME} OR ({sees('identity', 'patients_carerelationship.patient_id')})",
            adds=GRANTS,
            changes=f"ended_by_id = {ME}",
        ),
        ProtectTable("patients_usergrant", sees=f"user_id = ANY ({PEOPLE})", adds="false"),
        ProtectTable("patients_groupgrant", sees="group_id = ANY ((SELECT app.group_ids())::integer[])", adds="false"),
        ProtectTable(
            "patients_portalcode",
            sees=sees("identity", "patients_portalcode.patient_id"),
            adds=f"issued_by_id = {ME} AND app.reaches(patient_id, 'identity')",
        ),
    ]
