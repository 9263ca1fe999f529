"""What a role can ever be allowed to do. On which patients is another question: `patients` answers it."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One value per thing a person may do; each is used by a view and held by a role."""

    MANAGE_ACCOUNTS = "accounts.manage"
    INVITE = "accounts.invite"
    SIGN_IN_WITHOUT_CODE = "accounts.sign_in_without_code"
    READ_AUDIT = "audit.read"
    SEARCH_PATIENTS = "patients.search"
    OPEN_CHART = "patients.open_chart"
    REGISTER_PATIENT = "patients.register"
    CHANGE_PATIENT = "patients.change"
    REVIEW_REGISTRATIONS = "patients.review_registrations"
    TAKE_BACK_DEATH = "patients.take_back_death"
    MERGE_PATIENTS = "patients.merge"
    GRANT_ACCESS = "patients.grant_access"
    INVITE_TO_PORTAL = "patients.invite_to_portal"
    BREAK_GLASS = "patients.break_glass"
    REVIEW_ACCESS = "patients.review_access"
    EXPLAIN_ACCESS = "patients.explain_access"
    RECORD_CONSENT = "patients.record_consent"
    RESTRICT = "patients.restrict"
    VIEW_SCHEDULE = "scheduling.view"
    BOOK_APPOINTMENT = "scheduling.book"
    OVERBOOK = "scheduling.overbook"
    CHECK_IN = "scheduling.check_in"
    ROOM_PATIENT = "scheduling.room"
    BLOCK_TIME = "scheduling.block_time"
    READ_CLINICAL = "records.read"
    RECORD_VITALS = "records.record_vitals"
    ORDER = "records.order"
    ENTER_RESULT = "records.enter_result"
    RELEASE_RESULT = "records.release_result"
    WRITE_NOTE = "records.write_note"
    WRITE_NURSING_NOTE = "records.write_nursing_note"
    RECORD_CONDITION = "records.record_condition"
    RECORD_ALLERGY = "records.record_allergy"
    RECORD_HISTORY = "records.record_history"
    MESSAGE_PATIENTS = "records.message"
    READ_MEDICATIONS = "prescriptions.read"
    PRESCRIBE = "prescriptions.prescribe"
    DISPENSE = "prescriptions.dispense"
    RECONCILE = "prescriptions.reconcile"
    REVIEW_SAFETY = "prescriptions.review_safety"
    READ_BILLING = "billing.read"
    TAKE_PAYMENT = "billing.take_payment"
    RECORD_COVERAGE = "billing.record_coverage"
    RECEIVE_ALERTS = "alerts.receive"
    READ_DASHBOARD = "analytics.read"
    OWN_RECORD = "portal.own_record"


DESCRIPTIONS: dict[Permission, Promise] = {
    Permission.MANAGE_ACCOUNTS: _("Change accounts, sites, roles and memberships"),
    Permission.INVITE: _("Invite a colleague to sign in"),
    Permission.SIGN_IN_WITHOUT_CODE: _("Sign in with a password alone, without a code"),
    Permission.READ_AUDIT: _("Read who did what, for every record"),
    Permission.SEARCH_PATIENTS: _("Look for a patient by name, birth date, record number or phone"),
    Permission.OPEN_CHART: _("Open the chart of a patient in one's care"),
    Permission.REGISTER_PATIENT: _("Register a new patient"),
    Permission.CHANGE_PATIENT: _("Change a patient's name, birth date and contact details"),
    Permission.REVIEW_REGISTRATIONS: _("Answer people who register themselves online"),
    Permission.TAKE_BACK_DEATH: _("Say that a patient lives who was noted as having died"),
    Permission.MERGE_PATIENTS: _("Make one record of two that are the same person's, and take it apart again"),
    Permission.GRANT_ACCESS: _("Give a colleague access to a patient in one's own care, and end it"),
    Permission.INVITE_TO_PORTAL: _("Give a patient the code that opens their portal account"),
    Permission.BREAK_GLASS: _("Open a chart in an emergency, for some hours, under review"),
    Permission.REVIEW_ACCESS: _("Review emergency and unusual access, and answer requests and doubts"),
    Permission.EXPLAIN_ACCESS: _("See why somebody can or cannot open a chart"),
    Permission.RECORD_CONSENT: _("Keep what a patient agrees to, refuses or takes back"),
    Permission.RESTRICT: _("Keep a colleague from seeing a patient who asked for it, and end it"),
    Permission.VIEW_SCHEDULE: _("See the schedule and who is waiting"),
    Permission.BOOK_APPOINTMENT: _("Book, move and cancel visits"),
    Permission.OVERBOOK: _("Book a visit on top of another one, with a reason"),
    Permission.CHECK_IN: _("Check patients in, and say who did not come"),
    Permission.ROOM_PATIENT: _("Take a patient to a room"),
    Permission.BLOCK_TIME: _("Keep a provider's time free of visits"),
    Permission.READ_CLINICAL: _("Read the clinical record of a patient in one's care"),
    Permission.RECORD_VITALS: _("Record vital signs"),
    Permission.ORDER: _("Order tests and images, put an order off, and revoke it"),
    Permission.ENTER_RESULT: _("Enter a laboratory result"),
    Permission.RELEASE_RESULT: _("Acknowledge a result and release it to the patient"),
    Permission.WRITE_NOTE: _("Write and sign the note of a visit"),
    Permission.WRITE_NURSING_NOTE: _("Write and sign the nurse's part of a visit's note"),
    Permission.RECORD_CONDITION: _("Add a diagnosis or problem, and say when it is over"),
    Permission.RECORD_ALLERGY: _("Record allergies, or that none are known"),
    Permission.RECORD_HISTORY: _("Record operations, what runs in the family, and how somebody lives"),
    Permission.MESSAGE_PATIENTS: _("Read and answer patients' messages"),
    Permission.READ_MEDICATIONS: _("See the medicines of a patient in one's care"),
    Permission.PRESCRIBE: _("Prescribe medicines, and cancel prescriptions"),
    Permission.DISPENSE: _("Prepare medicines and hand them out"),
    Permission.RECONCILE: _("Put medicines on hold, stop them, and go through the list"),
    Permission.REVIEW_SAFETY: _("See how often the rules on medicines are overridden, without any patient"),
    Permission.READ_BILLING: _("See bills and what is owed"),
    Permission.TAKE_PAYMENT: _("Take payments"),
    Permission.RECORD_COVERAGE: _("Keep patients' insurance cards, and ask whether they count"),
    Permission.RECEIVE_ALERTS: _("Receive alerts, and acknowledge them"),
    Permission.READ_DASHBOARD: _("See the clinic in numbers, without any patient"),
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


class Sensitivity(StrEnum):
    """What an item of a record may be marked with: whoever reads it then needs a grant of this label besides."""

    MENTAL_HEALTH = "mental_health"
    SUBSTANCE_USE = "substance_use"
    REPRODUCTIVE = "reproductive"
    ADOLESCENT = "adolescent"


SENSITIVITY_CHOICES = [
    (Sensitivity.MENTAL_HEALTH.value, _("Mental health")),
    (Sensitivity.SUBSTANCE_USE.value, _("Substance use")),
    (Sensitivity.REPRODUCTIVE.value, _("Reproductive health")),
    (Sensitivity.ADOLESCENT.value, _("Adolescent")),
]

AREAS: dict[Scope, Promise] = {
    Scope.IDENTITY: _("Who patients are: names, dates of birth, addresses, telephone numbers"),
    Scope.SCHEDULE: _("Visits: when, where, with whom and why"),
    Scope.CLINICAL: _("Health records: notes, results, problems, allergies"),
    Scope.MEDICATION: _("Medicines and prescriptions"),
    Scope.BILLING: _("Bills and payments"),
    Scope.MESSAGE: _("Messages between patients and the clinic"),
}
