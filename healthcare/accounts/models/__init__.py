from healthcare.accounts.models.covers import Cover
from healthcare.accounts.models.factors import RecoveryCode, SecondFactorReset, TOTPDevice
from healthcare.accounts.models.links import OneTimeLink
from healthcare.accounts.models.people import Membership, Provider, RightsChange, RoleEdit, Site, Team, User
from healthcare.accounts.models.sessions import FailureCount, Session

__all__ = [
    "Cover",
    "FailureCount",
    "Membership",
    "OneTimeLink",
    "Provider",
    "RecoveryCode",
    "RightsChange",
    "RoleEdit",
    "SecondFactorReset",
    "Session",
    "Site",
    "TOTPDevice",
    "Team",
    "User",
]
