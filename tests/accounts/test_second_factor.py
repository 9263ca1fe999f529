"""The authenticator, the recovery codes, and the reset that needs two."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can_approve_reset
from healthcare.accounts.actions import ResetNotPossible, WrongAnswer
from healthcare.accounts.models import RecoveryCode, SecondFactorReset, Session, TOTPDevice, User
from healthcare.db.context import acting_as
from healthcare.db.fields import is_encrypted
from tests.accounts.conftest import PASSWORD, audited, code_of, colleague, give_device, letters, person, sign_in
from tests.accounts.test_sign_in import give_code, give_password
from tests.factories import SecondFactorResetFactory, TOTPDeviceFactory

pytestmark = pytest.mark.django_db
ENROL, RECOVERY = reverse("accounts:enrol"), reverse("accounts:recovery")
RFC_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", RFC 6238 appendix B


# == The code itself ==
@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """The last six of the eight digits in appendix B, SHA-1."""
    moment = timezone.datetime.fromtimestamp(seconds, tz=timezone.get_default_timezone())
    assert TOTPDevice(key=RFC_KEY).code_at(moment) == code


def device_of(user: User) -> TOTPDevice:
    return TOTPDevice.objects.get(user=user, confirmed=True)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step(steps: int, taken: bool) -> None:
    device, now = TOTPDeviceFactory(), timezone.now()
    assert device.spend(device.code_at(now + timedelta(seconds=30 * steps)), now) is taken


def test_a_clock_that_is_off_is_followed() -> None:
    device, now = TOTPDeviceFactory(), timezone.now()
    assert device.spend(device.code_at(now + timedelta(seconds=30)), now)
    assert device_of(device.user).drift == 1
    later = now + timedelta(minutes=5)
    device = device_of(device.user)
    assert device.spend(TOTPDevice(key=device.key).code_at(later + timedelta(seconds=60)), later)


def test_a_code_works_once() -> None:
    """Replay, also within the same thirty seconds."""
    device, now = TOTPDeviceFactory(), timezone.now()
    code = device.code_at(now)
    assert device.spend(code, now)
    assert not device_of(device.user).spend(code, now)
    assert device_of(device.user).throttling_failure_count == 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "1e5   "])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert not TOTPDeviceFactory().spend(code, timezone.now())


def test_misses_make_one_wait_ever_longer() -> None:
    device, now = TOTPDeviceFactory(), timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for _miss in range(5):
            device.spend("000000", timezone.now())
            clock.shift(60)
        device.spend("000000", timezone.now())
        assert not device.spend(device.code_at(timezone.now()), timezone.now()), "the right one waits as well"
        clock.shift(33)
        assert device.spend(device.code_at(timezone.now()), timezone.now())
    assert device.throttling_failure_count == 0


def test_the_key_is_ciphertext_in_the_database() -> None:
    device = TOTPDeviceFactory()
    assert is_encrypted(TOTPDevice.objects.filter(pk=device.pk).values_list("key", flat=True).get())


# == Setting it up ==
def started() -> tuple[User, Client]:
    nurse, client = colleague("nurse", with_code=False), Client()
    give_password(client, nurse.email)
    client.post(ENROL)
    return nurse, client


def test_a_colleague_sets_up_an_authenticator_and_gets_recovery_codes_once() -> None:
    nurse, client = started()
    page = client.get(ENROL).content.decode()
    key = TOTPDevice.objects.get(user=nurse).key
    assert key[:4] in page
    assert "<svg" in page
    assert "style=" not in page.split("<svg", 1)[1].split("</svg>")[0]
    answer = client.post(ENROL, {"code": code_of(nurse)})
    codes = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", answer.content.decode())
    assert len(set(codes)) == 10
    assert RecoveryCode.objects.filter(user=nurse).count() == 10
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()
    assert client.get(reverse("accounts:continue")).headers["Location"] == "/"
    assert Session.objects.get(user=nurse).acting_role == "nurse"


def test_the_key_is_not_shown_again_once_it_is_in_use() -> None:
    """Abuse case 40."""
    nurse, client = started()
    key = TOTPDevice.objects.get(user=nurse).key
    client.post(ENROL, {"code": code_of(nurse)})
    client.get(reverse("accounts:continue"))
    page = client.get(ENROL).content.decode()
    assert key[:4] not in page
    assert "<svg viewBox" not in page.split("<main", 1)[1]


def test_a_wrong_first_code_enrols_nobody() -> None:
    nurse, client = started()
    assert client.post(ENROL, {"code": "000000"}).status_code == 422
    assert not TOTPDevice.objects.filter(user=nurse, confirmed=True).exists()
    assert client.get("/").headers["Location"] == reverse("accounts:continue")


def test_confirming_without_a_waiting_key_is_refused() -> None:
    nurse, client = colleague("nurse", with_code=False), Client()
    give_password(client, nurse.email)
    assert client.post(ENROL, {"code": "123456"}).status_code == 422


def test_starting_again_gives_another_key() -> None:
    nurse, client = started()
    first = TOTPDevice.objects.get(user=nurse).key
    client.post(ENROL)
    assert TOTPDevice.objects.get(user=nurse).key != first


def test_a_second_phone_needs_a_fresh_proof_of_identity() -> None:
    """Abuse case 40: whoever finds an open screen enrols nothing."""
    doctor = colleague("doctor")
    stale = sign_in(doctor, stepped_up=False)
    assert stale.get(ENROL).headers["Location"].startswith(reverse("accounts:step_up"))
    assert "Is it still you?" in stale.post(ENROL).content.decode()
    assert not TOTPDevice.objects.filter(user=doctor, confirmed=False).exists()
    answer = stale.post(ENROL, {"step_up_answer": code_of(doctor)})
    assert answer.headers["Location"] == ENROL
    assert TOTPDevice.objects.filter(user=doctor, confirmed=False).exists()


def test_with_a_password_alone_nobody_replaces_the_authenticator() -> None:
    doctor, client = colleague("doctor"), Client()
    give_password(client, doctor.email)
    for method in (client.get, client.post):
        assert method(ENROL).headers["Location"] == reverse("accounts:continue")


def test_the_new_phone_takes_the_place_of_the_old_one_with_its_first_code() -> None:
    doctor = colleague("doctor")
    client, old = sign_in(doctor), device_of(doctor)
    client.post(ENROL)
    assert device_of(doctor) == old
    waiting = TOTPDevice.objects.get(user=doctor, confirmed=False)
    client.post(ENROL, {"code": waiting.code_at(timezone.now())})
    assert device_of(doctor) == waiting
    assert not TOTPDevice.objects.filter(pk=old.pk).exists()


def test_patients_may_switch_it_on_and_off() -> None:
    patient = person()
    client = sign_in(patient)
    client.post(ENROL)
    client.post(ENROL, {"code": code_of(patient)})
    assert device_of(patient)
    remove = reverse("accounts:remove_second_factor")
    assert client.get(remove).status_code == 200
    client.post(remove)
    assert not TOTPDevice.objects.filter(user=patient).exists()
    assert not RecoveryCode.objects.filter(user=patient).exists()


def test_staff_cannot_do_without() -> None:
    doctor = colleague("doctor")
    page = sign_in(doctor).post(reverse("accounts:remove_second_factor"), follow=True)
    assert "not do without" in page.content.decode()
    assert device_of(doctor)


# == Recovery codes ==
def with_codes() -> tuple[User, list[str]]:
    doctor = colleague("doctor")
    with acting_as(doctor):
        return doctor, actions.renew_recovery_codes(by=doctor)


@pytest.mark.parametrize("written", [str, str.lower, lambda code: code.replace("-", " ")])
def test_a_recovery_code_signs_in_once_however_it_is_written(written: Any) -> None:
    doctor, codes = with_codes()
    client = Client()
    give_password(client, doctor.email)
    assert client.get(RECOVERY).status_code == 200
    client.post(RECOVERY, {"code": written(codes[0])})
    assert Session.objects.get(user=doctor).acting_role == "doctor"
    again = Client()
    give_password(again, doctor.email)
    assert again.post(RECOVERY, {"code": codes[0]}).status_code == 422
    assert len(audited("accounts.use_recovery_code", target_id=doctor.pk)) == 1


def test_somebody_elses_recovery_code_is_worth_nothing() -> None:
    _other, codes = with_codes()
    doctor, client = colleague("doctor"), Client()
    give_password(client, doctor.email)
    assert client.post(RECOVERY, {"code": codes[0]}).status_code == 422


def test_guessing_recovery_codes_is_stopped() -> None:
    """Abuse case 38."""
    doctor, codes = with_codes()
    client = Client()
    give_password(client, doctor.email)
    for _try in range(10):
        client.post(RECOVERY, {"code": "AAAA-AAAA-AAAA-AAAA"})
    answer = client.post(RECOVERY, {"code": codes[0]})
    assert "Too many tries" in answer.content.decode()
    assert RecoveryCode.objects.filter(user=doctor, used_at=None).count() == 10


def test_new_codes_end_the_old_ones() -> None:
    doctor, codes = with_codes()
    client = sign_in(doctor)
    assert client.get(reverse("accounts:renew_codes")).status_code == 200
    assert client.post(reverse("accounts:renew_codes")).status_code == 200
    assert not RecoveryCode.objects.filter(digest=RecoveryCode.digest_of(codes[0])).exists()


def test_codes_without_an_authenticator_make_no_sense() -> None:
    page = sign_in(person()).post(reverse("accounts:renew_codes"), follow=True)
    assert "Set one up first" in page.content.decode()


# == Reset by two ==
def three() -> tuple[User, User, User]:
    return colleague("administrator"), colleague("administrator"), colleague("doctor")


def test_two_administrators_take_an_authenticator_off() -> None:
    first, second, doctor = three()
    doctors_browser = sign_in(doctor)
    address = reverse("accounts:request_second_factor_reset", args=[doctor.pk])
    sign_in(first).post(address, {"reason": "Came in person"})
    reset = SecondFactorReset.objects.none()
    with acting_as(second):
        reset = SecondFactorReset.objects.get(user=doctor)
    assert device_of(doctor), "nothing happens by one alone"
    sign_in(second).post(reverse("accounts:approve_second_factor_reset", args=[doctor.pk, reset.pk]))
    assert not TOTPDevice.objects.filter(user=doctor).exists()
    assert doctors_browser.get("/").status_code == 302
    assert ("second_factor_reset", doctor.email) in [(template, to) for to, template, _words in letters()]
    assert audited("accounts.request_second_factor_reset")[0].actor_id == first.pk
    assert audited("accounts.approve_second_factor_reset")[0].actor_id == second.pk


def test_who_asked_cannot_agree() -> None:
    first, _second, doctor = three()
    with acting_as(first):
        reset = actions.request_second_factor_reset(by=first, user=doctor, reason="Came in person")
        with pytest.raises(NotAllowed, match="second administrator"):
            actions.approve_second_factor_reset(by=first, reset=reset)
        assert not can_approve_reset(first, reset)
    page = sign_in(first).get(reverse("accounts:colleague", args=[doctor.pk])).content.decode()
    assert "I agree" not in page


def test_nobody_asks_or_agrees_for_themselves() -> None:
    first, second, _doctor = three()
    with acting_as(first), pytest.raises(NotAllowed):
        actions.request_second_factor_reset(by=first, user=first, reason="Lost it")
    reset = SecondFactorResetFactory(user=first, requested_by=second)
    with acting_as(first), pytest.raises(NotAllowed):
        actions.approve_second_factor_reset(by=first, reset=reset)


def test_the_database_wants_two_people_too() -> None:
    first, second, doctor = three()
    now = timezone.now()
    for asks, agrees in ((first, first), (doctor, second), (first, doctor)):
        with pytest.raises(IntegrityError), transaction.atomic():
            SecondFactorResetFactory(user=doctor, requested_by=asks, approved_by=agrees, approved_at=now, closed_at=now)


def test_a_request_is_answered_once_and_not_late() -> None:
    first, second, doctor = three()
    with acting_as(first):
        reset = actions.request_second_factor_reset(by=first, user=doctor, reason="Came in person")
        with pytest.raises(ResetNotPossible, match="waits already"):
            actions.request_second_factor_reset(by=first, user=doctor, reason="Again")
    with acting_as(second):
        actions.approve_second_factor_reset(by=second, reset=reset)
        with pytest.raises(ResetNotPossible, match="answered already"):
            actions.approve_second_factor_reset(by=second, reset=reset)
        with pytest.raises(ResetNotPossible, match="no second factor"):
            actions.request_second_factor_reset(by=second, user=doctor, reason="Again")


def test_a_request_runs_out_and_can_be_made_anew() -> None:
    first, second, doctor = three()
    old = SecondFactorResetFactory(user=doctor, requested_by=first, expires_at=timezone.now() - timedelta(minutes=1))
    with acting_as(second), pytest.raises(ResetNotPossible):
        actions.approve_second_factor_reset(by=second, reset=old)
    with acting_as(second):
        assert actions.request_second_factor_reset(by=second, user=doctor, reason="Came in person")


def test_a_reason_is_asked_for() -> None:
    first, _second, doctor = three()
    address = reverse("accounts:request_second_factor_reset", args=[doctor.pk])
    assert sign_in(first).post(address, {"reason": ""}).status_code == 422


def test_the_verbs_refuse_a_wrong_code_too() -> None:
    with acting_as(None), pytest.raises(WrongAnswer):
        actions.prove_second_factor(by=person(), request=None, code="000000")  # type: ignore[arg-type]


def test_the_authenticator_shows_the_clinic_and_the_account() -> None:
    device = give_device(person(email="rosa@mail.example"))
    assert device.address().startswith("otpauth://totp/Alder%20Street%20Clinic%3Arosa%40mail.example?secret=")
    assert "issuer=Alder%20Street%20Clinic" in device.address()


def test_a_code_with_a_gap_is_read() -> None:
    doctor, client = colleague("doctor"), Client()
    give_password(client, doctor.email, PASSWORD)
    code = code_of(doctor)
    give_code(client, f"{code[:3]} {code[3:]}")
    assert Session.objects.get(user=doctor).acting_role == "doctor"
