"""People register themselves in the portal; the desk answers them: registered, known already, asked, or refused."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can
from healthcare.accounts.actions import LinkRefused, TooManyAttempts
from healthcare.accounts.actions.links import may_send
from healthcare.accounts.models import FailureCount, Site, User
from healthcare.accounts.models.links import key_of
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.messaging.actions import queue_message
from patients.access import NotInScope, find_visible
from patients.actions.consents import give_consent
from patients.actions.people import find_alike, register_patient
from patients.actions.profile import change_profile
from patients.models import Consent, Patient, ProposedChange, SelfRegistration
from patients.queries.matching import Candidate
from patients.queries.registrations import waiting_registrations
from patients.rules.profile import Profile
from patients.rules.registrations import ALL_IN_AN_HOUR, CONFIRM_WITHIN, KEPT, Told, as_text
from patients.texts import current_text

State = SelfRegistration.State
HOUR = timedelta(hours=1)


class AlreadyAnswered(Exception):
    """A colleague was quicker. The message says so."""


# == By whoever wants to be a patient ==
@transaction.atomic
def request_registration(
    *, by: None = None, told: Told, site: Site | None, network: str, now: datetime
) -> SelfRegistration | None:
    """Keep what somebody tells of themselves, and mail a link that confirms it. Nobody is looked up, so nothing that
    is known of anybody changes the answer; the caller answers the same in any case.

    None where the address had enough letters within the hour. Raises TooManyAttempts when there were too many from one
    network address, or in all.
    """
    if FailureCount.add("registrations", "", now, HOUR) > ALL_IN_AN_HOUR:
        raise TooManyAttempts(int(HOUR.total_seconds()))
    address = told.demographics.email
    if not may_send("registration_letter", address, network, now):
        record("patients.request_registration", by=by)
        return None
    row = SelfRegistration(site=site, told=as_text(told), spoken=(get_language() or "")[:8])
    row.save(force_insert=True)
    record("patients.request_registration", by=by, target=row)
    _write_to(by, row, address, "registration_confirm", expires_at=now + CONFIRM_WITHIN)
    return row


@transaction.atomic
def confirm_registration(*, by: None = None, token: str) -> None:
    """By the link in the mail: from now on it waits for the desk. Raises LinkRefused, also the second time."""
    key = key_of(token)
    if key is None:
        raise LinkRefused
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.confirm_registration(%s::uuid)", [key])
        if not cursor.fetchone()[0]:
            raise LinkRefused
    record("patients.confirm_registration", by=by, target=("patients.selfregistration", key))


# == By the desk ==
def list_registrations(*, by: User) -> list[SelfRegistration]:
    """Who waits, at the sites where one works or at none in particular. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.REVIEW_REGISTRATIONS)
    found = waiting_registrations(by)
    record_now("patients.list_registrations", by=by, detail={"rows": len(found)})
    return found


def look_for_registered(*, by: User, registration: SelfRegistration) -> list[Candidate]:
    """Who of the clinic's patients may be this person, as at the desk; masked where out of reach.

    Raises NotAllowed, AuditUnavailable and TooManySearches.
    """
    check_can(by, Permission.REVIEW_REGISTRATIONS)
    record_now("patients.open_registration", by=by, target=registration)
    told = registration.get_told()
    return find_alike(by=by, demographics=told.demographics) if told else []


@transaction.atomic
def accept_registration(
    *, by: User, registration: SelfRegistration, site: Site, seen: Collection[UUID], now: datetime
) -> Patient:
    """Register the person as a new patient, with what they told of themselves and of the privacy notice.

    `seen` are those who were shown and are others. The portal stays closed until the desk has seen an ID and gives a
    code. Raises NotAllowed, AlreadyAnswered, and what `register_patient` raises.
    """
    row, told = _held(by, registration)
    patient = register_patient(by=by, site=site, demographics=told.demographics, now=now, seen=seen)
    change_profile(by=by, patient=patient, profile=Profile(language=told.language, interpreter=told.interpreter))
    _keep_notice(by, patient, row, told)
    _answer(row, State.ACCEPTED, by=by, now=now, became=patient.pk)
    detail = {"told_by": "patient", "fields": sorted(told.values())}
    record("patients.accept_registration", by=by, patient_id=patient.pk, target=row, detail=detail)
    _write_to(by, row, told.demographics.email, "registration_taken_up")
    return patient


@transaction.atomic
def link_registration(*, by: User, registration: SelfRegistration, patient: Patient, now: datetime) -> tuple[str, ...]:
    """Say that the person is this patient. What they told differently is proposed, field by field, and changes nothing
    until somebody accepts it; where the patient proposed something already, that stands. Returns the fields.

    Raises NotAllowed, NotInScope, AlreadyAnswered.
    """
    row, told = _held(by, registration)
    known = find_visible(by, patient.pk)
    if known is None or known.deceased:
        raise NotInScope(_("This patient is not in your scope."))
    proposed = []
    for field, value in told.values().items():
        if field in ProposedChange.FIELDS and value != (was := getattr(known, field)):
            with suppress(IntegrityError), transaction.atomic():  # one waits for this field already
                change = ProposedChange(patient=known, field=field, was=was, value=value, told_in=row.pk)
                change.save(force_insert=True)
                proposed.append(field)
    _answer(row, State.LINKED, by=by, now=now, became=known.pk)
    detail = {"told_by": "patient", "fields": proposed}
    record("patients.link_registration", by=by, patient_id=known.pk, target=row, detail=detail)
    _write_to(by, row, told.demographics.email, "registration_taken_up")
    return tuple(proposed)


@transaction.atomic
def ask_about_registration(*, by: User, registration: SelfRegistration, question: str, now: datetime) -> None:
    """Ask the person to call: the mail names no question, which stands here for whoever takes the call.

    Raises NotAllowed, also without a question, and AlreadyAnswered.
    """
    row, told = _held(by, registration)
    row.question, row.asked_at, row.asked_by = _line(question), now, by
    row.save(update_fields=["question", "asked_at", "asked_by", "updated_at"])
    record("patients.ask_about_registration", by=by, target=row)
    _write_to(by, row, told.demographics.email, "registration_question", about=now)


@transaction.atomic
def refuse_registration(*, by: User, registration: SelfRegistration, reason: str, now: datetime) -> None:
    """No record comes of it; the reason is for colleagues. Raises NotAllowed, also without one, and AlreadyAnswered."""
    row, told = _held(by, registration)
    row.answer = _line(reason)
    _answer(row, State.REFUSED, by=by, now=now)
    record("patients.refuse_registration", by=by, target=row)
    _write_to(by, row, told.demographics.email, "registration_refused")


# == By the clock ==
@transaction.atomic
def purge_registrations(*, by: None = None, now: datetime) -> int:
    """Delete what was never confirmed or was refused, and the words of what was taken over, when their time is over.

    Returns how many rows. What waits, waits.
    """
    unconfirmed = Q(state=State.UNCONFIRMED, created_at__lt=now - CONFIRM_WITHIN)
    over = SelfRegistration.objects.filter(unconfirmed | Q(state=State.REFUSED, answered_at__lt=now - KEPT))
    count: int = over.delete()[0]
    taken_over = SelfRegistration.objects.filter(became__isnull=False, told__isnull=False, answered_at__lt=now - KEPT)
    count += taken_over.update(told=None, question="", updated_at=now)
    if count:
        record("patients.purge_registrations", by=by, detail={"rows": count})
    return count


# == Steps ==
def _held(by: User, registration: SelfRegistration) -> tuple[SelfRegistration, Told]:
    """Locked, and still to be answered; of two who answer at once, the second finds nothing to lock."""
    check_can(by, Permission.REVIEW_REGISTRATIONS)
    rows = SelfRegistration.objects.visible_to(by).waiting().select_for_update(of=("self",))
    row = rows.filter(pk=registration.pk).first()
    told = row.get_told() if row else None
    if row is None or told is None:
        raise AlreadyAnswered(_("A colleague answered this registration a moment ago. Nothing was done twice."))
    return row, told


def _answer(row: SelfRegistration, state: str, *, by: User, now: datetime, became: UUID | None = None) -> None:
    row.state, row.answered_by, row.answered_at, row.became = state, by, now, became
    row.save(update_fields=["state", "answered_by", "answered_at", "answer", "became", "updated_at"])


def _line(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise NotAllowed(_("Say it in a few words."))
    return line


def _keep_notice(by: User, patient: Patient, row: SelfRegistration, told: Told) -> None:
    """When and to which words it was said; other words than today's are asked for again at the desk."""
    purpose = Consent.Purpose.PRIVACY_NOTICE
    if told.notice != current_text(purpose.value).digest:
        return
    decision = Consent.Decision.PERMIT if told.received else Consent.Decision.DENY
    method = Consent.Method.ONLINE
    answer: dict[str, Any] = {"purpose": purpose, "decision": decision, "shown": told.notice, "method": method}
    give_consent(by=by, patient=patient, now=row.created_at, **answer)


def _write_to(
    by: User | None,
    row: SelfRegistration,
    address: str,
    letter: str,
    *,
    expires_at: datetime | None = None,
    about: datetime | None = None,
) -> None:
    """The same mail whether somebody is new or known: it names nobody, and tells nothing of any record."""
    queue_message(
        by=by,
        channel="email",
        address=address,
        template=f"patients/{letter}",
        parameters={"link": str(row.pk)} if expires_at else {},
        dedupe_key=f"patients.{letter}:{row.pk}:{about or ''}",
        urgent=expires_at is not None,
        expires_at=expires_at,
        language=row.spoken,
    )
