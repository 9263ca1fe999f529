"""What follows facts about patients."""

from healthcare.accounts.events import TeamChanged
from healthcare.events import after
from patients import actions
from patients.actions import emergency, requests
from patients.events import (
    AccessRequestAnswered,
    AccessRequested,
    GlassBroken,
    PatientChanged,
    PortalAccountLinked,
    PrivacyCaseOpened,
    ProxyAdded,
)


@after(PortalAccountLinked)
def tell_portal_opened(fact: PortalAccountLinked) -> None:
    actions.tell_portal_opened(by=None, patient_id=fact.patient_id, user_id=fact.user_id)


@after(TeamChanged, queue="bulk")
def sync_team_access(fact: TeamChanged) -> None:
    actions.sync_site_access(by=None, site_id=fact.site_id)


@after(GlassBroken, queue="urgent")
def tell_of_emergency(fact: GlassBroken) -> None:
    emergency.tell_of_emergency(by=None, emergency_id=fact.emergency_id)


@after(ProxyAdded)
def tell_proxy_added(fact: ProxyAdded) -> None:
    actions.tell_proxy_added(by=None, proxy_id=fact.proxy_id)


@after(PatientChanged)
def shorten_proxies(fact: PatientChanged) -> None:
    if "birth_date" in fact.fields:
        actions.shorten_proxies(by=None, patient_id=fact.patient_id)


@after(AccessRequested)
def tell_of_request(fact: AccessRequested) -> None:
    requests.tell_of_request(by=None, request_id=fact.request_id)


@after(AccessRequestAnswered)
def tell_of_answer(fact: AccessRequestAnswered) -> None:
    requests.tell_of_answer(by=None, request_id=fact.request_id)


@after(PrivacyCaseOpened)
def tell_of_privacy_case(fact: PrivacyCaseOpened) -> None:
    actions.tell_of_privacy_case(by=None, case_id=fact.case_id)
