"""Facts about people and sites, for the apps to the right. Ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class SiteOpened:
    site_id: UUID


@dataclass(frozen=True)
class TeamChanged:
    """What grants to this team open has changed; whoever projects grants does it again."""

    team_id: UUID
    site_id: UUID


@dataclass(frozen=True)
class MembershipGranted:
    membership_id: UUID
    user_id: UUID
    site_id: UUID
    role: str


@dataclass(frozen=True)
class MembershipEnded:
    membership_id: UUID
    user_id: UUID
    site_id: UUID
    role: str


@dataclass(frozen=True)
class UserDeactivated:
    user_id: UUID


@dataclass(frozen=True)
class CredentialsChanged:
    """By what this person proves who they are has changed; what the old proof opened ends."""

    user_id: UUID
