"""Why somebody may open a chart, and whose grants wait to be projected anew."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from healthcare.accounts.models import Cover, User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.db.prepared import prepared
from patients.models import CareRelationship, Disclosure, GroupGrant, Patient, UserGrant

NO_END = datetime(9000, 1, 1, tzinfo=UTC)  # grants without an end have one in 9999


def patients_with_ended_grants(*, at_most: int) -> list[UUID]:
    """Whose grants are over and wait to be cleared away. The second bound lets the index of endings be used."""
    over = Q(valid_until__lte=Now(), valid_until__lt=NO_END)
    found: set[UUID] = set()
    for grants in (UserGrant.objects, GroupGrant.objects):
        ended = grants.filter(over).order_by("valid_until").values_list("content_object_id", flat=True)
        found.update(ended[: at_most * len(Scope)])
    return list(found)[:at_most]


@dataclass(frozen=True)
class AccessLine:
    """Why somebody may open the chart, for the access page."""

    relationship: CareRelationship
    who: str
    kind: str
    scopes: tuple[str, ...]
    since: datetime | None
    until: datetime | None


def access_lines(user: User, patient: Patient) -> list[AccessLine]:
    """The current care relationships of a patient, sites first, in the order they began."""
    rows: list[Any] = _current(user, patient)
    return [
        AccessLine(
            relationship=relationship,
            who=relationship.site.name if relationship.site else relationship.user.full_name,
            kind=relationship.get_kind_display(),
            scopes=tuple(relationship.scopes),
            since=relationship.validity.lower,
            until=relationship.validity.upper,
        )
        for relationship in rows
    ]


@prepared
def _current(user: User, patient: Patient) -> "QuerySet[CareRelationship]":
    seen = CareRelationship.objects.visible_to(user).current().filter(patient=patient)
    return seen.select_related("user", "site", "granted_by").order_by("validity")


def labels_open(patient: Patient) -> list[Sensitivity]:
    """Which marked items of the patient the one who acts may read now; asked of the second wall, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT label FROM unnest(%s::text[]) AS label WHERE app.reaches(%s, label)",
            [[label.value for label in Sensitivity], patient.pk],
        )
        held = {label for (label,) in cursor.fetchall()}
    return [label for label in Sensitivity if label in held]


def disclosures_of(user: User, patient: Patient) -> list[Disclosure]:
    """What was given to whom, newest first."""
    rows = Disclosure.objects.visible_to(user).filter(patient=patient).select_related("made_by")
    return list(rows.order_by("-made_at", "-id"))


# == Standing in ==
def covers_of(user: User, now: datetime) -> list[Cover]:
    """Who stands in for this person and for whom they do, now and to come, the earliest first."""
    return list(_covers(now).filter(Q(absent=user) | Q(cover=user)))


def covers_from(now: datetime) -> list[Cover]:
    """Everybody who stands in, now and to come, the earliest first."""
    return list(_covers(now))


def _covers(now: datetime) -> "QuerySet[Cover]":
    rows = Cover.objects.filter(validity__endswith__gt=now, ended_at=None).select_related("absent", "cover")
    return rows.order_by("validity", "id")
