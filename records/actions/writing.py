"""How the verbs write rows of the chart: what a row says, its versions, and the checks that all share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, User
from patients.models import Patient
from records.kinds import kind_of
from records.models import Encounter, Entry, ResultRelease, ServiceRequest
from records.models.entries import STANDING, SUCCESSORS, UNMARKED, mark_of
from records.models.orders import ORDER_MOVES
from records.rules.states import WRONG, Deed, takes

CLOCKS_DIFFER = timedelta(minutes=5)


class NotRecorded(Exception):
    """The message is a sentence for whoever typed it."""


class AlreadyThere(NotRecorded):
    """`standing` says the same and stands. It is a warning: with a reason it can be recorded all the same."""

    def __init__(self, sentence: str, standing: Entry) -> None:
        super().__init__(sentence)
        self.standing = standing


class NotCurrent(Exception):
    """Somebody voided or replaced the entry meanwhile; the message says so."""


class NotWritable(Exception):
    """The note is signed, or the visit has none; the message is a sentence."""


@dataclass(frozen=True)
class Content:
    """What an entry says. `value` is in `unit`, a UCUM code; `provider` is who asked for it and has to read it,
    `request` the order that it answers.

    `sensitivity` is the label under which few see it, "" for none; a later version keeps it. `sealed` is text that is
    kept encrypted.
    """

    kind: str
    code: str = ""
    code_system: str = ""
    display: str = ""
    value: Decimal | None = None
    unit: str = ""
    clinical_status: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    provider: Provider | None = None
    sensitivity: str = ""
    request: ServiceRequest | None = None
    sealed: str | None = None


def content_of(entry: Entry, **changes: Any) -> Content:
    """What an entry says, with these changes: the beginning of its next version."""
    said = {name: getattr(entry, name) for name in Content.__dataclass_fields__}
    return replace(Content(**said), **changes)


def entry_of(
    content: Content,
    *,
    by: User,
    patient: Patient,
    effective_at: datetime,
    now: datetime,
    encounter: Encounter | None,
    parent: Entry | None = None,
) -> Entry:
    """The row, not saved yet. What its kind releases at once is released at `now`, by nobody in particular."""
    return Entry(
        patient=patient,
        encounter=encounter,
        parent=parent,
        effective_at=effective_at,
        author=by,
        enterer=by,
        released_at=now if kind_of(content.kind).is_released(content) else None,
        **{name: getattr(content, name) for name in Content.__dataclass_fields__},
    )


def check_mark(content: Content) -> None:
    """Raises NotRecorded for a mark where none can be, and ValueError for a label that is none."""
    label = mark_of(content.sensitivity)
    if label and content.kind in UNMARKED:
        raise NotRecorded(_("An allergy is never hidden: whoever treats the patient has to know of it."))


def check_time_and_visit(
    effective_at: datetime, now: datetime, encounter: Encounter | None, kind: str, deed: Deed = Deed.ADD
) -> None:
    """Raises NotRecorded."""
    if effective_at > now + CLOCKS_DIFFER:
        raise NotRecorded(_("This time lies in the future."))
    check_visit(encounter, kind, deed)


def check_visit(encounter: Encounter | None, kind: str, deed: Deed) -> None:
    """Whether the visit takes this child as it is now; it is kept still until the transaction ends.

    Raises NotRecorded with the sentence of `rules.states`.
    """
    if encounter is None:
        return
    kept: Encounter = Encounter.objects.select_for_update(no_key=True).get(pk=encounter.pk)
    if refused := why_not(kept.state, kind, deed):
        raise NotRecorded(refused)


def why_not(state: str, kind: str, deed: Deed) -> str:
    """A sentence where a visit in this state does not take this (`rules.states`), "" where it does."""
    if takes(state, kind, deed):
        return ""
    if state == WRONG:
        return _("This visit was entered in error. Nothing can be added to it.")
    if deed == Deed.VOID:
        return _("The record of this visit is closed. Open it again before you mark its note as wrong.")
    return _("The record of this visit is closed. Open it again with a reason, or record this without the visit.")


def locked_entry(entry: Entry) -> Entry:
    """The row as it is now, locked, if it is still the last version. Raises NotCurrent."""
    rows = Entry.objects.select_for_update(of=("self",))
    row: Entry = rows.get(pk=entry.pk, patient_id=entry.patient_id)
    if row.superseded_at:
        raise NotCurrent(_("Somebody replaced this by a later version. Look at that one."))
    if row.voided_at:
        raise NotCurrent(_("This was marked as wrong already."))
    return row


def locked_encounter(encounter: Encounter) -> Encounter:
    """The visit as it is now, kept still until the transaction ends."""
    rows = Encounter.objects.select_for_update(of=("self",)).select_related("provider", "appointment", "patient")
    return rows.get(pk=encounter.pk)


def writable(encounter: Encounter) -> Encounter:
    """The visit, locked, if its note is still to be written. Raises NotWritable."""
    encounter = locked_encounter(encounter)
    if refused := why_not(encounter.state, "note", Deed.DRAFT):
        raise NotWritable(refused)
    if encounter.note_signed_at is not None:
        raise NotWritable(_("The note of this visit is signed already. Write an addendum instead."))
    if encounter.status not in (Encounter.Status.IN_PROGRESS, Encounter.Status.FINISHED):
        raise NotWritable(_("This visit has no note to write."))
    return encounter


def supersede(entry: Entry, record_status: str, now: datetime) -> Entry:
    """Close this version for a later one. Raises NotCurrent."""
    before = locked_entry(entry)
    if record_status not in SUCCESSORS[before.record_status]:
        raise NotCurrent(_("This cannot follow what is said now."))
    before.superseded_at = now
    before.save(update_fields=["superseded_at", "updated_at"])
    return before


def locked_request(request: ServiceRequest) -> ServiceRequest:
    """The order as it is now, kept still until the transaction ends."""
    rows = ServiceRequest.objects.select_for_update(of=("self",)).select_related("patient", "provider", "encounter")
    return rows.get(pk=request.pk)


def move_request(row: ServiceRequest, status: str, *changed: str) -> ServiceRequest:
    """Say where a locked order stands now, and save that with these fields. Raises NotCurrent for no way there."""
    if status not in ORDER_MOVES[row.status]:
        told = {"status": row.get_status_display()}
        raise NotCurrent(_("Meanwhile this order stands at: %(status)s. Look at it again.") % told)
    row.status = status
    row.save(update_fields=["status", *changed, "updated_at"])
    return row


def await_release(entry: Entry, now: datetime) -> None:
    """Have the rule asked when the patient is to see this version of a result; of a preliminary one nobody asks."""
    if entry.record_status in STANDING:
        waiting = ResultRelease(patient=entry.patient, entry=entry, final_at=now, next_at=now)
        waiting.save(force_insert=True)


def ask_again(entry: Entry, now: datetime) -> None:
    """Have the rule asked again, since what it asks about has changed."""
    waiting = ResultRelease.objects.filter(entry=entry.pk, patient_id=entry.patient_id, next_at__isnull=False)
    waiting.update(next_at=now, handed_until=None)
