"""Alerts for other programs: what waits, and to say that one knows."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from ninja import Query, Router
from pydantic import ConfigDict, Field

from alerts import actions, queries
from alerts.models import ALERT_AREAS, Alert, AlertQuerySet
from healthcare.accounts.permissions import Permission
from healthcare.api.doors import operation, scopes_for
from healthcare.api.etags import check_match, tagged
from healthcare.api.idempotency import idempotent
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import invalid, problem_for
from healthcare.api.schemas import Page, Shown
from patients.actions import open_chart

router = Router(tags=["Alerts"])
problem_for(actions.AlreadyAnswered, status=409, title=_lazy("Answered already"))
AREAS = tuple(sorted(ALERT_AREAS))
STATES = ", ".join(Alert.State.values)


class SaidOut(Shown):
    """One thing in words, as far as the reader may see it."""

    title: str
    value: str
    judgement: str


class AlertOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-000000000011",
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "kind": "abnormal_value",
                    "severity": "urgent",
                    "area": "clinical",
                    "state": "open",
                    "about": [{"title": "Potassium", "value": "6.8 mmol/L", "judgement": "critically high"}],
                    "about_at": "2026-02-03T14:05:00Z",
                    "owner": "01937a5e-8c00-7000-8000-000000000001",
                    "team": "doctor",
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "raised_at": "2026-02-03T14:06:00Z",
                    "level": 0,
                    "next_at": "2026-02-03T14:11:00Z",
                    "may_acknowledge": True,
                    "acknowledged_at": None,
                    "acknowledged_by": None,
                    "created_at": "2026-02-03T14:06:00Z",
                    "updated_at": "2026-02-03T14:06:00Z",
                }
            ]
        }
    )
    id: UUID
    patient: UUID
    kind: str
    severity: str
    area: str = Field(description="Which part of the record it belongs to; the token needs this area.")
    state: str = Field(description=f"One of: {STATES}.")
    about: list[SaidOut]
    about_at: datetime | None
    owner: UUID | None = Field(description="Whose it is to answer; null: anybody's of the team.")
    team: str = Field(description="The role whose people may answer.")
    site: UUID
    raised_at: datetime
    level: int = Field(description="How often others were asked since.")
    next_at: datetime | None = Field(description="When the next ones are asked, unless somebody answers.")
    may_acknowledge: bool = Field(description="Whether the token's person is one who may.")
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    created_at: datetime
    updated_at: datetime


@router.get("/alerts", response=Page[AlertOut], summary="List alerts")
@operation(AREAS, Permission.RECEIVE_ALERTS)
def list_alerts(
    request: HttpRequest,
    state: Annotated[str, Query(max_length=12, description=f"One of: {STATES}.")] = "open",
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[AlertOut]:
    """Of the areas that the token may read, the last raised first."""
    user: Any = request.user
    if state not in Alert.State.values:
        raise invalid("state", _("There is no such state."))
    actions.list_alerts(by=user)
    found = page(_seen(request, write=False).filter(state=state), cursor=cursor, limit=limit, key=("raised_at", "id"))
    lines = queries.get_lines(user, found.items)
    return Page[AlertOut](items=[_shown(line) for line in lines], next=found.next)


@router.post("/alerts/{uuid:alert_id}/acknowledge", response=AlertOut, summary="Say that one knows")
@operation(AREAS, Permission.RECEIVE_ALERTS, write=True)
@idempotent
def acknowledge(request: HttpRequest, alert_id: UUID) -> AlertOut:
    """From now on nobody else is asked. Of two at once one is first; the other gets a 409 that says who was."""
    user: Any = request.user
    alert = _seen(request, write=True).filter(pk=alert_id).first()
    if alert is None:
        raise Http404
    check_match(request, alert)
    open_chart(by=user, patient=alert.patient)
    actions.acknowledge_alert(by=user, alert=alert, now=timezone.now())
    answered = _seen(request, write=True).get(pk=alert_id)
    return tagged(_shown(queries.get_line(user, answered)), answered)


def _seen(request: HttpRequest, *, write: bool) -> AlertQuerySet:
    """Of the alerts that the person sees, those in the areas that the token reaches."""
    user: Any = request.user
    scopes = request.token.scopes  # type: ignore[attr-defined]
    areas = [area.value for area in AREAS if scopes.intersection(scopes_for(area, write))]
    seen: AlertQuerySet = Alert.objects.visible_to(user).filter(area__in=areas)
    return seen.select_related("patient", "owner", "acknowledged_by", "team__site")


def _shown(line: queries.AlertLine) -> AlertOut:
    alert = line.alert
    return AlertOut(
        id=alert.pk,
        patient=alert.patient_id,
        kind=alert.kind,
        severity=alert.severity,
        area=alert.area,
        state=alert.state,
        about=[SaidOut.model_validate(said) for said in line.about.said],
        about_at=line.about.at,
        owner=alert.owner_id,
        team=alert.team_role,
        site=alert.team.site_id,
        raised_at=alert.raised_at,
        level=alert.level,
        next_at=alert.next_at,
        may_acknowledge=line.may_answer,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by_id,
        created_at=alert.created_at,
        updated_at=alert.updated_at,
    )
