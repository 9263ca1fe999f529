"""The waitlist: who waits for which time, and what is kept for them; joined and left."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import answer, operation
from healthcare.api.idempotency import idempotent
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import invalid
from healthcare.api.schemas import Given, Page, Shown
from patients.doors import patient_asked_for
from scheduling import actions
from scheduling.access import is_patient
from scheduling.api.fields import kind_of, provider_of, site_of
from scheduling.models import Wait, WaitOffer, WaitQuerySet
from scheduling.rules.waitlist import Part, Wish

router = Router(tags=["Waitlist"])
READING = (Permission.VIEW_SCHEDULE, Permission.OWN_RECORD)
CHANGING = (Permission.BOOK_APPOINTMENT, Permission.OWN_RECORD)
OFFER: dict[str, Any] = {
    "provider": "01937a5e-8c00-7000-8000-0000000000e1",
    "start": "2026-02-05T14:20:00Z",
    "end": "2026-02-05T14:40:00Z",
    "time_zone": "America/New_York",
    "until": "2026-02-04T15:30:00Z",
}
ASKED: dict[str, Any] = {
    "visit_type": "follow-up",
    "site": "01937a5e-8c00-7000-8000-0000000000b1",
    "first_day": "2026-02-04",
    "last_day": "2026-02-20",
    "weekdays": [2, 4],
    "parts": ["morning"],
}
WAIT = ASKED | {
    "id": "01937a5e-8c00-7000-8000-0000000000f1",
    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
    "visit_type": "01937a5e-8c00-7000-8000-0000000000c1",
    "provider": None,
    "state": "waiting",
    "created_at": "2026-02-03T14:05:00Z",
    "offer": OFFER,
}
Weekday = Annotated[int, Field(ge=1, le=7)]


# == What goes out and in ==
class KeptOut(Shown):
    """A time that is kept until a moment; it is accepted in the portal, by the desk, or by the link in the mail."""

    model_config = ConfigDict(json_schema_extra={"examples": [OFFER]})
    provider: UUID = Field(validation_alias="provider_id")
    start: datetime = Field(validation_alias="starts_at")
    end: datetime = Field(validation_alias="ends_at")
    time_zone: str = Field(description="Of the clock at the site, an IANA name.")
    until: datetime


class WaitOut(Shown):
    model_config = ConfigDict(json_schema_extra={"examples": [WAIT]})
    id: UUID
    patient: UUID = Field(validation_alias="patient_id")
    visit_type: UUID = Field(validation_alias="visit_type_id")
    site: UUID = Field(validation_alias="site_id")
    provider: UUID | None = Field(validation_alias="provider_id", description="Null means any.")
    first_day: date
    last_day: date = Field(description="After it nobody waits any more.")
    weekdays: list[int] = Field(validation_alias="isodows", description="1 is Monday (ISO 8601); none means any.")
    parts: list[str] = Field(description=f"Of: {', '.join(Part)}; none means any.")
    state: str = Field(description=f"One of: {', '.join(Wait.State.values)}.")
    created_at: datetime
    offer: KeptOut | None = Field(validation_alias="kept")


class Joining(Given):
    model_config = ConfigDict(json_schema_extra={"examples": [ASKED]})
    visit_type: str = Field(max_length=50, description="Id or slug.")
    site: UUID
    provider: UUID | None = Field(None, description="Left out: any.")
    patient: UUID | None = Field(None, description="May be left out by a token that acts for a patient.")
    first_day: date | None = Field(None, description="Left out: today.")
    last_day: date
    weekdays: list[Weekday] = Field([], max_length=7, description="1 is Monday (ISO 8601); none means any.")
    parts: list[Part] = Field([], max_length=3, description="None means any.")


# == Operations ==
@router.get("/waitlist", response=Page[WaitOut], summary="List who waits")
@operation(Scope.SCHEDULE, *READING)
def list_waitlist(
    request: HttpRequest, patient: UUID | None = None, cursor: Cursor = "", limit: Limit = 25
) -> Page[WaitOut]:
    """Who waits now, the last joined first. A token that acts for a patient lists this one's."""
    user: Any = request.user
    patient = patient or request.token.patient_id  # type: ignore[attr-defined]
    rows = _seen(user).waiting()
    if patient:
        rows = rows.filter(patient=patient_asked_for(user, patient))
    else:
        actions.list_appointments(by=user)
    found = page(rows, cursor=cursor, limit=limit, key=("id",))
    return Page[WaitOut](items=[_shown(wait) for wait in found.items], next=found.next)


@router.post("/waitlist", response={201: WaitOut}, summary="Wait for a time")
@operation(Scope.SCHEDULE, *CHANGING, write=True)
@idempotent
def join_waitlist(request: HttpRequest, body: Joining) -> HttpResponseBase:
    """Whenever a time that fits becomes free, it is kept for the first on the list, who is told by a mail.

    The same kind, site and provider once more: the days are written anew, and the place in the order stays.
    """
    user: Any = request.user
    asked = body.patient or request.token.patient_id  # type: ignore[attr-defined]
    if asked is None:
        raise invalid("patient", _("Name a patient."))
    patient, now = patient_asked_for(user, asked), timezone.now()  # the opening is said, whatever is refused then
    first = body.first_day or timezone.localdate(now)
    wait = actions.join_waitlist(
        by=user,
        patient=patient,
        visit_type=kind_of(body.visit_type, by_patient=is_patient(user)),
        site=site_of(body.site),
        provider=provider_of(body.provider) if body.provider else None,
        wish=Wish(first, body.last_day, sorted(set(body.weekdays)), sorted({part.value for part in body.parts})),
        now=now,
    )
    response = answer(request, _shown(_found(user, wait.pk)), 201)
    response.headers["Location"] = f"{request.path.rstrip('/')}/{wait.pk}"
    return response


@router.get("/waitlist/{uuid:wait_id}", response=WaitOut, summary="Read one line of the waitlist")
@operation(Scope.SCHEDULE, *READING)
def get_wait(request: HttpRequest, wait_id: UUID) -> WaitOut:
    user: Any = request.user
    wait = _found(user, wait_id)
    patient_asked_for(user, wait.patient_id)
    return _shown(wait)


@router.post("/waitlist/{uuid:wait_id}/leave", response=WaitOut, summary="Wait no more")
@operation(Scope.SCHEDULE, *CHANGING, write=True)
@idempotent
def leave_waitlist(request: HttpRequest, wait_id: UUID) -> WaitOut:
    """What is kept goes to the next. Off the list already: as it is."""
    user: Any = request.user
    wait = actions.leave_waitlist(by=user, wait=_found(user, wait_id), now=timezone.now())
    return _shown(_found(user, wait.pk))


# == Steps ==
def _seen(user: Any) -> WaitQuerySet:
    offered = WaitOffer.objects.visible_to(user).filter(state=WaitOffer.State.OFFERED).order_by("pk")
    rows: WaitQuerySet = Wait.objects.visible_to(user)
    return rows.prefetch_related(Prefetch("offers", offered, to_attr="offered"))


def _found(user: Any, wait_id: UUID) -> Wait:
    wait: Wait | None = _seen(user).filter(pk=wait_id).first()
    if wait is None:
        raise Http404
    return wait


def _shown(wait: Wait) -> WaitOut:
    wait.kept = next(iter(wait.offered), None)  # type: ignore[attr-defined]
    return WaitOut.model_validate(wait)
