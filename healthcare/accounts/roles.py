"""The roles as delivered. An administrator's edits are audited rows laid over them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission as P
from healthcare.accounts.permissions import Scope as S


@dataclass(frozen=True)
class Role:
    """`scopes` is the most that a grant in this role can open on a patient; empty means no chart, ever."""

    slug: str
    name: Promise
    description: Promise
    permissions: frozenset[P]
    scopes: frozenset[S]
    staff: bool = True


PATIENT = "patient"
LOOKING_UP = frozenset({P.SEARCH_PATIENTS, P.OPEN_CHART})
REGISTERING = LOOKING_UP | {P.REGISTER_PATIENT, P.CHANGE_PATIENT, P.INVITE_TO_PORTAL, P.RECORD_CONSENT}
FRONT_DESK = REGISTERING | {
    P.REVIEW_REGISTRATIONS,
    P.MERGE_PATIENTS,
    P.VIEW_SCHEDULE,
    P.BOOK_APPOINTMENT,
    P.OVERBOOK,
    P.CHECK_IN,
    P.BLOCK_TIME,
    P.MESSAGE_PATIENTS,
    P.READ_BILLING,
    P.TAKE_PAYMENT,
    P.RECORD_COVERAGE,
    P.RECEIVE_ALERTS,
}
NURSE = REGISTERING | {
    P.TAKE_BACK_DEATH,
    P.GRANT_ACCESS,
    P.BREAK_GLASS,
    P.RESTRICT,
    P.VIEW_SCHEDULE,
    P.BOOK_APPOINTMENT,
    P.CHECK_IN,
    P.ROOM_PATIENT,
    P.READ_CLINICAL,
    P.RECORD_VITALS,
    P.ENTER_RESULT,
    P.WRITE_NURSING_NOTE,
    P.RECORD_ALLERGY,
    P.RECORD_HISTORY,
    P.MESSAGE_PATIENTS,
    P.READ_MEDICATIONS,
    P.RECONCILE,
    P.RECEIVE_ALERTS,
}
DOCTOR = REGISTERING | {
    P.TAKE_BACK_DEATH,
    P.MERGE_PATIENTS,
    P.GRANT_ACCESS,
    P.BREAK_GLASS,
    P.RESTRICT,
    P.VIEW_SCHEDULE,
    P.BOOK_APPOINTMENT,
    P.OVERBOOK,
    P.ROOM_PATIENT,
    P.BLOCK_TIME,
    P.READ_CLINICAL,
    P.RECORD_VITALS,
    P.ORDER,
    P.ENTER_RESULT,
    P.RELEASE_RESULT,
    P.WRITE_NOTE,
    P.RECORD_CONDITION,
    P.RECORD_ALLERGY,
    P.RECORD_HISTORY,
    P.MESSAGE_PATIENTS,
    P.READ_MEDICATIONS,
    P.PRESCRIBE,
    P.RECONCILE,
    P.RECEIVE_ALERTS,
    P.READ_DASHBOARD,
}
PHARMACIST = LOOKING_UP | {P.READ_MEDICATIONS, P.DISPENSE, P.REVIEW_SAFETY, P.RECEIVE_ALERTS}
BILLING = LOOKING_UP | {P.READ_BILLING, P.TAKE_PAYMENT, P.RECORD_COVERAGE, P.READ_DASHBOARD}
EVERY_SCOPE = frozenset(S)

_ROLES = (
    Role(
        PATIENT,
        _("Patient"),
        _("Sees their own record, and the records of people they act for."),
        frozenset({P.OWN_RECORD, P.SIGN_IN_WITHOUT_CODE}),
        EVERY_SCOPE,
        staff=False,
    ),
    Role(
        "front_desk",
        _("Front desk"),
        _("Finds and registers patients, keeps the schedule. Sees no clinical content."),
        FRONT_DESK,
        frozenset({S.IDENTITY, S.SCHEDULE, S.MESSAGE, S.BILLING}),
    ),
    Role(
        "billing",
        _("Billing"),
        _("Bills visits and posts payments. Sees no clinical notes."),
        BILLING,
        frozenset({S.IDENTITY, S.SCHEDULE, S.BILLING}),
    ),
    Role(
        "nurse",
        _("Nurse"),
        _("Cares for the patients of their sites and teams."),
        NURSE,
        EVERY_SCOPE - {S.BILLING},
    ),
    Role("doctor", _("Doctor"), _("Treats the patients in their care."), DOCTOR, EVERY_SCOPE),
    Role(
        "pharmacist",
        _("Pharmacist"),
        _("Prepares and hands out medicines in the clinic's own dispensary."),
        PHARMACIST,
        frozenset({S.IDENTITY, S.MEDICATION}),
    ),
    Role(
        "researcher",
        _("Researcher"),
        _("Works with counts and approved extracts. Opens no chart."),
        frozenset({P.READ_DASHBOARD}),
        frozenset(),
    ),
    Role(
        "privacy_officer",
        _("Privacy officer"),
        _("Reviews who opened which record. Opens no chart without a reason."),
        frozenset({P.READ_AUDIT, P.REVIEW_ACCESS, P.EXPLAIN_ACCESS}),
        frozenset(),
    ),
    Role(
        "administrator",
        _("Administrator"),
        _("Runs accounts, sites and roles. Has no standing right to clinical content."),
        frozenset({P.MANAGE_ACCOUNTS, P.INVITE, P.EXPLAIN_ACCESS, P.REVIEW_SAFETY, P.READ_DASHBOARD}),
        frozenset(),
    ),
)
ROLES: dict[str, Role] = {role.slug: role for role in _ROLES}
STAFF_ROLES = tuple(role.slug for role in _ROLES if role.staff)
ROLE_CHOICES = [(role.slug, role.name) for role in _ROLES]
STAFF_ROLE_CHOICES = [(role.slug, role.name) for role in _ROLES if role.staff]
