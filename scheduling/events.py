"""Facts about visits and providers' time. Ids, and the days whose free times changed; nothing else."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class AppointmentBooked:
    """`sequence` counts the appointment's times, from 0, as in RFC 5545 section 3.8.7.4."""

    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class AppointmentMoved:
    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class AppointmentCancelled:
    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class AppointmentConfirmed:
    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class PatientArrived:
    appointment_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PatientRoomed:
    appointment_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class VisitStarted:
    appointment_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class VisitFinished:
    appointment_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AppointmentMissed:
    """The patient did not come, or went before being seen (`left`)."""

    appointment_id: UUID
    patient_id: UUID
    left: bool = False


@dataclass(frozen=True)
class TimeBlocked:
    """`appointment_ids` are the visits inside the block: they stand, and wait to be moved."""

    claim_id: UUID
    provider_id: UUID
    appointment_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class TimeUnblocked:
    claim_id: UUID
    provider_id: UUID


@dataclass(frozen=True)
class FreeTimeChanged:
    """What was known of these resources' free times is old; the cache forgets it."""

    resource_ids: tuple[UUID, ...]
