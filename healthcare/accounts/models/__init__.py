from healthcare.accounts.models.factors import RecoveryCode, SecondFactorReset, TOTPDevice
from healthcare.accounts.models.links import OneTimeLink
from healthcare.accounts.models.people import Membership, Provider, RoleEdit, Site, Team, User
from healthcare.accounts.models.sessions import FailureCount, Session

__all__ = [
    "FailureCount",
    "Membership",
    "OneTimeLink",
    "Provider",
    "RecoveryCode",
    "RoleEdit",
    "SecondFactorReset",
    "Session",
    "Site",
    "TOTPDevice",
    "Team",
    "User",
]
