"""Facts about visits and providers' time. Ids and times; nothing else."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class AppointmentBooked:
    """`sequence` counts the appointment's times, from 0, as in RFC 5545 section 3.8.7.4.

    `in_series`: a fact about the whole series comes with it, and the patient is told by that one.
    """

    appointment_id: UUID
    patient_id: UUID
    sequence: int
    in_series: bool = False


@dataclass(frozen=True)
class AppointmentMoved:
    appointment_id: UUID
    patient_id: UUID
    sequence: int
    in_series: bool = False


@dataclass(frozen=True)
class AppointmentCancelled:
    appointment_id: UUID
    patient_id: UUID
    sequence: int
    in_series: bool = False


@dataclass(frozen=True)
class AppointmentConfirmed:
    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class SeriesBooked:
    """Several visits at once, which belong together; each has its own fact besides."""

    series_id: UUID
    patient_id: UUID
    appointment_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class SeriesMoved:
    """`appointment_ids` are those that moved; `change_id` tells one move of the series from the next."""

    series_id: UUID
    patient_id: UUID
    appointment_ids: tuple[UUID, ...]
    change_id: UUID


@dataclass(frozen=True)
class SeriesCancelled:
    """`appointment_ids` are those that were called off; earlier ones stand as they were."""

    series_id: UUID
    patient_id: UUID
    appointment_ids: tuple[UUID, ...]
    change_id: UUID


@dataclass(frozen=True)
class AppointmentRequested:
    """A patient asked for a time, which is theirs until somebody answers; agreed, it becomes an AppointmentBooked."""

    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class RequestDeclined:
    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class RequestExpired:
    """Nobody answered in time; the time is free again."""

    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class RequestWithdrawn:
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
class AnsweredAhead:
    """The patient looked at what is known of them; `different` counts what is not right."""

    appointment_id: UUID
    patient_id: UUID
    different: int = 0


@dataclass(frozen=True)
class MissUndone:
    """It was a mistake: the visit stands as it did before."""

    appointment_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class StartUndone:
    """It never took place, or not yet: the visit waits as it did before it began."""

    appointment_id: UUID
    patient_id: UUID


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
class CancelAsked:
    """By the link in a mail, about this time of the visit."""

    appointment_id: UUID
    patient_id: UUID
    sequence: int
    asked_at: datetime


@dataclass(frozen=True)
class ConfirmAsked:
    """By the link in a mail, about this time of the visit."""

    appointment_id: UUID
    patient_id: UUID
    sequence: int


@dataclass(frozen=True)
class TimeFreed:
    """This span of the provider's time, buffers included, is taken no more; whoever waits for one may have it."""

    resource_id: UUID
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class WaitOffered:
    """A time is kept for somebody who waits, until they answer or it runs out."""

    offer_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class OfferLost:
    """The time was accepted, and could not be booked any more; the patient waits on."""

    offer_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class SiteClosed:
    """`appointment_ids` are the visits there in this time: they stand, and wait to be moved."""

    closure_id: UUID
    site_id: UUID
    appointment_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class SiteReopened:
    closure_id: UUID
    site_id: UUID


@dataclass(frozen=True)
class FreeTimeChanged:
    """What was known of these resources' free times is old; the cache forgets it."""

    resource_ids: tuple[UUID, ...]
