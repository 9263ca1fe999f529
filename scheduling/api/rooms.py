"""Rooms and devices, and when they are taken; who has them is said of visits alone that the asker sees."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.schemas import Page, Shown
from scheduling.api.fields import UNTIL_TEXT, Moment, site_of, up_to
from scheduling.models import Resource
from scheduling.queries.rooms import Taken, times_taken

router = Router(tags=["Visits"])


class TakenOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "start": "2026-02-05T14:20:00Z",
                    "end": "2026-02-05T14:40:00Z",
                    "appointment": "01937a5e-8c00-7000-8000-0000000000d1",
                }
            ]
        }
    )
    start: datetime
    end: datetime = Field(description="With the time that is needed before and after.")
    appointment: UUID | None = Field(description="The visit, where you see it; null for whatever else has the room.")


class RoomOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000f1",
                    "name": "Procedure 1",
                    "kind": "room",
                    "category": "Procedure room",
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "taken": [{"start": "2026-02-05T14:20:00Z", "end": "2026-02-05T14:40:00Z", "appointment": None}],
                }
            ]
        }
    )
    id: UUID
    name: str
    kind: str = Field(description="One of: room, device.")
    category: str = Field(description="What it is: a kind of visit asks for one of these, whichever is free.")
    site: UUID | None
    taken: list[TakenOut] = Field(description="By time; visits, blocked and closed hours, and what is held right now.")


@router.get("/rooms", response=Page[RoomOut], summary="Rooms and devices, and when they are taken")
@operation(Scope.SCHEDULE, Permission.VIEW_SCHEDULE)
def list_rooms(
    request: HttpRequest,
    site: UUID | None = None,
    category: Annotated[str, Query(max_length=60, examples=["Procedure room"])] = "",
    since: Annotated[Moment | None, Query(alias="from", description="Left out: now.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description=UNTIL_TEXT)] = None,
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[RoomOut]:
    """By name. None of them is booked by itself: a visit takes what its kind needs."""
    user: Any = request.user
    asked = {"site": site and site_of(site), "category": category}
    rooms = Resource.objects.filter(provider=None, **{name: value for name, value in asked.items() if value})
    found = page(rooms, cursor=cursor, limit=limit, key=("name", "id"), descending=False)
    between = up_to(since or timezone.now(), until)
    taken = times_taken([room.pk for room in found.items], between, seen_by=user)
    return Page[RoomOut](items=[_shown(room, taken[room.pk]) for room in found.items], next=found.next)


def _shown(room: Resource, taken: list[Taken]) -> RoomOut:
    return RoomOut(
        id=room.pk,
        name=room.name,
        kind=room.kind,
        category=room.category,
        site=room.site_id,
        taken=[TakenOut(start=one.start, end=one.end, appointment=one.appointment_id) for one in taken],
    )
