from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

# Pages know keys and cannot list: one row, by its key, for somebody who acts.
OPEN = """
CREATE FUNCTION app.stored_object(key uuid) RETURNS TABLE (
    id uuid, created_at timestamptz, updated_at timestamptz, place varchar, name text, content_type varchar,
    size integer, sha256 varchar, key_id varchar, scan varchar, scanned_at timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.id, o.created_at, o.updated_at, o.place, o.name, o.content_type, o.size, o.sha256, o.key_id, o.scan,
        o.scanned_at
    FROM storage_storedobject o
    WHERE o.id = key AND (app.user_id() IS NOT NULL OR app.system_purpose() IS NOT NULL)
$$;
REVOKE ALL ON FUNCTION app.stored_object(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.stored_object(uuid) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("storage", "0001_initial"), ("db", "0001_context")]
    operations = [
        ProtectTable(
            "storage_storedobject",
            sees="false",
            adds="(SELECT app.user_id()) IS NOT NULL",
            changes="false",
        ),
        migrations.RunSQL(OPEN, "DROP FUNCTION app.stored_object(uuid)"),
    ]
