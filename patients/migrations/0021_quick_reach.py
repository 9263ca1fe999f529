from django.db import migrations

# As 0006 of accounts: what every statement under row security asks is planned once a session.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION app.scope_permission(scope text) RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT p.id FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
        WHERE t.app_label = 'patients' AND t.model = 'patient' AND p.codename = scope);
END $$;

-- Charts that are closed to somebody in a staff role: their own, and those of patients who asked for it.
CREATE OR REPLACE FUNCTION app.closed_patient_ids() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL SAFE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    claim text[] := app.claims();
BEGIN
    IF claim[1] IS DISTINCT FROM 'u' OR claim[3] = 'patient' THEN
        RETURN '{}';
    END IF;
    RETURN array(
        SELECT x.patient_id FROM patients_restriction x
        WHERE x.user_id = claim[2]::uuid AND x.validity @> statement_timestamp()
        UNION ALL
        SELECT r.patient_id FROM patients_carerelationship r
        WHERE r.kind = 'self' AND r.user_id = claim[2]::uuid AND r.validity @> statement_timestamp());
END $$;

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


class Migration(migrations.Migration):
    dependencies = [("patients", "0020_matching"), ("accounts", "0006_quick_teams")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
