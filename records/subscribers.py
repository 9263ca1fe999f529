"""What follows facts of the chart inside the chart, and what becomes of recalls."""

from django.utils import timezone

from healthcare.events import after, inside
from patients.events import PatientDied
from records.actions import notes, orders, papers, recalls, releasing, voiding
from records.events import EncounterFinished, EncounterVoided, EntryRecorded, EntryVoided, PaperAsked, ReleaseWished
from records.models import Paper


@inside(EntryVoided)
def reopen_note(fact: EntryVoided) -> None:
    notes.reopen_note(by=None, patient_id=fact.patient_id, entry_id=fact.entry_id)


@inside(EntryVoided)
def await_answer(fact: EntryVoided) -> None:
    orders.await_answer(by=None, patient_id=fact.patient_id, entry_id=fact.entry_id)


@after(ReleaseWished)
def heed_wish(fact: ReleaseWished) -> None:
    releasing.heed_wish(by=None, patient_id=fact.patient_id, now=timezone.now())


@after(EncounterFinished)
def fulfil_recalls(fact: EncounterFinished) -> None:
    recalls.fulfil_recalls(by=None, encounter_id=fact.encounter_id, patient_id=fact.patient_id, now=timezone.now())


@after(EncounterVoided)
def reopen_recalls(fact: EncounterVoided) -> None:
    recalls.reopen_recalls(by=None, encounter_id=fact.encounter_id, patient_id=fact.patient_id, now=timezone.now())


@after(EncounterVoided)
def give_back_appointment(fact: EncounterVoided) -> None:
    voiding.give_back_appointment(by=None, encounter_id=fact.encounter_id, patient_id=fact.patient_id)


@inside(EntryRecorded)
def settle_recall(fact: EntryRecorded) -> None:
    if fact.kind == recalls.PLAN:
        recalls.settle_recall(by=None, entry_id=fact.entry_id, patient_id=fact.patient_id, now=timezone.now())


@inside(EntryVoided)
def settle_voided_recall(fact: EntryVoided) -> None:
    if fact.kind == recalls.PLAN:
        recalls.settle_recall(by=None, entry_id=fact.entry_id, patient_id=fact.patient_id, now=timezone.now())


@after(PatientDied)
def cancel_recalls_of_the_dead(fact: PatientDied) -> None:
    recalls.cancel_recalls_of_the_dead(by=None, patient_id=fact.patient_id, now=timezone.now())


# == Papers: a chart takes a worker many seconds, the others one ==
@after(PaperAsked)
def make_short_paper(fact: PaperAsked) -> None:
    if fact.kind != Paper.Kind.CHART:
        papers.make_paper(by=None, paper_id=fact.paper_id, now=timezone.now())


@after(PaperAsked, queue="bulk")
def make_chart(fact: PaperAsked) -> None:
    if fact.kind == Paper.Kind.CHART:
        papers.make_paper(by=None, paper_id=fact.paper_id, now=timezone.now())
