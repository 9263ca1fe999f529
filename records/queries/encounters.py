"""What the pages of a visit, of its note and of a patient's visits show."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import FAILED_CARD, Card
from healthcare.accounts.permissions import Permission
from healthcare.db.prepared import prepared
from healthcare.events.parts import answers_of
from patients.models import Patient
from patients.queries.merging import signed_under
from records.kinds.condition import PRESENT
from records.kinds.flags import value_text
from records.kinds.vital_signs import NAMES, ORDER
from records.models import Draft, Encounter, Entry
from records.queries.diagnoses import Diagnosis, before_signing, diagnoses_of, drafts_of, ids_in
from records.queries.lines import EntryLine, lines_of
from records.rules.notes import NoteText, is_late_entry, signature_of, text_of
from scheduling.models import HERE, OPEN, Appointment

MOST_VISITS = 100
TO_SIGN_SHOWN = 50
BEFORE_THE_VISIT = timedelta(hours=12)  # what a nurse measured today stands beside the note, begun or not


# == A signed note ==
@dataclass(frozen=True)
class SignedNote:
    """A note as it was signed, with what was added since, oldest first, and its earlier versions, the latest first.

    `intact` says that the signature still fits.
    """

    entry: Entry
    text: NoteText
    intact: bool
    addenda: Sequence["Addendum"] = ()
    earlier: Sequence["SignedNote"] = ()

    @property
    def copied(self) -> Mapping[str, Sequence[int]]:
        """By part, the lines taken over word for word from the note before."""
        return dict(self.entry.data.get("copied", {}).get("lines", {}))

    @property
    def because(self) -> str:
        """Why this version was signed in place of the one before; "" for the first."""
        return str(self.entry.data.get("because", ""))

    @property
    def late(self) -> bool:
        return is_late_entry(self.entry.effective_at, self.entry.signed_at or self.entry.created_at)

    @property
    def waits(self) -> bool:
        """Signed by somebody in training, and not co-signed yet."""
        return self.entry.record_status == "preliminary"


@dataclass(frozen=True)
class Addendum:
    entry: Entry
    text: str
    intact: bool

    @property
    def waits(self) -> bool:
        """Signed by somebody in training, and not co-signed yet."""
        return self.entry.record_status == "preliminary"


def is_intact(entry: Entry) -> bool:
    """Whether the signature fits what the row says now; one made before a merge names the record of that time."""
    if _fits(entry, entry.patient_id):
        return True
    return any(_fits(entry, former) for former in signed_under(entry.patient_id))


def _fits(entry: Entry, patient_id: UUID) -> bool:
    if entry.signed_at is None or entry.signed_by_id is None:
        return False
    return entry.signature == signature_of(
        entry.data,
        patient_id=patient_id,
        encounter_id=entry.encounter_id,
        signer_id=entry.signed_by_id,
        signed_at=entry.signed_at,
    )


def signed_note(entries: Iterable[Entry]) -> SignedNote | None:
    """The note that stands among these entries of one visit, with its addenda and its earlier versions."""
    rows = list(entries)
    notes = [entry for entry in rows if entry.kind == "note"]
    standing = next((entry for entry in notes if entry.superseded_at is None), None)
    if standing is None:
        return None
    added = [entry for entry in rows if entry.kind == "addendum"]
    return SignedNote(
        entry=standing,
        text=text_of(standing.data),
        intact=is_intact(standing),
        addenda=[
            Addendum(entry, str(entry.data.get("text", "")), is_intact(entry))
            for entry in sorted(added, key=lambda entry: (entry.effective_at, entry.pk))
        ],
        earlier=[SignedNote(entry, text_of(entry.data), is_intact(entry)) for entry in _before(standing, notes)],
    )


def _before(standing: Entry, notes: Iterable[Entry]) -> Iterator[Entry]:
    """The versions that this one replaced, the latest first."""
    known: dict[UUID | None, Entry] = {entry.pk: entry for entry in notes}
    at = known.get(standing.supersedes_id)
    while at is not None:
        yield at
        at = known.get(at.supersedes_id)


@dataclass(frozen=True)
class NursingNote:
    """The nurse's part of a visit's note."""

    entry: Entry
    intact: bool


# == Measured ==
@dataclass(frozen=True)
class Measured:
    """What was measured at one time: labels and values as people read them, the pressure first."""

    entry: Entry
    facts: Sequence[tuple[Any, str]]


def measured_of(entries: Iterable[Entry]) -> list[Measured]:
    """The panels of vital signs among these entries, in their order, with what was measured in each."""
    rows = [entry for entry in entries if entry.kind == "vital_signs"]
    parts: dict[UUID, list[Entry]] = {}
    for entry in rows:
        if entry.parent_id is not None:
            parts.setdefault(entry.parent_id, []).append(entry)
    return [Measured(panel, _facts(parts.get(panel.pk, []))) for panel in rows if panel.parent_id is None]


def _facts(measures: Iterable[Entry]) -> list[tuple[Any, str]]:
    places = {code: place for place, code in enumerate(ORDER)}
    inorder = sorted(measures, key=lambda entry: (places.get(entry.code, len(places)), entry.pk))
    return [(NAMES.get(entry.code, entry.display), value_text(entry)) for entry in inorder]


# == One visit ==
@dataclass(frozen=True)
class VisitPage:
    """Everything of one visit that this reader may see, by kind; `draft` only of the reader's own."""

    encounter: Encounter
    note: SignedNote | None
    draft: Draft | None
    vitals: Sequence[Measured] = ()
    diagnoses: Sequence[Diagnosis] = ()
    lines: Sequence[EntryLine] = ()
    nursing: Sequence[NursingNote] = ()

    def signed(self) -> list[Entry]:
        """What may wait for a co-signature or have one: the note and what was added to it."""
        return [self.note.entry, *(added.entry for added in self.note.addenda)] if self.note else []


def with_names(encounters: "QuerySet[Encounter]") -> "QuerySet[Encounter]":
    """Each with whom, where and of whom, and the appointment it came from."""
    return encounters.select_related("provider", "site", "patient", "appointment")


def entries_of(user: User, encounter: Encounter) -> list[Entry]:
    """What belongs to this visit and is neither void nor replaced, newest first; of a note the versions before too.

    What a nurse measured before the visit began is not tied to it in the rows, and belongs to it.
    """
    seen = Entry.objects.visible_to(user).filter(patient_id=encounter.patient_id, voided_at=None)
    seen = seen.filter(Q(superseded_at=None) | Q(kind="note"))
    of_visit = Q(encounter=encounter) | (Q(kind="vital_signs", encounter=None) & _shortly_before(encounter))
    return list(seen.filter(of_visit).select_related("author", "signed_by").newest_first())


def _shortly_before(encounter: Encounter) -> Q:
    if encounter.started_at is None:
        return Q(pk__in=[])
    until = encounter.finished_at or encounter.started_at + BEFORE_THE_VISIT
    return Q(effective_at__gte=encounter.started_at - BEFORE_THE_VISIT, effective_at__lte=until)


def visit_page(user: User, encounter: Encounter) -> VisitPage:
    """Two queries: the entries of the visit, and one's own drafts; one more for diagnoses that were chosen."""
    entries = entries_of(user, encounter)
    by_kind: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.parent_id is None:
            by_kind.setdefault(entry.kind, []).append(entry)
    note, conditions = signed_note(entries), by_kind.get("condition", [])
    draft, choice = drafts_of(user, encounter)
    apart = ("note", "nursing_note", "addendum", "vital_signs", "condition")
    return VisitPage(
        encounter=encounter,
        note=note,
        draft=draft,
        vitals=measured_of(entries),
        diagnoses=diagnoses_of(user, encounter, note.entry if note else None, conditions, ids_in(choice)),
        lines=lines_of(entry for kind, rows in by_kind.items() if kind not in apart for entry in rows),
        nursing=[NursingNote(entry, is_intact(entry)) for entry in reversed(by_kind.get("nursing_note", []))],
    )


def draft_of(user: User, encounter: Encounter) -> Draft | None:
    """This person's own draft of the visit's note; else that of a colleague who left it to them."""
    return drafts_of(user, encounter)[0]


# == Beside the note, while it is written ==
@dataclass(frozen=True)
class Beside:
    """What stands beside the note: measured for this visit, said in it, and what the patient has besides."""

    measured: Sequence[Measured]
    diagnoses: Sequence[Diagnosis]
    problems: Sequence[Entry]


def beside_note(user: User, encounter: Encounter) -> Beside:
    """Two queries."""
    seen = Entry.objects.visible_to(user).filter(patient_id=encounter.patient_id, voided_at=None)
    measured = Q(kind="vital_signs", superseded_at=None) & (Q(encounter=encounter) | _shortly_before(encounter))
    rows = list(seen.filter(Q(kind="condition") | measured).select_related("author").newest_first())
    conditions = [entry for entry in rows if entry.kind == "condition"]
    diagnoses = before_signing(encounter, conditions, ids_in(drafts_of(user, encounter)[1]))
    dealt_with = {one.entry_id for one in diagnoses}
    standing = [row for row in conditions if row.superseded_at is None and row.clinical_status in PRESENT]
    return Beside(
        measured=measured_of(rows),
        diagnoses=diagnoses,
        problems=[row for row in standing if row.pk not in dealt_with],
    )


@dataclass(frozen=True)
class PastVisit:
    """The signed note before this one, with the visit it belongs to."""

    encounter: Encounter
    note: SignedNote


def previous_visit(user: User, encounter: Encounter) -> PastVisit | None:
    """The patient's last visit before this one that has a signed note, whoever held it. Two queries."""
    notes = Entry.objects.visible_to(user).current().filter(patient_id=encounter.patient_id)
    before = notes.filter(kind="note", encounter__isnull=False).exclude(encounter=encounter)
    if encounter.started_at is not None:
        before = before.filter(effective_at__lt=encounter.started_at)
    last = before.select_related("signed_by", "encounter__provider", "encounter__site").newest_first().first()
    if last is None or last.encounter is None:
        return None
    addenda = notes.filter(kind="addendum", parent=last).select_related("signed_by").newest_first()
    note = signed_note([last, *addenda])
    return PastVisit(last.encounter, note) if note else None


def may_amend(user: User, page: VisitPage) -> bool:
    """Whether to offer it: to who signed the note or holds the visit. Asks nothing of the database."""
    if page.note is None or not can(user, Permission.WRITE_NOTE):
        return False
    return page.note.entry.signed_by_id == user.pk or page.encounter.is_held_by(user)


def may_close(encounter: Encounter) -> bool:
    """Whether the record of this visit is ready to be closed; asks nothing of the database."""
    ready = encounter.status == Encounter.Status.FINISHED and not encounter.source
    return ready and encounter.closed_at is None and encounter.note_signed_at is not None


def may_void(encounter: Encounter) -> bool:
    """Whether this visit may still be marked as entered in error; asks nothing of the database."""
    return not encounter.source and not encounter.is_wrong and encounter.closed_at is None


# == A patient's visits ==
def encounters_of(user: User, patient: Patient, *, at_most: int = MOST_VISITS) -> list[Encounter]:
    """The newest first."""
    seen = with_names(Encounter.objects.visible_to(user).filter(patient=patient))
    return list(seen.order_by("-started_at", "-pk")[:at_most])


def latest_encounters(user: User, patient: Patient, *, at_most: int) -> tuple[list[Encounter], Encounter | None]:
    """The newest, and the one among all that this person holds with the patient at present. One query."""
    rows = _mine_and_newest(user, patient, at_most + 1)
    running = next((row for row in rows if row.status == "in_progress" and row.is_held_by(user)), None)
    never = datetime.max.replace(tzinfo=UTC)  # not begun yet comes first, as the database orders it
    newest = sorted(rows, key=lambda row: (row.started_at or never, row.pk), reverse=True)
    return newest[:at_most], running


@prepared
def _mine_and_newest(user: User, patient: Patient, at_most: int) -> "QuerySet[Encounter]":
    mine = Case(When(provider__user=user, status="in_progress", then=Value(0)), default=Value(1))
    seen = Encounter.objects.visible_to(user).filter(patient=patient).select_related("provider", "site")
    return seen.order_by(mine, "-started_at", "-pk")[:at_most]


def open_encounter_of(user: User, patient: Patient) -> Encounter | None:
    """The visit that this person holds with this patient at present."""
    seen = Encounter.objects.visible_to(user).filter(patient=patient, provider__user=user, status="in_progress")
    return seen.order_by("-started_at", "-pk").first()


def appointment_to_begin(user: User, patient: Patient, now: datetime) -> Appointment | None:
    """This person's visit with the patient that can begin: the patient is here, or it is due within half a day."""
    return next(iter(_to_begin(user, patient, *_near(now))), None)


@prepared
def _to_begin(user: User, patient: Patient, first: datetime, last: datetime) -> "QuerySet[Appointment]":
    due = Q(status__in=HERE) | Q(status__in=OPEN, during__startswith__range=(first, last))
    taken = Encounter.objects.standing().filter(appointment=OuterRef("pk"))
    seen = Appointment.objects.visible_to(user).filter(due, ~Exists(taken), patient=patient, provider__user=user)
    return seen.select_related("visit_type", "site").order_by("during")[:1]


def may_begin(user: User, visit: Appointment, now: datetime) -> bool:
    """The same of one visit that has not begun; asks nothing of the database."""
    first, last = _near(now)
    due = visit.status in HERE or (visit.status in OPEN and first <= visit.starts_at <= last)
    return due and visit.provider.user_id == user.pk


def _near(now: datetime) -> tuple[datetime, datetime]:
    return now - BEFORE_THE_VISIT, now + BEFORE_THE_VISIT


def encounter_of(user: User, visit: Appointment) -> Encounter | None:
    """What became of this appointment, as far as this person sees it."""
    seen = Encounter.objects.visible_to(user).standing().filter(patient_id=visit.patient_id, appointment=visit)
    return seen.select_related("provider").first()


# == For the patient ==
def summaries_of(user: User, patient: Patient, *, at_most: int = MOST_VISITS) -> list[Encounter]:
    """The patient's visits whose note is signed and may be read by whoever asks, and those of which that was wrong; the
    newest first.
    """
    return _signed_of(user, patient, at_most)


@prepared
def _signed_of(user: User, patient: Patient, at_most: int) -> "QuerySet[Encounter]":
    notes = Entry.objects.visible_to(user).current().of_kind("note")
    read = Exists(notes.filter(patient_id=OuterRef("patient_id"), encounter=OuterRef("pk")))
    shown = Q(read, note_signed_at__isnull=False) | Q(status="entered_in_error", void_told=True)
    signed = Encounter.objects.visible_to(user).filter(shown, patient=patient)
    return with_names(signed).order_by("-started_at", "-pk")[:at_most]


def next_visits(user: User, patient: Patient, now: datetime) -> list[Appointment]:
    """What is booked next, at most three."""
    seen = Appointment.objects.visible_to(user).filter(patient=patient, status__in=OPEN, during__startswith__gt=now)
    return list(seen.select_related("provider", "site", "visit_type").order_by("during")[:3])


# == Cards of the apps to the right ==
def cards_for_visit(part: str, encounter: Encounter, user: User, now: datetime) -> list[Card]:
    """What the apps have for a page about this visit, in their order; one that failed says so."""
    answers = answers_of(part, lambda card: card(encounter, user, now))
    cards = [FAILED_CARD if given.failed else given.value for given in answers]
    return sorted((card for card in cards if card is not None), key=lambda card: card.order)
