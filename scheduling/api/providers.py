"""Whom to see: providers by distance, each with their first free time; and what one may see them for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.pages import Limit
from healthcare.api.problems import invalid
from healthcare.api.schemas import Page, Shown
from patients.doors import patient_asked_for
from scheduling.access import is_patient
from scheduling.api.fields import kind_of, no_cursor, opened, sealed, site_of
from scheduling.queries import Near, nearest_providers, pages
from scheduling.queries.nearest import Key
from scheduling.rules import Place, parse_place

router = Router(tags=["Visits"])
LOOKING = (Permission.VIEW_SCHEDULE, Permission.OWN_RECORD)
KINDS_TEXT = "Id or slug of a kind of visit; left out: the shortest that fits."


class ProviderOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000e1",
                    "name": "Maren Okafor",
                    "credentials": "MD",
                    "specialty": "Family Medicine",
                    "languages": ["en", "es"],
                    "accepting": True,
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "site_name": "Alder Street",
                    "distance_km": 3.4,
                    "next_free": "2026-02-05T14:20:00Z",
                }
            ]
        }
    )
    id: UUID
    name: str
    credentials: str
    specialty: str
    languages: list[str] = Field(description="Codes of BCP 47.")
    accepting: bool = Field(description="Whether they take new patients.")
    site: UUID = Field(description="The nearest of their sites, or the one that was asked for.")
    site_name: str
    distance_km: float | None = Field(description="As the crow flies; null where nobody said from where.")
    next_free: datetime | None = Field(description="The first free start there; null: none within four weeks.")


class VisitTypeOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000c1",
                    "slug": "follow-up",
                    "name": "Follow-up visit",
                    "minutes": 20,
                    "specialty": "",
                    "needs": ["Procedure room"],
                }
            ]
        }
    )
    id: UUID
    slug: str
    name: str
    minutes: int = Field(description="How long it takes.")
    specialty: str = Field(description="Whom it is booked with; empty: anybody.")
    needs: list[str] = Field(description="Rooms and devices of which it takes one each, as the category of `/rooms`.")


@router.get("/providers", response=Page[ProviderOut], summary="Find providers, the nearest first")
@operation(Scope.SCHEDULE, *LOOKING)
def list_providers(
    request: HttpRequest,
    specialty: Annotated[str, Query(max_length=100, examples=["Family Medicine"])] = "",
    near: Annotated[
        str, Query(max_length=60, description="A ZIP code, or latitude,longitude in degrees.", examples=["01608"])
    ] = "",
    site: UUID | None = None,
    language: Annotated[str, Query(max_length=12, description="A code of BCP 47.", examples=["es"])] = "",
    accepting: Annotated[bool | None, Query(description="Whether they take new patients.")] = None,
    visit_type: Annotated[str, Query(max_length=50, description=KINDS_TEXT)] = "",
    cursor: Annotated[str, Query(max_length=400, description="`next` of the page before.")] = "",
    limit: Limit = 25,
) -> Page[ProviderOut]:
    """Each once. Of those who take no new patients, a patient hears only where they are theirs already."""
    user: Any = request.user
    token: Any = request.token  # type: ignore[attr-defined]
    by_patient = is_patient(user)
    found = nearest_providers(
        near=_place(near),
        visit_type=kind_of(visit_type, by_patient=by_patient, specialty=specialty),
        now=timezone.now(),
        by_patient=by_patient,
        specialty=specialty,
        site=site_of(site) if site else None,
        language=language,
        accepting=accepting,
        patient=patient_asked_for(user, token.patient_id) if by_patient and token.patient_id else None,
        each_once=True,
        behind=_behind(cursor),
        at_most=limit + 1,
    ).found
    more = sealed(found[limit - 1].key) if len(found) > limit else None
    return Page[ProviderOut](items=[_shown(one) for one in found[:limit]], next=more)


@router.get("/visit-types", response=Page[VisitTypeOut], summary="What visits can be booked for")
@operation(Scope.SCHEDULE, *LOOKING)
def list_visit_types(request: HttpRequest) -> Page[VisitTypeOut]:
    """All there are, the shortest first; for a patient those that patients book themselves."""
    user: Any = request.user
    kinds = pages.visit_types(in_portal=is_patient(user))
    return Page[VisitTypeOut].model_validate({"items": list(kinds), "next": None})


def _behind(cursor: str) -> Key | None:
    if not cursor:
        return None
    unplaced, distance, name, pk = opened(cursor, size=4)
    if not (isinstance(unplaced, bool) and isinstance(distance, float) and isinstance(name, str)):
        raise no_cursor()
    return unplaced, distance, name, str(pk)


def _place(near: str) -> Place | str | None:
    place = parse_place(near)
    if near and place is None:
        raise invalid("near", _("Write five digits of a ZIP code, or latitude and longitude like 42.26,-71.80."))
    return place


def _shown(near: Near) -> ProviderOut:
    one = near.provider
    return ProviderOut(
        id=one.pk,
        name=one.name,
        credentials=one.credentials,
        specialty=one.specialty,
        languages=one.languages,
        accepting=one.accepting,
        site=near.site.pk,
        site_name=near.site.name,
        distance_km=None if near.distance_km is None else round(near.distance_km, 1),
        next_free=near.next_free.start if near.next_free else None,
    )
