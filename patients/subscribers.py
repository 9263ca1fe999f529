"""What follows facts about patients."""

from healthcare.accounts.events import TeamChanged
from healthcare.events import after
from patients import actions
from patients.events import PortalAccountLinked


@after(PortalAccountLinked)
def tell_portal_opened(fact: PortalAccountLinked) -> None:
    actions.tell_portal_opened(by=None, patient_id=fact.patient_id, user_id=fact.user_id)


@after(TeamChanged, queue="bulk")
def sync_team_access(fact: TeamChanged) -> None:
    actions.sync_site_access(by=None, site_id=fact.site_id)
