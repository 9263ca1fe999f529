"""Facts of the chart. Ids and categories only: what was measured or written stands in the rows."""

from dataclasses import dataclass
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
