"""The rows of scheduling: visits and the hours round them, what providers are qualified for and look like."""

from scheduling.models.photos import ProviderPhoto
from scheduling.models.qualifications import Qualification
from scheduling.models.visits import (
    BLOCK_LANE,
    HERE,
    HOLDING,
    MOVES,
    OPEN,
    Appointment,
    AppointmentQuerySet,
    PatientClaim,
    Resource,
    TimeClaim,
    VisitType,
    WorkException,
    WorkRule,
    window,
)

__all__ = [
    "BLOCK_LANE",
    "HERE",
    "HOLDING",
    "MOVES",
    "OPEN",
    "Appointment",
    "AppointmentQuerySet",
    "PatientClaim",
    "ProviderPhoto",
    "Qualification",
    "Resource",
    "TimeClaim",
    "VisitType",
    "WorkException",
    "WorkRule",
    "window",
]
