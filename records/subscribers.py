"""What follows facts of the chart inside the chart."""

from healthcare.events import inside
from records.actions import notes
from records.events import EntryVoided


@inside(EntryVoided)
def reopen_note(fact: EntryVoided) -> None:
    notes.reopen_note(by=None, patient_id=fact.patient_id, entry_id=fact.entry_id)
