"""Ask to be let into a chart, and answer that: whoever asks learns nothing of the patient before somebody says yes."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import check_can, scopes_of
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.audit import record, record_now
from healthcare.events import publish
from healthcare.messaging.actions import queue_message
from patients.access import check_can_answer
from patients.actions.access import grant_access
from patients.events import AccessGranted, AccessRequestAnswered, AccessRequested
from patients.models import AccessRequest, CareRelationship
from patients.models.emergency import REVIEWER
from patients.queries.emergencies import reviewers
from patients.queries.requests import RequestsPage, page_of_requests

State = AccessRequest.State


class NotRequested(Exception):
    """The message is a sentence for whoever asked; it never says whether there is such a patient."""


class AlreadyAnswered(Exception):
    """Somebody answered first, it was withdrawn, or it has lapsed."""


@transaction.atomic
def request_access(
    *, by: User, patient_id: UUID, scopes: Iterable[Scope], reason: str, until: datetime, now: datetime
) -> AccessRequest:
    """Ask for these parts of the chart with this id, in the role one acts in, up to and without `until`.

    For nobody's id the same happens to see; then nobody is asked. It lapses after ACCESS_REQUEST_LIVES. Raises
    NotAllowed for a role that opens no chart, and NotRequested.
    """
    check_can(by, Permission.OPEN_CHART)
    wanted = {Scope.IDENTITY, *scopes} & scopes_of(by.acting_role or "")
    if not reason.strip():
        raise NotRequested(_("Say why you need it."))
    if not now < until <= now + settings.ACCESS_REQUEST_LONGEST:
        raise NotRequested(_("Access on request lasts a year at most, and ends after today."))
    own = AccessRequest.objects.visible_to(by).filter(user=by)
    if own.waiting().filter(asked_for=patient_id, role=by.acting_role).exists():
        raise NotRequested(_("You have asked for this already, and it has not been answered yet."))
    request = AccessRequest(
        patient_id=patient_id,
        asked_for=patient_id,
        user=by,
        role=by.acting_role or "",
        scopes=sorted(wanted),
        reason=reason.strip(),
        until=until,
    )
    try:
        with transaction.atomic():
            request.save(force_insert=True)
            connection.check_constraints()  # whether there is such a patient shows in the foreign key, and here alone
    except IntegrityError:
        request.patient = None
        request.save(force_insert=True)
    record("patients.request_access", by=by, patient_id=patient_id, target=request, detail={"scopes": request.scopes})
    publish(AccessRequested(request_id=request.pk, patient_id=request.patient_id))
    return request


@transaction.atomic
def approve_request(*, by: User, request: AccessRequest, scopes: Iterable[Scope], answer: str, now: datetime) -> None:
    """Let them in, to these of the parts they asked for, until when they asked for.

    Whoever cares for the patient gives what they see themselves; the privacy officer, what was asked for. Raises
    NotAllowed, and AlreadyAnswered.
    """
    request = _claim(by, request, now)
    wanted = sorted({Scope.IDENTITY, *scopes} & {Scope(scope) for scope in request.scopes})
    opened = _let_in(by, request, wanted, now)
    _answer(by, request, State.APPROVED, answer, now, opened)


@transaction.atomic
def refuse_request(*, by: User, request: AccessRequest, answer: str, now: datetime) -> None:
    """Say no, and why. Raises NotAllowed, AlreadyAnswered, and ValueError without a reason."""
    if not answer.strip():
        raise ValueError("A refusal says why.")
    _answer(by, _claim(by, request, now), State.REFUSED, answer, now)


@transaction.atomic
def withdraw_request(*, by: User, request: AccessRequest, now: datetime) -> bool:
    """Take one's own back; whether it still waited."""
    waiting = AccessRequest.objects.visible_to(by).filter(user=by, state=State.WAITING)
    found = waiting.select_for_update(of=("self",)).filter(pk=request.pk).first()
    if found is None:
        return False
    _close(by, found, State.WITHDRAWN, "", now, None)
    record("patients.withdraw_request", by=by, patient_id=found.asked_for, target=found)
    return True


def list_requests(*, by: User) -> RequestsPage:
    """One's own, and those one may answer. Raises AuditUnavailable: then show nothing."""
    page = page_of_requests(by)
    record_now("patients.list_requests", by=by, detail={"rows": len(page.to_answer)})
    return page


def show_request(*, by: User, request: AccessRequest) -> None:
    """Say that one looks at a request, before whom it is about is shown. Raises NotAllowed and AuditUnavailable."""
    if request.state == State.WAITING:
        check_can_answer(by, request)
    record_now("patients.show_request", by=by, patient_id=request.patient_id, target=request)


@transaction.atomic
def tell_of_request(*, by: User | None, request_id: UUID) -> int:
    """Queue a mail to each privacy officer, once each; nobody is named in it. Returns how many."""
    request = AccessRequest.objects.filter(pk=request_id, patient__isnull=False).first()
    people = reviewers(besides=request.user_id) if request else []
    for person in people:
        _mail(by, person, "patients/access_requested", f"access_requested:{request_id}:{person.pk}")
    if request:
        detail = {"people": len(people)}
        record("patients.tell_of_request", by=by, patient_id=request.patient_id, target=request, detail=detail)
    return len(people)


@transaction.atomic
def tell_of_answer(*, by: User | None, request_id: UUID) -> None:
    """Queue a mail to whoever asked, once; what was said stands behind the sign-in."""
    request = AccessRequest.objects.filter(pk=request_id).select_related("user").first()
    if request:
        _mail(by, request.user, "patients/access_request_answered", f"access_request_answered:{request_id}")
        record("patients.tell_of_answer", by=by, patient_id=request.patient_id, target=request)


def _claim(by: User, request: AccessRequest, now: datetime) -> AccessRequest:
    check_can_answer(by, request)
    waiting = AccessRequest.objects.visible_to(by).waiting().select_for_update(of=("self",))
    found = waiting.filter(pk=request.pk, until__gt=now).first()
    if found is None:
        raise AlreadyAnswered(_("This request does not wait any more: it was answered, withdrawn, or has lapsed."))
    return found


def _let_in(by: User, request: AccessRequest, scopes: list[Scope], now: datetime) -> CareRelationship:
    source, kind = f"request:{request.pk}", CareRelationship.Kind.CARE_TEAM
    if by.acting_role != REVIEWER:
        assert request.patient is not None  # noqa: S101  nobody sees a request for nobody but whoever made it
        return grant_access(
            by=by,
            patient=request.patient,
            user=request.user,
            role=request.role,
            scopes=scopes,
            kind=kind,
            valid_from=now,
            valid_until=request.until,
            reason=request.reason,
            source=source,
        )
    opened = CareRelationship(
        patient_id=request.asked_for,
        kind=kind,
        user=request.user,
        role=request.role,
        scopes=[scope.value for scope in scopes],
        validity=TimestamptzRange(now, request.until),
        reason=request.reason,
        source=source,
        granted_by=by,
    )
    opened.save(force_insert=True)
    detail = {"user": str(request.user_id), "role": request.role, "kind": kind.value, "scopes": opened.scopes}
    record("patients.grant_access", by=by, patient_id=opened.patient_id, target=opened, detail=detail)
    publish(AccessGranted(patient_id=opened.patient_id, relationship_id=opened.pk))
    return opened


def _answer(
    by: User,
    request: AccessRequest,
    state: State,
    answer: str,
    now: datetime,
    opened: CareRelationship | None = None,
) -> None:
    _close(by, request, state, answer.strip(), now, opened)
    detail = {"state": state.value, "user": request.user_id}
    record("patients.answer_request", by=by, patient_id=request.patient_id, target=request, detail=detail)
    publish(AccessRequestAnswered(request_id=request.pk))


def _close(
    by: User, request: AccessRequest, state: State, answer: str, now: datetime, opened: CareRelationship | None
) -> None:
    request.state, request.answer, request.answered_at, request.answered_by = state, answer, now, by
    request.relationship = opened
    request.save(update_fields=["state", "answer", "answered_at", "answered_by", "relationship", "updated_at"])


def _mail(by: User | None, person: User, template: str, key: str) -> None:
    queue_message(by=by, channel="email", address=person.email, template=template, parameters={}, dedupe_key=key)
