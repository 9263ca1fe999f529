from records.models.codes import DiagnosisCode
from records.models.encounters import Draft, Encounter
from records.models.entries import Entry, EntryQuerySet
from records.models.messages import Message, Thread

__all__ = ["DiagnosisCode", "Draft", "Encounter", "Entry", "EntryQuerySet", "Message", "Thread"]
