from django.db import migrations

# The planner takes these in place of the call (a plain expression that names `app.claims()` once), so that each asks
# for the claims once and starts no query of its own. A policy asks a dozen times for one row.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN substring(array_to_string(app.claims(), ':') FROM '^u:([^:]*)')::uuid;

CREATE OR REPLACE FUNCTION app.acting_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN substring(array_to_string(app.claims(), ':') FROM '^u:[^:]*:([^:]*)$');

CREATE OR REPLACE FUNCTION app.system_purpose() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN substring(array_to_string(app.claims(), ':') FROM '^s:(.*)$');
"""


class Migration(migrations.Migration):
    dependencies = [("db", "0001_context")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
