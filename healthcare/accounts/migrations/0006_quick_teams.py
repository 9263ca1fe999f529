from django.db import migrations

# In PL/pgSQL a session plans the body once; a function in SQL that cannot be inlined costs three times as much.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION app.group_ids() RETURNS integer[] LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    claim text[] := app.claims();
BEGIN
    IF claim[1] IS DISTINCT FROM 'u' THEN
        RETURN '{}';
    END IF;
    RETURN array(
        SELECT t.group_id FROM accounts_membership m JOIN accounts_team t ON t.site_id = m.site_id AND t.role = m.role
        WHERE m.user_id = claim[2]::uuid AND m.role = claim[3] AND m.validity @> statement_timestamp());
END $$;

CREATE OR REPLACE FUNCTION app.stood_for() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    claim text[] := app.claims();
BEGIN
    IF claim[1] IS DISTINCT FROM 'u' THEN
        RETURN '{}';
    END IF;
    RETURN claim[2]::uuid || array(
        SELECT c.absent_id FROM accounts_cover c
        WHERE c.cover_id = claim[2]::uuid AND c.role = claim[3] AND c.validity @> statement_timestamp());
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_rights_changes"), ("db", "0003_claims_in_numbers")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
