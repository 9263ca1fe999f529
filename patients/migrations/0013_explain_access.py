"""Why somebody can or cannot open a chart, in one query: the facts; `patients.queries.explaining` says what follows."""

from django.db import migrations

EXPLAIN = """
CREATE FUNCTION app.may_explain_access() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT app.system_purpose() IS NOT NULL OR (app.acting_role() <> 'patient' AND coalesce(
        (SELECT e.held FROM accounts_roleedit e
            WHERE e.role = app.acting_role() AND e.permission = 'patients.explain_access'),
        app.acting_role() IN ('privacy_officer', 'administrator')))
$$;

-- `asked` is a patient's id or record number. No name, and no reason that somebody wrote, leaves but to the privacy
-- officer: the name; and consents to the privacy officer and operators.
CREATE FUNCTION app.explain_access(person uuid, in_role text, asked text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found patients_patient;
    privately boolean := coalesce(app.acting_role() = 'privacy_officer', app.system_purpose() IS NOT NULL);
    people uuid[];
    groups integer[];
BEGIN
    IF app.may_explain_access() IS NOT TRUE THEN
        RETURN NULL;
    END IF;
    IF (SELECT count(*) FROM audit_auditevent e WHERE e.actor_id = app.user_id()
            AND e.action = 'patients.explain_access'
            AND e.id >= app.floor7(clock_timestamp() - interval '1 minute')) > 60 THEN
        RAISE EXCEPTION 'too many questions' USING ERRCODE = 'HC429';
    END IF;
    SELECT * INTO found FROM patients_patient p WHERE p.id::text = lower(asked) OR p.mrn = asked;
    people := person || array(SELECT c.absent_id FROM accounts_cover c
        WHERE c.cover_id = person AND c.role = in_role AND c.validity @> statement_timestamp());
    groups := array(SELECT t.group_id FROM accounts_membership m
        JOIN accounts_team t ON t.site_id = m.site_id AND t.role = m.role
        WHERE m.user_id = person AND m.role = in_role AND m.validity @> statement_timestamp());
    RETURN jsonb_build_object(
        'patient', CASE WHEN found.id IS NOT NULL THEN jsonb_build_object('id', found.id, 'mrn', found.mrn,
            'name', CASE WHEN app.acting_role() = 'privacy_officer'
                THEN found.family_name || ', ' || found.given_name ELSE '' END) END,
        'memberships', (SELECT coalesce(jsonb_agg(jsonb_build_object('site', s.name, 'since', lower(m.validity),
                'until', upper(m.validity)) ORDER BY m.validity), '[]')
            FROM accounts_membership m JOIN accounts_site s ON s.id = m.site_id
            WHERE m.user_id = person AND m.role = in_role AND NOT isempty(m.validity)),
        'own', EXISTS (SELECT 1 FROM patients_carerelationship r WHERE r.patient_id = found.id AND r.user_id = person
            AND r.kind = 'self' AND r.validity @> statement_timestamp()),
        'shut_out', (SELECT jsonb_agg(jsonb_build_object('since', lower(x.validity), 'until', upper(x.validity)))
            FROM patients_restriction x WHERE x.patient_id = found.id AND x.user_id = person
            AND x.validity @> statement_timestamp()),
        'reasons', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', r.kind, 'role', r.role, 'scopes', r.scopes,
                'since', lower(r.validity), 'until', upper(r.validity), 'never', isempty(r.validity),
                'ended', r.ended_at, 'instead_of', CASE WHEN r.user_id <> person THEN u.full_name ELSE '' END)
                ORDER BY r.validity), '[]')
            FROM patients_carerelationship r JOIN accounts_user u ON u.id = r.user_id
            WHERE r.patient_id = found.id AND (r.user_id = person
                OR (r.user_id = ANY (people) AND r.role = in_role AND r.validity @> statement_timestamp()))),
        'sites', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('site', s.name,
                'since', lower(r.validity), 'until', upper(r.validity), 'scopes', to_jsonb(array(
                    SELECT unnest(r.scopes) INTERSECT SELECT unnest(t.scopes))),
                'works_there', EXISTS (SELECT 1 FROM accounts_membership m WHERE m.user_id = person
                    AND m.site_id = s.id AND m.role = in_role AND m.validity @> statement_timestamp()))), '[]')
            FROM patients_carerelationship r JOIN accounts_site s ON s.id = r.site_id
            LEFT JOIN accounts_team t ON t.site_id = s.id AND t.role = in_role
            WHERE r.patient_id = found.id AND r.validity @> statement_timestamp()),
        'consents', CASE WHEN privately THEN (SELECT coalesce(jsonb_agg(DISTINCT c.purpose), '[]')
            FROM patients_consent c WHERE c.patient_id = found.id AND c.decision = 'permit'
            AND c.validity @> statement_timestamp()) END,
        'held', (SELECT coalesce(jsonb_agg(DISTINCT p.codename), '[]') FROM auth_permission p WHERE p.id IN (
            SELECT g.permission_id FROM patients_usergrant g WHERE g.content_object_id = found.id
                AND g.user_id = ANY (people) AND g.role = in_role
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()
            UNION ALL
            SELECT g.permission_id FROM patients_groupgrant g WHERE g.content_object_id = found.id
                AND g.group_id = ANY (groups)
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())));
END $$;
REVOKE ALL ON FUNCTION app.may_explain_access(), app.explain_access(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.may_explain_access(), app.explain_access(uuid, text, text)
    TO owner, web, worker, system_actor;
"""
BACK = "DROP FUNCTION app.explain_access(uuid, text, text); DROP FUNCTION app.may_explain_access();"


class Migration(migrations.Migration):
    dependencies = [("patients", "0012_one_index_each")]
    operations = [migrations.RunSQL(EXPLAIN, BACK)]
