"""The verb `end_proxy`, and the lists of who acts for whom."""

from datetime import UTC, date, datetime, timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as
from patients import actions, queries
from patients.access import can_end, can_end_proxy
from patients.actions import end_proxy
from patients.events import ProxyEnded
from tests.factories import (
    PatientFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.patients.proxies import SCOPES, add, rows_of, sees

pytestmark = pytest.mark.django_db


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


# == Ending ==
def test_each_of_the_three_ends_it_at_once(rosa, doctor, worcester, announced) -> None:
    own, desk = portal_user(rosa), staff("front_desk", worcester)
    for number, ender in enumerate((own, desk, None)):
        proxy = add(doctor, rosa, email=f"helper{number}@mail.example")
        by = ender or proxy.user.in_role("patient")
        with acting_as(by):
            assert can_end_proxy(by, proxy)
            end_proxy(by=by, proxy=proxy, now=datetime.now(UTC))
        assert sees(proxy.user, rosa) == set()
        assert {row.ended_by_id for row in rows_of(proxy)} == {by.pk}
    assert len(announced(ProxyEnded)) == 3


def test_all_parts_end_together_and_twice_is_once(doctor, theo, announced) -> None:
    proxy = add(doctor, theo)
    with acting_as(doctor):
        now = datetime.now(UTC)
        end_proxy(by=doctor, proxy=proxy, now=now)
        end_proxy(by=doctor, proxy=proxy, now=now + timedelta(hours=1))
    assert [row.ended_at for row in rows_of(proxy)] == [now, now]
    assert len(announced(ProxyEnded)) == 1


def test_what_ends_before_it_began_never_begins(doctor, rosa) -> None:
    proxy = add(doctor, rosa)
    with acting_as(doctor):
        end_proxy(by=doctor, proxy=proxy, now=datetime.now(UTC) - timedelta(days=1))
    assert [row.validity.isempty for row in rows_of(proxy)] == [True]


def test_a_child_does_not_end_what_a_parent_agreed_to(doctor, theo) -> None:
    proxy, own = add(doctor, theo), portal_user(theo)
    with acting_as(own):
        assert not can_end_proxy(own, proxy)
        with pytest.raises(NotAllowed, match="Ask the clinic"):
            end_proxy(by=own, proxy=proxy, now=datetime.now(UTC))


def test_a_stranger_ends_nothing(doctor, rosa, worcester) -> None:
    proxy = add(doctor, rosa)
    other = add(doctor, rosa, email="second@mail.example").user.in_role("patient")
    for user in (portal_user(PatientFactory()), other, staff("administrator", worcester)):
        with acting_as(user), pytest.raises(NotAllowed):
            end_proxy(by=user, proxy=proxy, now=datetime.now(UTC))
    assert sees(proxy.user, rosa) == set(SCOPES)


def test_one_part_alone_is_not_ended_by_the_list_of_access(doctor, theo) -> None:
    with acting_as(doctor):
        assert not any(can_end(doctor, row) for row in rows_of(add(doctor, theo)))


def test_an_account_of_the_staff_that_reaches_nobody_finds_nothing_to_end(doctor, rosa) -> None:
    stranger = staff("doctor")
    proxy = add(doctor, rosa)
    with acting_as(stranger):
        end_proxy(by=stranger, proxy=proxy, now=datetime.now(UTC))
    assert sees(proxy.user, rosa) == set(SCOPES)


# == Who acts for whom ==
def test_the_lines_say_from_when_on_they_see_less(doctor, theo) -> None:
    add(doctor, theo)
    ended = add(doctor, theo, email="former@mail.example")
    with acting_as(doctor):
        end_proxy(by=doctor, proxy=ended, now=datetime.now(UTC))
        (line,) = queries.proxy_lines(doctor, theo, datetime.now(UTC))
    assert line.proxy.user.full_name == "Ana Delgado"
    assert line.less_from == datetime(2030, 5, 9, 4, 0, tzinfo=UTC)
    assert line.until == datetime(2035, 5, 9, 4, 0, tzinfo=UTC)
    assert line.scopes == tuple(SCOPES)


def test_only_whom_one_acts_for_is_listed(doctor, theo, rosa) -> None:
    proxy = add(doctor, theo)
    mother = proxy.user.in_role("patient")
    with acting_as(mother):
        assert [one.patient for one in actions.list_people_acted_for(by=mother)] == [theo]
        assert queries.acted_for(mother, theo.pk, Scope.CLINICAL).proxy == proxy
        assert queries.acted_for(mother, rosa.pk) is None
    own = portal_user(rosa)
    with acting_as(own):
        assert actions.list_people_acted_for(by=own) == []
