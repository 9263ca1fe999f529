"""What every booking does in the database, in less: ended holds go with the claim, and free time is planned once."""

from django.db import migrations

# A hold that ran out goes when somebody claims its time; the login that claims may delete no claim itself.
KEEP_OUT = """
CREATE OR REPLACE FUNCTION app.keep_out_of_blocks() RETURNS trigger LANGUAGE plpgsql {security}
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(app.lock_key(NEW.resource_id::text));
    {release}
    IF NEW.kind <> 'block' AND EXISTS (
        SELECT 1 FROM scheduling_timeclaim c
        WHERE c.resource_id = NEW.resource_id AND c.lane = -1 AND c.blocked && NEW.blocked
    ) THEN
        RAISE EXCEPTION 'this time is blocked' USING ERRCODE = '23P01';
    END IF;
    RETURN NEW;
END $$;
"""
RELEASE = """DELETE FROM scheduling_timeclaim c
    WHERE c.resource_id = NEW.resource_id AND c.lane = NEW.lane AND c.blocked && NEW.blocked
    AND c.kind = 'hold' AND c.hold_until <= clock_timestamp();"""
# Its plan takes seven times as long to make as to run, and is the same whoever is asked about.
PLANNED_ONCE = "ALTER FUNCTION app.free_time(uuid[], tstzrange) SET plan_cache_mode TO force_generic_plan"
PLANNED_EACH_TIME = "ALTER FUNCTION app.free_time(uuid[], tstzrange) RESET plan_cache_mode"


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0003_free_time")]
    operations = [
        migrations.RunSQL(
            KEEP_OUT.format(security="SECURITY DEFINER", release=RELEASE),
            KEEP_OUT.format(security="SECURITY INVOKER", release=""),
        ),
        migrations.RunSQL(PLANNED_ONCE, PLANNED_EACH_TIME),
    ]
