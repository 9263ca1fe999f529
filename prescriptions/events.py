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
class PrescriptionReady:
    """Waits at the dispensary; also when it is kept ready for longer, after nobody came."""

    prescription_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PrescriptionPickedUp:
    prescription_id: UUID
    patient_id: UUID
    provider_id: UUID


@dataclass(frozen=True)
class PrescriptionNotCollected:
    """Its days are over, and nobody came."""

    prescription_id: UUID
    patient_id: UUID
    provider_id: UUID
