"""What the people of the sample clinic have to know: told from the facts that the other apps announced, as a worker
would, so that a home page has something urgent on it from the first moment; most of it is acknowledged already."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from alerts import actions, queries
from alerts.models import Alert
from healthcare.accounts.models import User
from healthcare.db.context import acting_as, acting_as_system
from healthcare.events.facts import decode
from healthcare.events.models import OutboxEvent
from healthcare.events.registry import all_subscribers
from prescriptions.models import Prescription
from records.events import AbnormalValueRecorded
from scheduling.models import Appointment, TimeClaim

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
