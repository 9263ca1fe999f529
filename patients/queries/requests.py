"""Requests for access: one's own, and those that wait for one's answer."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from patients.models import AccessRequest
from patients.models.emergency import REVIEWER
from patients.queries.emergencies import Subject, subjects_of

MOST = 100


@dataclass(frozen=True)
class RequestLine:
    """`subject` is whom it is about, for whoever may answer; never for whoever asked."""

    request: AccessRequest
    subject: Subject | None
    lapses_at: datetime

    @property
    def lapsed(self) -> bool:
        return self.request.state == AccessRequest.State.WAITING and self.lapses_at < timezone.now()


@dataclass(frozen=True)
class RequestsPage:
    own: list[RequestLine]
    to_answer: list[RequestLine]


def page_of_requests(user: User) -> RequestsPage:
    own = AccessRequest.objects.visible_to(user).filter(user=user).select_related("answered_by").order_by("-id")
    return RequestsPage([line_of(row, None) for row in own[:MOST]], requests_to_answer(user))


def requests_to_answer(user: User) -> list[RequestLine]:
    """Those of others that wait, the oldest first: the privacy officer's all, others' about whom they reach."""
    if not (can(user, Permission.REVIEW_ACCESS) or can(user, Permission.GRANT_ACCESS)):
        return []
    waiting = AccessRequest.objects.visible_to(user).waiting().exclude(user=user).filter(patient__isnull=False)
    if user.acting_role == REVIEWER:
        rows = list(waiting.select_related("user").order_by("id")[:MOST])
        subjects = subjects_of([row.patient_id for row in rows])
        return [line_of(row, subjects.get(row.asked_for)) for row in rows]
    rows = list(waiting.select_related("user", "patient").order_by("id")[:MOST])
    return [line_of(row, of_patient(row)) for row in rows]


def line_of(row: AccessRequest, subject: Subject | None) -> RequestLine:
    return RequestLine(row, subject, row.created_at + settings.ACCESS_REQUEST_LIVES)


def of_patient(row: AccessRequest) -> Subject | None:
    patient = row.patient
    if patient is None:
        return None
    return Subject(f"{patient.family_name}, {patient.given_name}", patient.birth_date, patient.mrn)


def subject_of(user: User, row: AccessRequest) -> Subject | None:
    """Of one request that this person may answer."""
    if user.acting_role == REVIEWER and row.patient_id:
        return subjects_of([row.patient_id]).get(row.patient_id)
    return of_patient(row)


def count_requests(user: User) -> int:
    """How many wait for this person's answer; for the first page."""
    waiting = AccessRequest.objects.visible_to(user).waiting().exclude(user=user)
    return waiting.filter(patient__isnull=False).count()
