"""Free time from rules, by range types; and who may open a chart because of a visit."""

from django.db import migrations

# Instants come from the clock at the site, `(day + time) AT TIME ZONE zone`, never from midnight plus hours. A time
# that a change of the clocks skips is read as the one an hour later; hours that vanish in it are no hours.
FREE_TIME = """
CREATE FUNCTION app.free_time(resources uuid[], during tstzrange)
RETURNS TABLE (resource_id uuid, site_id uuid, work tstzmultirange, free tstzmultirange)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    WITH hours AS (
        SELECT r.resource_id, r.site_id, tstzrange(t.starts, t.ends) AS span
        FROM scheduling_workrule r
        JOIN accounts_site s ON s.id = r.site_id
        CROSS JOIN LATERAL generate_series(
            greatest((lower(during) AT TIME ZONE s.time_zone)::date - 1, lower(r.validity))::timestamp,
            least((upper(during) AT TIME ZONE s.time_zone)::date, upper(r.validity) - 1)::timestamp,
            interval '1 day') AS series(day)
        CROSS JOIN LATERAL (SELECT
            (day + r.starts) AT TIME ZONE s.time_zone AS starts,
            (day + CASE WHEN r.ends <= r.starts THEN interval '1 day' ELSE interval '0' END + r.ends)
                AT TIME ZONE s.time_zone AS ends) AS t
        WHERE r.resource_id = ANY (resources) AND extract(isodow FROM day) = r.isodow AND t.starts < t.ends
        UNION ALL
        SELECT e.resource_id, e.site_id, e.during FROM scheduling_workexception e
        WHERE e.resource_id = ANY (resources) AND e.kind = 'extra' AND e.during && free_time.during
    ), work AS (
        SELECT h.resource_id, h.site_id, range_agg(h.span) * tstzmultirange(free_time.during) AS spans
        FROM hours h GROUP BY h.resource_id, h.site_id
    ), taken AS (
        SELECT t.resource_id, t.site_id, range_agg(t.span) AS spans FROM (
            SELECT c.resource_id, NULL::uuid AS site_id, c.blocked AS span FROM scheduling_timeclaim c
            WHERE c.resource_id = ANY (resources) AND c.blocked && free_time.during
            AND (c.hold_until IS NULL OR c.hold_until > statement_timestamp())
            UNION ALL
            SELECT e.resource_id, e.site_id, e.during FROM scheduling_workexception e
            WHERE e.resource_id = ANY (resources) AND e.kind = 'closed' AND e.during && free_time.during
        ) AS t GROUP BY t.resource_id, t.site_id
    )
    SELECT w.resource_id, w.site_id, w.spans,
        w.spans - coalesce(everywhere.spans, '{}') - coalesce(here.spans, '{}')
    FROM work w
    LEFT JOIN taken AS everywhere ON everywhere.resource_id = w.resource_id AND everywhere.site_id IS NULL
    LEFT JOIN taken AS here ON here.resource_id = w.resource_id AND here.site_id = w.site_id
    WHERE NOT isempty(w.spans)
$$;
REVOKE ALL ON FUNCTION app.free_time(uuid[], tstzrange) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.free_time(uuid[], tstzrange) TO owner, web, worker, backup, system_actor;
"""

# Access comes with a visit, whoever books: its own provider and the teams of its site, round its time, and no more.
# The visit is read under the booker's own wall.
BROUGHT = """(
    granted_by_id = (SELECT app.user_id()) AND EXISTS (
        SELECT 1 FROM scheduling_appointment a
        WHERE a.id = app.visit_of(source) AND a.patient_id = patients_carerelationship.patient_id
        AND a.status IN ('booked', 'confirmed')
        AND upper(validity) <= upper(a.during) + interval '90 days'
        AND (scopes <@ '{identity,schedule}' OR lower(validity) >= lower(a.during) - interval '30 days')
        AND ((kind = 'site' AND patients_carerelationship.site_id = a.site_id)
            OR (kind = 'appointment' AND role <> 'patient' AND user_id = (
                SELECT p.user_id FROM accounts_provider p WHERE p.id = a.provider_id)))))"""
ACCESS = """
CREATE FUNCTION app.visit_of(source text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN source ~ '^scheduling\\.appointment:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    THEN right(source, 36)::uuid END;
REVOKE ALL ON FUNCTION app.visit_of(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visit_of(text) TO owner, web, worker, backup, system_actor;

CREATE POLICY person_adds_for_visit ON patients_carerelationship FOR INSERT TO web, worker
    WITH CHECK ({brought});
CREATE POLICY only_visits_bring_appointments ON patients_carerelationship AS RESTRICTIVE FOR INSERT TO web, worker
    WITH CHECK (kind <> 'appointment' OR (SELECT app.system_purpose()) IS NOT NULL OR {brought});
"""
BACK = """
DROP POLICY only_visits_bring_appointments ON patients_carerelationship;
DROP POLICY person_adds_for_visit ON patients_carerelationship;
DROP FUNCTION app.visit_of(text);
DROP FUNCTION app.free_time(uuid[], tstzrange);
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0002_walls")]
    operations = [migrations.RunSQL(FREE_TIME + ACCESS.replace("{brought}", BROUGHT), BACK)]
