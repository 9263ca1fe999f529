"""What must never be false of bookings, whoever writes: the walls, and visits that stand with their claims."""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

SETS_UP = "(SELECT app.acting_role()) = 'administrator'"

CLAIMS = """
ALTER TABLE scheduling_timeclaim ADD CONSTRAINT claim_of_an_appointment
    FOREIGN KEY (appointment_id) REFERENCES scheduling_appointment (id) DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION app.lock_key(name text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hashtextextended(name, 20260308);

-- Visits and holds stay out of blocks. The lock is the one that booking takes first; who holds it already passes.
CREATE FUNCTION app.keep_out_of_blocks() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(app.lock_key(NEW.resource_id::text));
    IF NEW.kind <> 'block' AND EXISTS (
        SELECT 1 FROM scheduling_timeclaim c
        WHERE c.resource_id = NEW.resource_id AND c.lane = -1 AND c.blocked && NEW.blocked
    ) THEN
        RAISE EXCEPTION 'this time is blocked' USING ERRCODE = '23P01';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_out_of_blocks BEFORE INSERT ON scheduling_timeclaim
    FOR EACH ROW EXECUTE FUNCTION app.keep_out_of_blocks();

-- At the commit: a visit that stands has the claims of its provider and its patient, and one that does not has none.
CREATE FUNCTION app.check_claims_of_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    visit scheduling_appointment;
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
        SELECT 1 FROM scheduling_timeclaim c JOIN scheduling_resource r ON r.id = c.resource_id
        WHERE c.appointment_id = visit.id
        AND (NOT stands OR (r.provider_id = visit.provider_id AND c.blocked @> visit.during))
    ) OR stands <> EXISTS (
        SELECT 1 FROM scheduling_patientclaim p WHERE p.appointment_id = visit.id
        AND (NOT stands OR p.during = visit.during)
    ) THEN
        RAISE EXCEPTION 'a visit stands with its claims, and only then' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER visit_has_its_claims
    AFTER INSERT OR UPDATE OF status, during, provider_id ON scheduling_appointment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_claims_of_visit();
CREATE CONSTRAINT TRIGGER claims_have_their_visit AFTER INSERT OR DELETE ON scheduling_timeclaim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_claims_of_visit();
CREATE CONSTRAINT TRIGGER patient_claims_have_their_visit AFTER INSERT OR DELETE ON scheduling_patientclaim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_claims_of_visit();
"""
RELEASE = """
-- The only way a claim goes: holds that ran out, and the claims of one visit or one block that the actor may give up.
CREATE FUNCTION app.release_claims(resources uuid[], visit uuid, block uuid) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    system boolean := app.system_purpose() IS NOT NULL;
    released integer;
BEGIN
    DELETE FROM scheduling_timeclaim c
    WHERE c.resource_id = ANY (resources) AND c.kind = 'hold' AND c.hold_until <= clock_timestamp();
    GET DIAGNOSTICS released = ROW_COUNT;
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
"""
EXECUTE = """
REVOKE ALL ON FUNCTION app.lock_key(text), app.keep_out_of_blocks(), app.check_claims_of_visit(),
    app.release_claims(uuid[], uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.lock_key(text) TO owner, web, worker, backup, system_actor;
GRANT EXECUTE ON FUNCTION app.release_claims(uuid[], uuid, uuid) TO web, worker;
"""
BACK = """
DROP FUNCTION app.release_claims(uuid[], uuid, uuid);
DROP FUNCTION app.check_claims_of_visit() CASCADE; DROP FUNCTION app.keep_out_of_blocks() CASCADE;
DROP FUNCTION app.lock_key(text);
ALTER TABLE scheduling_timeclaim DROP CONSTRAINT claim_of_an_appointment;
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial"), ("patients", "0002_walls"), ("accounts", "0002_row_security")]
    operations = [
        migrations.RunSQL(CLAIMS + RELEASE + EXECUTE, BACK),
        CompositeParentKey("scheduling_patientclaim", "appointment_id", "scheduling_appointment"),
        ProtectTable("scheduling_appointment", sees=sees("schedule", "scheduling_appointment.patient_id")),
        ProtectTable("scheduling_patientclaim", sees=sees("schedule", "scheduling_patientclaim.patient_id")),
        # Hours and kinds of visits: everybody reads them, an administrator sets them.
        ProtectTable("scheduling_visittype", sees="true", adds=SETS_UP, changes=SETS_UP),
        ProtectTable("scheduling_resource", sees="true", adds=SETS_UP, changes=SETS_UP),
        ProtectTable("scheduling_workrule", sees="true", adds=SETS_UP, changes=SETS_UP, removes=SETS_UP),
        ProtectTable("scheduling_workexception", sees="true", adds=SETS_UP, changes=SETS_UP, removes=SETS_UP),
    ]
