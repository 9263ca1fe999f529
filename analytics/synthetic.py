"""A year of audit events of the invented clinic, and the roll-up of its days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.db import connection

from analytics.actions import roll_up
from analytics.models import RollUp
from healthcare.accounts.models import Membership
from healthcare.accounts.roles import PATIENT
from healthcare.audit.models import AuditEvent
from patients.models import CareRelationship, Patient
from patients.synthetic import NULL
from patients.synthetic.copying import Keys, Sheets, laid_open
from patients.synthetic.plan import DAY, Plan, milliseconds, on_the_clock

DAYS, HOUR = 365, timedelta(hours=1)
BY_HOUR = (1, 1, 1, 1, 1, 2, 8, 30, 80, 90, 90, 85, 50, 80, 85, 85, 80, 60, 20, 10, 6, 4, 2, 1)  # on the clock
WEEKEND, OWN, DENIED = 0.25, 0.08, 0.004  # of a day's events; of all are patients' own; of openings are refused
AT_ONCE = 50_000
CHART = "patients.open_chart"
# What colleagues do, how often, and whether it is about a patient.
DEEDS = {
    (CHART, True): 450,
    ("patients.search", False): 120,
    ("patients.list", False): 40,
    ("scheduling.book", True): 50,
    ("scheduling.check_in", True): 60,
    ("records.record_vitals", True): 50,
    ("records.sign_note", True): 60,
    ("records.record_entry", True): 40,
    ("records.list_unread_results", False): 30,
    ("accounts.sign_in", False): 40,
}
COLUMNS = {AuditEvent: "at action actor_id actor_role patient_id target_type target_id outcome request_id address"}
STRAY = "SELECT EXISTS (SELECT 1 FROM audit_auditevent_default)"


@dataclass(frozen=True)
class Cast:
    """Who can have done something: `(columns from actor to role, site, address)`; patients by site; own records."""

    colleagues: list[tuple[str, int, str]]
    patients: list[list[str]]
    own: list[tuple[str, str]]


def load(plan: Plan) -> None:
    """Say who looked at what in the last year, as loaded, in the partitions of its months; then count the days."""
    first, before = plan.ago(DAYS), plan.now - HOUR
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL app.audit_loader = 'on'")
        for month in range(first.year * 12 + first.month - 1, before.year * 12 + before.month):
            cursor.execute("SELECT app.make_audit_partition(%s::date)", [f"{month // 12}-{month % 12 + 1:02}-01"])
    with (
        plan.bar("audit", plan.audit) as bar,
        laid_open(AuditEvent, keep=("of_this_moment",), tally=plan.tally),
        Sheets(COLUMNS, plan.tally) as sheets,
    ):
        for batch in sheets.batches(_events(plan, _cast()), AT_ONCE):
            sheets[AuditEvent] = batch
            bar.update(len(batch))
    counted = on_the_clock(plan.now).date() - DAY
    roll_up(by=None, day=on_the_clock(first).date(), until=counted, now=plan.now)


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """All there and marked as loaded, each in the partition of its month; every day is counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditevent WHERE detail ? 'loaded'")
        yield "audit events as asked", cursor.fetchone()[0] == plan.audit
        cursor.execute(STRAY)
        yield "every event lies in its month", not cursor.fetchone()[0]
    yield "every day is counted", RollUp.objects.count() == DAYS


def _cast() -> Cast:
    places: dict[object, int] = {}
    patients: list[list[str]] = []
    for key, site in Patient.objects.order_by("pk").values_list("pk", "site"):
        if site not in places:
            places[site] = len(patients)
            patients.append([])
        patients[places[site]].append(str(key))
    working = Membership.objects.filter(role__in=["doctor", "nurse", "front_desk"], site__in=list(places))
    rows = working.order_by("user__email", "site").values_list("user", "role", "site")
    colleagues = [
        (f"{user}\t{role}", places[site], f"10.0.{number >> 8}.{number & 255}")
        for number, (user, role, site) in enumerate(rows)
    ]
    linked = CareRelationship.objects.filter(kind="self").order_by("pk").values_list("user", "patient")
    return Cast(colleagues, patients, [(f"{user}\t{PATIENT}", str(patient)) for user, patient in linked])


def _hours(plan: Plan) -> Iterator[tuple[datetime, int]]:
    """Each hour of the year up to the last whole one, and how many events fall into it."""
    end = plan.now.replace(minute=0, second=0, microsecond=0)
    hours = [end - back * HOUR for back in range(DAYS * 24, 0, -1)]
    local = [on_the_clock(hour) for hour in hours]
    weights = [BY_HOUR[hour.hour] * (WEEKEND if hour.weekday() > 4 else 1) for hour in local]
    made, total = 0, sum(weights)
    for hour, share in zip(hours, accumulate(weights), strict=True):
        upto = round(plan.audit * share / total)
        yield hour, upto - made
        made = upto


def _events(plan: Plan, cast: Cast) -> Iterator[str]:
    """In the order of time, as the keys are."""
    keys = plan.keys("audit")
    for hour, count in _hours(plan):
        began, prefix = milliseconds(hour), f"{hour:%Y-%m-%d %H:}"
        whoms = keys.choices(cast.colleagues, k=count)
        deeds = keys.choices(list(DEEDS), list(DEEDS.values()), k=count)
        for number, (who, deed) in enumerate(zip(whoms, deeds, strict=True)):
            after = number * 3_600_000 // count
            at = f"{prefix}{after // 60_000:02}:{after % 60_000 // 1000:02}.{after % 1000:03}+00"
            yield f"{keys.key(began + after)}\t{at}\t{_deed(keys, cast, who, deed)}"


def _deed(keys: Keys, cast: Cast, who: tuple[str, int, str], deed: tuple[str, bool]) -> str:
    """The columns from `action` to the last."""
    chance, reference = keys.random(), f"{keys.getrandbits(48):012x}"
    if chance < OWN and cast.own:
        actor, patient = cast.own[int(chance / OWN * len(cast.own))]
        return f"{CHART}\t{actor}\t{patient}\tpatients.patient\t{patient}\tok\t{reference}\t10.1.0.1"
    (actor, site, address), (action, about) = who, deed
    if not about:
        return f"{action}\t{actor}\t{NULL}\t\t{NULL}\tok\t{reference}\t{address}"
    patient = cast.patients[site][int(chance * len(cast.patients[site]))]
    if action != CHART:
        return f"{action}\t{actor}\t{patient}\t\t{NULL}\tok\t{reference}\t{address}"
    outcome = "denied" if chance > 1 - DENIED else "ok"
    return f"{action}\t{actor}\t{patient}\tpatients.patient\t{patient}\t{outcome}\t{reference}\t{address}"
