from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

# A role at a site opens what its team was granted, and only while the membership lasts, to the second.
GROUPS = """
CREATE FUNCTION app.group_ids() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(array_agg(t.group_id), '{}')
    FROM accounts_membership m JOIN accounts_team t ON t.site_id = m.site_id AND t.role = m.role
    WHERE m.user_id = app.user_id() AND m.role = app.acting_role() AND m.validity @> statement_timestamp()
$$;
CREATE FUNCTION app.site_ids() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(array_agg(m.site_id), '{}') FROM accounts_membership m
    WHERE m.user_id = app.user_id() AND m.role = app.acting_role() AND m.validity @> statement_timestamp()
$$;
-- Oneself, and whom one stands in for: a later migration knows covers.
CREATE FUNCTION app.stood_for() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT array_remove(array[app.user_id()], NULL)
$$;
REVOKE ALL ON FUNCTION app.group_ids(), app.site_ids(), app.stood_for() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.group_ids(), app.site_ids(), app.stood_for() TO owner, web, worker, backup, system_actor;
"""
NO_OVERLAP = """
ALTER TABLE accounts_membership ADD CONSTRAINT membership_once_at_a_time
    EXCLUDE USING gist (user_id WITH =, site_id WITH =, role WITH =, validity WITH &&);
"""
ADMINISTRATOR = "(SELECT app.acting_role()) = 'administrator'"
ME = "(SELECT app.user_id())"
EDIT = f"{ADMINISTRATOR} AND made_by_id = {ME}"
REQUEST = f"{ADMINISTRATOR} AND requested_by_id = {ME} AND approved_by_id IS NULL"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("db", "0001_context")]
    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(
            GROUPS, "DROP FUNCTION app.group_ids(); DROP FUNCTION app.site_ids(); DROP FUNCTION app.stood_for()"
        ),
        migrations.RunSQL(NO_OVERLAP, "ALTER TABLE accounts_membership DROP CONSTRAINT membership_once_at_a_time"),
        # Memberships and teams open charts: only an administrator's signed context may add or change one.
        ProtectTable("accounts_membership", sees="true", adds=ADMINISTRATOR, changes=ADMINISTRATOR),
        ProtectTable("accounts_team", sees="true", adds=ADMINISTRATOR, changes=ADMINISTRATOR),
        # What a role may do, likewise; each edit is signed for by whoever makes it.
        ProtectTable("accounts_roleedit", sees="true", adds=EDIT, changes=EDIT),
        # Taking a second factor off needs two: one signs the request, another the approval.
        ProtectTable(
            "accounts_secondfactorreset",
            sees=ADMINISTRATOR,
            adds=REQUEST,
            changes=f"{ADMINISTRATOR} AND (approved_by_id IS NULL OR approved_by_id = {ME})",
        ),
    ]
