"""Which patients: search, list, recent ones, and colleagues to share with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Func, Q, QuerySet, TextField, Value
from django.utils.translation import gettext as _

from healthcare.accounts.models import Membership, Site, User
from healthcare.accounts.roles import ROLES
from healthcare.audit.models import AuditEvent
from healthcare.db.prepared import AnyOf, prepared
from patients.models import Patient
from patients.rules import SearchTerms, birth_dates_of_ages
from patients.rules.births import UNKNOWN, Birth, of_year

RECENT = 8
PAGE = 25


class TooManySearches(Exception):
    """Over 120 searches in a minute by one person."""


@dataclass(frozen=True)
class FoundPatient:
    """One line of a search. Where `visible` is false, names are masked, and only the year of birth is given;
    `birth_date` is empty too where it is not known to the day. `formerly`: other names by which they were found."""

    id: UUID
    visible: bool
    family_name: str
    given_name: str
    preferred_name: str
    birth_date: date | None
    birth_year: int | None
    sex: str
    mrn: str
    phone: str
    likeness: float
    formerly: str = field(default="", kw_only=True)

    @property
    def birth(self) -> Birth:
        """As far as it is shown; of what is not known to the day, the year."""
        if self.birth_date:
            return Birth(self.birth_date)
        return of_year(self.birth_year) if self.birth_year else UNKNOWN


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
            raise TooManySearches(too_many()) from problem
        raise


def too_many() -> str:
    return _("That was a lot of searches. Wait a minute, then go on.")


def recent_patients(user: User) -> list[Patient]:
    """The charts this person opened last, newest first, as far as they are still visible."""
    ids: list[UUID] = []
    for patient_id in _opened_by(user.pk, RECENT * 5):
        if patient_id and patient_id not in ids:
            ids.append(patient_id)
    visible = {patient.pk: patient for patient in _of_these(user, ids[:RECENT])} if ids else {}
    return [visible[patient_id] for patient_id in ids[:RECENT] if patient_id in visible]


@prepared
def _opened_by(user_id: UUID, at_most: int) -> "QuerySet[AuditEvent, UUID | None]":
    openings = AuditEvent.objects.filter(actor_id=user_id, action="patients.open_chart").order_by("-id")
    return openings.values_list("patient_id", flat=True)[:at_most]


@prepared
def _of_these(user: User, ids: list[UUID]) -> "QuerySet[Patient]":
    return Patient.objects.visible_to(user).filter(pk=AnyOf(ids)).order_by("pk")


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; ages in completed years."""

    name: str = ""
    site: Site | None = None
    youngest: int | None = None
    oldest: int | None = None

    def names(self) -> list[str]:
        return [name for name, value in vars(self).items() if value not in ("", None)]


@dataclass(frozen=True)
class Page:
    """Up to 25 patients by name; `after` is the id from which the next page goes on, None on the last."""

    patients: Sequence[Patient]
    after: UUID | None


def page_of_patients(user: User, filters: Filters, *, today: date, after: UUID | None = None) -> Page:
    """The visible patients by family name, given name and id, from the patient `after` on; keyset, so never a gap.

    An `after` that is not visible, perhaps no more, begins anew.
    """
    if not filters.names() and after is None:
        rows = _first_by_name(user, PAGE + 1)
        return Page(patients=rows[:PAGE], after=rows[PAGE - 1].pk if len(rows) > PAGE else None)
    patients = Patient.objects.visible_to(user).filter(_narrowed(filters, today))
    last = Patient.objects.visible_to(user).filter(pk=after).first() if after else None
    if last:
        patients = patients.filter(_behind(last))
    rows = list(patients.select_related("site").order_by("family_name", "given_name", "id")[: PAGE + 1])
    return Page(patients=rows[:PAGE], after=rows[PAGE - 1].pk if len(rows) > PAGE else None)


@prepared
def _first_by_name(user: User, at_most: int) -> "QuerySet[Patient]":
    named = Patient.objects.visible_to(user).select_related("site").order_by("family_name", "given_name", "id")
    return named[:at_most]


def _narrowed(filters: Filters, today: date) -> Q:
    found = Q()
    if filters.name:
        # The index name holds the family name first, without accents and capitals; the same is done to what was typed.
        found &= Q(search_name__startswith=Func(Value(filters.name), function="app.fold", output_field=TextField()))
    if filters.site:
        found &= Q(site=filters.site)
    first, last = birth_dates_of_ages(filters.youngest, filters.oldest, today)
    if first:
        found &= Q(birth_date__gte=first)
    if last:
        found &= Q(birth_date__lte=last)
    return found


def _behind(last: Patient) -> Q:
    """Rows behind this one in the order; the first condition repeats the second's, for the index."""
    same = Q(family_name=last.family_name)
    return Q(family_name__gte=last.family_name) & (
        Q(family_name__gt=last.family_name)
        | (same & Q(given_name__gt=last.given_name))
        | (same & Q(given_name=last.given_name, pk__gt=last.pk))
    )


@prepared
def own_sites(user: User) -> "QuerySet[Site]":
    """The same, as a list."""
    return sites_of(user)


def sites_of(user: User) -> "QuerySet[Site]":
    """Where this person works now, in the role they act in."""
    current = Membership.objects.current().filter(user=user, role=user.acting_role or "")
    return Site.objects.filter(pk__in=current.values("site")).order_by("name")


def find_colleagues(text: str, *, besides: User, at_most: int = 10) -> list[Membership]:
    """Who works here now, in a role that can open charts, by name or whole e-mail; one line a person and role."""
    text = text.strip()
    if len(text) < 2:
        return []
    roles = [role.slug for role in ROLES.values() if role.staff and role.scopes]
    fitting = Q(user__full_name__icontains=text) | Q(user__email__iexact=text)
    rows = (
        Membership.objects.current()
        .filter(fitting, role__in=roles, user__is_active=True)
        .exclude(user=besides)
        .select_related("user", "site")
        .order_by("user__full_name", "user_id", "role", "site__name")
    )
    first = {(membership.user_id, membership.role): membership for membership in reversed(rows[: at_most * 3])}
    return list(reversed(first.values()))[:at_most]


def names_of(user: User, ids: Collection[UUID]) -> dict[UUID, str]:
    """Family name first, of those among the ids whom this person may see."""
    visible = Patient.objects.visible_to(user).filter(pk__in=list(ids))
    return {pk: f"{family}, {given}" for pk, family, given in visible.values_list("pk", "family_name", "given_name")}
