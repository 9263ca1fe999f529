"""What a role can ever be allowed to do. On which patients is another question: `patients` answers it."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One value per thing a person may do; each is used by a view and held by a role."""

    MANAGE_ACCOUNTS = "accounts.manage"
    INVITE = "accounts.invite"
    READ_AUDIT = "audit.read"
    SEARCH_PATIENTS = "patients.search"
    OPEN_CHART = "patients.open_chart"
    REGISTER_PATIENT = "patients.register"
    CHANGE_PATIENT = "patients.change"
    GRANT_ACCESS = "patients.grant_access"
    INVITE_TO_PORTAL = "patients.invite_to_portal"
    OWN_RECORD = "portal.own_record"


DESCRIPTIONS: dict[Permission, Promise] = {
    Permission.MANAGE_ACCOUNTS: _("Change accounts, sites, roles and memberships"),
    Permission.INVITE: _("Invite a colleague to sign in"),
    Permission.READ_AUDIT: _("Read who did what, for every record"),
    Permission.SEARCH_PATIENTS: _("Look for a patient by name, birth date, record number or phone"),
    Permission.OPEN_CHART: _("Open the chart of a patient in one's care"),
    Permission.REGISTER_PATIENT: _("Register a new patient"),
    Permission.CHANGE_PATIENT: _("Change a patient's name, birth date and contact details"),
    Permission.GRANT_ACCESS: _("Give a colleague access to a patient in one's own care, and end it"),
    Permission.INVITE_TO_PORTAL: _("Give a patient the code that opens their portal account"),
    Permission.OWN_RECORD: _("See one's own record, and the records of people one acts for"),
}


class Scope(StrEnum):
    """The six coarse areas in which a patient's rows are granted; no more are ever projected."""

    IDENTITY = "identity"
    SCHEDULE = "schedule"
    CLINICAL = "clinical"
    MEDICATION = "medication"
    BILLING = "billing"
    MESSAGE = "message"
