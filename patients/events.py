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
class PatientDied:
    """Somebody said so, here or in another system: nothing is written to them any more, visits are cancelled."""

    patient_id: UUID


@dataclass(frozen=True)
class DeathTakenBack:
    """They live. What was cancelled stays so."""

    patient_id: UUID


@dataclass(frozen=True)
class PatientsMerged:
    """Two records are one: what was of `merged_id` is of `patient_id` now."""

    patient_id: UUID
    merged_id: UUID
    merge_id: UUID


@dataclass(frozen=True)
class PatientsParted:
    """A merge was undone: `parted_id` is a record of its own again."""

    patient_id: UUID
    parted_id: UUID
    merge_id: UUID


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


@dataclass(frozen=True)
class GlassBroken:
    """Somebody opened a chart in an emergency."""

    patient_id: UUID
    emergency_id: UUID


@dataclass(frozen=True)
class EmergencyReviewed:
    patient_id: UUID
    emergency_id: UUID
    verdict: str


@dataclass(frozen=True)
class AccessRequested:
    """`patient_id` is None where nobody has the id that was asked for."""

    request_id: UUID
    patient_id: UUID | None


@dataclass(frozen=True)
class AccessRequestAnswered:
    request_id: UUID


@dataclass(frozen=True)
class ProxyAdded:
    patient_id: UUID
    proxy_id: UUID


@dataclass(frozen=True)
class ProxyEnded:
    patient_id: UUID
    proxy_id: UUID


@dataclass(frozen=True)
class PrivacyCaseOpened:
    case_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PrivacyCaseAnswered:
    case_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class CoverNamed:
    cover_id: UUID


@dataclass(frozen=True)
class CoverEnded:
    cover_id: UUID
