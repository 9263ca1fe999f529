"""Facts about prescriptions. Ids only; `provider_id` is the prescriber, who is told."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class PrescriptionSigned:
    prescription_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PrescriptionCancelled:
    prescription_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PrescriptionStopped:
    """It is not to be taken any more; what waited at the dispensary no longer does."""

    prescription_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PrescriptionReady:
    """Waits at the dispensary; also when it is kept ready for longer, after nobody came."""

    prescription_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PrescriptionPickedUp:
    """Handed out, whole or in part; `dispense_id` tells apart the times that this happens to one prescription."""

    prescription_id: UUID
    patient_id: UUID
    provider_id: UUID
    dispense_id: UUID | None = None


@dataclass(frozen=True)
class PrescriptionNotDispensed:
    """The dispensary gives nothing, or no more of it, and says why."""

    prescription_id: UUID
    patient_id: UUID
    provider_id: UUID


@dataclass(frozen=True)
class PrescriptionToPrepare:
    """In the queue once more: the next repeat is due, or what was not dispensed is after all."""

    prescription_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class MedicinePutBack:
    """Prepared, and not handed out after all: cancelled, or not dispensed."""

    dispense_id: UUID
    prescription_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PrescriptionNotCollected:
    """Its days are over, and nobody came."""

    prescription_id: UUID
    patient_id: UUID
    provider_id: UUID


@dataclass(frozen=True)
class SheetAsked:
    """Somebody wants a prescription on paper."""

    sheet_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class ConflictFoundLater:
    """What was signed does not go with what was learned since; `check_id` says what."""

    prescription_id: UUID
    patient_id: UUID
    check_id: UUID


@dataclass(frozen=True)
class RefillRequested:
    """A patient asks for more of a medicine."""

    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class RefillAnswered:
    """Approved, denied, or closed with its prescription."""

    request_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class RefillWithdrawn:
    request_id: UUID
    patient_id: UUID
