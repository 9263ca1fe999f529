"""A provider's calendar shows a group as one entry, and blocked time as busy: that it is, and not why."""

from importlib import import_module

from django.db import migrations

VISITS = """
DROP FUNCTION app.calendar_visits(text);
CREATE FUNCTION app.calendar_visits(secret text) RETURNS TABLE (entry uuid, starts timestamptz, ends timestamptz,
    zone text, times integer, cancelled boolean, changed timestamptz, site text, line text, city text, state text,
    postal_code text, kind text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    provider uuid;
    patient uuid;
    since timestamptz := statement_timestamp() - interval '30 days';
    until timestamptz := since + interval '430 days';
    first text := to_char(since - interval '1 day', 'YYYY-MM-DD');
    last text := to_char(until, 'YYYY-MM-DD');
BEGIN
    SELECT f.provider, f.patient INTO provider, patient FROM app.calendar_feed(secret) f;
    RETURN QUERY
    SELECT t.id, t.starts, t.ends, t.zone::text, t.times, t.cancelled, t.changed,
        coalesce(s.name, '')::text, coalesce(s.line, '')::text, coalesce(s.city, '')::text,
        coalesce(s.state, '')::text, coalesce(s.postal_code, '')::text, t.kind
    FROM (
        SELECT a.id, lower(a.during) AS starts, upper(a.during) AS ends, a.time_zone AS zone, a.sequence AS times,
            a.status = 'cancelled' AS cancelled, a.updated_at AS changed, a.site_id, 'visit' AS kind
        FROM scheduling_appointment a
        WHERE (a.patient_id = patient OR (a.provider_id = provider AND a.session_id IS NULL))
            AND a.wall_start >= first AND upper(a.during) > since AND a.wall_start < last
            AND (a.status NOT IN ('requested', 'cancelled', 'no_show', 'left')
                OR (a.cancelled_at > since AND a.request_end = ''))
        UNION ALL
        SELECT g.id, lower(g.during), upper(g.during), g.time_zone, g.sequence, g.cancelled_at IS NOT NULL,
            g.updated_at, g.site_id, 'group'
        FROM scheduling_groupsession g
        WHERE g.provider_id = provider AND g.wall_start >= first AND upper(g.during) > since AND g.wall_start < last
            AND (g.cancelled_at IS NULL OR g.cancelled_at > since)
        UNION ALL
        SELECT c.id, lower(c.blocked), upper(c.blocked), r.time_zone, 0, false, c.updated_at, NULL, 'busy'
        FROM scheduling_timeclaim c JOIN scheduling_resource r ON r.id = c.resource_id
        WHERE r.provider_id = provider AND c.kind = 'block' AND c.blocked && tstzrange(since, until)
    ) AS t LEFT JOIN accounts_site s ON s.id = t.site_id
    ORDER BY t.starts, t.id LIMIT 4000;
END $$;
REVOKE ALL ON FUNCTION app.calendar_visits(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.calendar_visits(text) TO web, worker;
"""
FIRST = import_module("scheduling.migrations.0014_calendar_feeds").FUNCTIONS
BEFORE = "\n".join(
    [
        "DROP FUNCTION app.calendar_visits(text);",
        FIRST[FIRST.index("CREATE FUNCTION app.calendar_visits") : FIRST.index("REVOKE ALL")],
        "REVOKE ALL ON FUNCTION app.calendar_visits(text) FROM PUBLIC;",
        "GRANT EXECUTE ON FUNCTION app.calendar_visits(text) TO web, worker;",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0031_walls_of_groups")]
    operations = [migrations.RunSQL(VISITS, BEFORE)]
