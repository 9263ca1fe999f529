"""Page-shaped reads over patients."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from healthcare.accounts.models import Membership, Site, User
from healthcare.accounts.parts import FAILED_CARD, Card
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLES
from healthcare.audit.models import AuditEvent
from healthcare.db.uuids import floor7
from healthcare.events.parts import answers_of, parts_of
from patients.models import CareRelationship, GroupGrant, Patient, UserGrant
from patients.parts import ALLERGIES, BannerNote
from patients.rules import SearchTerms, birth_dates_of_ages

RECENT = 8
NO_END = datetime(9000, 1, 1, tzinfo=UTC)  # grants without an end have one in 9999
PAGE = 25
SITTING = timedelta(minutes=15)


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
        if patient_id and patient_id not in ids:
            ids.append(patient_id)
    visible = Patient.objects.visible_to(user).in_bulk(ids[:RECENT])
    return [visible[patient_id] for patient_id in ids[:RECENT] if patient_id in visible]


# == Lists ==
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
    patients = Patient.objects.visible_to(user).filter(_narrowed(filters, today))
    last = Patient.objects.visible_to(user).filter(pk=after).first() if after else None
    if last:
        patients = patients.filter(_behind(last))
    rows = list(patients.select_related("site").order_by("family_name", "given_name", "id")[: PAGE + 1])
    return Page(patients=rows[:PAGE], after=rows[PAGE - 1].pk if len(rows) > PAGE else None)


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


def patients_with_ended_grants(*, at_most: int) -> list[UUID]:
    """Whose grants are over and wait to be cleared away. The second bound lets the index of endings be used."""
    over = Q(valid_until__lte=Now(), valid_until__lt=NO_END)
    found: set[UUID] = set()
    for grants in (UserGrant.objects, GroupGrant.objects):
        ended = grants.filter(over).order_by("valid_until").values_list("content_object_id", flat=True)
        found.update(ended[: at_most * len(Scope)])
    return list(found)[:at_most]


# == The banner ==
def not_shown() -> tuple[BannerNote, BannerNote]:
    """What stands in place of the notes of an app that failed."""
    unsafe = _("Allergies could not be shown: do not rely on this page.")
    return BannerNote("bad", unsafe, slot=ALLERGIES), BannerNote("bad", _("Some warnings could not be shown"))


@dataclass(frozen=True)
class Notes:
    """What the banner says beside the name."""

    allergies: BannerNote | None = None
    alerts: Sequence[BannerNote] = field(default_factory=list)


def banner_notes(user: User, ids: Collection[UUID]) -> dict[UUID, Notes]:
    """For each patient what the apps want known first. Of allergies, who stands furthest right knows best.

    An app that fails leaves a warning in place of its notes: silence would be taken for safety.
    """
    said: dict[UUID, list[BannerNote]] = {patient_id: [] for patient_id in ids}
    for given in answers_of("patients.Banner", lambda part: dict(part.for_patients(list(said), user=user))):
        notes = dict.fromkeys(said, not_shown()) if given.value is None else given.value
        for patient_id, found in notes.items():
            said[patient_id].extend(found)
    return {
        patient_id: Notes(
            allergies=next((note for note in reversed(notes) if note.slot == ALLERGIES), None),
            alerts=[note for note in notes if note.slot != ALLERGIES],
        )
        for patient_id, notes in said.items()
    }


# == Cards of the apps to the right ==
def cards_of(part: str, patient: Patient, user: User, now: datetime) -> list[Card]:
    """The cards that the apps have for a page about this patient, in their order; one that failed says so."""
    answers = answers_of(part, lambda card: card(patient, user, now))
    cards = [FAILED_CARD if given.failed else given.value for given in answers]
    return sorted((card for card in cards if card is not None), key=lambda card: card.order)


# == One's own record ==
def has_record(user: User) -> bool:
    """Whether this person may open a record as a patient: their own, or of somebody they act for."""
    return CareRelationship.objects.current().filter(user=user, role="patient").exists()


def own_patient(user: User) -> Patient | None:
    """The patient whose account this is, with the site; None before the account is linked."""
    own = CareRelationship.objects.current().filter(user=user, kind=CareRelationship.Kind.SELF)
    return Patient.objects.visible_to(user).filter(pk__in=own.values("patient")).select_related("site").first()


@dataclass(frozen=True)
class Opening:
    """One line of "who opened my record": when, who by name and role, why they could, and what they did."""

    at: datetime
    who: str
    role: str
    why: str
    what: str
    denied: bool
    actor_id: UUID | None
    times: int = 1


def openings_of(
    patient: Patient, *, since: datetime | None = None, besides: User | None = None, at_most: int = 100
) -> list[Opening]:
    """Who opened, changed or was refused this record, newest first, as far as the reader may see its audit.

    Patients see all of it, staff what they did themselves. The same deed again and again within a quarter of an hour is
    one line that says how often; `at_most` counts the deeds.
    """
    events = AuditEvent.objects.about_patient(patient.pk)
    if since:
        events = events.filter(pk__gte=floor7(since))
    if besides:
        events = events.exclude(actor_id=besides.pk)
    found = list(events[:at_most])
    names = dict(User.objects.filter(pk__in={event.actor_id for event in found}).values_list("pk", "full_name"))
    reasons = _reasons(patient)
    lines = [
        Opening(
            at=event.at,
            who=names.get(event.actor_id, _("The clinic's computer")) if event.actor_id else _("The clinic's computer"),
            role=str(ROLES[event.actor_role].name) if event.actor_role in ROLES else "",
            why=_why(event, reasons),
            what=_what(event),
            denied=event.outcome == AuditEvent.Outcome.DENIED,
            actor_id=event.actor_id,
        )
        for event in found
    ]
    return _folded(lines)


def people_who_opened(patient: Patient, *, since: datetime, besides: User) -> int:
    """How many other people opened or changed this record since then, as far as the reader may see its audit."""
    events = AuditEvent.objects.about_patient(patient.pk).filter(pk__gte=floor7(since))
    others = events.exclude(actor_id=besides.pk).exclude(outcome=AuditEvent.Outcome.DENIED)
    return others.order_by().aggregate(people=Count("actor_id", distinct=True))["people"]


def _folded(lines: Sequence[Opening]) -> list[Opening]:
    folded: list[Opening] = []
    for line in lines:
        before = folded[-1] if folded else None
        if before and _same_deed(before, line) and before.at - line.at < SITTING:
            folded[-1] = replace(before, times=before.times + 1)
        else:
            folded.append(line)
    return folded


def _same_deed(one: Opening, other: Opening) -> bool:
    return (one.actor_id, one.role, one.what, one.denied) == (other.actor_id, other.role, other.what, other.denied)


DEEDS: dict[str, Promise] = {
    "patients.open_chart": _lazy("Opened the record"),
    "patients.register": _lazy("Began the record"),
    "patients.change": _lazy("Changed details"),
    "patients.grant_access": _lazy("Gave a colleague access"),
    "patients.end_access": _lazy("Ended a colleague's access"),
    "patients.issue_portal_code": _lazy("Made a code for the portal"),
    "patients.link_portal": _lazy("Linked an account of the portal"),
    "patients.open_for_visit": _lazy("Gave the provider of a visit access"),
    "patients.close_for_visit": _lazy("Ended the access that came with a visit"),
    "audit.read": _lazy("Looked at who opened the record"),
}


def _what(event: AuditEvent) -> str:
    """In words that staff and patients read alike; a deed that no app has words for says at least that it was one."""
    if event.outcome == AuditEvent.Outcome.DENIED:
        return _("Tried to open the record")
    deed = next(
        (words[event.action] for words in (DEEDS, *parts_of("patients.Deeds")) if event.action in words),
        _lazy("Used the record"),
    )
    if event.action == "patients.change":
        names = [
            str(getattr(Patient._meta.get_field(name), "verbose_name", name)) for name in event.detail.get("fields", [])
        ]
        return f"{deed}: {', '.join(names)}" if names else str(deed)
    return str(deed)


def _reasons(patient: Patient) -> list[CareRelationship]:
    """Every relationship that named a person, also ended ones: an opening is explained by those of its time."""
    named = CareRelationship.objects.filter(patient=patient, user__isnull=False)
    return list(named.order_by("validity"))


def _why(event: AuditEvent, reasons: Sequence[CareRelationship]) -> str:
    if event.outcome == AuditEvent.Outcome.DENIED or event.actor_id is None:
        return ""
    for reason in reasons:
        if (reason.user_id, reason.role) == (event.actor_id, event.actor_role) and event.at in reason.validity:
            return str(reason.get_kind_display())
    return _("Works where you are a patient")


# == Access ==
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
