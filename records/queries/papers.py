"""What stands on papers, for the eyes of one person; and which papers there are."""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from healthcare.accounts.models import User
from healthcare.events.parts import parts_of
from patients.models import Patient
from records.kinds import kinds
from records.models import Cosignature, Encounter, Entry, Paper, ServiceRequest
from records.models.papers import WAITS
from records.parts import PAPER_SECTION, Section
from records.queries.amendments import RequestLine, requests_by_entry
from records.queries.encounters import (
    NursingNote,
    SignedNote,
    VisitPage,
    entries_of,
    is_intact,
    signed_note,
    visit_page,
    with_names,
)
from records.queries.lines import EntryLine, line_of
from records.queries.orders import orders_in
from records.queries.signing import cosigned

ON_A_PAGE = 50
ENTRY, ORDER = "records.entry", "records.servicerequest"
NOTES = ("note", "nursing_note", "addendum")
SAID = ("reason", "subjective", "objective", "assessment", "plan", "instructions", "text")
#: What may stand in the data of an entry of which a number, its flag, its range and its laboratory say all.
PLAIN = {"flag", "range", "components", "laboratory", "part", "precision", "resource", "by"}
Holds = dict[str, list[str]]


# == Which papers there are ==
def papers_of(user: User, patient: Patient, *, at_most: int = ON_A_PAGE) -> list[Paper]:
    """The newest first."""
    return list(with_all(Paper.objects.visible_to(user).filter(patient=patient)).newest_first()[:at_most])


def with_all(papers: Any) -> Any:
    names = ("asked_by", "voided_by", "encounter__provider", "encounter__site", "patient__site")
    return papers.select_related(*names)


def is_late(paper: Paper, now: datetime) -> bool:
    """Whether whoever waits for it may give up, and ask again."""
    return paper.state == Paper.State.ASKED and paper.asked_at <= now - WAITS


def still_sees(user: User, paper: Paper) -> bool:
    """Whether this person sees each row that stands in it: asked of the apps that the rows belong to."""
    known = {kind: seen for part in parts_of("patients.Shown") for kind, seen in part.items()}
    return all(_sees_all(user, paper, known.get(kind), rows) for kind, rows in paper.holds.items())


def _sees_all(
    user: User,
    paper: Paper,
    seen_of: Callable[[Any, UUID, Collection[UUID]], Collection[UUID]] | None,
    rows: Iterable[str],
) -> bool:
    ids = {UUID(row) for row in rows}
    return seen_of is not None and ids <= set(seen_of(user, paper.patient_id, ids))


def has_summary(user: User, encounter: Encounter) -> bool:
    """Whether there is a signed note of this visit that this person reads."""
    notes = Entry.objects.visible_to(user).filter(patient_id=encounter.patient_id, encounter=encounter)
    return notes.current().of_kind("note").exists()


# == A visit ==
@dataclass(frozen=True)
class SummaryPaper:
    page: VisitPage
    cosigned: dict[UUID, Cosignature]
    orders: Sequence[ServiceRequest]
    sections: Sequence[Section]
    rows: Sequence[Entry]
    asked: Mapping[UUID | None, Sequence[RequestLine]]

    def holds(self) -> Holds:
        return _held([(ENTRY, self.rows), (ORDER, self.orders)], self.sections)


def summary_paper(user: User, encounter: Encounter, now: datetime) -> SummaryPaper | None:
    """What was signed and recorded in this visit and stands; None while no note that this person reads is signed."""
    page = visit_page(user, encounter)
    if page.note is None:
        return None
    return SummaryPaper(
        asked=requests_by_entry(user, encounter.patient_id),
        page=page,
        cosigned=cosigned(user, page.signed()),
        orders=[order for order in orders_in(user, encounter) if order.status != "draft"],
        sections=_sections(encounter.patient, user, now, encounter),
        rows=[row for row in entries_of(user, encounter) if row.superseded_at is None],
    )


# == Vaccines ==
@dataclass(frozen=True)
class VaccinesPaper:
    lines: Sequence[EntryLine]
    asked: Mapping[UUID | None, Sequence[RequestLine]]

    def holds(self) -> Holds:
        return _held([(ENTRY, [line.entry for line in self.lines])], ())


def vaccines_paper(user: User, patient: Patient) -> VaccinesPaper:
    """Each dose that stands, the first one first. A vaccine that was not given is of another kind."""
    doses = Entry.objects.visible_to(user).filter(patient_id=patient.pk).of_kind("immunization").current()
    given = [dose for dose in doses.select_related("author", "enterer") if dose.data.get("status") != "not-done"]
    lines = [line_of(dose) for dose in sorted(given, key=lambda dose: (dose.effective_at, dose.pk))]
    return VaccinesPaper(lines, requests_by_entry(user, patient.pk))


# == A chart ==
@dataclass(frozen=True)
class Item:
    """An entry, its versions before, the latest first, and what was measured under it."""

    line: EntryLine
    earlier: Sequence[EntryLine] = ()
    parts: Sequence["Item"] = ()
    asked: bool = False  # somebody asked to have it amended, or one of its versions

    def is_plain(self) -> bool:
        """A number and its flag say it all, and whatever else is printed of it may stand once for many such."""
        entry, line = self.line.entry, self.line
        of_one = self.asked or self.earlier or self.parts or entry.voided_at or entry.sensitivity
        return bool(line.value) and not of_one and entry.data.keys() <= PLAIN

    @property
    def same(self) -> tuple[Any, ...]:
        """What stands once for all of a series."""
        entry, line = self.line.entry, self.line
        laboratory, by = entry.data.get("laboratory", ""), entry.data.get("by", "")
        whom = (entry.author_id, laboratory, by, line.elsewhere, line.whence)
        return line.title, entry.code, entry.code_system, line.range_text, line.status, *whom

    def is_panel(self) -> bool:
        """Measured together by the same person: the parts are said in one breath."""
        entry = self.line.entry
        alone = (
            not self.asked and not self.earlier and not entry.voided_at and not entry.sensitivity and bool(self.parts)
        )
        return alone and all(
            part.is_plain() and (part.line.entry.author_id, part.line.whence) == (entry.author_id, self.line.whence)
            for part in self.parts
        )


@dataclass(frozen=True)
class Group:
    """`series`: the same measure over time, what it is said once; `items`: all that has more to say."""

    name: Any
    items: Sequence[Item]
    series: Sequence[Sequence[Item]] = ()


@dataclass(frozen=True)
class Written:
    """A note that is void, or of no visit: what it says, a paragraph a part."""

    line: EntryLine
    paragraphs: Sequence[str]


@dataclass(frozen=True)
class PaperVisit:
    """A visit with what was signed in it, what was and is void, and by name what else was recorded."""

    encounter: Encounter
    note: SignedNote | None
    nursing: Sequence[NursingNote]
    void: Sequence[Written]
    titles: Sequence[str]


@dataclass(frozen=True)
class ChartPaper:
    groups: Sequence[Group]
    visits: Sequence[PaperVisit]
    loose: Sequence[Written]  # notes of no visit that this person sees
    orders: Sequence[ServiceRequest]
    cosigned: dict[UUID, Cosignature]
    sections: Sequence[Section]
    rows: Sequence[Entry]
    asked: Mapping[UUID | None, Sequence[RequestLine]]  # by the entry it is about; None: by none that stands here

    def holds(self) -> Holds:
        return _held([(ENTRY, self.rows), (ORDER, self.orders)], self.sections)


def chart_paper(user: User, patient: Patient, now: datetime) -> ChartPaper:
    """Everything of the chart that this person sees, the oldest first: for the staff also what was void or replaced."""
    seen = Entry.objects.visible_to(user).filter(patient_id=patient.pk)
    rows = list(seen.select_related("author", "enterer", "signed_by", "voided_by").order_by("effective_at", "id"))
    visits = with_names(Encounter.objects.visible_to(user).filter(patient_id=patient.pk))
    orders = ServiceRequest.objects.visible_to(user).filter(patient_id=patient.pk).exclude(status="draft")
    notes = [row for row in rows if row.kind in NOTES]
    others = [row for row in rows if row.kind not in NOTES]
    of_visits = [_of_visit(visit, rows) for visit in visits.select_related("voided_by").order_by("started_at", "pk")]
    known = {visit.encounter.pk for visit in of_visits}
    asked = _beside(requests_by_entry(user, patient.pk), {row.pk for row in rows})
    return ChartPaper(
        asked=asked,
        groups=_grouped(others, asked),
        visits=of_visits,
        loose=[_written(row) for row in notes if row.encounter_id not in known],
        orders=list(orders.select_related("provider").order_by("created_at", "id")),
        cosigned=cosigned(user, [row for row in notes if row.signed_at]),
        sections=_sections(patient, user, now, None),
        rows=rows,
    )


def _beside(
    asked: Mapping[UUID | None, Sequence[RequestLine]], printed: Collection[UUID]
) -> dict[UUID | None, list[RequestLine]]:
    found: dict[UUID | None, list[RequestLine]] = {}
    for about, lines in asked.items():
        found.setdefault(about if about in printed else None, []).extend(lines)
    return found


def _of_visit(encounter: Encounter, rows: Sequence[Entry]) -> PaperVisit:
    mine = [row for row in rows if row.encounter_id == encounter.pk]
    standing = [row for row in mine if row.voided_at is None]
    top = [row for row in standing if row.kind not in NOTES and row.parent_id is None and row.superseded_at is None]
    return PaperVisit(
        encounter=encounter,
        note=signed_note(standing),
        nursing=[NursingNote(row, is_intact(row)) for row in standing if row.kind == "nursing_note"],
        void=[_written(row) for row in mine if row.kind in NOTES and row.voided_at is not None],
        titles=[line_of(row).title for row in top],
    )


def _written(row: Entry) -> Written:
    return Written(line_of(row), [str(row.data[part]) for part in SAID if row.data.get(part)])


def _grouped(rows: Sequence[Entry], asked: Container[UUID | None]) -> list[Group]:
    """By kind, in the order of their names; parts stand under their panel, versions under what replaced them."""
    known = {row.pk: row for row in rows}
    replaced = {row.supersedes_id for row in rows if row.supersedes_id in known}
    under: dict[UUID, list[Entry]] = {}
    for row in rows:
        if row.parent_id in known and row.pk not in replaced:
            under.setdefault(row.parent_id, []).append(row)
    found: dict[str, list[Item]] = {}
    for row in rows:
        if row.pk not in replaced and row.parent_id not in known:
            found.setdefault(row.kind, []).append(_item(row, known, under, asked))
    named = [_group(kinds()[slug].plural if slug in kinds() else slug, items) for slug, items in found.items()]
    return sorted(named, key=lambda group: str(group.name).casefold())


def _group(name: Any, items: Sequence[Item]) -> Group:
    series: dict[tuple[Any, ...], list[Item]] = {}
    for item in items:
        if item.is_plain():
            series.setdefault(item.same, []).append(item)
    return Group(name, [item for item in items if not item.is_plain()], list(series.values()))


def _item(row: Entry, known: dict[UUID, Entry], under: dict[UUID, list[Entry]], asked: Container[UUID | None]) -> Item:
    chain = list(_before(row, known))
    parts = [part for version in (row, *chain) for part in under.get(version.pk, ())]
    return Item(
        line_of(row),
        [line_of(version) for version in chain],
        [_item(part, known, under, asked) for part in parts],
        any(version.pk in asked for version in (row, *chain)),
    )


def _before(row: Entry, known: dict[UUID, Entry]) -> Iterable[Entry]:
    at = known.get(row.supersedes_id) if row.supersedes_id else None
    while at is not None:
        yield at
        at = known.get(at.supersedes_id) if at.supersedes_id else None


# == Steps ==
def _sections(patient: Patient, user: User, now: datetime, encounter: Encounter | None) -> list[Section]:
    """What the apps to the right have to say; one that fails, fails the paper: it would lack something unseen."""
    found = [part(patient, user, now, encounter) for part in parts_of(PAPER_SECTION)]
    return sorted((section for section in found if section is not None), key=lambda section: section.order)


def _held(rows: Iterable[tuple[str, Iterable[Any]]], sections: Iterable[Section]) -> Holds:
    found: Holds = {kind: sorted(str(row.pk) for row in of_kind) for kind, of_kind in rows}
    for section in sections:
        for kind, ids in section.holds.items():
            found[kind] = sorted({*found.get(kind, ()), *map(str, ids)})
    return {kind: ids for kind, ids in found.items() if ids}
