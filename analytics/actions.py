"""The verbs of analytics: count days, and hand out what was counted."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from analytics import queries
from analytics.queries import Dashboard, Wanted
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from prescriptions.models import USUAL_DAYS

TABLES = ("visitday", "waitday", "patientday", "moneyday", "medicineday", "rollup")
LOCK = 7_240_020  # two roll-ups of the same day wait for each other
ZONES = timedelta(hours=15)  # no site's day begins or ends further from UTC's

# Each source is read once, in one pass over the span, however many days it has.
COUNT_VISITS = """
WITH visit AS MATERIALIZED (
    SELECT (lower(a.during) AT TIME ZONE s.time_zone)::date AS day, a.site_id, a.provider_id, a.visit_type_id,
        a.patient_id, a.status, floor(extract(epoch FROM a.started_at - a.arrived_at) / 60)::integer AS waited
    FROM scheduling_appointment a JOIN accounts_site s ON s.id = a.site_id
    WHERE lower(a.during) >= %(begin)s AND lower(a.during) < %(end)s
), here AS (
    SELECT * FROM visit WHERE day BETWEEN %(first)s AND %(last)s
), registered AS (
    SELECT (p.created_at AT TIME ZONE s.time_zone)::date AS day, p.site_id, count(*) AS registered
    FROM patients_patient p JOIN accounts_site s ON s.id = p.site_id
    WHERE p.created_at >= %(begin)s AND p.created_at < %(end)s GROUP BY 1, 2
), seen AS (
    SELECT day, site_id, count(DISTINCT patient_id) AS seen FROM here WHERE status = 'checked_out' GROUP BY 1, 2
), people AS (
    INSERT INTO analytics_patientday (id, created_at, updated_at, day, site_id, registered, seen)
    SELECT uuidv7(), %(now)s, %(now)s, day, site_id, coalesce(registered, 0), coalesce(seen, 0)
    FROM registered FULL JOIN seen USING (day, site_id) WHERE day BETWEEN %(first)s AND %(last)s
), waits AS (
    INSERT INTO analytics_waitday (id, created_at, updated_at, day, site_id, provider_id, minutes, visits)
    SELECT uuidv7(), %(now)s, %(now)s, day, site_id, provider_id, waited, count(*)
    FROM here WHERE waited >= 0 GROUP BY day, site_id, provider_id, waited
)
INSERT INTO analytics_visitday (id, created_at, updated_at, day, site_id, provider_id, visit_type_id,
    booked, finished, missed, walked_out, cancelled)
SELECT uuidv7(), %(now)s, %(now)s, day, site_id, provider_id, visit_type_id,
    count(*) FILTER (WHERE status NOT IN ('cancelled', 'requested')),
    count(*) FILTER (WHERE status = 'checked_out'),
    count(*) FILTER (WHERE status = 'no_show'),
    count(*) FILTER (WHERE status = 'left'),
    count(*) FILTER (WHERE status = 'cancelled')
FROM here GROUP BY day, site_id, provider_id, visit_type_id
"""
COUNT_MONEY = """
WITH entry AS (
    SELECT (e.entered_at AT TIME ZONE s.time_zone)::date AS day, i.site_id, i.provider_id, e.kind, e.amount,
        reversed.kind AS reversed
    FROM billing_ledgerentry e
    JOIN billing_invoice i ON i.id = e.invoice_id
    JOIN accounts_site s ON s.id = i.site_id
    LEFT JOIN billing_ledgerentry reversed ON reversed.id = e.reverses_id
    WHERE e.entered_at >= %(begin)s AND e.entered_at < %(end)s
)
INSERT INTO analytics_moneyday (id, created_at, updated_at, day, site_id, provider_id, invoices, charged, paid,
    adjusted)
SELECT uuidv7(), %(now)s, %(now)s, day, site_id, provider_id,
    count(*) FILTER (WHERE kind = 'charge'),
    coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0),
    coalesce(-sum(amount) FILTER (WHERE kind = 'payment' OR reversed = 'payment'), 0),
    coalesce(sum(amount) FILTER (WHERE kind = 'adjustment' OR kind = 'reversal' AND reversed <> 'payment'), 0)
FROM entry WHERE day BETWEEN %(first)s AND %(last)s GROUP BY day, site_id, provider_id
"""
# What was prepared first of a prescription, where the patient never had the same medicine prescribed before. What was
# put back before its days were over (cancelled, not dispensed) was nobody's to collect.
COUNT_MEDICINES = """
WITH supply AS (
    SELECT p.site_id, p.prescriber_id, d.picked_up_at, d.returned_at,
        d.prepared_at + make_interval(days => coalesce(m.pick_up_days, %(usual_days)s)) AS until
    FROM prescriptions_dispense d
    JOIN prescriptions_prescription p ON p.id = d.prescription_id
    LEFT JOIN prescriptions_medication m ON m.id = p.medication_id
    WHERE d.fill = 0 AND d.prepared_at >= %(begin)s - interval '60 days' AND d.prepared_at < %(end)s
    AND NOT EXISTS (SELECT 1 FROM prescriptions_dispense earlier WHERE earlier.prescription_id = d.prescription_id
        AND (earlier.prepared_at, earlier.id) < (d.prepared_at, d.id))
    AND NOT EXISTS (SELECT 1 FROM prescriptions_prescription before WHERE before.patient_id = p.patient_id
        AND before.medicine = p.medicine AND before.signed_at < p.signed_at)
), over AS (
    SELECT (u.until AT TIME ZONE s.time_zone)::date AS day, u.site_id, u.prescriber_id AS provider_id,
        u.picked_up_at IS NULL OR u.picked_up_at > u.until AS missed
    FROM supply u JOIN accounts_site s ON s.id = u.site_id
    WHERE u.returned_at IS NULL OR u.returned_at > u.until
)
INSERT INTO analytics_medicineday (id, created_at, updated_at, day, site_id, provider_id, ready, not_collected)
SELECT uuidv7(), %(now)s, %(now)s, day, site_id, provider_id, count(*), count(*) FILTER (WHERE missed)
FROM over WHERE day BETWEEN %(first)s AND %(last)s GROUP BY day, site_id, provider_id
"""
NOTE_DAYS = """
INSERT INTO analytics_rollup (id, created_at, updated_at, day, counted_at)
SELECT uuidv7(), %(now)s, %(now)s, day::date, %(now)s
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
"""


@transaction.atomic
def roll_up(*, by: User | None, day: date, until: date | None = None, now: datetime) -> int:
    """Count this day anew, or the days from it to `until`, on the calendar of each site; returns how many days.

    What was counted of them before goes. Idempotent, one pass over the span. For the system, in a worker.
    """
    last = until or day
    span: dict[str, Any] = {"first": day, "last": last, "now": now, "usual_days": USUAL_DAYS} | _moments_of(day, last)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for table in TABLES:
            cursor.execute(f"DELETE FROM analytics_{table} WHERE day BETWEEN %s AND %s", [day, last])  # noqa: S608
        for statement in (COUNT_VISITS, COUNT_MONEY, COUNT_MEDICINES, NOTE_DAYS):
            cursor.execute(statement, span)
    days = (last - day).days + 1
    record("analytics.roll_up", by=by, detail={"days": days})
    return days


def read_dashboard(*, by: User, wanted: Wanted) -> Dashboard:
    """The clinic in numbers, without any patient. Raises NotAllowed."""
    check_can(by, Permission.READ_DASHBOARD)
    return queries.dashboard_of(wanted, least=queries.least_for(by))


def export_dashboard(*, by: User, wanted: Wanted, table: str) -> list[list[str]]:
    """A table of the dashboard as rows of text, its head first. Raises NotAllowed, AuditUnavailable, and KeyError for a
    table that is not there."""
    check_can(by, Permission.READ_DASHBOARD)
    record_now("analytics.export", by=by, detail={"table": table, "period": wanted.period})
    return queries.TABLES[table](queries.dashboard_of(wanted, least=queries.least_for(by)))


def _moments_of(first: date, last: date) -> dict[str, datetime]:
    """Moments that surely hold these days in every zone; the day itself is asked on the calendar of each site."""
    begin = datetime.combine(first, datetime.min.time(), UTC) - ZONES
    end = datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=1) + ZONES
    return {"begin": begin, "end": end}
