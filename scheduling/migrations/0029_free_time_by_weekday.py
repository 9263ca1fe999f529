"""Free time walks over the days of a rule's weekday alone, and reckons each shift on the clock once."""

from django.db import migrations

FREE_TIME = """
CREATE OR REPLACE FUNCTION app.free_time(resources uuid[], during tstzrange)
RETURNS TABLE (resource_id uuid, site_id uuid, work tstzmultirange, free tstzmultirange)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
    WITH hours AS (
        SELECT r.resource_id, r.site_id, s.time_zone, s.demands_licence, false AS extra,
            tstzrange(t.starts, t.ends) AS span
        FROM scheduling_workrule r
        JOIN accounts_site s ON s.id = r.site_id
        CROSS JOIN LATERAL (
            SELECT greatest((lower(during) AT TIME ZONE s.time_zone)::date - 1, lower(r.validity)) AS begins
        ) AS first
        CROSS JOIN LATERAL generate_series(
            (first.begins + (r.isodow + 7 - extract(isodow FROM first.begins)::int) % 7)::timestamp,
            least((upper(during) AT TIME ZONE s.time_zone)::date, upper(r.validity) - 1)::timestamp,
            interval '7 days') AS series(day)
        CROSS JOIN LATERAL (SELECT
            (day + r.starts) AT TIME ZONE s.time_zone AS starts,
            (day + CASE WHEN r.ends <= r.starts THEN interval '1 day' ELSE interval '0' END + r.ends)
                AT TIME ZONE s.time_zone AS ends OFFSET 0) AS t
        WHERE r.resource_id = ANY (resources) AND t.starts < t.ends
        UNION ALL
        SELECT e.resource_id, e.site_id, s.time_zone, s.demands_licence, true, e.during
        FROM scheduling_workexception e
        JOIN accounts_site s ON s.id = e.site_id
        WHERE e.resource_id = ANY (resources) AND e.kind = 'extra' AND e.during && free_time.during
    ), closed AS (
        SELECT k.site_id, range_agg(k.during) AS spans FROM scheduling_siteclosure k
        WHERE k.during && free_time.during GROUP BY k.site_id
    ), work AS MATERIALIZED (
        SELECT h.resource_id, h.site_id, h.spans * coalesce(l.spans, CASE
            WHEN h.demands_licence AND h.whose IS NOT NULL THEN '{}'::tstzmultirange ELSE '{(,)}' END) AS spans
        FROM (
            SELECT g.resource_id, g.site_id, g.time_zone, g.demands_licence, (
                SELECT r.provider_id FROM scheduling_resource r WHERE r.id = g.resource_id) AS whose,
                (g.weekly - coalesce(closed.spans, '{}') + g.extra) * tstzmultirange(free_time.during) AS spans
            FROM (
                SELECT hours.resource_id, hours.site_id, time_zone, demands_licence,
                    coalesce(range_agg(span) FILTER (WHERE NOT extra), '{}') AS weekly,
                    coalesce(range_agg(span) FILTER (WHERE extra), '{}') AS extra
                FROM hours GROUP BY hours.resource_id, hours.site_id, time_zone, demands_licence
            ) AS g LEFT JOIN closed ON closed.site_id = g.site_id
        ) AS h LEFT JOIN LATERAL (
            SELECT range_agg(tstzrange(lower(q.validity)::timestamp AT TIME ZONE h.time_zone,
                upper(q.validity)::timestamp AT TIME ZONE h.time_zone)) AS spans
            FROM scheduling_qualification q
            WHERE q.provider_id = h.whose AND q.kind = 'licence' AND q.withdrawn_at IS NULL
        ) AS l ON true
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
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0028_copay")]

    operations = [migrations.RunSQL(FREE_TIME, migrations.RunSQL.noop)]
