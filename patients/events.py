"""Facts about patients and who may open their charts. Ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class PatientRegistered:
    patient_id: UUID
    site_id: UUID


@dataclass(frozen=True)
class PatientChanged:
    patient_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True)
class AccessGranted:
    patient_id: UUID
    relationship_id: UUID


@dataclass(frozen=True)
class AccessEnded:
    patient_id: UUID
    relationship_id: UUID


@dataclass(frozen=True)
class PortalAccountLinked:
    patient_id: UUID
    user_id: UUID
