"""What the link in a mail about a visit tells whoever has it: when, at which site, and how it stands.

The link is of one time of the visit. What was moved since is told as moved, and not where to.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION app.visit_by_link(key uuid, times integer) RETURNS TABLE (visit uuid, patient uuid, sequence integer,
    starts timestamptz, zone text, stands text, cancel_minutes integer, site text, phone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.id, a.patient_id, a.sequence, lower(a.during), a.time_zone::text,
        CASE WHEN a.status = 'cancelled' THEN 'cancelled' WHEN a.sequence <> times THEN 'moved'
            WHEN a.status IN ('booked', 'confirmed') AND lower(a.during) > clock_timestamp() THEN 'open'
            ELSE 'over' END,
        t.cancel_minutes, s.name::text, s.phone::text
    FROM scheduling_appointment a JOIN accounts_site s ON s.id = a.site_id
        JOIN scheduling_visittype t ON t.id = a.visit_type_id
    WHERE a.id = key AND a.status <> 'requested' AND a.request_end = '';
$$;
REVOKE ALL ON FUNCTION app.visit_by_link(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visit_by_link(uuid, integer) TO web, worker;
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0020_walls_of_the_waitlist")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION app.visit_by_link(uuid, integer)")]
