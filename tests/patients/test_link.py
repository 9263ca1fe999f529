"""The verbs `issue_portal_code` and `link_portal_account`."""

from datetime import UTC, date, datetime, timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.audit.changes import bulk_verb
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions import (
    AlreadyLinked,
    PortalCodeRefused,
    hash_code,
    issue_portal_code,
    link_portal_account,
)
from patients.events import PortalAccountLinked
from patients.models import Patient, PortalCode
from tests.factories import PatientFactory, UserFactory, portal_user, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
BORN = date(1968, 3, 12)


@pytest.fixture
def patient() -> Patient:
    return PatientFactory(birth_date=BORN)


@pytest.fixture
def account():
    return UserFactory().in_role("patient")


def issue(patient, **changes) -> str:
    desk = staff("front_desk", patient.site)
    with acting_as(desk):
        code = issue_portal_code(by=desk, patient=patient, now=datetime.now(UTC))
    if changes:
        with taking_role("owner"), bulk_verb():
            PortalCode.objects.filter(code_hash=hash_code(code)).update(**changes)
    return code


def link(account, code, birth_date=BORN):
    with acting_as(account):
        return link_portal_account(by=account, code=code, birth_date=birth_date)


def test_code_and_birth_date_open_ones_own_record_once(patient, account, announced) -> None:
    code = issue(patient)
    assert link(account, code.lower()) == patient.pk
    assert announced() == [PortalAccountLinked(patient_id=patient.pk, user_id=account.pk)]
    with acting_as(account):
        assert Patient.objects.visible_to(account).get() == patient
        assert set(AuditEvent.objects.values_list("action", flat=True)) >= {
            "patients.issue_portal_code",
            "patients.link_portal",
        }, "patients read who touched their record"
    with pytest.raises(PortalCodeRefused):
        link(UserFactory().in_role("patient"), code)


def test_the_code_itself_is_not_kept(patient) -> None:
    code = issue(patient)
    with as_the_system():
        stored = PortalCode.objects.get()
    assert code.replace("-", "") not in stored.code_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"revoked_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"attempts": 5},
    ],
)
def test_an_ended_code_is_refused_in_the_same_words(patient, account, changes) -> None:
    code = issue(patient, **changes)
    with pytest.raises(PortalCodeRefused, match="do not fit together, or the code has ended"):
        link(account, code)


def test_a_new_code_ends_the_earlier_one(patient, account) -> None:
    first, second = issue(patient), issue(patient)
    with pytest.raises(PortalCodeRefused):
        link(account, first)
    assert link(account, second) == patient.pk


def test_five_wrong_birth_dates_end_the_code(patient, account) -> None:
    code = issue(patient)
    with acting_as(account):
        for _try in range(5):
            with pytest.raises(PortalCodeRefused):
                link_portal_account(by=account, code=code, birth_date=BORN + timedelta(days=1))
        with pytest.raises(PortalCodeRefused):
            link_portal_account(by=account, code=code, birth_date=BORN)


def test_a_refused_try_counts_when_the_caller_commits(patient, account) -> None:
    code = issue(patient)
    with acting_as(account), pytest.raises(PortalCodeRefused):
        link_portal_account(by=account, code=code, birth_date=date(1999, 1, 1))
    with as_the_system():
        assert PortalCode.objects.get().attempts == 1
    with acting_as(account, using="audit"):
        assert AuditEvent.objects.using("audit").filter(outcome="denied", actor_id=account.pk).count() == 1


def test_one_account_has_one_record_and_one_record_one_account(patient, account) -> None:
    code = issue(patient)
    linked = portal_user(PatientFactory())
    with pytest.raises(AlreadyLinked):
        link(linked, code)
    link(account, code)
    with pytest.raises(AlreadyLinked):
        issue(patient)


def test_only_roles_with_the_permission_issue_codes(patient) -> None:
    doctor, clerk = staff("doctor", patient.site), staff("billing", patient.site)
    with acting_as(doctor):
        assert issue_portal_code(by=doctor, patient=patient, now=datetime.now(UTC))
    with acting_as(clerk), pytest.raises(NotAllowed):
        issue_portal_code(by=clerk, patient=patient, now=datetime.now(UTC))
