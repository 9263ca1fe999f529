from django.db import migrations

# A statement under row security asks for the claims four times and more for each table: the expiry is compared as the
# number it is, and the role is the third claim (the system has two).
FUNCTIONS = """
CREATE OR REPLACE FUNCTION app.claims() RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    token text := current_setting('app.context', true);
    part text[];
    pad private.context_key;
BEGIN
    IF token IS NULL OR token = '' THEN
        RETURN NULL;
    END IF;
    part := string_to_array(token, '|');
    IF cardinality(part) = 4 THEN
        SELECT * INTO pad FROM private.context_key WHERE id = part[3];
    END IF;
    IF pad.id IS NULL OR part[4] IS DISTINCT FROM encode(sha256(pad.outer_pad || sha256(pad.inner_pad
            || convert_to(part[1] || '|' || part[2] || '|' || part[3], 'UTF8'))), 'hex') THEN
        RAISE EXCEPTION 'the context is forged' USING ERRCODE = '28000';
    END IF;
    IF part[2]::bigint <= extract(epoch FROM clock_timestamp()) THEN
        RAISE EXCEPTION 'the context has expired' USING ERRCODE = '28000';
    END IF;
    RETURN string_to_array(part[1], ':');
END $$;

CREATE OR REPLACE FUNCTION app.acting_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN (app.claims())[3];
"""


class Migration(migrations.Migration):
    dependencies = [("db", "0002_claims_once")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
