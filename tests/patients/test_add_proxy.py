"""The verb `add_proxy`: who may, what it opens, and until when."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from healthcare.messaging.templating import render
from patients import actions
from patients.access import can_add_proxy
from patients.actions import ProxyRefused
from patients.events import ProxyAdded
from patients.models import CareRelationship, Proxy
from patients.subscribers import tell_proxy_added
from tests.factories import (
    ALWAYS,
    PatientFactory,
    SiteFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.patients.proxies import SCOPES, add, rows_of, sees
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
HEALTH = {Scope.CLINICAL, Scope.MEDICATION, Scope.MESSAGE}


@pytest.fixture
def worcester():
    return SiteFactory(time_zone="America/New_York")


@pytest.fixture
def theo(worcester):
    return PatientFactory(site=worcester, birth_date=date(2017, 5, 9))


@pytest.fixture
def rosa(worcester):
    return PatientFactory(site=worcester)


@pytest.fixture
def doctor(worcester):
    return staff("doctor", worcester)


# == Adding ==
def test_without_any_birth_date_nobody_knows_who_may_agree(doctor, worcester) -> None:
    unknown = PatientFactory(site=worcester, birth_date=None, birth_precision="unknown")
    with pytest.raises(ProxyRefused, match="Add the date of birth first"):
        add(doctor, unknown)


def test_a_doctor_opens_the_record_of_a_child_to_a_parent(doctor, theo, announced) -> None:
    proxy = add(doctor, theo)
    assert sees(proxy.user, theo) == set(SCOPES)
    less, all_of_it = sorted(rows_of(proxy), key=lambda row: row.validity.upper)
    assert set(less.scopes) == HEALTH
    # Midnight in Worcester, in summer four hours behind UTC.
    assert less.validity.upper == datetime(2030, 5, 9, 4, 0, tzinfo=UTC)
    assert all_of_it.validity.upper == datetime(2035, 5, 9, 4, 0, tzinfo=UTC)
    assert {row.granted_by_id for row in rows_of(proxy)} == {doctor.pk}
    assert (proxy.checked_by_id, proxy.agreed_by) == (doctor.pk, "parent")
    assert announced(ProxyAdded) == [ProxyAdded(patient_id=theo.pk, proxy_id=proxy.pk)]
    with as_the_system():
        event = AuditEvent.objects.get(action="patients.add_proxy")
    assert (event.patient_id, event.actor_id, event.detail["extent"]) == (theo.pk, doctor.pk, "all")


@pytest.mark.parametrize(
    ("extent", "opened"),
    [
        (Proxy.Extent.ALL, set(SCOPES)),
        (Proxy.Extent.APPOINTMENTS, {"identity", "schedule"}),
        (Proxy.Extent.BILLS, {"identity", "billing"}),
    ],
)
def test_each_extent_opens_its_scopes_and_no_other(doctor, rosa, extent, opened) -> None:
    assert sees(add(doctor, rosa, extent=extent).user, rosa) == opened


def test_it_ends_on_the_day_that_was_said(doctor, rosa) -> None:
    proxy = add(doctor, rosa, until=date(2100, 1, 1))
    assert [row.validity.upper for row in rows_of(proxy)] == [datetime(2100, 1, 1, 5, 0, tzinfo=UTC)]
    with pytest.raises(ProxyRefused, match="over before it begins"):
        add(doctor, rosa, until=datetime.now(UTC).date() - timedelta(days=1), email="late@mail.example")


def test_who_has_no_account_is_invited_once(doctor, rosa, theo) -> None:
    proxy = add(doctor, rosa, email="New@Mail.example")
    assert not proxy.user.has_usable_password()
    again = add(doctor, theo, email="new@mail.example")
    assert again.user == proxy.user
    with as_the_system():
        letters = Message.objects.filter(template="accounts/invitation").count()
    assert letters == 2  # the second link is the one that works


def test_who_has_an_account_keeps_it(doctor, rosa) -> None:
    known = UserFactory(email="ana@mail.example")
    known.set_password("four slow herons wade")
    with as_the_system():
        known.save(update_fields=["password"])
    assert add(doctor, rosa).user == known
    with as_the_system():
        assert not Message.objects.filter(template="accounts/invitation").exists()


def test_delivered_twice_is_one_letter_that_names_nobody(doctor, rosa) -> None:
    proxy = add(doctor, rosa)
    letters = Message.objects.filter(template="proxy_added")
    fact = ProxyAdded(patient_id=rosa.pk, proxy_id=proxy.pk)
    told = deliver_twice(
        tell_proxy_added, fact, lambda: [(letter.address, letter.parameters) for letter in letters.all()]
    )
    assert told == [("ana@mail.example", "{}")]
    words = render("proxy_added", "email", {}, "")
    assert words.subject == "You can now act for somebody in the portal"
    with as_the_system():
        actions.tell_proxy_added(by=None, proxy_id=rosa.pk)
        assert letters.count() == 1


def test_who_is_refused(doctor, rosa, worcester) -> None:
    own = portal_user(rosa, email="rosa@mail.example")
    with pytest.raises(ProxyRefused, match="own account"):
        add(doctor, rosa, email=own.email)
    with pytest.raises(ProxyRefused, match="your own account"):
        add(doctor, rosa, email=doctor.email)
    add(doctor, rosa)
    with pytest.raises(ProxyRefused, match="already"):
        add(doctor, rosa)
    closed = UserFactory(email="gone@mail.example", is_active=False, deactivated_at=NOW)
    with pytest.raises(ProxyRefused, match="closed"):
        add(doctor, rosa, email=closed.email)
    with pytest.raises(ProxyRefused, match="parent agrees"):
        add(doctor, rosa, email="x@mail.example", agreed_by=Proxy.AgreedBy.PARENT)
    with as_the_system():
        assert not User.objects.filter(email="x@mail.example").exists()


def test_nobody_opens_more_than_they_see(rosa, worcester) -> None:
    desk, nurse = staff("front_desk", worcester), staff("nurse", worcester)
    for user, extent in ((desk, "all"), (nurse, "all"), (nurse, "bills")):
        with pytest.raises(NotAllowed, match="what you can see yourself"):
            add(user, rosa, extent=Proxy.Extent(extent))
    for extent in (Proxy.Extent.APPOINTMENTS, Proxy.Extent.BILLS):
        add(desk, rosa, extent=extent, email=f"{extent}@mail.example")
    with acting_as(nurse):
        assert can_add_proxy(nurse, rosa, Proxy.SCOPES["appointments"])


@pytest.mark.parametrize("role", ["billing", "pharmacist", "privacy_officer", "administrator"])
def test_roles_that_invite_nobody_add_nobody(rosa, worcester, role) -> None:
    with pytest.raises(NotAllowed):
        add(staff(role, worcester), rosa, extent=Proxy.Extent.BILLS)


def test_neither_patient_nor_stranger_adds_anybody(rosa) -> None:
    for user in (portal_user(rosa), staff("doctor")):
        with pytest.raises(NotAllowed):
            add(user, rosa)


def test_the_second_wall_takes_no_proxy_from_a_patient_or_for_another_name(rosa, doctor) -> None:
    own, other = portal_user(rosa), UserFactory()
    for actor, signer in ((own, own), (doctor, other), (staff("doctor"), None)):
        row = Proxy(patient=rosa, user=other, relation="other", extent="all", agreed_by="patient")
        row.checked_by = signer or actor
        row.user = UserFactory() if row.checked_by == other else other
        with acting_as(actor), pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)


def test_the_second_wall_lets_nobody_pass_access_on_in_the_role_of_a_patient(rosa, doctor) -> None:
    mother = add(doctor, rosa).user.in_role("patient")
    for actor in (mother, portal_user(rosa)):
        for kind, role in (("proxy", "patient"), ("share", "doctor"), ("care_team", "doctor")):
            row = CareRelationship(patient=rosa, kind=kind, role=role, user=UserFactory(), granted_by=actor)
            row.scopes, row.validity = ["identity"], ALWAYS
            with acting_as(actor), pytest.raises(DatabaseError), transaction.atomic():
                row.save(force_insert=True)


def test_a_proxy_row_never_changes(rosa, doctor) -> None:
    proxy = add(doctor, rosa)
    proxy.extent = "bills"
    for role in ("web", "worker"):
        with taking_role(role), acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic():
            proxy.save(update_fields=["extent"])
