"""Two records that are one person's: what differs, what would move, and what became of a merge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.events.parts import parts_of
from patients.access import find_visible
from patients.models import CareRelationship, DuplicatePair, Merge, Patient, PatientLink, Proxy
from patients.parts import MergeNote

#: What is not chosen: what names the record, what is worked out, and a death, which has verbs of its own.
FIXED = frozenset(
    {"id", "created_at", "updated_at", "mrn", "site", "search_name", "deceased", "deceased_date", "public_eye"}
)
#: What is chosen together: field → those that come with it.
TOGETHER: dict[str, tuple[str, ...]] = {"birth_date": ("birth_precision",)}
COMES_ALONG = frozenset(name for names in TOGETHER.values() for name in names)


# == Side by side ==
@dataclass(frozen=True)
class Difference:
    """One field of the two records, in words; `field` is its name, `kept` and `gone` what each says."""

    field: str
    label: str
    kept: str
    gone: str

    @property
    def differs(self) -> bool:
        return self.kept != self.gone


def side_by_side(kept: Patient, gone: Patient) -> list[Difference]:
    """Every field that describes the person, in the order of the model, also those in which both agree."""
    return [
        Difference(field.name, str(field.verbose_name), _words(kept, field), _words(gone, field))
        for field in describing()
        if field.name not in COMES_ALONG
    ]


def describing() -> list["models.Field[Any, Any]"]:
    """The fields of a patient that say who the person is and how to reach them."""
    return [field for field in Patient._meta.concrete_fields if field.name not in FIXED]


def labels_of(names: Iterable[str]) -> list[str]:
    """What these fields are called, without those that come along with another."""
    wanted = set(names)
    return [str(field.verbose_name) for field in describing() if field.name in wanted - COMES_ALONG]


def taken_together(names: Iterable[str]) -> list["models.Field[Any, Any]"]:
    """These fields, and what is chosen with them."""
    wanted = {name for chosen in names for name in (chosen, *TOGETHER.get(chosen, ()))}
    return [field for field in describing() if field.name in wanted]


def _words(patient: Patient, field: "models.Field[Any, Any]") -> str:
    value = getattr(patient, field.attname)
    if field.choices:
        return str(getattr(patient, f"get_{field.name}_display")())
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return date_format(value, "j F Y") if isinstance(value, date) else str(value)


# == What moves ==
@dataclass(frozen=True)
class Counted:
    """So many rows of one table, in words such as “3 visits”."""

    table: str
    rows: int
    words: str


def rows_to_merge(kept: Patient, gone: Patient) -> list[Counted]:
    """Everything that would go with the other record, also of the parts of the chart that the reader may not open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tab, rows FROM app.rows_to_merge(%s, %s)", [kept.pk, gone.pk])
        return _counted(cursor.fetchall())


def rows_to_unmerge(merge: Merge) -> dict[str, list[Counted]]:
    """What an undoing would find: `back`, `along`, `stays` and `torn`, as app.rows_to_unmerge says it."""
    found: dict[str, list[tuple[str, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT what, tab, rows FROM app.rows_to_unmerge(%s)", [merge.pk])
        for what, table, rows in cursor.fetchall():
            found.setdefault(what, []).append((table, rows))
    return {what: _counted(rows) for what, rows in found.items()}


def _counted(found: Iterable[tuple[str, int]]) -> list[Counted]:
    """In the order of the journey; what nobody counts is left out, and so is the merge's own book-keeping."""
    rows: dict[str, int] = {}
    for table, count in found:
        rows[table] = rows.get(table, 0) + count
    named = [(table, words) for part in parts_of("patients.Merge") for table, words in part.goes.items() if words]
    return [Counted(table, rows[table], words % rows[table]) for table, words in named if table in rows]


def notes_on(kept: Patient, gone: Patient, *, user: User, now: datetime) -> list[MergeNote]:
    """What the apps say about these two: what stops the merge first."""
    found = [
        note for part in parts_of("patients.Merge") for note in part.notes(kept=kept, gone=gone, user=user, now=now)
    ]
    return sorted(found, key=lambda note: not note.stops)


def refusal_of(constraint: str) -> str:
    """What it means that the database would not let both records have this; general words where no app has any."""
    said = (part.refusals[constraint] for part in parts_of("patients.Merge") if constraint in part.refusals)
    return str(next(said, _("Both records have something that one person can have only once: ask for help.")))


def portal_accounts(kept: Patient, gone: Patient) -> list[CareRelationship]:
    """Who opens each of the two as their own, that of the kept one first."""
    selves = CareRelationship.objects.filter(patient__in=[kept, gone], kind="self", ended_at=None)
    return sorted(selves.select_related("user"), key=lambda self: self.patient_id != kept.pk)


def said_of_both(user: User, kept: Patient, gone: Patient) -> list[tuple[str, bool]]:
    """What somebody noted of the two together, and whether it stops a merge: relatives are two people."""
    either = Q(patient=kept, other=gone) | Q(patient=gone, other=kept)
    said = []
    if link := PatientLink.objects.visible_to(user).filter(either).first():
        text = _("They are linked as relatives (%(relation)s), so they are two people. Take the link away first.")
        said.append((text % {"relation": link.get_relation_display()}, True))
    pair = DuplicatePair.objects.visible_to(user).filter(either, verdict=DuplicatePair.Verdict.DIFFERENT)
    if settled := pair.select_related("settled_by").first():
        by = settled.settled_by.full_name if settled.settled_by else ""
        said.append((_("%(name)s looked at both and said that they are two people.") % {"name": by}, False))
    return said


@dataclass(frozen=True)
class PairLine:
    """Two registrations that may be of one person; `other` is None where it is not in the reader's care."""

    pair: DuplicatePair
    patient: Patient
    other: Patient | None


def pairs_to_settle(user: User, *, at_most: int = 50) -> list[PairLine]:
    """What waits for somebody to look at both, the likeliest first."""
    waiting = DuplicatePair.objects.visible_to(user).waiting().select_related("patient")
    pairs = list(waiting.order_by("-weight", "id")[:at_most])
    others = Patient.objects.visible_to(user).in_bulk([pair.other_id for pair in pairs])
    return [PairLine(pair, pair.patient, others.get(pair.other_id)) for pair in pairs]


def count_pairs(user: User, at_most: int) -> int:
    """How many pairs wait for somebody to look at both."""
    return DuplicatePair.objects.visible_to(user).waiting()[:at_most].count()


def who_acts_for(user: User, patient: Patient) -> list[tuple[str, str]]:
    """Name and relation of those who act for this patient, as far as this user may see them."""
    proxies = Proxy.objects.visible_to(user).filter(patient=patient).select_related("user").order_by("id")
    return [(proxy.user.full_name, str(proxy.get_relation_display())) for proxy in proxies]


# == What was merged ==
def merges_of(user: User, patient: Patient) -> Sequence[Merge]:
    """The merges that this record is the kept one of and that stand, the latest first."""
    return list(
        Merge.objects.visible_to(user)
        .standing()
        .filter(patient=patient)
        .defer("record", "moved", "aside", "settled")
        .select_related("merged_by")
        .order_by("-merged_at", "-id")
    )


def recent_merges(user: User, *, at_most: int = 20) -> Sequence[Merge]:
    """Of the patients in this user's care, the latest first, undone ones too."""
    rows = Merge.objects.visible_to(user).defer("record", "moved", "aside", "settled", "fields")
    return list(rows.select_related("patient", "merged_by", "undone_by").order_by("-merged_at", "-id")[:at_most])


def kept_instead(user: User, patient_id: UUID) -> Patient | None:
    """The record that stands for this id since a merge, if this user reaches it."""
    merges = Merge.objects.visible_to(user).standing().filter(merged=patient_id)
    kept = merges.values_list("patient_id", flat=True).first()
    return find_visible(user, kept) if kept else None


def ids_of(patient_id: UUID) -> list[UUID]:
    """Every id under which this person's rows were signed and audited: their own first, then of what merged with it."""
    went_in = Merge.objects.standing().filter(patient=patient_id).values_list("merged", flat=True)
    return [patient_id, *went_in.order_by("merged_at")]


def signed_under(patient_id: UUID) -> list[UUID]:
    """The other ids under which rows of this record may have been signed: before a merge, or before one was undone."""
    either = Q(patient=patient_id) | Q(merged=patient_id)
    found = Merge.objects.filter(either).values_list("patient_id", "merged")
    return [one for pair in found for one in pair if one != patient_id]
