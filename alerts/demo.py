"""What the people of the sample clinic have to know: told from the facts that the other apps announced, as a worker
would, so that a home page has something urgent on it from the first moment; most of it is acknowledged already."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from alerts import actions, queries
from alerts.models import Alert
from healthcare.accounts.models import Membership, User
from healthcare.db.context import acting_as, acting_as_system
from healthcare.events.facts import decode
from healthcare.events.models import OutboxEvent
from healthcare.events.registry import all_subscribers
from patients.actions import refuse_chart, register_newborn, register_patient, register_unidentified, report_death
from patients.models import DeathReport, Patient
from patients.rules import Demographics
from patients.rules.births import Birth
from prescriptions.models import Prescription
from records.events import AbnormalValueRecorded
from scheduling.models import Appointment, TimeClaim

MOTHER = "Santos"
TOLD_BY = DeathReport.Source.FAMILY
TRIED = 12  # charts that a nurse was refused
OPEN = 2  # of each person, of each kind and severity, stay open
# Alerts are raised here, and letters about the story would be about the past; those of answered alerts are withdrawn.
HEARD = "alerts.subscribers.withdraw_letters"
OURS = {one.name for one in all_subscribers() if one.name.startswith("alerts.subscribers.") and one.queue}
SETTLED = tuple(sorted(OURS - {HEARD}))


def tell() -> None:
    """Raise what waits, once, and acknowledge the older ones. The workers find what they would raise there already."""
    now = timezone.now()
    with acting_as_system("demo"):
        if Alert.objects.exists():
            return
        raise_values(now)
        raise_medicines(now)
        raise_blocked(now)
        answered = to_answer()
    for alert, user in answered:
        with acting_as(user):
            actions.acknowledge_alert(by=user, alert=alert, now=now)
    raise_unusual(now)
    tell_of_birth_and_death(now)


def tell_of_birth_and_death(now: datetime) -> None:
    """When the other stories are told: a child that is hours old, somebody whom nobody can name, and a death."""
    with acting_as_system("demo"):
        mother = Patient.objects.filter(family_name=MOTHER).select_related("site").first()
        desks = Membership.objects.current().filter(role="front_desk", site=mother.site if mother else None)
        works = desks.select_related("user").order_by("user__email").first()
    if mother is None or works is None:
        return
    desk, site, today = works.user.in_role("front_desk"), mother.site, timezone.localdate(now)
    with acting_as(desk):
        register_newborn(by=desk, mother=mother, site=site, birth_date=today, sex="female", now=now)
        middle = Birth(date(now.year - 40, 7, 1), "estimated")
        register_unidentified(by=desk, site=site, sex="male", birth=middle, now=now)
        who = Demographics(given_name="Leopold", family_name="Marchetti", birth_date=date(1931, 2, 9), sex="male")
        died = register_patient(by=desk, site=site, demographics=who, now=now)
        report_death(by=desk, patient=died, died_on=today - timedelta(days=2), source=TOLD_BY, now=now)


def raise_unusual(now: datetime) -> None:
    """A nurse tried one chart after another that are not hers, and the rule about it tells the privacy officer."""
    works = Membership.objects.filter(role="nurse").select_related("user").order_by("user__email").first()
    if works is None:
        return
    nurse = works.user.in_role("nurse")
    with acting_as(nurse):
        for number in range(TRIED):
            refuse_chart(by=nurse, patient_id=UUID(int=number + 1, version=4))
    with acting_as_system("demo"):
        actions.watch_access(by=None, now=now + timedelta(minutes=2))


def raise_values(now: datetime) -> None:
    for event in OutboxEvent.objects.filter(name="records.AbnormalValueRecorded").order_by("id"):
        fact = decode(AbnormalValueRecorded, event.payload)
        actions.raise_abnormal_value(
            by=None,
            entry_id=fact.entry_id,
            patient_id=fact.patient_id,
            severity=fact.severity,
            encounter_id=fact.encounter_id,
            now=now,
        )


def raise_medicines(now: datetime) -> None:
    waiting = Prescription.objects.filter(status=Prescription.Status.NOT_COLLECTED).order_by("collect_by", "pk")
    for key in waiting.values_list("pk", flat=True):
        actions.report_not_collected(by=None, prescription_id=key, now=now)


def raise_blocked(now: datetime) -> None:
    """Visits to come that stand in time which was blocked since."""
    blocks = TimeClaim.objects.filter(kind=TimeClaim.Kind.BLOCK, blocked__endswith__gt=now).select_related("resource")
    for block in blocks.order_by("blocked", "pk"):
        inside = Appointment.objects.upcoming(now).filter(
            provider=block.resource.provider, during__overlap=block.blocked
        )
        ids = list(inside.order_by("during").values_list("pk", flat=True))
        actions.ask_to_move(by=None, claim_id=block.pk, appointment_ids=ids, now=now)


def to_answer() -> list[tuple[Alert, User]]:
    """All but the newest of each person's, with that person in the role that answers."""
    kept: dict[tuple[UUID, str, str], int] = defaultdict(int)
    found = []
    for alert in Alert.objects.waiting().select_related("owner", "team__site").order_by("-raised_at", "-pk"):
        person = alert.owner or next(iter(queries.people_of(alert.team, alert.patient_id)), None)
        if person is None:
            continue
        key = (person.pk, alert.kind, alert.severity)
        kept[key] += 1
        if kept[key] > OPEN:
            found.append((alert, person.in_role(alert.team_role)))
    return found
