from typing import Any

from django.db import migrations

KEYS = """
CREATE SCHEMA IF NOT EXISTS app;
CREATE SCHEMA IF NOT EXISTS private;
REVOKE ALL ON SCHEMA private FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO web, worker, backup, system_actor;
CREATE TABLE private.context_key (
    id text PRIMARY KEY,
    inner_pad bytea NOT NULL CHECK (length(inner_pad) = 64),
    outer_pad bytea NOT NULL CHECK (length(outer_pad) = 64),
    installed_at timestamptz NOT NULL DEFAULT now()
);
"""

# HMAC-SHA-256 from PostgreSQL's own sha256 (RFC 2104): the pads are the key XOR 0x36 and 0x5c, kept ready-made.
FUNCTIONS = """
CREATE FUNCTION app.claims() RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    token text := current_setting('app.context', true);
    part text[];
    pad private.context_key;
    claim text[];
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
    IF to_timestamp(part[2]::double precision) <= clock_timestamp() THEN
        RAISE EXCEPTION 'the context has expired' USING ERRCODE = '28000';
    END IF;
    RETURN string_to_array(part[1], ':');
END $$;

CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN claim[1] = 'u' THEN claim[2]::uuid END FROM (SELECT app.claims() AS claim) AS c);

CREATE FUNCTION app.acting_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN claim[1] = 'u' THEN claim[3] END FROM (SELECT app.claims() AS claim) AS c);

CREATE FUNCTION app.system_purpose() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN claim[1] = 's' THEN claim[2] END FROM (SELECT app.claims() AS claim) AS c);

-- The smallest UUIDv7 of a moment: rows made since then have id >= app.floor7(moment).
CREATE FUNCTION app.floor7(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO owner, web, worker, backup, system_actor;
"""


def install(apps: Any, schema_editor: Any) -> None:
    from healthcare.db.keys import install_context_key

    install_context_key(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(KEYS, "DROP SCHEMA private CASCADE; DROP SCHEMA app CASCADE"),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
