"""Who may do what with which patient. The rule of rows itself is `Patient.objects.visible_to`."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can, passes, scopes_of
from healthcare.accounts.models import Cover, User
from healthcare.accounts.permissions import Permission, Scope, Sensitivity
from healthcare.accounts.roles import PATIENT
from healthcare.db.prepared import prepared
from patients.models import (
    AccessRequest,
    CareRelationship,
    Consent,
    EmergencyAccess,
    Merge,
    Patient,
    Proxy,
    at_chart,
    emergency_until,
    former_numbers,
    held_on,
)
from patients.models.reach import GRANTED, OWN

COLUMNS = [field.attname for field in Patient._meta.concrete_fields]
PERSON = f"""(g.user_id = %(user)s OR g.user_id IN (SELECT c.absent_id FROM accounts_cover c
WHERE c.cover_id = %(user)s AND c.role = %(role)s AND c.validity @> statement_timestamp())) AND g.role = %(role)s
AND {OWN.format(me="%(user)s")}"""  # noqa: S608
TEAMS = """g.group_id IN (SELECT t.group_id FROM accounts_membership m
JOIN accounts_team t ON t.site_id = m.site_id AND t.role = m.role
WHERE m.user_id = %(user)s AND m.role = %(role)s AND m.validity @> statement_timestamp())"""
SCOPE = "%(scope)s"
# `visible_to` for one patient, ready-made: planned once on a connection, and no query is put together in Python. A test
# holds the two against each other.
ONE = f"""
SELECT {", ".join(f"p.{column}" for column in COLUMNS)} FROM patients_patient p WHERE p.id = %(patient)s
AND (EXISTS (SELECT 1 {GRANTED.format(table="patients_usergrant", holder=PERSON, label=SCOPE)}
     AND g.content_object_id = p.id)
  OR EXISTS (SELECT 1 {GRANTED.format(table="patients_groupgrant", holder=TEAMS, label=SCOPE)}
     AND g.content_object_id = p.id))
AND (%(role)s = 'patient' OR NOT EXISTS (SELECT 1 FROM patients_carerelationship r WHERE r.patient_id = p.id
     AND r.user_id = %(user)s AND r.kind = 'self' AND r.validity @> statement_timestamp()))
AND (%(role)s = 'patient' OR NOT EXISTS (SELECT 1 FROM patients_restriction x WHERE x.patient_id = p.id
     AND x.user_id = %(user)s AND x.validity @> statement_timestamp()))
"""  # noqa: S608


class NotInScope(PermissionDenied):
    """Signed-in staff may hold the permission, but not this patient; whether the patient exists is not told."""


def find_visible(user: User, patient_id: UUID, scope: Scope | Sensitivity = Scope.IDENTITY) -> Patient | None:
    """The patient, if this person reaches them so, in the role they act in: as by `visible_to`, and quicker."""
    role = user.acting_role or ""
    if not user.is_active or not role:
        return None
    with connection.cursor() as cursor:
        cursor.execute(ONE, {"patient": patient_id, "user": user.pk, "role": role, "scope": scope.value})
        row = cursor.fetchone()
    return Patient.from_db("default", COLUMNS, row) if row else None


def check_can_open_chart(user: User, patient_id: UUID) -> Patient:
    """Raises NotAllowed for a role that opens no chart, NotInScope for a patient who is not in its care.

    Returns the patient, with the site, the numbers of records that went into this one (`former_numbers`), until when
    one's emergency access lasts, if there is one, and who asks what the page shows of this patient alone (`reader`).
    """
    if not can(user, Permission.OWN_RECORD):
        check_can(user, Permission.OPEN_CHART)
    found = _with_site(user, patient_id)
    if not found:
        raise NotInScope(_("This patient is not in your scope."))
    patient: Any = found[0]
    patient.reader = at_chart(user, patient.pk, patient.held)
    return found[0]


@prepared
def _with_site(user: User, patient_id: UUID) -> "QuerySet[Patient]":
    visible = Patient.objects.visible_to(user).annotate(
        emergency_until=emergency_until(user), former_numbers=former_numbers(), held=held_on(user)
    )
    return visible.select_related("site").filter(pk=patient_id)


def check_can_grant(user: User, patient: Patient, role: str, scopes: Iterable[Scope | Sensitivity]) -> None:
    """Raises NotAllowed unless the granter reaches each scope and label, and the receiver's role can hold it."""
    check_can(user, Permission.GRANT_ACCESS)
    held = scopes_of(role)
    for scope in scopes:
        if (Scope.CLINICAL if isinstance(scope, Sensitivity) else scope) not in held:
            raise NotAllowed(_("This role can never see that part of a chart."))
        if find_visible(user, patient.pk, scope) is None:
            raise NotAllowed(_("You can only share what you can see yourself."))


def check_can_end(user: User, relationship: CareRelationship) -> None:
    """Raises NotAllowed. What a site or a sign-up opened is not ended by a colleague, one by one."""
    check_can(user, Permission.GRANT_ACCESS)
    if relationship.source.startswith("proxy:"):
        raise NotAllowed(_("Who acts for the patient is ended where it was added, in all its parts."))
    if relationship.kind in (CareRelationship.Kind.SITE, CareRelationship.Kind.SELF):
        raise NotAllowed(_("This access comes with the site or the patient's own account and is not ended here."))


def can_end(user: User, relationship: CareRelationship) -> bool:
    return passes(check_can_end, user, relationship)


def check_agreed(user: User, patient: Patient, purpose: Consent.Purpose) -> None:
    """Raises NotAllowed unless the patient has agreed to this, and the consent is in force: absent means no."""
    consents = Consent.objects.visible_to(user).in_force()
    if not consents.filter(patient=patient, purpose=purpose).exists():
        what = purpose.label
        raise NotAllowed(_("The patient has not agreed to this, or not any more: %(what)s.") % {"what": what})


# == Emergency access ==
def check_can_break_glass(user: User) -> None:
    """Raises NotAllowed for a role that was not given the right in advance; one that opens no chart never is."""
    check_can(user, Permission.BREAK_GLASS)


def can_break_glass(user: User) -> bool:
    return passes(check_can_break_glass, user)


def check_can_review(user: User, emergency: EmergencyAccess) -> None:
    """Raises NotAllowed; nobody reviews what they did themselves."""
    check_can(user, Permission.REVIEW_ACCESS)
    if emergency.user_id == user.pk:
        raise NotAllowed(_("This was you. Somebody else has to review it."))


def can_review(user: User, emergency: EmergencyAccess) -> bool:
    return passes(check_can_review, user, emergency)


def check_can_add_proxy(user: User, patient: Patient, scopes: Iterable[Scope]) -> None:
    """Raises NotAllowed. The desk that knows whose ID it has seen gives no more than it sees itself."""
    check_can(user, Permission.INVITE_TO_PORTAL)
    for scope in scopes:
        if not Patient.objects.visible_to(user, scope).filter(pk=patient.pk).exists():
            raise NotAllowed(_("You can only open to somebody else what you can see yourself. A doctor can do it."))


def can_add_proxy(user: User, patient: Patient, scopes: Iterable[Scope]) -> bool:
    return passes(check_can_add_proxy, user, patient, scopes)


def check_can_end_proxy(user: User, proxy: Proxy) -> None:
    """Raises NotAllowed. Who acts may stop; a patient ends what they agreed to; the staff ends any in their care."""
    if not can(user, Permission.OWN_RECORD):
        check_can(user, Permission.INVITE_TO_PORTAL)
        return
    if user.pk == proxy.user_id:
        return
    own = CareRelationship.objects.current().filter(
        user=user, kind=CareRelationship.Kind.SELF, patient_id=proxy.patient_id
    )
    if not own.exists():
        raise NotAllowed(_("Only the patient ends this."))
    if proxy.agreed_by != Proxy.AgreedBy.PATIENT:
        raise NotAllowed(_("This was agreed with a parent or a court. Ask the clinic to end it."))


def can_end_proxy(user: User, proxy: Proxy) -> bool:
    return passes(check_can_end_proxy, user, proxy)


# == What the patient decides ==
def check_can_consent(user: User, patient: Patient) -> None:
    """The patient themself, and whoever keeps the answers of a patient in their reach. Raises NotAllowed, NotInScope.

    Nobody agrees for a patient from an account of their own: what a parent or guardian says, the staff keep with them.
    """
    if user.acting_role == PATIENT:
        own = CareRelationship.objects.current().filter(user=user, patient=patient, kind=CareRelationship.Kind.SELF)
        if not own.exists():
            raise NotAllowed(_("Only the patient says this. Ask the front desk if you decide for them by law."))
        return
    check_can(user, Permission.RECORD_CONSENT)
    if find_visible(user, patient.pk) is None:
        raise NotInScope(_("This patient is not in your scope."))


def can_consent(user: User, patient: Patient) -> bool:
    return passes(check_can_consent, user, patient)


def check_can_restrict(user: User, patient: Patient) -> None:
    """Raises NotAllowed, NotInScope."""
    check_can(user, Permission.RESTRICT)
    if find_visible(user, patient.pk) is None:
        raise NotInScope(_("This patient is not in your scope."))


# == Two records of one person ==
def check_can_merge(user: User, kept: Patient, gone: Patient) -> None:
    """Raises NotAllowed, also for a record and itself; NotInScope where one of the two is not in the user's care."""
    check_can(user, Permission.MERGE_PATIENTS)
    if kept.pk == gone.pk:
        raise NotAllowed(_("Choose two records."))
    if find_visible(user, kept.pk) is None or find_visible(user, gone.pk) is None:
        raise NotInScope(_("Both records have to be in your scope."))


def check_can_unmerge(user: User, merge: Merge) -> Patient:
    """Raises NotAllowed, NotInScope. Returns the kept record."""
    check_can(user, Permission.MERGE_PATIENTS)
    kept = find_visible(user, merge.patient_id)
    if kept is None:
        raise NotInScope(_("This patient is not in your scope."))
    return kept


# == Requests for access ==
def check_can_answer(user: User, request: AccessRequest) -> None:
    """Raises NotAllowed: for one's own request, and without the right to review, or to give access to this patient."""
    if not can(user, Permission.REVIEW_ACCESS):
        check_can(user, Permission.GRANT_ACCESS)
        if request.patient_id is None or find_visible(user, request.patient_id) is None:
            raise NotAllowed(_("Somebody who cares for this patient has to answer."))
    if request.user_id == user.pk:
        raise NotAllowed(_("This is your own request. Somebody else has to answer it."))


def can_answer(user: User, request: AccessRequest) -> bool:
    return passes(check_can_answer, user, request)


# == Standing in ==
def check_can_name_cover(user: User, absent: User) -> None:
    """Raises NotAllowed. Whoever gives colleagues access names who stands in for them; administrators for anybody."""
    check_can(user, Permission.GRANT_ACCESS if user.pk == absent.pk else Permission.MANAGE_ACCOUNTS)


def check_can_end_cover(user: User, cover: Cover) -> None:
    """Raises NotAllowed for everybody but the two, whoever named it, and administrators."""
    if can(user, Permission.OWN_RECORD) or user.pk not in (cover.absent_id, cover.cover_id, cover.granted_by_id):
        check_can(user, Permission.MANAGE_ACCOUNTS)


def can_end_cover(user: User, cover: Cover) -> bool:
    return passes(check_can_end_cover, user, cover)
