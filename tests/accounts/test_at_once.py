"""Two at the same moment, on real connections as the real login: of each pair, one comes too late."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts import actions
from healthcare.accounts.models import FailureCount, OneTimeLink, RecoveryCode, TOTPDevice, User
from healthcare.db.context import acting_as
from tests.accounts.conftest import PASSWORD, code_of, colleague, person
from tests.accounts.test_sign_in import give_code, give_password
from tests.factories import OneTimeLinkFactory, SecondFactorResetFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """`at_once(8, function)` calls it with 0 to 7, each in a thread of its own, all let go together."""

    def run(count: int, function: Callable[[int], Any]) -> list[Any]:
        gate, results = threading.Barrier(count), [None] * count

        def one(number: int) -> None:
            try:
                gate.wait()
                results[number] = function(number)
            except Exception as problem:
                results[number] = problem
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return results

    return run


def test_one_code_opens_one_session(at_once: Callable[..., list[Any]]) -> None:
    doctor, browsers = colleague("doctor"), [Client() for _browser in range(4)]
    for browser in browsers:
        give_password(browser, doctor.email)
    code = code_of(doctor)
    at_once(4, lambda number: give_code(browsers[number], code))
    assert doctor.sessions.exclude(acting_role="").count() == 1
    assert TOTPDevice.objects.get(user=doctor).throttling_failure_count > 0


def test_one_recovery_code_opens_one_session(at_once: Callable[..., list[Any]]) -> None:
    doctor, browsers = colleague("doctor"), [Client() for _browser in range(4)]
    with acting_as(doctor):
        code = actions.renew_recovery_codes(by=doctor)[0]
    for browser in browsers:
        give_password(browser, doctor.email)
    at_once(4, lambda number: browsers[number].post(reverse("accounts:recovery"), {"code": code}))
    assert doctor.sessions.exclude(acting_role="").count() == 1
    assert RecoveryCode.objects.filter(user=doctor, used_at=None).count() == 9


def test_one_link_is_followed_once(at_once: Callable[..., list[Any]]) -> None:
    link = OneTimeLinkFactory(user=person())
    page = reverse("accounts:reset_password", args=[link.token()])
    answers = at_once(4, lambda number: Client().post(page, {"new_password": f"{PASSWORD} {number}"}))
    assert sorted(answer.status_code for answer in answers) == [302, 410, 410, 410]


def test_one_invitation_makes_one_account_of_a_link(at_once: Callable[..., list[Any]]) -> None:
    link = OneTimeLinkFactory(user=None, purpose=OneTimeLink.Purpose.OPEN_ACCOUNT, address="rosa@mail.example")
    page = reverse("accounts:open_account", args=[link.token()])
    typed = {"full_name": "Rosa", "new_password": PASSWORD}
    answers = at_once(4, lambda number: Client().post(page, typed))
    assert sorted(answer.status_code for answer in answers) == [302, 410, 410, 410]
    assert User.objects.filter(email="rosa@mail.example").count() == 1


def test_a_reset_is_approved_once(at_once: Callable[..., list[Any]]) -> None:
    doctor, agreeing = colleague("doctor"), [colleague("administrator") for _one in range(3)]
    reset = SecondFactorResetFactory(user=doctor, requested_by=colleague("administrator"))

    def approve(number: int) -> None:
        with acting_as(agreeing[number]):
            actions.approve_second_factor_reset(by=agreeing[number], reset=reset)

    results = at_once(3, approve)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "ResetNotPossible", "ResetNotPossible"]


def test_every_failure_is_counted(at_once: Callable[..., list[Any]]) -> None:
    now = timezone.now()

    def count(number: int) -> None:
        with transaction.atomic():
            FailureCount.add("sign_in", "192.0.2.1", now, timedelta(minutes=15))

    at_once(8, count)
    assert FailureCount.get_count("sign_in", "192.0.2.1", now, timedelta(minutes=15)) == 8


def test_a_burst_of_guesses_ends_in_the_lock_out(at_once: Callable[..., list[Any]]) -> None:
    """Abuse case 35: more than ten at once are not more than a handful above ten."""
    patient = person()
    for _round in range(4):
        at_once(6, lambda number: give_password(Client(), patient.email, "wrong password here"))
    assert give_password(Client(), patient.email).status_code == 429


def test_a_session_that_is_ended_in_mid_request_stays_ended(at_once: Callable[..., list[Any]]) -> None:
    doctor, browser = colleague("doctor"), Client()
    give_password(browser, doctor.email)
    doctor.sessions.all().delete()
    assert browser.get(reverse("accounts:continue")).status_code == 302
    assert not doctor.sessions.exists()
