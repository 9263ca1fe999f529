"""Emergency access: what runs, what waits for a review, and what each person did in this way."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.utils.functional import Promise

from healthcare.accounts.models import Membership, User
from healthcare.accounts.roles import ROLES
from healthcare.audit.models import AuditEvent
from healthcare.db.uuids import floor7
from patients.access import can_review
from patients.models import EmergencyAccess, Patient
from patients.models.emergency import OPEN_VERDICTS
from patients.queries.merging import ids_of
from patients.queries.openings import deed_of

TOLD = ("privacy_officer", "administrator")  # whoever holds the first of these roles that anybody holds
LOOKED_BACK = timedelta(days=90)
MOST_LINES = 100
MOST_DEEDS = 1000


def running_emergency(user: User, patient_id: UUID) -> EmergencyAccess | None:
    """This person's emergency access to this chart, in the role they act in, where it lasts now."""
    own = EmergencyAccess.objects.visible_to(user).running().filter(user=user, role=user.acting_role or "")
    return own.filter(patient=patient_id).order_by("-until").first()


def minutes_left(patient: Patient, now: datetime) -> int | None:
    """Of one's emergency access to a patient whom the door loaded, rounded up; None where there is none."""
    until: datetime | None = getattr(patient, "emergency_until", None)
    return -int((now - until).total_seconds() // 60) if until and until > now else None


def reviewers(*, besides: UUID) -> list[User]:
    """Who is told of an emergency: the privacy officers, else the administrators; never whoever it was."""
    current = Membership.objects.current().filter(role__in=TOLD, user__is_active=True).exclude(user=besides)
    held = {(membership.role, membership.user_id): membership.user for membership in current.select_related("user")}
    for told in TOLD:
        people = [user for (role, _pk), user in held.items() if role == told]
        if people:
            return sorted(people, key=lambda user: user.pk)
    return []


# == The queue ==
@dataclass(frozen=True)
class Subject:
    """Of whom a review or a request speaks, for the privacy officer, who reaches no chart."""

    name: str
    birth_date: date | None
    mrn: str


def subjects_of(ids: Collection[UUID | None]) -> dict[UUID, Subject]:
    """Names of patients with an emergency or a request, for a privacy officer alone; the caller audits."""
    wanted = [patient_id for patient_id in set(ids) if patient_id]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.names_for_review(%s::uuid[])", [wanted])
        return {row[0]: Subject(f"{row[1]}, {row[2]}", row[3], row[4]) for row in cursor.fetchall()}


@dataclass(frozen=True)
class EmergencyLine:
    """`due_at` is when the review has to be done."""

    emergency: EmergencyAccess
    subject: Subject | None
    due_at: datetime
    late: bool
    runs: bool


@dataclass(frozen=True)
class Habit:
    """What one person did in 90 days."""

    user_id: UUID
    who: str
    role_name: str | Promise
    times: int
    patients: int
    unjustified: int
    waiting: int


@dataclass(frozen=True)
class ReviewPage:
    lines: list[EmergencyLine]
    habits: list[Habit]


def page_to_review(reader: User, now: datetime) -> ReviewPage:
    """What waits, the oldest and so most pressing first, a hundred at most; and the habits of people."""
    rows = EmergencyAccess.objects.visible_to(reader).to_review().select_related("user").order_by("opened_at", "id")
    found = list(rows[:MOST_LINES])
    subjects = subjects_of([row.patient_id for row in found])
    return ReviewPage([line_of(row, subjects.get(row.patient_id), now) for row in found], habits(reader, now))


def line_of(row: EmergencyAccess, subject: Subject | None, now: datetime) -> EmergencyLine:
    due_at = row.opened_at + settings.EMERGENCY_REVIEWED_WITHIN
    return EmergencyLine(
        emergency=row,
        subject=subject,
        due_at=due_at,
        late=due_at < now,
        runs=row.ended_at is None and row.until > now,
    )


@dataclass(frozen=True)
class EmergencyPage:
    """`deeds` is what this person did in the chart while it was open, in words, with how often."""

    line: EmergencyLine
    deeds: list[tuple[str, int]]
    may_review: bool


def page_of(reader: User, emergency: EmergencyAccess, now: datetime) -> EmergencyPage:
    subject = subjects_of([emergency.patient_id]).get(emergency.patient_id)
    end = emergency.ended_at or emergency.until
    events = AuditEvent.objects.about_patient(*ids_of(emergency.patient_id)).filter(
        actor_id=emergency.user_id, pk__gte=floor7(emergency.opened_at), pk__lt=floor7(end)
    )
    deeds = Counter(str(deed_of(action)) for action in events.values_list("action", flat=True)[:MOST_DEEDS])
    return EmergencyPage(
        line=line_of(emergency, subject, now),
        deeds=deeds.most_common(),
        may_review=emergency.verdict in OPEN_VERDICTS and can_review(reader, emergency),
    )


def habits(reader: User, now: datetime) -> list[Habit]:
    """By person and role, those who did it most first."""
    rows = EmergencyAccess.objects.visible_to(reader).filter(opened_at__gt=now - LOOKED_BACK)
    counted = rows.values("user_id", "user__full_name", "role").annotate(
        times=Count("id"),
        patients=Count("patient", distinct=True),
        unjustified=Count("id", filter=Q(verdict="not_justified")),
        waiting=Count("id", filter=Q(verdict="")),
    )
    return [
        Habit(who=row.pop("user__full_name"), role_name=ROLES[row.pop("role")].name, **row)
        for row in counted.order_by("-times", "user__full_name", "role")
    ]


@dataclass(frozen=True)
class ReviewCounts:
    waiting: int
    late: int


def review_counts(reader: User, now: datetime) -> ReviewCounts:
    """For the privacy officer's first page."""
    counted = (
        EmergencyAccess.objects.visible_to(reader)
        .to_review()
        .aggregate(
            waiting=Count("id"), late=Count("id", filter=Q(opened_at__lt=now - settings.EMERGENCY_REVIEWED_WITHIN))
        )
    )
    return ReviewCounts(**counted)
