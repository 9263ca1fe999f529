"""The chart for other programs: what was recorded, and the verbs that record by kind."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from ninja import Query, Router
from pydantic import AwareDatetime

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.etags import check_match, tagged
from healthcare.api.idempotency import idempotent
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import invalid, problem_for
from healthcare.api.schemas import Page
from patients.doors import patient_asked_for
from patients.models import Patient
from records import actions
from records.actions.entries import NotAMove
from records.actions.searching import search_one_chart
from records.actions.writing import AlreadyThere, NotCurrent, NotRecorded
from records.api.schemas import Changed, EntryOut, Marking, NewEntry, Wrong
from records.api.writers import WRITERS, by_form, change, read
from records.doors import find_encounter
from records.kinds import NotOfKind, kinds
from records.models import Entry
from records.queries.amendments import with_requests
from records.queries.entries import with_parts
from records.queries.words import TooManySearches
from records.rules.words import read_words

router = Router(tags=["Records"])


def standing(problem: AlreadyThere) -> dict[str, str]:
    return {"standing": str(problem.standing.pk)}


problem_for(NotRecorded, status=422, title=_lazy("Not recorded"))
problem_for(NotOfKind, status=422, title=_lazy("Does not fit its kind"))
problem_for(AlreadyThere, status=409, title=_lazy("On the list already"), extra=standing)
problem_for(NotAMove, status=409, title=_lazy("Cannot follow what is said now"))
problem_for(TooManySearches, status=429, title=_lazy("Too many searches"))
problem_for(NotCurrent, status=409, title=_lazy("No longer current"))
READING = (Permission.READ_CLINICAL, Permission.OWN_RECORD)
WRITING = (
    Permission.RECORD_VITALS,
    Permission.ENTER_RESULT,
    Permission.RECORD_CONDITION,
    Permission.RECORD_ALLERGY,
    Permission.RECORD_HISTORY,
)
SEARCHED = (
    'Words of titles and texts, all of them, in any order: a "phrase" in quotes, `or`, -not; the last word may go on.'
    " Also part of the name, or the beginning of the code. Of what is marked as sensitive the title alone is searched."
    " At most 60 searches a minute, each page counted."
)
MARKED_AT_ONCE = ("condition", "family_history", "surgical_history")


# == Operations ==
@router.get("/records", response=Page[EntryOut], summary="List what a chart says")
@operation(Scope.CLINICAL, *READING)
def list_records(
    request: HttpRequest,
    patient: Annotated[UUID | None, Query(description="May be left out by a token that acts for a patient.")] = None,
    kind: Annotated[str, Query(max_length=30, examples=["vital_signs"])] = "",
    q: Annotated[str, Query(max_length=100, description=SEARCHED, examples=['"chest pain" amoxi'])] = "",
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="Up to, and not with, this moment.")] = None,
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[EntryOut]:
    """What stands now, newest first by when it was true of the patient, also with `q`; what was replaced or wrong is
    left out."""
    user: Any = request.user
    if kind and kind not in kinds():
        raise invalid("kind", _("There is no such kind."))
    asked = patient_of(request, patient)
    rows = Entry.objects.visible_to(user).filter(patient_id=asked.pk).top().current()
    rows = rows.filter(_narrowed(kind, since, until), _holding(user, asked, q.strip()))
    found = page(rows, cursor=cursor, limit=limit, key=("effective_at", "id"))
    told = with_requests(user, asked, with_parts(user, asked, found.items))
    return Page[EntryOut](items=[_shown(row) for row in told], next=found.next)


@router.get("/records/{uuid:entry_id}", response=EntryOut, summary="Read one entry")
@operation(Scope.CLINICAL, *READING)
def get_record(request: HttpRequest, entry_id: UUID) -> EntryOut:
    user: Any = request.user
    found = Entry.objects.visible_to(user).filter(pk=entry_id).first()
    if found is None:
        raise Http404
    patient = patient_asked_for(user, found.patient_id)
    with_requests(user, patient, with_parts(user, patient, [found]))
    return tagged(EntryOut.model_validate(found), found)


@router.post("/records", response={201: EntryOut}, summary="Record something")
@operation(Scope.CLINICAL, *WRITING, write=True)
@idempotent
def create_record(request: HttpRequest, body: NewEntry) -> EntryOut:
    """By kind: vital_signs, laboratory_result (`code` LOINC), condition (ICD-10-CM), allergy, immunization (CVX),
    family_history, surgical_history, social_history (LOINC of the question); any other by its own form, whose fields
    are what `data` holds: docs/kinds.md."""
    user: Any = request.user
    schema, write = WRITERS.get(body.kind, (None, None))
    said, now = read(schema, body.data) if schema else None, timezone.now()
    patient = patient_asked_for(user, body.patient)
    visit = find_encounter(user, patient.pk, body.encounter) if body.encounter else None
    common = {"by": user, "patient": patient, "encounter": visit, "effective_at": body.effective_at or now, "now": now}
    if body.sensitivity:
        if said and (body.kind not in MARKED_AT_ONCE or said.model_dump().get("none_known")):
            raise invalid("sensitivity", _("This is marked once it stands."))
        common["sensitivity"] = body.sensitivity
    entry = write(said, body.code, common) if write else by_form(body.kind, _typed(body), common)
    with_parts(user, patient, [entry])
    return tagged(EntryOut.model_validate(entry), entry)


@router.post("/records/{uuid:entry_id}/mark", response=EntryOut, summary="Mark an entry as sensitive")
@operation(Scope.CLINICAL, *WRITING, write=True)
@idempotent
def mark_record(request: HttpRequest, entry_id: UUID, body: Marking) -> EntryOut:
    """With all its versions and parts: few see it from now on, or again everybody who reads the chart."""
    user, found = _asked_for(request, entry_id)
    actions.mark_entry(by=user, entry=found, label=body.sensitivity, now=timezone.now())
    return _as_it_is_now(user, found)


@router.post("/records/{uuid:entry_id}/change", response=EntryOut, summary="Say what has become of an entry")
@operation(Scope.CLINICAL, *WRITING, write=True)
@idempotent
def change_record(request: HttpRequest, entry_id: UUID, body: Changed) -> EntryOut:
    """Of a problem or an allergy: over, active again, shown to be none; of what is planned: done. The answer is the
    version that says so."""
    user, found = _asked_for(request, entry_id)
    entry = change(body, found, {"by": user, "now": timezone.now()})
    return tagged(EntryOut.model_validate(entry), entry)


@router.post("/records/{uuid:entry_id}/void", response=EntryOut, summary="Mark an entry as entered in error")
@operation(Scope.CLINICAL, *WRITING, write=True)
@idempotent
def void_record(request: HttpRequest, entry_id: UUID, body: Wrong) -> EntryOut:
    """With what stands under it. It stays to be read, and counts nowhere."""
    user, found = _asked_for(request, entry_id)
    actions.void_entry(by=user, entry=found, reason=body.reason, now=timezone.now())
    return _as_it_is_now(user, found)


def _typed(body: NewEntry) -> dict[str, Any]:
    return body.data | ({"code": body.code} if body.code else {})


# == Rows ==
def _asked_for(request: HttpRequest, entry_id: UUID) -> tuple[Any, Entry]:
    """The entry that is to be changed, with its patient, if it is as the caller knows it. Raises Http404."""
    user: Any = request.user
    found: Entry | None = Entry.objects.visible_to(user).filter(pk=entry_id).first()
    if found is None:
        raise Http404
    found.patient = patient_asked_for(user, found.patient_id)
    check_match(request, found)
    return user, found


def _as_it_is_now(user: Any, found: Entry) -> EntryOut:
    found.refresh_from_db()
    with_parts(user, found.patient, [found])
    return tagged(EntryOut.model_validate(found), found)


def patient_of(request: HttpRequest, named: UUID | None) -> Patient:
    """The patient named, else the one for whom the token acts. Raises Problem 422 without either, and Http404."""
    pk = named or request.token.patient_id  # type: ignore[attr-defined]
    if pk is None:
        raise invalid("patient", _("Say which patient."))
    return patient_asked_for(request.user, pk)  # type: ignore[arg-type]


def _holding(user: Any, patient: Patient, text: str) -> Q:
    words = read_words(text)
    if words is None:
        return Q()
    named = Q(display__icontains=text) | Q(code__istartswith=text)
    return named | search_one_chart(by=user, words=words, patient=patient)


def _narrowed(kind: str, since: datetime | None, until: datetime | None) -> Q:
    found = Q(kind=kind) if kind else Q()
    if since:
        found &= Q(effective_at__gte=since)
    if until:
        found &= Q(effective_at__lt=until)
    return found


def _shown(row: Entry) -> EntryOut:
    """In a list without the whole resource of what another system told."""
    row.data = {name: value for name, value in row.data.items() if name != "resource"}
    return EntryOut.model_validate(row)
