from typing import Any

from django.conf import settings
from django.db import migrations

ME = "(SELECT app.user_id())"
ROLE = "(SELECT app.acting_role())"
PURPOSE = "(SELECT app.system_purpose())"

# == Nothing is changed or removed, by whoever has the privilege; and no key claims another time ==
REFUSE = """
CREATE FUNCTION app.refuse_to_forget() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% on %: the audit is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

CREATE FUNCTION app.check_audit_time() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    claimed timestamptz := uuid_extract_timestamp(NEW.id);
BEGIN
    IF claimed BETWEEN clock_timestamp() - interval '5 minutes' AND clock_timestamp() + interval '5 minutes' THEN
        RETURN NEW;
    END IF;
    -- Histories loaded in bulk keep their own times, and say in the sealed row that they were loaded.
    IF claimed IS NOT NULL AND current_user = 'owner' AND current_setting('app.audit_loader', true) = 'on' THEN
        NEW.detail := NEW.detail || '{"loaded": true}';
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the key of an audit event must be a UUIDv7 of this moment' USING ERRCODE = '22023';
END $$;

-- Hashes do not compress; trying costs more than it saves.
ALTER TABLE audit_auditseal ALTER COLUMN row_hashes SET STORAGE EXTERNAL, ALTER COLUMN event_ids SET STORAGE EXTERNAL;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION app.refuse_to_forget();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_auditseal
    FOR EACH ROW EXECUTE FUNCTION app.refuse_to_forget();
CREATE TRIGGER of_this_moment BEFORE INSERT ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION app.check_audit_time();
"""

# == Who reads, and in whose name one writes ==
# One adds in one's own name, role and purpose, or in nobody's: without a context (a refused sign-in, an unknown link)
# actor, role and purpose are empty, and what was tried stands in the target. Nobody signs for another, not the system
# for a person either. Reading is for one's own acts, for the privacy officer, and for whom an app to the right adds.
POLICIES = f"""
ALTER TABLE audit_auditevent ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY person_sees ON audit_auditevent FOR SELECT TO web, worker
    USING (actor_id = {ME} OR {ROLE} = 'privacy_officer');
CREATE POLICY system_sees ON audit_auditevent FOR SELECT TO system_actor USING ({PURPOSE} IS NOT NULL);
CREATE POLICY adds_in_own_name ON audit_auditevent FOR INSERT TO web, worker WITH CHECK (
    actor_id IS NOT DISTINCT FROM {ME} AND actor_role = coalesce({ROLE}, '') AND purpose = coalesce({PURPOSE}, ''));
CREATE POLICY owner_acts ON audit_auditevent TO owner USING (true) WITH CHECK (true);

ALTER TABLE audit_auditseal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY system_acts ON audit_auditseal TO system_actor
    USING ({PURPOSE} IS NOT NULL) WITH CHECK ({PURPOSE} IS NOT NULL);
CREATE POLICY owner_acts ON audit_auditseal TO owner USING (true) WITH CHECK (true);

ALTER TABLE audit_change ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY person_sees ON audit_change FOR SELECT TO web, worker USING ({ROLE} = 'privacy_officer');
CREATE POLICY system_sees ON audit_change FOR SELECT TO system_actor USING ({PURPOSE} IS NOT NULL);
CREATE POLICY adds_in_own_name ON audit_change FOR INSERT TO web, worker WITH CHECK (
    actor_id IS NOT DISTINCT FROM {ME} AND actor_role = coalesce({ROLE}, '') AND purpose = coalesce({PURPOSE}, ''));
CREATE POLICY owner_acts ON audit_change TO owner USING (true) WITH CHECK (true);
"""

# == Months ==
# The worker may not create tables; this function makes one month's partition and nothing else. Rows that fell into the
# default partition move with it, so no key is ever in two places, and their hashes do not change.
PARTITIONS = """
CREATE FUNCTION app.make_audit_partition(month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '5s' SET timezone = 'UTC' AS $$
DECLARE
    name text := 'audit_auditevent_' || to_char(month, 'YYYY_MM');
    low uuid := app.floor7(date_trunc('month', month)::timestamptz);
    high uuid := app.floor7((date_trunc('month', month) + interval '1 month')::timestamptz);
BEGIN
    IF month NOT BETWEEN date '2000-01-01' AND current_date + 800 THEN
        RAISE EXCEPTION 'no partition for a month so far away' USING ERRCODE = '22023';
    END IF;
    PERFORM pg_advisory_xact_lock(7240003);
    IF to_regclass('public.' || name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I'
        ' (LIKE public.audit_auditevent INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    LOCK TABLE public.audit_auditevent_default IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT 1 FROM public.audit_auditevent_default WHERE id >= low AND id < high) THEN
        ALTER TABLE public.audit_auditevent_default DISABLE TRIGGER append_only;
        EXECUTE format('WITH moved AS ('
            'DELETE FROM public.audit_auditevent_default WHERE id >= %L AND id < %L RETURNING *)'
            ' INSERT INTO public.%I SELECT * FROM moved', low, high, name);
        ALTER TABLE public.audit_auditevent_default ENABLE TRIGGER append_only;
    END IF;
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE public.audit_auditevent ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        name, low, high);
    IF EXISTS (
        SELECT 1 FROM pg_trigger WHERE tgrelid = 'public.audit_auditevent'::regclass AND tgname = 'never_emptied'
    ) THEN
        EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON public.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_to_forget()', name);
    END IF;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION app.make_audit_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.make_audit_partition(date) TO worker;
SELECT app.make_audit_partition((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date)
    FROM generate_series(0, 3) AS ahead;
"""

# == Epochs ==
# Transaction ids order the sealing, and belong to one cluster. In a restored cluster they start again from low numbers;
# a new epoch puts its events after all of the epochs before. Only the facts open one, whoever calls.
EPOCHS = """
CREATE TABLE private.audit_epoch (
    number integer PRIMARY KEY,
    system_identifier bigint NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO private.audit_epoch SELECT 1, system_identifier FROM pg_control_system();

CREATE FUNCTION app.audit_epoch() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    known private.audit_epoch;
    here bigint := (SELECT system_identifier FROM pg_control_system());
    sealed xid8;
BEGIN
    SELECT * INTO known FROM private.audit_epoch ORDER BY number DESC LIMIT 1;
    SELECT s.horizon_xid::text::xid8 INTO sealed FROM public.audit_auditseal s
        WHERE s.epoch = known.number ORDER BY s.number DESC LIMIT 1;
    IF known.system_identifier = here AND (sealed IS NULL OR sealed <= pg_snapshot_xmax(pg_current_snapshot())) THEN
        RETURN known.number;
    END IF;
    LOCK TABLE private.audit_epoch IN EXCLUSIVE MODE;
    INSERT INTO private.audit_epoch VALUES (known.number + 1, here);
    EXECUTE format('ALTER TABLE public.audit_auditevent ALTER COLUMN epoch SET DEFAULT %s', known.number + 1);
    RETURN known.number + 1;
END $$;
REVOKE ALL ON FUNCTION app.audit_epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.audit_epoch() TO worker;
"""

# == How the sealing stands: counts and times alone, for the health page and the metrics of any process ==
SEALING = """
CREATE FUNCTION app.audit_sealing() RETURNS TABLE (
    seals bigint, sealed bigint, waiting bigint, sealed_at timestamptz, oldest_waiting_at timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(l.number, 0), coalesce(l.total, 0), w.events, l.sealed_at, w.oldest
    FROM (VALUES (true)) AS always
    LEFT JOIN (SELECT * FROM audit_auditseal ORDER BY number DESC LIMIT 1) AS l ON true
    CROSS JOIN LATERAL (
        SELECT count(*) AS events, min(c.at) AS oldest FROM (
            SELECT e.at FROM audit_auditevent e WHERE (e.epoch, e.xid, e.id)
                > (coalesce(l.epoch, 0), coalesce(l.horizon_xid, 0)::text::xid8,
                   coalesce(l.horizon_id, '00000000-0000-0000-0000-000000000000'))
            ORDER BY e.epoch, e.xid, e.id LIMIT 100000
        ) AS c
    ) AS w
$$;
REVOKE ALL ON FUNCTION app.audit_sealing() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.audit_sealing() TO web, worker;
"""
GUARD = """
DO $$ DECLARE kept regclass; BEGIN
    FOR kept IN SELECT relid FROM pg_partition_tree('audit_auditevent') UNION SELECT 'audit_auditseal'::regclass LOOP
        EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_to_forget()', kept);
    END LOOP;
END $$
"""
BACK = """
DROP FUNCTION app.audit_sealing();
DROP FUNCTION app.audit_epoch();
DROP TABLE private.audit_epoch;
DROP FUNCTION app.make_audit_partition(date);
DROP FUNCTION app.check_audit_time() CASCADE;
DROP FUNCTION app.refuse_to_forget() CASCADE;
"""


def guard(apps: Any, schema_editor: Any) -> None:
    """A test database is emptied between tests; no other ever is."""
    if not settings.AUDIT_MAY_BE_EMPTIED:
        schema_editor.execute(GUARD, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE + POLICIES + PARTITIONS + EPOCHS + SEALING, BACK),
        migrations.RunPython(guard, migrations.RunPython.noop),
    ]
