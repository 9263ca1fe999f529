"""Facts about alerts. Ids and levels only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class AlertRaised:
    alert_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AlertAcknowledged:
    alert_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class AlertHandedOn:
    """`turn` counts from 1."""

    alert_id: UUID
    patient_id: UUID
    turn: int


@dataclass(frozen=True)
class AlertEscalated:
    """`level` counts from 1; what each means stands in `rules.LADDERS`."""

    alert_id: UUID
    patient_id: UUID
    level: int
