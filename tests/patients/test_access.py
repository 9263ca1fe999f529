"""What `patients.access` answers by itself: asked where the database shows everything, so that nothing else refuses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from healthcare.accounts.access import NotAllowed, passes
from healthcare.accounts.models import Cover, User
from healthcare.accounts.permissions import Permission, Scope, Sensitivity
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from patients import access
from patients.access import NotInScope, find_visible
from patients.models import AccessRequest, CareRelationship, Consent, EmergencyAccess, Merge, Patient, Proxy
from tests import factories as made
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
P = Permission


@pytest.fixture(autouse=True)
def _before_the_first_wall_alone(db: None) -> Iterator[None]:
    with as_the_system():
        yield


@dataclass
class Case:
    """A patient, and what there is about them; nothing of it is of whoever asks."""

    patient: Patient
    share: CareRelationship
    emergency: EmergencyAccess
    proxy: Proxy
    merge: Merge
    request: AccessRequest
    cover: Cover

    @classmethod
    def of(cls, patient: Patient) -> "Case":
        return cls(
            patient,
            made.CareRelationshipFactory(patient=patient, kind="share"),
            EmergencyAccess(patient=patient, user=made.UserFactory()),
            made.ProxyFactory(patient=patient),
            made.MergeFactory.build(patient=patient, merged_by=None),
            made.AccessRequestFactory(patient=patient),
            made.CoverFactory(),
        )


#: What is asked, the permission that it takes, and whether the patient has to be in reach besides.
ASKED: dict[str, tuple[Callable[[User, Case], object], Permission, bool]] = {
    "open": (lambda user, case: access.check_can_open_chart(user, case.patient.pk), P.OPEN_CHART, True),
    "grant": (
        lambda user, case: access.check_can_grant(user, case.patient, "doctor", [Scope.IDENTITY]),
        P.GRANT_ACCESS,
        True,
    ),
    "end": (lambda user, case: access.check_can_end(user, case.share), P.GRANT_ACCESS, False),
    "break glass": (lambda user, case: access.check_can_break_glass(user), P.BREAK_GLASS, False),
    "review": (lambda user, case: access.check_can_review(user, case.emergency), P.REVIEW_ACCESS, False),
    "add proxy": (
        lambda user, case: access.check_can_add_proxy(user, case.patient, [Scope.IDENTITY]),
        P.INVITE_TO_PORTAL,
        True,
    ),
    "end proxy": (lambda user, case: access.check_can_end_proxy(user, case.proxy), P.INVITE_TO_PORTAL, False),
    "consent": (lambda user, case: access.check_can_consent(user, case.patient), P.RECORD_CONSENT, True),
    "restrict": (lambda user, case: access.check_can_restrict(user, case.patient), P.RESTRICT, True),
    "unmerge": (lambda user, case: access.check_can_unmerge(user, case.merge), P.MERGE_PATIENTS, True),
    "answer": (
        lambda user, case: access.check_can_answer(user, case.request),
        P.GRANT_ACCESS,
        True,
    ),
    "name cover": (lambda user, case: access.check_can_name_cover(user, user), P.GRANT_ACCESS, False),
    "name cover for another": (
        lambda user, case: access.check_can_name_cover(user, case.cover.absent),
        P.MANAGE_ACCOUNTS,
        False,
    ),
    "end another's cover": (lambda user, case: access.check_can_end_cover(user, case.cover), P.MANAGE_ACCOUNTS, False),
}


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_a_colleague_may_what_the_role_includes_for_patients_in_their_reach(role: str) -> None:
    user, stranger = made.staff(role), made.staff(role)
    case = Case.of(made.PatientFactory(site=user.memberships.get().site))
    reached = find_visible(user, case.patient.pk) is not None
    assert reached == (Scope.IDENTITY in ROLES[role].scopes)
    for what, (ask, permission, of_reach) in ASKED.items():
        holds = permission in ROLES[role].permissions
        reviews = what == "answer" and P.REVIEW_ACCESS in ROLES[role].permissions
        assert passes(ask, user, case) == ((holds and (reached or not of_reach)) or reviews), what
        assert passes(ask, stranger, case) == ((holds and not of_reach) or reviews), f"{what}, by a stranger"


def test_a_refusal_says_whether_it_is_the_role_or_the_patient() -> None:
    nurse, pharmacist = made.staff("nurse"), made.staff("pharmacist")
    case = Case.of(made.PatientFactory())
    for what in ("open", "consent", "restrict"):
        with pytest.raises(NotInScope):
            ASKED[what][0](nurse, case)
    with pytest.raises(NotInScope):
        ASKED["unmerge"][0](made.staff("front_desk"), case)
    for what in ("consent", "restrict", "unmerge", "add proxy"):
        with pytest.raises(NotAllowed, match="Your role does not include this"):
            ASKED[what][0](pharmacist, case)


def test_the_chart_that_opens_is_the_one_that_was_asked_for() -> None:
    doctor = made.staff("doctor")
    site = doctor.memberships.get().site
    for patient in [made.PatientFactory(site=site) for _each in range(3)]:
        found = access.check_can_open_chart(doctor, patient.pk)
        assert (found, found.site, found.former_numbers) == (patient, site, [])  # type: ignore[attr-defined]
        assert find_visible(doctor, patient.pk) == patient


# == The patient and those who act for them ==
def test_a_patient_opens_their_own_chart_and_may_nothing_of_the_staff() -> None:
    patient = made.PatientFactory()
    own, case = made.portal_user(patient), Case.of(patient)
    may = {"open", "end proxy", "consent"}
    assert {what for what, (ask, _permission, _reach) in ASKED.items() if passes(ask, own, case)} == may
    assert access.check_can_open_chart(own, patient.pk) == patient


def test_nobody_speaks_for_a_patient_who_has_an_account_of_their_own() -> None:
    """The patient's own account is there, but it is somebody else who asks."""
    patient = made.PatientFactory()
    made.portal_user(patient)
    case, other = Case.of(patient), made.portal_user(made.PatientFactory())
    for by in (other, made.proxy_of(patient)):
        with pytest.raises(NotAllowed, match="Only the patient"):
            access.check_can_consent(by, patient)
        with pytest.raises(NotAllowed, match="Only the patient"):
            access.check_can_end_proxy(by, case.proxy)


def test_whoever_acts_for_a_patient_ends_that_alone() -> None:
    mine, others = made.ProxyFactory(), made.ProxyFactory()
    me = mine.user.in_role("patient")
    assert passes(access.check_can_end_proxy, me, mine)
    assert not passes(access.check_can_end_proxy, me, others)


@pytest.mark.parametrize("agreed_by", [who for who in Proxy.AgreedBy if who != Proxy.AgreedBy.PATIENT])
def test_a_patient_ends_only_what_they_agreed_to_themselves(agreed_by: str) -> None:
    patient = made.PatientFactory()
    own = made.portal_user(patient)
    with pytest.raises(NotAllowed, match="Ask the clinic"):
        access.check_can_end_proxy(own, made.ProxyFactory(patient=patient, agreed_by=agreed_by))
    access.check_can_end_proxy(own, made.ProxyFactory(patient=patient))


# == One's own ==
def test_nobody_decides_about_what_they_did_or_asked_themselves() -> None:
    officer = made.staff("privacy_officer")
    doctor = made.staff("doctor")
    patient = made.PatientFactory(site=doctor.memberships.get().site)
    with pytest.raises(NotAllowed, match="This was you"):
        access.check_can_review(officer, EmergencyAccess(user=officer))
    for by in (officer, doctor):
        with pytest.raises(NotAllowed, match="your own request"):
            access.check_can_answer(by, made.AccessRequestFactory(patient=patient, user=by))


def test_a_request_about_nobody_is_for_the_privacy_officer_alone() -> None:
    request = made.AccessRequestFactory(patient=None, asked_for=made.PatientFactory().pk)
    assert passes(access.check_can_answer, made.staff("privacy_officer"), request)
    assert not passes(access.check_can_answer, made.staff("doctor"), request)


def test_cover_is_ended_by_the_two_and_whoever_named_it_but_not_as_a_patient() -> None:
    cover = made.CoverFactory(granted_by=made.staff("administrator"))
    for user in (cover.absent, cover.cover):
        assert passes(access.check_can_end_cover, user.in_role("doctor"), cover)
        assert not passes(access.check_can_end_cover, user.in_role("patient"), cover)
    assert passes(access.check_can_end_cover, cover.granted_by.in_role("nurse"), cover)
    assert not passes(access.check_can_end_cover, made.staff("doctor"), cover)


# == What depends on more than the role ==
def test_what_came_with_the_site_a_sign_up_or_a_proxy_is_not_ended_one_by_one() -> None:
    doctor = made.staff("doctor")
    proxy = made.ProxyFactory()
    for row, why in (
        (made.CareRelationshipFactory.build(kind="site"), "comes with the site"),
        (made.CareRelationshipFactory.build(kind="self"), "comes with the site"),
        (made.CareRelationshipFactory.build(kind="proxy", source=proxy.source), "where it was added"),
    ):
        with pytest.raises(NotAllowed, match=why):
            access.check_can_end(doctor, row)
    for kind in ("care_team", "share", "appointment", "break_glass"):
        access.check_can_end(doctor, made.CareRelationshipFactory.build(kind=kind))


def test_nobody_passes_on_what_they_or_the_receiving_role_do_not_see() -> None:
    patient = made.PatientFactory()
    doctor = made.CareRelationshipFactory(patient=patient, scopes=["identity", "clinical"]).user.in_role("doctor")

    def grant(role: str, *scopes: Scope | Sensitivity) -> None:
        access.check_can_grant(doctor, patient, role, scopes)

    grant("nurse", Scope.IDENTITY, Scope.CLINICAL)
    with pytest.raises(NotAllowed, match="can never see"):
        grant("front_desk", Scope.IDENTITY, Scope.CLINICAL)
    with pytest.raises(NotAllowed, match="what you can see yourself"):
        grant("nurse", Scope.IDENTITY, Scope.MEDICATION)
    label = next(iter(Sensitivity))
    with pytest.raises(NotAllowed, match="can never see"):
        grant("front_desk", label)
    with pytest.raises(NotAllowed, match="what you can see yourself"):
        grant("nurse", label)


def test_a_colleague_opens_to_a_proxy_what_they_see_of_this_very_patient() -> None:
    desk = made.staff("front_desk")
    here = made.PatientFactory(site=desk.memberships.get().site)
    access.check_can_add_proxy(desk, here, [Scope.IDENTITY, Scope.SCHEDULE])
    for patient, scopes in ((made.PatientFactory(), [Scope.IDENTITY]), (here, [Scope.IDENTITY, Scope.CLINICAL])):
        with pytest.raises(NotAllowed, match="what you can see yourself"):
            access.check_can_add_proxy(desk, patient, scopes)


@pytest.mark.parametrize("other", [{"purpose": "research"}, {"decision": "deny"}, {"patient": None}])
def test_only_this_patients_yes_to_this_counts(other: dict[str, Any]) -> None:
    nurse = made.staff("nurse")
    site = nurse.memberships.get().site
    agreed, patient = made.PatientFactory(site=site), made.PatientFactory(site=site)
    made.ConsentFactory(patient=agreed)
    if other != {"patient": None}:
        made.ConsentFactory(patient=patient, **other)
    treatment = Consent.Purpose.TREATMENT
    assert passes(access.check_agreed, nurse, agreed, treatment)
    with pytest.raises(NotAllowed, match="not agreed"):
        access.check_agreed(nurse, patient, treatment)


def test_two_records_become_one_for_whoever_reaches_both() -> None:
    desk = made.staff("front_desk")
    site = desk.memberships.get().site
    one, two, strange = made.PatientFactory(site=site), made.PatientFactory(site=site), made.PatientFactory()
    access.check_can_merge(desk, one, two)
    with pytest.raises(NotAllowed, match="Choose two records"):
        access.check_can_merge(desk, one, one)
    for kept, gone in ((one, strange), (strange, one)):
        with pytest.raises(NotInScope):
            access.check_can_merge(desk, kept, gone)
    with pytest.raises(NotAllowed):
        access.check_can_merge(made.staff("pharmacist", site), one, two)
    assert access.check_can_unmerge(desk, made.MergeFactory.build(patient=one, merged_by=None)) == one


def test_a_closed_account_and_somebody_without_a_role_find_nobody() -> None:
    doctor = made.staff("doctor")
    patient = made.PatientFactory(site=doctor.memberships.get().site)
    assert find_visible(doctor, patient.pk) == patient
    closed, roleless = User.objects.get(pk=doctor.pk).in_role("doctor"), User.objects.get(pk=doctor.pk)
    closed.is_active = False
    assert find_visible(closed, patient.pk) is find_visible(roleless, patient.pk) is None
