from records.models.codes import DiagnosisCode, DiagnosisFavorite, DiagnosisWord
from records.models.due import ResultDue
from records.models.encounters import Draft, Encounter
from records.models.entries import Entry, EntryQuerySet
from records.models.messages import Message, Thread
from records.models.orders import FavouriteOrder, ServiceRequest

__all__ = [
    "DiagnosisCode",
    "DiagnosisFavorite",
    "DiagnosisWord",
    "Draft",
    "Encounter",
    "Entry",
    "EntryQuerySet",
    "FavouriteOrder",
    "Message",
    "ResultDue",
    "ServiceRequest",
    "Thread",
]
