"""The rows of scheduling: visits, the hours round them, calendars that read along, and what providers are."""

from scheduling.models.ahead import AheadAnswer
from scheduling.models.closures import SiteClosure
from scheduling.models.downtime import DowntimeKey
from scheduling.models.feeds import PatientFeed, ProviderFeed
from scheduling.models.groups import GroupSession, GroupSessionQuerySet
from scheduling.models.photos import ProviderPhoto
from scheduling.models.qualifications import Qualification
from scheduling.models.setting_up import MOST_SEATS, Resource, VisitType, WorkException, WorkRule
from scheduling.models.visits import (
    BLOCK_LANE,
    COMING,
    HERE,
    HOLDING,
    MOST_ON_TOP,
    MOVES,
    OPEN,
    Appointment,
    AppointmentQuerySet,
    ArrivalCount,
    PatientClaim,
    TimeClaim,
    window,
)
from scheduling.models.waitlist import Opening, Wait, WaitOffer, WaitOfferQuerySet, WaitQuerySet

__all__ = [
    "BLOCK_LANE",
    "COMING",
    "HERE",
    "HOLDING",
    "MOST_ON_TOP",
    "MOST_SEATS",
    "MOVES",
    "OPEN",
    "AheadAnswer",
    "Appointment",
    "AppointmentQuerySet",
    "ArrivalCount",
    "DowntimeKey",
    "GroupSession",
    "GroupSessionQuerySet",
    "Opening",
    "PatientClaim",
    "PatientFeed",
    "ProviderFeed",
    "ProviderPhoto",
    "Qualification",
    "Resource",
    "SiteClosure",
    "TimeClaim",
    "VisitType",
    "Wait",
    "WaitOffer",
    "WaitOfferQuerySet",
    "WaitQuerySet",
    "WorkException",
    "WorkRule",
    "window",
]
