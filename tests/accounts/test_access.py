"""What a role holds, asked directly: as delivered and as edited; and who holds nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from healthcare.accounts.access import can, may_sign_in_without_code, permissions_of, scopes_of
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import ROLES
from tests.factories import RoleEditFactory, UserFactory, staff

pytestmark = pytest.mark.django_db


def test_an_edit_counts_in_its_own_role_for_whoever_came_without_a_session() -> None:
    RoleEditFactory(role="nurse", permission=Permission.REGISTER_PATIENT, held=False)
    RoleEditFactory(role="doctor", permission=Permission.OPEN_CHART, held=False)
    nurse = staff("nurse")
    assert can(nurse, Permission.OPEN_CHART), "what was taken from doctors is still theirs"
    assert not can(nurse, Permission.REGISTER_PATIENT)
    assert not can(staff("doctor"), Permission.OPEN_CHART)


def test_what_came_with_the_session_is_not_asked_for_again(django_assert_num_queries: Any) -> None:
    nurse, doctor = staff("nurse"), staff("doctor")
    nurse.role_edits = {Permission.OPEN_CHART.value: False}
    with django_assert_num_queries(0):
        assert not can(nurse, Permission.OPEN_CHART)
    with django_assert_num_queries(1):
        assert can(doctor, Permission.OPEN_CHART)
        assert can(doctor, Permission.GRANT_ACCESS)


def test_who_has_no_role_or_a_closed_account_holds_nothing() -> None:
    closed = UserFactory(is_active=False, deactivated_at="2026-01-01T00:00Z").in_role("doctor")
    for user in (closed, UserFactory().in_role("astronaut"), UserFactory(), AnonymousUser(), None):
        assert permissions_of(user) == frozenset()


def test_a_role_opens_no_more_of_a_chart_than_it_says() -> None:
    assert scopes_of("doctor") == ROLES["doctor"].scopes > {Scope.IDENTITY}
    assert scopes_of("astronaut") == frozenset()


def test_patients_sign_in_without_a_code_until_it_is_taken_from_them() -> None:
    RoleEditFactory(role="nurse", permission=Permission.SIGN_IN_WITHOUT_CODE, held=False)
    assert may_sign_in_without_code()
    RoleEditFactory(role="patient", permission=Permission.SIGN_IN_WITHOUT_CODE, held=False)
    assert not may_sign_in_without_code()
