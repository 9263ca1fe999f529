"""What somebody opened in an emergency is theirs alone: who stands in for them does not reach it."""

import django.contrib.postgres.fields.ranges
from django.db import migrations

PROJECTION = """
CREATE OR REPLACE FUNCTION app.sync_access_of(patients uuid[], users uuid[], sites uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
-- Of these people and of the teams of these sites; NULL means all. Idempotent, as app.sync_access is.
BEGIN
    WITH wanted AS MATERIALIZED (
        SELECT patient_id, user_id, role, group_id, permission_id,
            (SELECT s FROM unnest(range_agg(validity)) AS s ORDER BY s LIMIT 1) AS span,
            (SELECT s FROM unnest(range_agg(validity) FILTER (WHERE own)
                - coalesce(range_agg(validity) FILTER (WHERE NOT own), '{}')) AS s ORDER BY s LIMIT 1) AS alone
        FROM (
            SELECT r.patient_id, r.user_id, r.role, NULL::integer AS group_id, s.scope, s.validity,
                r.kind = 'break_glass' AS own
            FROM patients_carerelationship r CROSS JOIN LATERAL app.opened_by(r) AS s
            WHERE r.patient_id = ANY (patients) AND r.user_id IS NOT NULL
            AND (users IS NULL OR r.user_id = ANY (users))
            UNION ALL
            SELECT r.patient_id, NULL, '', t.group_id, s.scope, s.validity, false
            FROM patients_carerelationship r JOIN accounts_team t ON t.site_id = r.site_id
            CROSS JOIN LATERAL app.opened_by(r) AS s
            WHERE r.patient_id = ANY (patients)
            AND (s.scope = ANY (t.scopes) OR s.scope = ANY (r.labels) AND 'clinical' = ANY (t.scopes))
            AND (sites IS NULL OR r.site_id = ANY (sites))
        ) AS spans
        JOIN (
            SELECT p.id AS permission_id, p.codename FROM auth_permission p
            JOIN django_content_type c ON c.id = p.content_type_id
            WHERE c.app_label = 'patients' AND c.model = 'patient'
        ) AS permission ON permission.codename = spans.scope
        WHERE NOT isempty(validity) AND (upper_inf(validity) OR upper(validity) > statement_timestamp())
        GROUP BY patient_id, user_id, role, group_id, permission_id
    ), lost_by_people AS (
        DELETE FROM patients_usergrant g WHERE g.content_object_id = ANY (patients)
        AND (users IS NULL OR g.user_id = ANY (users)) AND NOT EXISTS (
            SELECT 1 FROM wanted w WHERE w.patient_id = g.content_object_id AND w.user_id = g.user_id
            AND w.role = g.role AND w.permission_id = g.permission_id)
    ), lost_by_teams AS (
        DELETE FROM patients_groupgrant g WHERE g.content_object_id = ANY (patients)
        AND (sites IS NULL OR g.group_id IN (SELECT t.group_id FROM accounts_team t WHERE t.site_id = ANY (sites)))
        AND NOT EXISTS (
            SELECT 1 FROM wanted w WHERE w.patient_id = g.content_object_id AND w.group_id = g.group_id
            AND w.permission_id = g.permission_id)
    ), held_by_people AS (
        INSERT INTO patients_usergrant
            (content_object_id, user_id, role, permission_id, valid_from, valid_until, alone)
        SELECT patient_id, user_id, role, permission_id,
            coalesce(lower(span), '1900-01-01Z'), coalesce(upper(span), '9999-01-01Z'), alone
        FROM wanted WHERE user_id IS NOT NULL
        ON CONFLICT (user_id, role, permission_id, content_object_id) DO UPDATE
        SET valid_from = excluded.valid_from, valid_until = excluded.valid_until, alone = excluded.alone
        WHERE (patients_usergrant.valid_from, patients_usergrant.valid_until, patients_usergrant.alone)
            IS DISTINCT FROM (excluded.valid_from, excluded.valid_until, excluded.alone)
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
"""
PROJECTION_BEFORE = """
CREATE OR REPLACE FUNCTION app.sync_access_of(patients uuid[], users uuid[], sites uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
-- Of these people and of the teams of these sites; NULL means all. Idempotent, as app.sync_access is.
BEGIN
    WITH wanted AS MATERIALIZED (
        SELECT patient_id, user_id, role, group_id, permission_id,
            (SELECT s FROM unnest(range_agg(validity)) AS s ORDER BY s LIMIT 1) AS span
        FROM (
            SELECT r.patient_id, r.user_id, r.role, NULL::integer AS group_id, s.scope, s.validity
            FROM patients_carerelationship r CROSS JOIN LATERAL app.opened_by(r) AS s
            WHERE r.patient_id = ANY (patients) AND r.user_id IS NOT NULL
            AND (users IS NULL OR r.user_id = ANY (users))
            UNION ALL
            SELECT r.patient_id, NULL, '', t.group_id, s.scope, s.validity
            FROM patients_carerelationship r JOIN accounts_team t ON t.site_id = r.site_id
            CROSS JOIN LATERAL app.opened_by(r) AS s
            WHERE r.patient_id = ANY (patients)
            AND (s.scope = ANY (t.scopes) OR s.scope = ANY (r.labels) AND 'clinical' = ANY (t.scopes))
            AND (sites IS NULL OR r.site_id = ANY (sites))
        ) AS spans
        JOIN (
            SELECT p.id AS permission_id, p.codename FROM auth_permission p
            JOIN django_content_type c ON c.id = p.content_type_id
            WHERE c.app_label = 'patients' AND c.model = 'patient'
        ) AS permission ON permission.codename = spans.scope
        WHERE NOT isempty(validity) AND (upper_inf(validity) OR upper(validity) > statement_timestamp())
        GROUP BY patient_id, user_id, role, group_id, permission_id
    ), lost_by_people AS (
        DELETE FROM patients_usergrant g WHERE g.content_object_id = ANY (patients)
        AND (users IS NULL OR g.user_id = ANY (users)) AND NOT EXISTS (
            SELECT 1 FROM wanted w WHERE w.patient_id = g.content_object_id AND w.user_id = g.user_id
            AND w.role = g.role AND w.permission_id = g.permission_id)
    ), lost_by_teams AS (
        DELETE FROM patients_groupgrant g WHERE g.content_object_id = ANY (patients)
        AND (sites IS NULL OR g.group_id IN (SELECT t.group_id FROM accounts_team t WHERE t.site_id = ANY (sites)))
        AND NOT EXISTS (
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
"""
REACH = """
CREATE OR REPLACE FUNCTION app.reaches(patient uuid, scope text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    permission integer := app.scope_permission(scope);
BEGIN
    RETURN (
        EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = patient
            AND g.user_id = ANY (app.stood_for()) AND g.role = app.acting_role() AND g.permission_id = permission
            AND (g.alone IS NULL OR NOT g.alone @> statement_timestamp() OR g.user_id = app.user_id())
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
        OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = patient
            AND g.group_id = ANY (app.group_ids()) AND g.permission_id = permission
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
    ) AND patient <> ALL (app.closed_patient_ids());
END $$;
"""
REACH_BEFORE = """
CREATE OR REPLACE FUNCTION app.reaches(patient uuid, scope text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    permission integer := app.scope_permission(scope);
BEGIN
    RETURN (
        EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = patient
            AND g.user_id = ANY (app.stood_for()) AND g.role = app.acting_role() AND g.permission_id = permission
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
        OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = patient
            AND g.group_id = ANY (app.group_ids()) AND g.permission_id = permission
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
    ) AND patient <> ALL (app.closed_patient_ids());
END $$;
"""
EXPLAINED = """
CREATE OR REPLACE FUNCTION app.explain_access(person uuid, in_role text, asked text) RETURNS jsonb
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
                OR (r.user_id = ANY (people) AND r.role = in_role AND r.kind <> 'break_glass'
                    AND r.validity @> statement_timestamp()))),
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
                AND (g.alone IS NULL OR NOT g.alone @> statement_timestamp() OR g.user_id = person)
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()
            UNION ALL
            SELECT g.permission_id FROM patients_groupgrant g WHERE g.content_object_id = found.id
                AND g.group_id = ANY (groups)
                AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())));
END $$;
"""
EXPLAINED_BEFORE = """
CREATE OR REPLACE FUNCTION app.explain_access(person uuid, in_role text, asked text) RETURNS jsonb
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
"""
# All other policies ask this table for a grant, and are bound by what it shows them.
PEOPLE = "user_id = ANY ((SELECT app.stood_for())::uuid[])"
OWN = "(alone IS NULL OR NOT alone @> statement_timestamp() OR user_id = (SELECT app.user_id()))"
SHOWN = f"ALTER POLICY person_sees ON patients_usergrant USING ({PEOPLE} AND {OWN})"
SHOWN_BEFORE = f"ALTER POLICY person_sees ON patients_usergrant USING ({PEOPLE})"
RUNNING = """
SELECT app.sync_access(array(
    SELECT DISTINCT patient_id FROM patients_carerelationship
    WHERE kind = 'break_glass' AND upper(validity) > statement_timestamp()))
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0036_public_eye")]
    operations = [
        migrations.AddField(
            "usergrant",
            "alone",
            django.contrib.postgres.fields.ranges.DateTimeRangeField(
                null=True,
                help_text="When it is the holder's own: what an emergency opens,"
                " nobody reaches who stands in for them.",
            ),
        ),
        migrations.RunSQL(PROJECTION, PROJECTION_BEFORE),
        migrations.RunSQL(REACH, REACH_BEFORE),
        migrations.RunSQL(EXPLAINED, EXPLAINED_BEFORE),
        migrations.RunSQL(SHOWN, SHOWN_BEFORE),
        migrations.RunSQL(RUNNING, migrations.RunSQL.noop),
    ]
