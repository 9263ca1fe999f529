"""Work hours are clipped to the days on which the provider's licences count, on the clock of the site.

Here, and not in each verb: the booking, the free times, the nearest provider and every door ask this one function. A
provider of whom no licence is recorded is held to none, unless the site demands one.
"""

from importlib import import_module

from django.db import migrations

from healthcare.db.rowsecurity import ProtectTable

WALLS = import_module("scheduling.migrations.0002_walls")
SETS_UP = WALLS.SETS_UP
MADE = import_module("scheduling.migrations.0003_free_time").FREE_TIME
BEFORE = MADE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
# The sites are read where the hours are; of a provider the licences are a handful, found by an index.
HOURS = {
    "SELECT r.resource_id, r.site_id, tstzrange(t.starts": (
        "SELECT r.resource_id, r.site_id, s.time_zone, s.demands_licence, tstzrange(t.starts"
    ),
    "SELECT e.resource_id, e.site_id, e.during FROM scheduling_workexception e\n        WHERE": (
        "SELECT e.resource_id, e.site_id, s.time_zone, s.demands_licence, e.during FROM scheduling_workexception e\n"
        "        JOIN accounts_site s ON s.id = e.site_id WHERE"
    ),
}
LICENSED = """
    ), work AS (
        SELECT h.resource_id, h.site_id, h.spans * coalesce(l.spans, CASE
            WHEN h.demands_licence AND h.whose IS NOT NULL THEN '{}'::tstzmultirange ELSE '{(,)}' END) AS spans
        FROM (
            SELECT hours.resource_id, hours.site_id, time_zone, demands_licence, (
                SELECT r.provider_id FROM scheduling_resource r WHERE r.id = hours.resource_id) AS whose,
                range_agg(span) * tstzmultirange(free_time.during) AS spans
            FROM hours GROUP BY hours.resource_id, hours.site_id, time_zone, demands_licence
        ) AS h LEFT JOIN LATERAL (
            SELECT range_agg(tstzrange(lower(q.validity)::timestamp AT TIME ZONE h.time_zone,
                upper(q.validity)::timestamp AT TIME ZONE h.time_zone)) AS spans
            FROM scheduling_qualification q
            WHERE q.provider_id = h.whose AND q.kind = 'licence' AND q.withdrawn_at IS NULL
        ) AS l ON true
    ), taken AS ("""
START, END = BEFORE.index("\n    ), work AS ("), BEFORE.index("), taken AS (") + len("), taken AS (")
AFTER = BEFORE[:START] + LICENSED + BEFORE[END:]
for made, then in HOURS.items():
    AFTER = AFTER.replace(made, then, 1)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_sites_that_demand_licences"), ("scheduling", "0008_qualifications")]
    operations = [
        ProtectTable("scheduling_qualification", sees="true", adds=SETS_UP, changes=SETS_UP),
        migrations.RunSQL(AFTER, BEFORE),
    ]
