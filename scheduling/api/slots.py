"""Free times of one provider, or of everybody of a specialty."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import ConfigDict, TypeAdapter, ValidationError

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.pages import Limit
from healthcare.api.problems import invalid
from healthcare.api.schemas import Page, Shown
from patients.doors import patient_asked_for
from scheduling.access import is_patient
from scheduling.api.fields import UNTIL_TEXT, Moment, kind_of, no_cursor, opened, provider_of, sealed, site_of, up_to
from scheduling.api.providers import KINDS_TEXT
from scheduling.queries import free_times, pages
from scheduling.queries.times import Key

router = Router(tags=["Visits"])
MOST_PROVIDERS = 200
Moments = TypeAdapter(Moment)


class SlotOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "provider": "01937a5e-8c00-7000-8000-0000000000e1",
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "visit_type": "01937a5e-8c00-7000-8000-0000000000c1",
                    "start": "2026-02-05T14:20:00Z",
                    "end": "2026-02-05T14:40:00Z",
                }
            ]
        }
    )
    provider: UUID
    site: UUID
    visit_type: UUID
    start: datetime
    end: datetime


@router.get("/slots", response=Page[SlotOut], summary="Free times")
@operation(Scope.SCHEDULE, Permission.VIEW_SCHEDULE, Permission.OWN_RECORD)
def list_slots(
    request: HttpRequest,
    provider: Annotated[UUID | None, Query(description="This or a specialty.")] = None,
    specialty: Annotated[str, Query(max_length=100, examples=["Family Medicine"])] = "",
    visit_type: Annotated[str, Query(max_length=50, description=KINDS_TEXT)] = "",
    site: UUID | None = None,
    since: Annotated[Moment | None, Query(alias="from", description="Left out: now.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description=UNTIL_TEXT)] = None,
    cursor: Annotated[str, Query(max_length=200, description="`next` of the page before.")] = "",
    limit: Limit = 25,
) -> Page[SlotOut]:
    """By time. A picture of a minute ago at worst: the booking decides, and names other times where it refuses."""
    user: Any = request.user
    token: Any = request.token  # type: ignore[attr-defined]
    by_patient, now = is_patient(user), timezone.now()
    if provider:
        found = [provider_of(provider)]
    elif specialty:
        found = _of_specialty(specialty, site)
    else:
        raise invalid("provider", _("Name a provider or a specialty."))
    kind = kind_of(visit_type, by_patient=by_patient, specialty=found[0].specialty if found else specialty)
    rows = free_times(
        providers=[one for one in found if kind.specialty in ("", one.specialty)],
        visit_type=kind,
        between=up_to(since or now, until),
        now=now,
        by_patient=by_patient,
        site=site_of(site) if site else None,
        patient=patient_asked_for(user, token.patient_id) if by_patient and token.patient_id else None,
        behind=_behind(cursor),
        at_most=limit + 1,
    )
    items = [
        SlotOut(provider=row.provider_id, site=row.site_id, visit_type=kind.pk, start=row.start, end=row.end)
        for row in rows[:limit]
    ]
    return Page[SlotOut](items=items, next=sealed(rows[limit - 1].key) if len(rows) > limit else None)


def _behind(cursor: str) -> Key | None:
    if not cursor:
        return None
    start, provider, site = opened(cursor, size=3)
    try:
        return Moments.validate_python(str(start)), str(provider), str(site)
    except ValidationError as problem:
        raise no_cursor() from problem


def _of_specialty(specialty: str, site: UUID | None) -> list[Any]:
    found = list(pages.accepting_providers(specialty, site)[: MOST_PROVIDERS + 1])
    if len(found) > MOST_PROVIDERS:
        raise invalid("specialty", _("This fits more than 200 providers. Name a site, or a provider."))
    return found
