"""Visits: book, read, move, confirm and cancel them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from ninja import Query, Router
from pydantic import ConfigDict, Field

from healthcare.accounts.guards import Missing
from healthcare.accounts.models import Provider, Site
from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import answer, operation
from healthcare.api.etags import check_match, tagged
from healthcare.api.idempotency import idempotent
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import invalid, problem_for
from healthcare.api.schemas import Given, Page, Shown
from patients.access import NotInScope
from patients.actions import open_chart, refuse_chart
from patients.doors import patient_asked_for
from patients.models import Patient
from scheduling import actions
from scheduling.access import is_patient
from scheduling.api.fields import EARLIEST, LATEST, Moment, kind_of, provider_of, site_of
from scheduling.models import Appointment, VisitType
from scheduling.queries import free_site, length_of, pages

router = Router(tags=["Visits"])
READING = (Permission.VIEW_SCHEDULE, Permission.OWN_RECORD)
CHANGING = (Permission.BOOK_APPOINTMENT, Permission.OWN_RECORD)
UTC_EXAMPLE = "2026-02-05T14:20:00Z"
STATUSES = ", ".join(Appointment.Status.values)


def alternatives(taken: actions.TimeTaken) -> dict[str, Any]:
    """Extension member: up to three starts near the one that was asked for."""
    found = [
        {"provider": time.provider_id, "site": time.site_id, "start": time.start, "end": time.end}
        for time in taken.alternatives
    ]
    return {"alternatives": found}


problem_for(actions.TimeTaken, status=409, title=_lazy("The time is taken"), extra=alternatives)
problem_for(actions.NotBookable, status=422, title=_lazy("Not bookable"))
problem_for(actions.NotOpen, status=409, title=_lazy("No longer open"))
problem_for(actions.Crowded, status=409, title=_lazy("Many at once"))


# == What goes out and in ==
class AppointmentOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000d1",
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "provider": "01937a5e-8c00-7000-8000-0000000000e1",
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "visit_type": "01937a5e-8c00-7000-8000-0000000000c1",
                    "start": UTC_EXAMPLE,
                    "end": "2026-02-05T14:40:00Z",
                    "time_zone": "America/New_York",
                    "status": "booked",
                    "reason": "A cough for three weeks",
                    "sequence": 0,
                    "answer_by": None,
                    "confirmed_at": None,
                    "cancelled_at": None,
                    "cancel_reason": "",
                    "created_at": "2026-02-03T14:05:00Z",
                    "updated_at": "2026-02-03T14:05:00Z",
                }
            ]
        }
    )
    id: UUID
    patient: UUID = Field(validation_alias="patient_id")
    provider: UUID = Field(validation_alias="provider_id")
    site: UUID = Field(validation_alias="site_id")
    visit_type: UUID = Field(validation_alias="visit_type_id")
    start: datetime = Field(validation_alias="starts_at")
    end: datetime = Field(validation_alias="ends_at")
    time_zone: str = Field(description="Of the clock at the site, an IANA name.")
    status: str = Field(description=f"One of: {STATUSES}.")
    reason: str
    sequence: int = Field(description="Counts the times it was given, from 0 (RFC 5545, 3.8.7.4).")
    answer_by: datetime | None = Field(description="Of one that a patient asked for: until when it is answered.")
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    created_at: datetime
    updated_at: datetime


class Booking(Given):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "provider": "01937a5e-8c00-7000-8000-0000000000e1",
                    "visit_type": "follow-up",
                    "start": UTC_EXAMPLE,
                    "reason": "A cough for three weeks",
                }
            ]
        }
    )
    provider: UUID | None = Field(
        None, description="Left out: whoever is free at the site then, and next in turn for such a visit."
    )
    specialty: str = Field("", max_length=100, description="Where no provider is named: of whom one is taken.")
    visit_type: str = Field(max_length=50, description="Id or slug.")
    start: Moment
    site: UUID | None = Field(None, description="Left out: where the named provider is free then.")
    patient: UUID | None = Field(None, description="May be left out by a token that acts for a patient.")
    reason: str = Field("", max_length=200)
    overbook: str = Field(
        "", max_length=200, description="Why it may lie on top of other visits; for whom the role lets do so."
    )


class Rescheduling(Given):
    """Where provider or site is left out, it stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"start": UTC_EXAMPLE}]})
    start: Moment
    provider: UUID | None = None
    site: UUID | None = None


class Cancellation(Given):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "On holiday"}]})
    reason: str = Field("", max_length=200, description="The other side can read it.")


class Declining(Given):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Please see your own doctor about this first"}]}
    )
    reason: str = Field(min_length=1, max_length=200, description="The patient reads it.")


# == Operations ==
@router.get("/appointments", response=Page[AppointmentOut], summary="List visits")
@operation(Scope.SCHEDULE, *READING)
def list_appointments(
    request: HttpRequest,
    patient: UUID | None = None,
    provider: UUID | None = None,
    since: Annotated[Moment | None, Query(alias="from", description="Ends after this.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Begins before this.")] = None,
    status: Annotated[str, Query(max_length=13, description=f"One of: {STATUSES}.")] = "",
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[AppointmentOut]:
    """The last booked first. A token that acts for a patient lists this one's, unless it names another in its reach."""
    user: Any = request.user
    if status and status not in Appointment.Status.values:
        raise invalid("status", _("There is no such status."))
    if since and until and since >= until:
        raise invalid("to", _("Choose an end after the beginning."))
    patient = patient or request.token.patient_id  # type: ignore[attr-defined]
    if patient:
        patient = patient_asked_for(user, patient).pk
    else:
        actions.list_appointments(by=user)
    given = {"patient_id": patient, "provider_id": provider, "status": status}
    rows = Appointment.objects.visible_to(user).filter(**{name: value for name, value in given.items() if value})
    if since or until:
        rows = rows.within(since or EARLIEST, until or LATEST, pages.EVERYWHERE)
    return Page[AppointmentOut].model_validate(page(rows, cursor=cursor, limit=limit, key=("id",)))


@router.post("/appointments", response={201: AppointmentOut}, summary="Book a visit")
@operation(Scope.SCHEDULE, *CHANGING, write=True)
@idempotent
def book_appointment(request: HttpRequest, body: Booking) -> HttpResponseBase:
    """Of many who ask for the same time at once, one gets it; the others a 409 with `alternatives`.

    Where the clinic agrees first, a patient gets a visit that is `requested`, whose time nobody else gets meanwhile.
    """
    user: Any = request.user
    provider = provider_of(body.provider) if body.provider else None
    kind = kind_of(body.visit_type, by_patient=is_patient(user))
    patient = Patient(pk=_patient_of(request, body.patient))  # the verb asks whether they are in reach
    asked: dict[str, Any] = {"by": user, "patient": patient, "visit_type": kind, "start": body.start}
    asked |= {"reason": body.reason, "now": timezone.now()}
    try:
        if provider is None:
            site = _site_of_anyone(body)
            visit = actions.book_with_anyone(**asked, site=site, specialty=body.specialty)
        else:
            site = _site_for(provider, kind, body)
            visit = actions.book_appointment(**asked, provider=provider, site=site, overbook=body.overbook)
    except NotInScope:
        refuse_chart(by=user, patient_id=patient.pk)
        raise Missing from None
    response = answer(request, _shown(visit), 201)
    response.headers["Location"] = f"{request.path.rstrip('/')}/{visit.pk}"
    return response


@router.get("/appointments/{uuid:appointment_id}", response=AppointmentOut, summary="Read one visit")
@operation(Scope.SCHEDULE, *READING)
def get_appointment(request: HttpRequest, appointment_id: UUID) -> AppointmentOut:
    user: Any = request.user
    visit = _visit(request, appointment_id)
    open_chart(by=user, patient=visit.patient)
    return _shown(visit)


@router.post("/appointments/{uuid:appointment_id}/cancel", response=AppointmentOut, summary="Call a visit off")
@operation(Scope.SCHEDULE, *CHANGING, write=True)
@idempotent
def cancel(request: HttpRequest, appointment_id: UUID, body: Cancellation | None = None) -> AppointmentOut:
    """Its time is free again. Cancelled already: as it is."""
    user: Any = request.user
    visit = _visit_to_change(request, appointment_id)
    reason = body.reason if body else ""
    return _shown(actions.cancel_appointment(by=user, appointment=visit, reason=reason, now=timezone.now()))


@router.post("/appointments/{uuid:appointment_id}/reschedule", response=AppointmentOut, summary="Move a visit")
@operation(Scope.SCHEDULE, *CHANGING, write=True)
@idempotent
def reschedule(request: HttpRequest, appointment_id: UUID, body: Rescheduling) -> AppointmentOut:
    """Where the new time is not to be had the old one stays, and `alternatives` say what else there is."""
    user: Any = request.user
    visit = _visit_to_change(request, appointment_id)
    moved = actions.move_appointment(
        by=user,
        appointment=visit,
        start=body.start,
        provider=provider_of(body.provider) if body.provider else None,
        site=site_of(body.site) if body.site else None,
        seen_sequence=visit.sequence,
        now=timezone.now(),
    )
    return _shown(moved)


@router.post("/appointments/{uuid:appointment_id}/confirm", response=AppointmentOut, summary="Confirm a visit")
@operation(Scope.SCHEDULE, *CHANGING, write=True)
@idempotent
def confirm(request: HttpRequest, appointment_id: UUID) -> AppointmentOut:
    """The patient means to come. Confirmed already: as it is."""
    user: Any = request.user
    visit = _visit_to_change(request, appointment_id)
    return _shown(actions.confirm_appointment(by=user, appointment=visit, now=timezone.now()))


@router.post("/appointments/{uuid:appointment_id}/accept", response=AppointmentOut, summary="Agree to a request")
@operation(Scope.SCHEDULE, Permission.BOOK_APPOINTMENT, write=True)
@idempotent
def accept(request: HttpRequest, appointment_id: UUID) -> AppointmentOut:
    """The visit is booked. Agreed to already: as it is."""
    user: Any = request.user
    visit = _visit_to_change(request, appointment_id)
    open_chart(by=user, patient=visit.patient)  # a refusal says how it stands
    return _shown(actions.accept_request(by=user, appointment=visit, now=timezone.now()))


@router.post("/appointments/{uuid:appointment_id}/decline", response=AppointmentOut, summary="Decline a request")
@operation(Scope.SCHEDULE, Permission.BOOK_APPOINTMENT, write=True)
@idempotent
def decline(request: HttpRequest, appointment_id: UUID, body: Declining) -> AppointmentOut:
    """Its time is free again, and the patient reads the reason. Declined already: as it is."""
    user: Any = request.user
    visit = _visit_to_change(request, appointment_id)
    open_chart(by=user, patient=visit.patient)  # a refusal says how it stands
    return _shown(actions.decline_request(by=user, appointment=visit, reason=body.reason, now=timezone.now()))


# == Steps ==
def _shown(visit: Appointment) -> AppointmentOut:
    return tagged(AppointmentOut.model_validate(visit), visit)


def _visit(request: HttpRequest, appointment_id: UUID) -> Appointment:
    user: Any = request.user
    seen = Appointment.objects.visible_to(user).select_related("patient", "provider__resource", "site")
    visit = seen.filter(pk=appointment_id).first()
    if visit is None:
        raise Http404
    return visit


def _visit_to_change(request: HttpRequest, appointment_id: UUID) -> Appointment:
    """As If-Match has it; between this look and the one of the verb, under its locks, lie moments."""
    visit = _visit(request, appointment_id)
    check_match(request, visit)
    return visit


def _patient_of(request: HttpRequest, asked: UUID | None) -> UUID:
    """Whoever acts for a patient means this one; everybody else names one."""
    token: Any = request.token  # type: ignore[attr-defined]
    if found := asked or token.patient_id:
        return found
    raise invalid("patient", _("Name a patient."))


def _site_of_anyone(body: Booking) -> Site:
    if body.site is None:
        raise invalid("provider", _("Name a provider, or the site where anybody will do."))
    if body.overbook:
        raise invalid("overbook", _("Name the provider with whom it is to lie on top of another visit."))
    return site_of(body.site)


def _site_for(provider: Provider, kind: VisitType, body: Booking) -> Site:
    """The one that was named; else the provider's own, or of several the one where they are free then."""
    sites = list(provider.sites.all())
    if body.site:
        return next((site for site in sites if site.pk == body.site), None) or site_of(body.site)
    if len(sites) > 1:
        return free_site(provider.resource.pk, sites, length_of(kind).blocked(body.start))
    if not sites:
        raise invalid("site", _("This provider works at no site."))
    return sites[0]
