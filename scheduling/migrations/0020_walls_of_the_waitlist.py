"""The wall round the waitlist, and the two functions that pass it for whoever has the link of an offer.

Nobody is signed in there. The first tells when, where, with whom and how it stands; the second takes an answer, once,
while the time is kept, by the clock of the database. What follows from it a worker does.
"""

from django.db import migrations

from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable
from patients.rules import sees

ME = "(SELECT app.user_id())"
WAIT, OFFER = (sees("schedule", f"scheduling_{table}.patient_id") for table in ("wait", "waitoffer"))
FUNCTIONS = """
CREATE FUNCTION app.offer_by_link(key uuid) RETURNS TABLE (offer uuid, patient uuid, starts timestamptz,
    ends timestamptz, zone text, stands text, keeps timestamptz, provider text, credentials text, site text, line text,
    city text, state text, postal_code text, phone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.id, o.patient_id, lower(o.during), upper(o.during), o.time_zone::text,
        CASE WHEN o.state = 'offered' AND o.until <= clock_timestamp() THEN 'expired' ELSE o.state END::text,
        o.until, p.name::text, p.credentials::text, s.name::text, s.line::text, s.city::text, s.state::text,
        s.postal_code::text, s.phone::text
    FROM scheduling_waitoffer o JOIN scheduling_wait w ON w.id = o.wait_id
        JOIN accounts_site s ON s.id = w.site_id JOIN accounts_provider p ON p.id = o.provider_id
    WHERE o.id = key;
$$;

CREATE FUNCTION app.answer_offer(key uuid, accepts boolean) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    whose uuid;
    moment timestamptz := clock_timestamp();
BEGIN
    UPDATE scheduling_waitoffer o
    SET state = CASE WHEN accepts THEN 'accepted' ELSE 'declined' END, by_link = true, answered_at = moment,
        next_at = moment, handed_until = NULL, updated_at = moment
    WHERE o.id = key AND o.state = 'offered' AND o.until > moment
    RETURNING o.patient_id INTO whose;
    IF FOUND THEN
        PERFORM pg_notify('outbox', '');
    END IF;
    RETURN whose;
END $$;
REVOKE ALL ON FUNCTION app.offer_by_link(uuid), app.answer_offer(uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.offer_by_link(uuid), app.answer_offer(uuid, boolean) TO web, worker;
"""
BACK = "DROP FUNCTION app.answer_offer(uuid, boolean); DROP FUNCTION app.offer_by_link(uuid);"


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0019_offers")]

    operations = [
        CompositeParentKey("scheduling_waitoffer", "wait_id", "scheduling_wait"),
        CompositeParentKey("scheduling_waitoffer", "appointment_id", "scheduling_appointment"),
        ProtectTable("scheduling_wait", sees=WAIT, adds=f"added_by_id = {ME} AND state = 'waiting' AND {WAIT}"),
        ProtectTable("scheduling_waitoffer", sees=OFFER, adds="false"),
        migrations.RunSQL(FUNCTIONS, BACK),
    ]
