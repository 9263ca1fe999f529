"""What this app adds to pages on its left: the way to one's record, recent patients on the home page, names for ids."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients import actions, queries
from patients.parts import ALLERGIES, BannerNote

NOT_FOR = frozenset({"billing", "researcher", "privacy_officer", "administrator"})  # the design language, section 3


class PortalAccount:
    """For `accounts.PortalAccount`: who has a record may act as a patient."""

    home = "portal:home"

    def has_record(self, user: User) -> bool:
        return queries.has_record(user)


def recent_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the charts opened last, and the way to others."""
    if not can(user, Permission.SEARCH_PATIENTS):
        return None
    context = {
        "recent": actions.list_recent_patients(by=user),
        "may_register": can(user, Permission.REGISTER_PATIENT),
    }
    return Card("patients/home_recent.html", context, order=200)


def names_of(user: User, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """For `accounts.Subject`: names of those the user may see, and of nobody else."""
    return queries.names_of(user, ids)


class NeverAsked:
    """For `patients.Banner`: what is true of allergies until an app to the right knows more. Unknown is not none."""

    def for_patients(self, ids: Collection[UUID], *, user: User) -> Mapping[UUID, Sequence[BannerNote]]:
        if user.acting_role in NOT_FOR:
            return {}
        note = BannerNote(role="unknown", text=_("Allergies never asked"), slot=ALLERGIES)
        return {patient_id: [note] for patient_id in ids}


portal_account = PortalAccount()
never_asked = NeverAsked()
