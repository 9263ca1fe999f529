"""Invented alerts about results out of range, and the reminders of visits that come and went."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from alerts.models import Alert, Reminder
from alerts.rules import KINDS, due_at, next_at
from healthcare.accounts.models import Team
from patients.synthetic import NULL
from patients.synthetic.copying import Keys, Sheets, laid_open
from patients.synthetic.plan import DAY, Plan, milliseconds
from records.models import Entry
from scheduling.models import OPEN, Appointment

KIND = "abnormal_value"
MOST = 5_000
TOLD = 30 * DAY  # how far back reminders are told of
ONE_IN = 40  # so many values out of range raise one alert: the rest was expected
OPEN_ONES = 40
COLUMNS = {
    Alert: "patient_id queue next_at kind severity area source occasion owner_id team_id raised_at state"
    " acknowledged_at acknowledged_by_id",
    Reminder: "patient_id next_at appointment_id sequence stage due_at state reason sent_at",
}


def load(plan: Plan) -> None:
    """Alerts, nearly all answered; a reminder for each visit that stands, from a month ago on."""
    keys = plan.keys("alerts")
    visits = Appointment.objects.filter(during__startswith__gte=plan.now - TOLD).exclude(status="cancelled")
    rows = visits.order_by("pk").values_list("pk", "patient", "during", "time_zone", "status", "created_at")
    with (
        plan.bar("reminders", visits.count()) as bar,
        laid_open(*COLUMNS, tally=plan.tally),
        Sheets(COLUMNS, plan.tally) as sheets,
    ):
        _raise(plan, keys, sheets)
        for batch in sheets.batches(rows.iterator(chunk_size=MOST), MOST, reads=True):
            for key, patient, during, zone, status, booked in batch:
                at, due = booked.isoformat(), due_at(during.lower, zone, "day_before")
                waits, rest = _life(plan.now, due, booked, status)
                sheets[Reminder].append(
                    f"{keys.key(milliseconds(booked))}\t{at}\t{at}\t{patient}\t{waits}\t{key}\t0\tday_before"
                    f"\t{due.isoformat()}\t{rest}"
                )
            bar.update(len(batch))


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """What is to come is called to mind."""
    coming = Appointment.objects.filter(during__startswith__gt=plan.now + 3 * DAY, status__in=OPEN)
    planned = Reminder.objects.filter(appointment__in=coming).exclude(state="superseded")
    yield "every coming visit has its reminder", planned.count() == coming.count()
    yield "few alerts are open", Alert.objects.waiting().count() <= OPEN_ONES


def _life(now: datetime, due: datetime, booked: datetime, status: str) -> tuple[str, str]:
    """When it is due; and its state, why it was not sent, and when it was."""
    if due <= booked:
        return NULL, f"skipped\tbooked_late\t{NULL}"
    if due <= now:
        return NULL, f"sent\t\t{due.isoformat()}"
    if status not in OPEN:
        return NULL, f"superseded\tvisit_not_open\t{NULL}"
    return due.isoformat(), f"due\t\t{NULL}"


def _raise(plan: Plan, keys: Keys, sheets: Sheets) -> None:
    """Of values out of range, the newest first; those of the last hours are open."""
    teams = dict(Team.objects.filter(role=KINDS[KIND].team).values_list("site", "pk"))
    values = Entry.objects.filter(kind="laboratory_result", encounter__isnull=False).exclude(data__flag="")
    rows = values.order_by("-effective_at", "pk").values_list(
        "pk", "patient", "effective_at", "data__flag", "encounter__site", "encounter__provider__user"
    )
    for number, (key, patient, at, flag, site, owner) in enumerate(rows.iterator(chunk_size=MOST)):
        if number % ONE_IN == 0:
            sheets.add(_alert(plan, keys, number // ONE_IN, (key, patient, at, flag, teams[site], owner)))


def _alert(plan: Plan, keys: Keys, number: int, about: tuple[UUID, UUID, datetime, str, UUID, UUID]) -> Alert:
    """Open ones were raised a moment ago, whenever the value is from, so that nobody is asked at once."""
    entry, patient, taken, flag, team, owner = about
    is_open = number < OPEN_ONES
    at = plan.now - number * timedelta(minutes=1) if is_open else taken
    severity = "high" if is_open or "critical" not in flag else "urgent"
    source = f"records.entry:{entry}"
    alert = Alert(id=keys.key(milliseconds(at)), created_at=at, updated_at=at, patient_id=patient)
    alert.kind, alert.severity, alert.area, alert.source = KIND, severity, KINDS[KIND].area, source
    alert.occasion, alert.owner_id, alert.team_id, alert.raised_at = f"{KIND}:{source}", owner, team, at
    if is_open:
        alert.next_at = next_at(severity, 0, at)
    else:
        alert.state, alert.acknowledged_by_id = Alert.State.ACKNOWLEDGED, owner
        alert.acknowledged_at = min(at + keys.uniform(1, 50) * timedelta(minutes=1), plan.now)
    return alert
