"""Times when a whole site is closed: they take the hours of weekdays away, and not extra ones."""

from importlib import import_module

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import migrations, models

import healthcare.db.uuids
from healthcare.db.rowsecurity import ProtectTable

SETS_UP = import_module("scheduling.migrations.0002_walls").SETS_UP
BEFORE = import_module("scheduling.migrations.0009_licensed_time").AFTER
# Whole, for what is put together of pieces nobody can read. That it is planned once was lost when it was last replaced.
FREE_TIME = """
CREATE OR REPLACE FUNCTION app.free_time(resources uuid[], during tstzrange)
RETURNS TABLE (resource_id uuid, site_id uuid, work tstzmultirange, free tstzmultirange)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
    WITH hours AS (
        SELECT r.resource_id, r.site_id, s.time_zone, s.demands_licence, false AS extra,
            tstzrange(t.starts, t.ends) AS span
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
        SELECT e.resource_id, e.site_id, s.time_zone, s.demands_licence, true, e.during
        FROM scheduling_workexception e
        JOIN accounts_site s ON s.id = e.site_id
        WHERE e.resource_id = ANY (resources) AND e.kind = 'extra' AND e.during && free_time.during
    ), closed AS (
        SELECT k.site_id, range_agg(k.during) AS spans FROM scheduling_siteclosure k
        WHERE k.during && free_time.during GROUP BY k.site_id
    ), work AS (
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
# Ids alone: who closes a site sees no visits, and the fact has to name all of them.
VISITS = """
CREATE FUNCTION app.visits_to_come_at(place uuid, first text, until text, span tstzrange) RETURNS TABLE (visit uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.id FROM scheduling_appointment a
    WHERE a.site_id = place AND a.wall_start >= first AND a.wall_start < until AND a.during && span
    AND (app.acting_role() = 'administrator' OR app.system_purpose() IS NOT NULL)
    AND a.status IN ('requested', 'booked', 'confirmed') AND NOT EXISTS (
        SELECT 1 FROM scheduling_workexception e JOIN scheduling_resource r ON r.id = e.resource_id
        WHERE r.provider_id = a.provider_id AND e.site_id = place AND e.kind = 'extra' AND e.during @> a.during)
    ORDER BY lower(a.during), a.id
$$;
REVOKE ALL ON FUNCTION app.visits_to_come_at(uuid, text, text, tstzrange) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visits_to_come_at(uuid, text, text, tstzrange) TO web, worker;
"""
BACK = "DROP FUNCTION app.visits_to_come_at(uuid, text, text, tstzrange);"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_what_providers_say"),
        ("scheduling", "0024_rooms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteClosure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=healthcare.db.uuids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "reason",
                    models.CharField(help_text="Patients read this, too.", max_length=200, verbose_name="why"),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("during__isempty", False),
                            ("during__lower_inc", True),
                            ("during__lower_inf", False),
                            ("during__upper_inc", False),
                            ("during__upper_inf", False),
                        ),
                        name="site_closure_half_open",
                    ),
                    ExclusionConstraint(expressions=[("site", "="), ("during", "&&")], name="site_closure_once"),
                ],
            },
        ),
        ProtectTable("scheduling_siteclosure", sees="true", adds=SETS_UP, changes=SETS_UP, removes=SETS_UP),
        migrations.RunSQL(FREE_TIME, BEFORE),
        migrations.RunSQL(VISITS, BACK),
    ]
