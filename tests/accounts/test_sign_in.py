"""Password, code, role: each step opens the next and nothing else."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.actions.signing_in import ADDRESS_CEILING, WINDOW
from healthcare.accounts.models import FailureCount, Session, User
from tests.accounts.conftest import PASSWORD, audited, code_of, colleague, give_device, person, sign_in
from tests.factories import MembershipFactory, SiteFactory
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
SIGN_IN = reverse("accounts:sign_in")


def give_password(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(SIGN_IN, {"email": email, "password": password, **more})


def give_code(client: Client, code: str) -> Any:
    return client.post(reverse("accounts:code"), {"code": code})


def where(answer: Any) -> str:
    return str(answer.headers.get("Location", ""))


# == The way in ==
def test_a_colleague_signs_in_with_password_and_code_and_lands_where_they_wanted() -> None:
    doctor, client = colleague("doctor"), Client()
    wanted = reverse("accounts:account")
    assert where(client.get(wanted)) == f"{SIGN_IN}?next=%2Faccounts%2F"
    give_password(client, doctor.email, next=wanted)
    assert where(client.get(reverse("accounts:continue"))) == reverse("accounts:code")
    give_code(client, code_of(doctor))
    assert where(client.get(reverse("accounts:continue"))) == wanted
    assert client.get(wanted).status_code == 200
    steps = [event.detail["step"] for event in audited("accounts.sign_in", target_id=doctor.pk)]
    assert steps == ["password", "totp", "role"]
    assert audited("accounts.sign_in", actor_id=doctor.pk)[0].actor_role == "doctor"


def test_a_patient_signs_in_with_the_password_alone() -> None:
    patient, client = person(), Client()
    give_password(client, patient.email)
    assert Session.objects.get(user=patient).acting_role == "patient"
    assert client.get(reverse("accounts:account")).status_code == 200


def test_the_address_may_be_written_in_any_case() -> None:
    person(email="Rosa.D@mail.example")
    assert where(give_password(Client(), " rosa.d@MAIL.example ")) == reverse("accounts:continue")


def test_someone_with_two_roles_chooses_one() -> None:
    desk, client = colleague("front_desk"), Client()
    MembershipFactory(user=desk, role="billing")
    give_password(client, desk.email)
    give_code(client, code_of(desk))
    page = client.get(reverse("accounts:continue"), follow=True)
    assert page.redirect_chain[-1][0] == reverse("accounts:choose_role")
    assert client.post(reverse("accounts:choose_role"), {"role": "doctor"}).status_code == 422
    client.post(reverse("accounts:choose_role"), {"role": "billing"})
    assert Session.objects.get(user=desk).acting_role == "billing"
    assert where(client.get(reverse("accounts:choose_role"))) == reverse("accounts:continue")


def test_times_are_said_in_the_zone_of_the_site() -> None:
    doctor, client = colleague("doctor", site=SiteFactory(time_zone="Pacific/Honolulu")), Client()
    give_password(client, doctor.email)
    give_code(client, code_of(doctor))
    assert b"HST" in client.get(reverse("accounts:account")).content


def test_whoever_is_signed_in_is_not_asked_again() -> None:
    assert where(sign_in(person()).get(SIGN_IN)) == "/"


# == Nothing before the last step (abuse case 34) ==
@pytest.mark.parametrize("name", ["account", "change_password", "switch_role", "renew_codes", "staff", "keep_alive"])
def test_with_the_password_alone_a_colleague_reaches_nothing(name: str) -> None:
    client, doctor = Client(), colleague("doctor")
    give_password(client, doctor.email)
    for method in (client.get, client.post):
        assert where(method(reverse(f"accounts:{name}"))) == reverse("accounts:continue")


def test_a_colleague_without_an_authenticator_has_to_set_one_up_first() -> None:
    nurse, client = colleague("nurse", with_code=False), Client()
    give_password(client, nurse.email)
    assert where(client.get(reverse("accounts:continue"))) == reverse("accounts:enrol")
    assert where(client.get("/")) == reverse("accounts:continue")
    assert where(client.post(reverse("accounts:choose_role"), {"role": "nurse"})) == reverse("accounts:continue")


def test_a_patient_who_switched_the_code_on_is_asked_for_it() -> None:
    patient, client = person(), Client()
    give_device(patient)
    give_password(client, patient.email)
    assert where(client.get("/")) == reverse("accounts:continue")
    give_code(client, code_of(patient))
    assert Session.objects.get(user=patient).acting_role == "patient"


def test_a_deep_link_after_the_registration_page_leads_to_the_sign_in() -> None:
    """Abuse case 34: opening a public page must open nothing else."""
    client = Client()
    client.get(reverse("accounts:request_account"))
    for address in ("/", reverse("accounts:account"), reverse("accounts:staff"), reverse("accounts:audit"), "/admin/"):
        assert where(client.get(address)).startswith(SIGN_IN)


# == The same answer for everybody (abuse case 52) ==
def refusals() -> dict[str, str]:
    invited = colleague("doctor", with_code=False)
    closed = person()
    with as_the_system():
        invited.set_unusable_password()
        invited.save(update_fields=["password"])
        closed.is_active, closed.deactivated_at = False, timezone.now()
        closed.save(update_fields=["is_active", "deactivated_at"])
    return {
        "nobody": "nobody@clinic.example",
        "known": person().email,
        "invited": invited.email,
        "closed": closed.email,
    }


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer() -> None:
    bodies = set()
    for email in refusals().values():
        answer = give_password(Client(), email, "wrong password here")
        assert answer.status_code == 422
        body = answer.content.decode().replace(email, "")
        bodies.add(re.sub(r'(name="csrfmiddlewaretoken" value|nonce)="[^"]+"', "", body))
        assert "do not fit together" in answer.content.decode()
    assert len(bodies) == 1


def test_each_refusal_costs_one_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is what takes time; a refusal without one would say that there is no account."""
    known, counted, encode = refusals(), [], MD5PasswordHasher.encode

    def counting(self: Any, *args: Any) -> str:
        counted.append(1)
        return encode(self, *args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    costs = {}
    for kind, email in known.items():
        counted.clear()
        give_password(Client(), email, "wrong password here")
        costs[kind] = len(counted)
    assert set(costs.values()) == {1}, costs


def test_refusals_are_in_the_audit_without_the_address() -> None:
    patient = person()
    give_password(Client(), patient.email, "wrong password here")
    give_password(Client(), "nobody@clinic.example", "wrong password here")
    first, second = audited("accounts.sign_in", outcome="failed")
    assert (first.target_id, second.target_id) == (patient.pk, None)
    assert "clinic.example" not in str(second.detail)


# == Guessing (abuse cases 35, 37, 41, 95) ==
def test_ten_wrong_passwords_close_the_door_for_this_account_and_address() -> None:
    patient, other = person(), person()
    for _try in range(10):
        answer = give_password(Client(), patient.email, "wrong password here")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 900
    assert "Wait 15 minutes" in answer.content.decode()
    assert give_password(Client(), patient.email).status_code == 429, "also the right one has to wait"
    assert where(give_password(Client(), other.email)) == reverse("accounts:continue")


def test_unknown_addresses_are_closed_alike() -> None:
    answers = [give_password(Client(), "nobody@clinic.example", "wrong password") for _try in range(10)]
    assert answers[-1].status_code == 429


def test_the_case_of_the_address_opens_no_new_count() -> None:
    patient = person(email="rosa@mail.example")
    for number in range(10):
        answer = give_password(Client(), "ROSA@mail.example" if number % 2 else patient.email, "wrong password")
    assert answer.status_code == 429


def test_a_success_in_between_does_not_reset_the_count() -> None:
    patient = person()
    for _try in range(9):
        give_password(Client(), patient.email, "wrong password here")
    assert where(give_password(Client(), patient.email)) == reverse("accounts:continue")
    assert give_password(Client(), patient.email, "wrong password here").status_code == 429


def test_the_door_opens_again_after_a_quarter_of_an_hour() -> None:
    patient = person()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _try in range(10):
            give_password(Client(), patient.email, "wrong password here")
        clock.shift(15 * 60 + 1)
        assert where(give_password(Client(), patient.email)) == reverse("accounts:continue")


def test_one_network_address_has_a_ceiling_over_all_accounts() -> None:
    patient, now = person(), timezone.now()
    for _try in range(ADDRESS_CEILING):
        FailureCount.add("sign_in", "127.0.0.1", now, WINDOW)
    assert give_password(Client(), patient.email).status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert where(give_password(elsewhere, patient.email)) == reverse("accounts:continue")


def test_tries_about_the_end_of_a_quarter_of_an_hour_are_counted_together() -> None:
    """Else whoever waits for the clock has twenty tries within a minute."""
    end = datetime(2026, 11, 23, 3, 15, tzinfo=UTC)
    for _try in range(8):
        FailureCount.add("sign_in", "192.0.2.9", end - timedelta(seconds=1), WINDOW)
    later = [FailureCount.add("sign_in", "192.0.2.9", end + timedelta(seconds=n), WINDOW) for n in range(2)]
    assert later == [9, 10]
    counted = [FailureCount.get_count("sign_in", "192.0.2.9", end + part * WINDOW, WINDOW) for part in (0.5, 0.999, 1)]
    assert counted == [6, 3, 2], "of the eight, the share that is not yet a quarter of an hour ago"
    assert FailureCount.get_count("sign_in", "192.0.2.9", end + 2 * WINDOW, WINDOW) == 0


def test_a_flood_of_names_fills_no_table() -> None:
    before = FailureCount.objects.count()
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(5):
            give_password(Client(), f"nobody{number}@clinic.example", "wrong password here")
    assert FailureCount.objects.count() == before + 1
    row = FailureCount.objects.get(count=5)
    assert "127.0.0.1" not in row.digest


def test_a_huge_password_is_refused_before_any_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any) -> str:
        raise AssertionError("hashed")

    patient = person()
    monkeypatch.setattr(MD5PasswordHasher, "encode", never)
    answer = give_password(Client(), patient.email, "x" * 200_000)
    assert answer.status_code == 422
    assert "do not fit together" in answer.content.decode()


def test_passwords_differ_beyond_their_first_72_bytes() -> None:
    patient: User = person_with("p" * 100 + "a")
    assert give_password(Client(), patient.email, "p" * 100 + "b").status_code == 422
    assert where(give_password(Client(), patient.email, "p" * 100 + "a")) == reverse("accounts:continue")


def person_with(password: str) -> User:
    user = person()
    with as_the_system():
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


@pytest.mark.parametrize("text", ["nul\0@mail.example", "a" * 300 + "@mail.example", "\ud800@mail.example", "%@%"])
def test_odd_addresses_are_refused_and_break_nothing(text: str) -> None:
    answer = Client().post(SIGN_IN, {"email": text.encode("utf-8", "surrogatepass"), "password": "x"})
    assert answer.status_code in {400, 422}


# == Fixation, forgery, open redirects (abuse cases 46, 53) ==
def test_the_key_changes_at_each_step_and_the_old_ones_are_dead() -> None:
    doctor, client = colleague("doctor"), Client()
    client.cookies["sessionid"] = "planted-by-somebody-else-0000000"
    give_password(client, doctor.email)
    after_password = client.cookies["sessionid"].value
    give_code(client, code_of(doctor))
    after_code = client.cookies["sessionid"].value
    assert len({"planted-by-somebody-else-0000000", after_password, after_code}) == 3
    for old in ("planted-by-somebody-else-0000000", after_password):
        thief = Client()
        thief.cookies["sessionid"] = old
        assert where(thief.get("/")).startswith(SIGN_IN)


def test_the_database_holds_no_key() -> None:
    client = sign_in(person())
    key = client.cookies["sessionid"].value
    assert not Session.objects.filter(digest=key).exists()
    assert Session.objects.filter(digest=Session.digest_of(key)).exists()


@pytest.mark.parametrize("name", ["sign_in", "sign_out", "code", "keep_alive", "preferences", "end_other_sessions"])
def test_every_form_needs_its_token(name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(reverse(f"accounts:{name}"), {"email": "a@b.example"}).status_code == 403


def test_json_as_plain_text_is_no_way_round_the_token() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(SIGN_IN, '{"email": "a"}', content_type="text/plain").status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_the_way_back_leads_nowhere_else(target: str) -> None:
    patient, client = person(), Client()
    give_password(client, patient.email, next=target)
    assert where(client.get(reverse("accounts:continue"))) == "/"


@pytest.mark.parametrize("name", ["sign_out", "keep_alive", "preferences", "end_other_sessions"])
def test_a_link_changes_nothing(name: str) -> None:
    assert sign_in(person()).get(reverse(f"accounts:{name}")).status_code == 405


# == The code ==
def test_a_wrong_code_is_refused_and_makes_the_next_try_wait() -> None:
    doctor, client = colleague("doctor"), Client()
    give_password(client, doctor.email)
    assert give_code(client, "000000").status_code == 422
    answer = give_code(client, "000001")
    assert "Too many tries" in answer.content.decode()
    assert [event.detail["step"] for event in audited("accounts.sign_in", outcome="failed")] == ["totp", "totp"]


def test_somebody_elses_code_is_worth_nothing() -> None:
    doctor, other, client = colleague("doctor"), colleague("doctor"), Client()
    give_password(client, doctor.email)
    assert give_code(client, code_of(other)).status_code == 422


def test_a_code_page_without_a_sign_in_leads_to_it() -> None:
    assert where(Client().get(reverse("accounts:code"))).startswith(SIGN_IN)
    assert where(sign_in(person()).get(reverse("accounts:code"))) == reverse("accounts:continue")


# == Out ==
def test_signing_out_ends_the_session_for_good() -> None:
    client = sign_in(person())
    key = client.cookies["sessionid"].value
    client.post(reverse("accounts:sign_out"))
    again = Client()
    again.cookies["sessionid"] = key
    assert where(again.get("/")).startswith(SIGN_IN)
    assert len(audited("accounts.sign_out")) == 1


def test_a_page_whose_session_ended_comes_back_after_the_sign_in() -> None:
    page = "http://testserver/accounts/password/"
    answer = Client().post(reverse("accounts:sign_out"), headers={"referer": page})
    assert where(answer) == f"{SIGN_IN}?ended=yes&next=%2Faccounts%2Fpassword%2F"
    assert "signed out to keep records private" in Client().get(where(answer)).content.decode()
    strange = Client().post(reverse("accounts:sign_out"), headers={"referer": "https://evil.example/x"})
    assert where(strange) == f"{SIGN_IN}?ended=yes&next=%2F"
