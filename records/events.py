"""Facts of the chart. Ids and categories only: what was measured or written stands in the rows."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True)
class EncounterStarted:
    encounter_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class EncounterFinished:
    encounter_id: UUID
    patient_id: UUID
    appointment_id: UUID | None


@dataclass(frozen=True)
class EncounterClosed:
    """Its record takes no more, but for what `rules.states` names."""

    encounter_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class EncounterReopened:
    encounter_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class EncounterVoided:
    """It was entered in error, and everything in it with it but for what answers an order."""

    encounter_id: UUID
    patient_id: UUID
    appointment_id: UUID | None


@dataclass(frozen=True)
class EntryRecorded:
    entry_id: UUID
    patient_id: UUID
    kind: str


@dataclass(frozen=True)
class EntryVoided:
    entry_id: UUID
    patient_id: UUID
    kind: str


@dataclass(frozen=True)
class AbnormalValueRecorded:
    """`severity` is "high" where a clinician should look, "urgent" where somebody must act now."""

    entry_id: UUID
    patient_id: UUID
    severity: str
    encounter_id: UUID | None


@dataclass(frozen=True)
class ValueCorrected:
    """A measured value was wrong, and `corrected_by` says what is right: what was called out about it may be over."""

    entry_id: UUID
    patient_id: UUID
    corrected_by: UUID


@dataclass(frozen=True)
class ResultEntered:
    """`provider_id`: who asked for it, and so should read it."""

    entry_id: UUID
    patient_id: UUID
    provider_id: UUID | None


@dataclass(frozen=True)
class ResultAcknowledged:
    entry_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class ResultCorrected:
    """`entry_id` is the new version; `told_id`: who had read the wrong one, and has to know."""

    entry_id: UUID
    patient_id: UUID
    told_id: UUID


@dataclass(frozen=True)
class ResultLeftUnread:
    """Nobody has read it by its time."""

    entry_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class ResultReleased:
    entry_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class ReleaseWished:
    """The patient said how they want to get results."""

    patient_id: UUID


@dataclass(frozen=True)
class OrderPlaced:
    request_id: UUID
    patient_id: UUID
    category: str


@dataclass(frozen=True)
class OrderExtended:
    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class SpecimenCollected:
    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class OrderRevoked:
    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class OrderFailed:
    """Nothing more comes. `provider_id`: who asked, and has to know."""

    request_id: UUID
    patient_id: UUID
    provider_id: UUID | None


@dataclass(frozen=True)
class NoteSigned:
    entry_id: UUID
    patient_id: UUID
    encounter_id: UUID | None


@dataclass(frozen=True)
class NoteCosigned:
    """What somebody in training signed is final."""

    entry_id: UUID
    patient_id: UUID
    encounter_id: UUID | None


@dataclass(frozen=True)
class PaperAsked:
    """`kind` is one of `Paper.Kind`."""

    paper_id: UUID
    patient_id: UUID
    kind: str


@dataclass(frozen=True)
class PaperMade:
    paper_id: UUID
    patient_id: UUID
    kind: str


@dataclass(frozen=True)
class PaperVoided:
    paper_id: UUID
    patient_id: UUID
    kind: str


@dataclass(frozen=True)
class AllergyRecorded:
    entry_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class MessageSent:
    message_id: UUID
    thread_id: UUID
    patient_id: UUID
    to_patient: bool


@dataclass(frozen=True)
class ThreadClosed:
    thread_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class ThreadHandedOn:
    """A colleague gave it to somebody else, or back to a pool, while the patient waits or not; each time another
    `hand_id`."""

    hand_id: UUID
    thread_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class ThreadOverdue:
    """What was promised to the patient has passed, and nobody has answered."""

    thread_id: UUID
    patient_id: UUID
    waiting_since: datetime


@dataclass(frozen=True)
class AmendmentRequested:
    """A patient asks that the record be amended."""

    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AmendmentDueSoon:
    """Nobody has answered, and the last day is near; `overdue`: it is over."""

    request_id: UUID
    patient_id: UUID
    overdue: bool


@dataclass(frozen=True)
class AmendmentExtended:
    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AmendmentAnswered:
    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AmendmentWithdrawn:
    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AmendmentDisputed:
    """The patient disagrees with a denial."""

    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AmendmentRebutted:
    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class RecallDue:
    """Somebody is to be called in for a visit that was planned for this day."""

    recall_id: UUID
    patient_id: UUID
    due_on: date


@dataclass(frozen=True)
class RecallReopened:
    """The visit that had ended it was entered in error: it stands again, for the day that was planned."""

    recall_id: UUID
    patient_id: UUID
    due_on: date


@dataclass(frozen=True)
class RecallEnded:
    """They were here, it is not needed any more, or the patient has died: nobody has to call."""

    recall_id: UUID
    patient_id: UUID
