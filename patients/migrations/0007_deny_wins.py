"""Both walls learn of restrictions, consents, labels and covers.

What the tables of other apps carried before asks for them from now on, too: on a new database their policies are made
so by `sees`; on one that ran before, they are put into these words here.
"""

from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable
from patients.rules import sees

CLOSED = """
CREATE OR REPLACE FUNCTION app.closed_patient_ids() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT array_remove(array(
        SELECT x.patient_id FROM patients_restriction x
        WHERE x.user_id = app.user_id() AND app.acting_role() <> 'patient' AND x.validity @> statement_timestamp()
    ) || app.own_patient_id(), NULL)
$$;
REVOKE ALL ON FUNCTION app.closed_patient_ids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.closed_patient_ids() TO owner, web, worker, backup, system_actor;

CREATE OR REPLACE FUNCTION app.reaches(patient uuid, scope text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (
        EXISTS (SELECT 1 FROM patients_usergrant g WHERE g.content_object_id = patient
            AND g.user_id = ANY (app.stood_for()) AND g.role = app.acting_role()
            AND g.permission_id = app.scope_permission(scope)
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
        OR EXISTS (SELECT 1 FROM patients_groupgrant g WHERE g.content_object_id = patient
            AND g.group_id = ANY (app.group_ids()) AND g.permission_id = app.scope_permission(scope)
            AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp())
    ) AND patient <> ALL (app.closed_patient_ids())
$$;
"""
OPENED = """
-- What one relationship opens, and when: its scopes and labels, for as long as the consent lasts that each rests on.
CREATE FUNCTION app.opened_by(r patients_carerelationship) RETURNS TABLE (scope text, validity tstzrange)
LANGUAGE sql STABLE AS $$
    SELECT s.scope, r.validity * coalesce(shared.validity, '(,)') * coalesce(marked.validity, '(,)')
    FROM unnest(r.scopes::text[] || CASE
        WHEN r.kind IN ('self', 'break_glass') THEN '{mental_health,substance_use,reproductive,adolescent}'::text[]
        ELSE r.labels::text[] END) AS s(scope)
    LEFT JOIN patients_consent shared ON r.kind = 'share' AND shared.patient_id = r.patient_id
        AND shared.purpose = 'treatment' AND shared.decision = 'permit'
    LEFT JOIN patients_consent marked ON s.scope = 'substance_use' AND r.kind NOT IN ('self', 'break_glass')
        AND marked.patient_id = r.patient_id AND marked.purpose = 'substance_use' AND marked.decision = 'permit'
    WHERE (r.kind <> 'share' OR shared.id IS NOT NULL)
    AND (s.scope <> 'substance_use' OR r.kind IN ('self', 'break_glass') OR marked.id IS NOT NULL)
$$;
REVOKE ALL ON FUNCTION app.opened_by(patients_carerelationship) FROM PUBLIC;
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
REVOKE ALL ON FUNCTION app.sync_access_of(uuid[], uuid[], uuid[]) FROM PUBLIC;

CREATE FUNCTION app.project_consents() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.sync_access(array(SELECT DISTINCT patient_id FROM changed));
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.project_consents() FROM PUBLIC;
CREATE TRIGGER consents_added AFTER INSERT ON patients_consent
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.project_consents();
CREATE TRIGGER consents_changed AFTER UPDATE ON patients_consent
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.project_consents();
CREATE TRIGGER only_shorten BEFORE UPDATE ON patients_consent FOR EACH ROW EXECUTE FUNCTION app.only_shorten();
CREATE TRIGGER only_shorten BEFORE UPDATE ON patients_restriction FOR EACH ROW EXECUTE FUNCTION app.only_shorten();
-- Rows that functions add say nothing of labels.
ALTER TABLE patients_carerelationship ALTER labels SET DEFAULT '{}';
"""
IN_NEW_WORDS = r"""
CREATE FUNCTION app.in_new_words(condition text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(condition,
        'IS DISTINCT FROM \( ?SELECT app\.own_patient_id\(\)( AS own_patient_id)?\)',
        '<> ALL ((SELECT app.closed_patient_ids())::uuid[])', 'g'),
        '(g\.|^\()user_id = \( ?SELECT app\.user_id\(\)( AS user_id)?\)',
        '\1user_id = ANY ((SELECT app.stood_for())::uuid[])', 'g')
$$;
DO $$
DECLARE
    p record;
    find text := pg_get_functiondef('app.find_patients(text,date,text,text,integer)'::regprocedure);
    found text;
BEGIN
    FOR p IN SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = 'public' LOOP
        IF p.qual <> app.in_new_words(p.qual) THEN
            EXECUTE format('ALTER POLICY %I ON %I USING (%s)', p.policyname, p.tablename, app.in_new_words(p.qual));
        END IF;
        IF p.with_check <> app.in_new_words(p.with_check) THEN
            EXECUTE format('ALTER POLICY %I ON %I WITH CHECK (%s)', p.policyname, p.tablename,
                app.in_new_words(p.with_check));
        END IF;
    END LOOP;
    found := replace(replace(replace(find,
        'my_own uuid := app.own_patient_id();',
        'my_closed uuid[] := app.closed_patient_ids(); my_people uuid[] := app.stood_for();'),
        'c.id IS DISTINCT FROM my_own', 'c.id <> ALL (my_closed)'),
        'AND g.user_id = me', 'AND g.user_id = ANY (my_people)');
    IF found NOT LIKE '%my_closed)%my_people)%' THEN
        RAISE EXCEPTION 'the search does not stand as it was expected';
    END IF;
    EXECUTE found;
END $$;
DROP FUNCTION app.in_new_words(text);
"""
ME = "(SELECT app.user_id())"
HERE = f"{ME} IS NOT NULL AND app.reaches(patient_id, 'identity')"
# As before; and nobody opens marked items to others who may not read them.
GRANTS = f"""granted_by_id = {ME} AND kind IN ('proxy', 'care_team', 'share', 'appointment')
AND user_id IS DISTINCT FROM {ME} AND app.reaches(patient_id, 'identity')
AND NOT EXISTS (SELECT 1 FROM unnest(scopes || labels) AS s(scope) WHERE NOT app.reaches(patient_id, s.scope))"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0006_consents_and_restrictions"), ("patients", "0003_purposes")]
    operations = [
        migrations.RunSQL(CLOSED, migrations.RunSQL.noop),
        ProtectTable(
            "patients_restriction",
            # Whoever is shut out may know it: the first wall asks in their name.
            sees=f"user_id = {ME} OR ({sees('identity', 'patients_restriction.patient_id')})",
            adds=f"agreed_by_id = {ME} AND user_id <> {ME} AND {HERE}",
            changes=f"ended_by_id = {ME} AND {HERE}",
        ),
        ProtectTable(
            "patients_consent",
            sees=sees("identity", "patients_consent.patient_id"),
            adds=f"recorded_by_id = {ME} AND {HERE}",
            changes=f"withdrawn_by_id = {ME} AND {HERE}",
        ),
        migrations.RunSQL(OPENED + IN_NEW_WORDS, migrations.RunSQL.noop),
        migrations.RunSQL(
            f"ALTER POLICY person_adds ON patients_carerelationship WITH CHECK ({GRANTS})", migrations.RunSQL.noop
        ),
    ]
