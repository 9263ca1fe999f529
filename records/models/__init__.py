from records.models.amendments import AmendmentRequest
from records.models.attachments import Attachment
from records.models.codes import DiagnosisCode, DiagnosisFavorite, DiagnosisWord
from records.models.due import ResultDue
from records.models.encounters import Draft, Encounter
from records.models.entries import Entry, EntryQuerySet
from records.models.macros import Favourite, Macro
from records.models.messages import Message, Thread
from records.models.orders import FavouriteOrder, ServiceRequest
from records.models.papers import Paper
from records.models.pools import Pool, PoolMember
from records.models.recalls import Recall, RecallCall
from records.models.release import ReleasePolicy, ReleaseWish, ResultRelease
from records.models.signing import Cosignature, Supervision
from records.models.templates import MessageTemplate
from records.models.unmatched import UnmatchedResult

__all__ = [
    "AmendmentRequest",
    "Attachment",
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
    "MessageTemplate",
    "Paper",
    "Pool",
    "PoolMember",
    "Recall",
    "RecallCall",
    "ReleasePolicy",
    "ReleaseWish",
    "ResultDue",
    "ResultRelease",
    "ServiceRequest",
    "Supervision",
    "Thread",
    "UnmatchedResult",
]
