"""The projection for few patients, as every booking needs it, is planned once for a connection.

Its plan took 2.4 ms to make and 0.5 to run. Many patients at once get a plan of their own each time, as before: one
made without knowing how many there are would join them by nested loops.
"""

from django.db import migrations

PROJECT = """
CREATE FUNCTION app.sync_access_of_few(patients uuid[], users uuid[], sites uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    PERFORM app.sync_access_of(patients, users, sites);
END $$;
REVOKE ALL ON FUNCTION app.sync_access_of_few(uuid[], uuid[], uuid[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION app.project_relationships() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    patients uuid[] := array(SELECT DISTINCT patient_id FROM changed);
    users uuid[] := array(SELECT DISTINCT user_id FROM changed WHERE user_id IS NOT NULL);
    sites uuid[] := array(SELECT DISTINCT site_id FROM changed WHERE site_id IS NOT NULL);
BEGIN
    IF cardinality(patients) <= 3 THEN
        PERFORM app.sync_access_of_few(patients, users, sites);
    ELSE
        PERFORM app.sync_access_of(patients, users, sites);
    END IF;
    RETURN NULL;
END $$;
"""
BACK = """
CREATE OR REPLACE FUNCTION app.project_relationships() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.sync_access_of(
        array(SELECT DISTINCT patient_id FROM changed),
        array(SELECT DISTINCT user_id FROM changed WHERE user_id IS NOT NULL),
        array(SELECT DISTINCT site_id FROM changed WHERE site_id IS NOT NULL));
    RETURN NULL;
END $$;
DROP FUNCTION app.sync_access_of_few(uuid[], uuid[], uuid[]);
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0010_lean_search")]
    operations = [migrations.RunSQL(PROJECT, BACK)]
