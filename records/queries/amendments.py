"""Requests for an amendment as pages show them: beside their entry, in the worklist with the clock, in the portal."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, DateTimeField, F, Q, Value, When

from healthcare.accounts.models import User
from patients.models import Patient
from patients.queries import numbers_of
from records.models import AmendmentRequest, Encounter, Entry
from records.queries.entries import family_of
from records.queries.lines import EntryLine, line_of

PEOPLE = ("asked_by", "owner", "answered_by", "extended_by", "disagreed_by", "rebutted_by", "made_by")
AT_MOST = 200


@dataclass(frozen=True)
class RequestLine:
    """A request, and the entry it is about where the reader may see that. `number` is the record's, for who watches."""

    request: AmendmentRequest
    about: EntryLine | None = None
    made_in: EntryLine | None = None
    number: str = ""


@dataclass(frozen=True)
class OpenRequests:
    """`more`: there are more than are shown."""

    lines: Sequence[RequestLine]
    more: bool


def open_requests(user: User) -> OpenRequests:
    """What waits for an answer, the first due first, and then what was accepted and is not made yet."""
    rows, more = _open(user, "patient", "owner", "answered_by")
    return OpenRequests([RequestLine(row) for row in rows], more)


def watched_requests(user: User) -> OpenRequests:
    """The same of all patients, who are known by their record numbers alone."""
    rows, more = _open(user, "owner", "answered_by")
    numbers = numbers_of({row.patient_id for row in rows}) if rows else {}
    return OpenRequests([RequestLine(row, number=numbers.get(row.patient_id, "")) for row in rows], more)


def _open(user: User, *named: str) -> tuple[list[AmendmentRequest], bool]:
    waits = AmendmentRequest.objects.waiting() | AmendmentRequest.objects.to_be_made()
    later = Case(When(state="waiting", then=F("due_at")), default=Value(None), output_field=DateTimeField())
    rows = waits.visible_to(user).select_related(*named).order_by(later.asc(nulls_last=True), "due_at", "pk")
    found = list(rows[: AT_MOST + 1])
    return found[:AT_MOST], len(found) > AT_MOST


def count_waiting(user: User) -> int:
    """Of what waits for an answer, no further than one page shows."""
    return AmendmentRequest.objects.waiting().visible_to(user)[:AT_MOST].count()


def requests_of(user: User, patient: Patient) -> list[RequestLine]:
    """All of this patient that the reader may see, the newest first."""
    rows = AmendmentRequest.objects.visible_to(user).filter(patient_id=patient.pk).select_related(*PEOPLE)
    return with_entries(user, patient.pk, rows.order_by("-asked_at", "-pk"))


def requests_about(user: User, patient_id: UUID, entries: Collection[UUID]) -> list[RequestLine]:
    """What was asked about any of these entries and not taken back, the oldest first: it goes where they go."""
    rows = AmendmentRequest.objects.visible_to(user).filter(patient_id=patient_id)
    about = rows.filter(Q(entry_id__in=entries) | Q(made_in_id__in=entries)).exclude(state="withdrawn")
    return [RequestLine(row) for row in about.select_related(*PEOPLE).order_by("asked_at", "pk")]


def requests_by_entry(user: User, patient_id: UUID) -> dict[UUID | None, list[RequestLine]]:
    """Whatever was asked of this patient's record and not taken back, by what it is about, the oldest first; under None
    what is about the record as a whole, or about what this person does not see (45 CFR 164.526(d)(4)).
    """
    rows = AmendmentRequest.objects.visible_to(user).filter(patient_id=patient_id).exclude(state="withdrawn")
    found: dict[UUID | None, list[RequestLine]] = {}
    for row in rows.select_related(*PEOPLE).order_by("asked_at", "pk"):
        found.setdefault(row.entry_id, []).append(RequestLine(row))
    return found


def with_requests(user: User, patient: Patient, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Each entry with `amendments`, what was asked about it. One query."""
    found: dict[UUID, list[AmendmentRequest]] = {}
    for line in requests_about(user, patient.pk, [entry.pk for entry in entries]):
        for key in (line.request.entry_id, line.request.made_in_id):
            if key is not None:
                found.setdefault(key, []).append(line.request)
    for entry in entries:
        entry.amendments = found.get(entry.pk, [])
    return entries


def requests_in(user: User, encounter: Encounter) -> list[RequestLine]:
    """What was asked about anything of this visit and not taken back: beside its note, and in its summary."""
    rows = AmendmentRequest.objects.visible_to(user).filter(patient_id=encounter.patient_id)
    about = rows.filter(entry__encounter=encounter, entry__patient_id=encounter.patient_id)
    lines = about.exclude(state="withdrawn").select_related(*PEOPLE).order_by("asked_at", "pk")
    return [RequestLine(row) for row in lines]


def with_entries(user: User, patient_id: UUID, rows: Collection[AmendmentRequest]) -> list[RequestLine]:
    """Each with what it is about and where it was made, in one query more."""
    found = list(rows)
    wanted = {key for row in found for key in (row.entry_id, row.made_in_id) if key}
    seen = Entry.objects.visible_to(user).filter(patient_id=patient_id, pk__in=wanted)
    lines = {entry.pk: line_of(entry) for entry in seen}
    return [RequestLine(row, lines.get(row.entry_id), lines.get(row.made_in_id)) for row in found]


def amended_in(user: User, request: AmendmentRequest) -> list[Entry]:
    """Where the record may say it now: of the entry asked about, what was written or marked as wrong since; where no
    entry was named, whatever was written here since. The newest first.
    """
    rows = Entry.objects.visible_to(user).filter(patient_id=request.patient_id)
    if request.entry_id is None:
        since = rows.current().top().filter(created_at__gte=request.asked_at, source="")
        return list(since.order_by("-id")[:50])
    entry = rows.filter(pk=request.entry_id).first()
    family = family_of(user, entry) if entry else []
    later = [row for row in family if row.created_at >= request.asked_at and row.pk != request.entry_id]
    wrong = [row for row in family if row.voided_at and row.voided_at >= request.asked_at]
    return sorted({row.pk: row for row in (*later, *wrong)}.values(), key=lambda row: row.pk, reverse=True)
