"""Page-shaped reads over patients."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import CareRelationship, Patient
from patients.rules import SearchTerms

RECENT = 8


class TooManySearches(Exception):
    """Over 120 searches in a minute by one person."""


@dataclass(frozen=True)
class FoundPatient:
    """One line of a search. Where `visible` is false, names are masked, and only the year of birth is given."""

    id: UUID
    visible: bool
    family_name: str
    given_name: str
    preferred_name: str
    birth_date: date | None
    birth_year: int
    sex: str
    mrn: str
    phone: str
    likeness: float


def find_patients(terms: SearchTerms, *, at_most: int = 20) -> list[FoundPatient]:
    """The patients most like the terms, those in the actor's care first; every one of the clinic, others masked.

    The actor is the one of the signed context. Audit the search before; the database counts these lines. Raises
    TooManySearches.
    """
    if not terms:
        return []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT * FROM app.find_patients(%s::text, %s::date, %s::text, %s::text, %s::integer)",
                [terms.name, terms.birth_date, terms.mrn, terms.digits, at_most],
            )
            return [FoundPatient(*row) for row in cursor.fetchall()]
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManySearches(_("That was a lot of searches. Wait a minute, then go on.")) from problem
        raise


def recent_patients(user: User) -> list[Patient]:
    """The charts this person opened last, newest first, as far as they are still visible."""
    ids: list[UUID] = []
    openings = AuditEvent.objects.filter(actor_id=user.pk, action="patients.open_chart").order_by("-id")
    for patient_id in openings.values_list("patient_id", flat=True)[: RECENT * 5]:
        if patient_id not in ids:
            ids.append(patient_id)
    visible = Patient.objects.visible_to(user).in_bulk(ids[:RECENT])
    return [visible[patient_id] for patient_id in ids[:RECENT] if patient_id in visible]


@dataclass(frozen=True)
class Opening:
    """One line of "who opened my record": when, who by name and role, and what they did."""

    at: datetime
    who: str
    role: str
    action: str


def openings_of(patient: Patient, *, at_most: int = 100) -> list[Opening]:
    """Who opened, changed or was refused this record, newest first; the reader must be allowed to see its audit."""
    events = list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("-id")[:at_most])
    names = dict(User.objects.filter(pk__in={event.actor_id for event in events}).values_list("pk", "full_name"))
    return [
        Opening(
            at=event.at,
            who=names.get(event.actor_id, _("The clinic's computer")),
            role=event.actor_role,
            action=event.action,
        )
        for event in events
    ]


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
    relationships = (
        CareRelationship.objects.visible_to(user)
        .current()
        .filter(patient=patient)
        .select_related("user", "site", "granted_by")
        .order_by("validity")
    )
    return [
        AccessLine(
            relationship=relationship,
            who=relationship.site.name if relationship.site else relationship.user.full_name,
            kind=relationship.get_kind_display(),
            scopes=tuple(relationship.scopes),
            since=relationship.validity.lower,
            until=relationship.validity.upper,
        )
        for relationship in relationships
    ]
