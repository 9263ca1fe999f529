"""Seats of a session: never more than there are, each a visit at the session's time, while it takes place."""

from importlib import import_module

from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

BOOKS = "(SELECT app.acting_role()) IN ('front_desk', 'nurse', 'doctor')"
BOOKS_THERE = f"{BOOKS} AND site_id = ANY ((SELECT app.site_ids())::uuid[])"
OWN = "planned_by_id = (SELECT app.user_id())"

# As before, and of a visit with a seat: the patient's claim is its own, the provider's is the session's. The session is
# read under a lock that whoever changes it waits for, so that two commits cannot miss each other.
CHECK = """
CREATE OR REPLACE FUNCTION app.check_claims_of_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    visit scheduling_appointment;
    kept scheduling_groupsession;
    stands boolean;
BEGIN
    IF TG_TABLE_NAME = 'scheduling_appointment' THEN
        SELECT * INTO visit FROM scheduling_appointment a WHERE a.id = NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT * INTO visit FROM scheduling_appointment a WHERE a.id = OLD.appointment_id;
    ELSE
        SELECT * INTO visit FROM scheduling_appointment a WHERE a.id = NEW.appointment_id;
    END IF;
    IF visit.id IS NULL THEN
        RETURN NULL;
    END IF;
    stands := visit.status NOT IN ('cancelled', 'no_show', 'left');
    IF stands <> EXISTS (
        SELECT 1 FROM scheduling_patientclaim p WHERE p.appointment_id = visit.id AND p.patient_id = visit.patient_id
        AND (NOT stands OR p.during = visit.during)
    ) THEN
        RAISE EXCEPTION 'a visit stands with its claims, and only then' USING ERRCODE = '23514';
    END IF;
    IF visit.session_id IS NOT NULL THEN
        IF EXISTS (SELECT 1 FROM scheduling_timeclaim c WHERE c.appointment_id = visit.id) THEN
            RAISE EXCEPTION 'a seat has no time of the provider to itself' USING ERRCODE = '23514';
        END IF;
        SELECT * INTO kept FROM scheduling_groupsession g WHERE g.id = visit.session_id FOR SHARE;
        IF stands AND (kept.cancelled_at IS NOT NULL OR visit.seat > kept.seats
            OR (kept.provider_id, kept.site_id, kept.visit_type_id, kept.during)
            IS DISTINCT FROM (visit.provider_id, visit.site_id, visit.visit_type_id, visit.during)
        ) THEN
            RAISE EXCEPTION 'a seat is one of a session that takes place then' USING ERRCODE = '23514';
        END IF;
        RETURN NULL;
    END IF;
    IF stands <> EXISTS (
        SELECT 1 FROM scheduling_timeclaim c JOIN scheduling_resource r ON r.id = c.resource_id
        WHERE c.appointment_id = visit.id
        AND (NOT stands OR (r.provider_id = visit.provider_id AND c.blocked @> visit.during))
    ) OR EXISTS (
        SELECT 1 FROM scheduling_timeclaim c WHERE c.appointment_id = visit.id AND NOT c.blocked @> visit.during
    ) THEN
        RAISE EXCEPTION 'a visit stands with its claims, and only then' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
        SELECT 1 FROM scheduling_timeclaim c JOIN scheduling_resource r ON r.id = c.resource_id
        WHERE c.appointment_id = visit.id AND c.lane > 0 AND (visit.overbook_reason = '' OR r.provider_id IS NULL)
    ) THEN
        RAISE EXCEPTION 'a visit on top of another says why, and shares no room' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
"""
BEFORE = import_module("scheduling.migrations.0024_rooms").CHECK
SEATED = """
DROP TRIGGER visit_has_its_claims ON scheduling_appointment;
CREATE CONSTRAINT TRIGGER visit_has_its_claims
    AFTER INSERT OR UPDATE OF status, during, provider_id, site_id, visit_type_id, session_id, seat
    ON scheduling_appointment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_claims_of_visit();

-- At the commit: a session that takes place has its provider's time, one that was called off has none; and whoever
-- stands with a seat in it comes when it is.
CREATE FUNCTION app.check_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept scheduling_groupsession;
    planned boolean;
BEGIN
    IF TG_TABLE_NAME = 'scheduling_groupsession' THEN
        SELECT * INTO kept FROM scheduling_groupsession g WHERE g.id = NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT * INTO kept FROM scheduling_groupsession g WHERE g.id = OLD.session_id;
    ELSE
        SELECT * INTO kept FROM scheduling_groupsession g WHERE g.id = NEW.session_id;
    END IF;
    IF kept.id IS NULL THEN
        RETURN NULL;
    END IF;
    planned := kept.cancelled_at IS NULL;
    IF planned <> EXISTS (
        SELECT 1 FROM scheduling_timeclaim c JOIN scheduling_resource r ON r.id = c.resource_id
        WHERE c.session_id = kept.id AND (NOT planned OR r.provider_id = kept.provider_id)
    ) OR EXISTS (
        SELECT 1 FROM scheduling_timeclaim c
        WHERE c.session_id = kept.id AND (c.lane <> 0 OR NOT c.blocked @> kept.during)
    ) THEN
        RAISE EXCEPTION 'a session stands with its claims, and only then' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
        SELECT 1 FROM scheduling_appointment a
        WHERE a.session_id = kept.id AND a.status NOT IN ('cancelled', 'no_show', 'left')
        AND (NOT planned OR a.seat > kept.seats
            OR (a.provider_id, a.site_id, a.visit_type_id, a.during)
            IS DISTINCT FROM (kept.provider_id, kept.site_id, kept.visit_type_id, kept.during))
    ) THEN
        RAISE EXCEPTION 'a seat is one of a session that takes place then' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER session_has_its_claims AFTER INSERT OR UPDATE ON scheduling_groupsession
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_session();
CREATE CONSTRAINT TRIGGER claims_made_have_their_session AFTER INSERT ON scheduling_timeclaim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.session_id IS NOT NULL) EXECUTE FUNCTION app.check_session();
CREATE CONSTRAINT TRIGGER claims_ended_have_their_session AFTER DELETE ON scheduling_timeclaim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.session_id IS NOT NULL) EXECUTE FUNCTION app.check_session();

-- Which seats are given, by numbers, and the ids of the visits that have them, which claims show of other visits to
-- everybody, too: nobody sees all who come, and who gives a seat has to know which is free.
CREATE FUNCTION app.seats_given(sessions uuid[]) RETURNS TABLE (session_id uuid, seat smallint, visit uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.session_id, a.seat, a.id FROM scheduling_appointment a
    WHERE a.session_id = ANY (sessions) AND a.status NOT IN ('cancelled', 'no_show', 'left')
    ORDER BY a.session_id, a.seat
$$;
REVOKE ALL ON FUNCTION app.check_session(), app.seats_given(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.seats_given(uuid[]) TO web, worker;
"""
NOT_SEATED = """
DROP FUNCTION app.seats_given(uuid[]);
DROP FUNCTION app.check_session() CASCADE;
DROP TRIGGER visit_has_its_claims ON scheduling_appointment;
CREATE CONSTRAINT TRIGGER visit_has_its_claims
    AFTER INSERT OR UPDATE OF status, during, provider_id ON scheduling_appointment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_claims_of_visit();
"""
# As before, and the claims of a session, by whoever keeps the schedule of its site.
RELEASE = """
DROP FUNCTION app.release_claims(uuid[], uuid, uuid, uuid);
CREATE FUNCTION app.release_claims(
    resources uuid[], visit uuid, block uuid, holds_of uuid DEFAULT NULL, of_group uuid DEFAULT NULL
) RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    system boolean := app.system_purpose() IS NOT NULL;
    gone integer := 0;
    released integer;
BEGIN
    DELETE FROM scheduling_timeclaim c
    WHERE c.resource_id = ANY (resources) AND c.kind = 'hold' AND c.hold_until <= clock_timestamp();
    GET DIAGNOSTICS released = ROW_COUNT;
    IF holds_of IS NOT NULL THEN
        DELETE FROM scheduling_timeclaim c WHERE c.holder = holds_of AND c.kind = 'hold';
        GET DIAGNOSTICS gone = ROW_COUNT;
        released := released + gone;
    END IF;
    IF visit IS NOT NULL THEN
        IF NOT system AND NOT EXISTS (
            SELECT 1 FROM scheduling_appointment a WHERE a.id = visit AND app.reaches(a.patient_id, 'schedule')
        ) THEN
            RAISE EXCEPTION 'this visit is not yours to move' USING ERRCODE = '42501';
        END IF;
        DELETE FROM scheduling_patientclaim p WHERE p.appointment_id = visit;
        DELETE FROM scheduling_timeclaim c WHERE c.appointment_id = visit;
        released := released + 1;
    END IF;
    IF of_group IS NOT NULL THEN
        IF NOT system AND NOT EXISTS (
            SELECT 1 FROM scheduling_groupsession g WHERE g.id = of_group
            AND app.acting_role() IN ('front_desk', 'nurse', 'doctor') AND g.site_id = ANY (app.site_ids())
        ) THEN
            RAISE EXCEPTION 'this session is not yours to move' USING ERRCODE = '42501';
        END IF;
        DELETE FROM scheduling_timeclaim c WHERE c.session_id = of_group;
        released := released + 1;
    END IF;
    IF block IS NOT NULL THEN
        DELETE FROM scheduling_timeclaim c USING scheduling_resource r
        WHERE c.id = block AND c.kind = 'block' AND r.id = c.resource_id AND (system OR (
            app.acting_role() <> 'patient' AND (r.site_id = ANY (app.site_ids()) OR EXISTS (
                SELECT 1 FROM accounts_provider_sites s
                WHERE s.provider_id = r.provider_id AND s.site_id = ANY (app.site_ids())))));
        IF NOT FOUND THEN
            RAISE EXCEPTION 'this block is not yours to lift' USING ERRCODE = '42501';
        END IF;
        released := released + 1;
    END IF;
    RETURN released;
END $$;
REVOKE ALL ON FUNCTION app.release_claims(uuid[], uuid, uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.release_claims(uuid[], uuid, uuid, uuid, uuid) TO web, worker;
"""
RELEASED_BEFORE = "DROP FUNCTION app.release_claims(uuid[], uuid, uuid, uuid, uuid);" + import_module(
    "scheduling.migrations.0013_holds"
).RELEASE.replace("DROP FUNCTION app.release_claims(uuid[], uuid, uuid);", "")
# A session is one visit of the provider's day, however many have a seat in it.
COUNTED = """
CREATE OR REPLACE FUNCTION app.visits_of_kind(providers uuid[], kind uuid, first text, until text, besides uuid)
RETURNS TABLE (provider_id uuid, day text, visits bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.provider_id, left(t.wall_start, 10), count(*) FROM (
        SELECT a.provider_id, a.wall_start FROM scheduling_appointment a
        WHERE a.provider_id = ANY (providers) AND a.wall_start >= first AND a.wall_start < until
        AND (kind IS NULL OR a.visit_type_id = kind) AND a.status NOT IN ('cancelled', 'no_show', 'left')
        AND a.session_id IS NULL AND a.id IS DISTINCT FROM besides
        UNION ALL
        SELECT g.provider_id, g.wall_start FROM scheduling_groupsession g
        WHERE g.provider_id = ANY (providers) AND g.wall_start >= first AND g.wall_start < until
        AND (kind IS NULL OR g.visit_type_id = kind) AND g.cancelled_at IS NULL AND g.id IS DISTINCT FROM besides
    ) AS t GROUP BY t.provider_id, left(t.wall_start, 10)
$$;
"""
COUNTED_BEFORE = import_module("scheduling.migrations.0023_caps").COUNTED.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0030_group_sessions")]
    operations = [
        ProtectTable("scheduling_groupsession", sees="true", adds=f"{BOOKS_THERE} AND {OWN}", changes=BOOKS_THERE),
        migrations.RunSQL(CHECK, BEFORE),
        migrations.RunSQL(SEATED, NOT_SEATED),
        migrations.RunSQL(RELEASE, RELEASED_BEFORE),
        migrations.RunSQL(COUNTED, COUNTED_BEFORE),
    ]
