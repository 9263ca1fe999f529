from records.models.codes import DiagnosisCode, DiagnosisFavorite, DiagnosisWord
from records.models.due import ResultDue
from records.models.encounters import Draft, Encounter
from records.models.entries import Entry, EntryQuerySet
from records.models.macros import Favourite, Macro
from records.models.messages import Message, Thread
from records.models.orders import FavouriteOrder, ServiceRequest
from records.models.signing import Cosignature, Supervision

__all__ = [
    "Cosignature",
    "DiagnosisCode",
    "DiagnosisFavorite",
    "DiagnosisWord",
    "Draft",
    "Encounter",
    "Entry",
    "EntryQuerySet",
    "Favourite",
    "FavouriteOrder",
    "Macro",
    "Message",
    "ResultDue",
    "ServiceRequest",
    "Supervision",
    "Thread",
]
