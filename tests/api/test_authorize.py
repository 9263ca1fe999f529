"""The page that asks a person whether a program may act for them."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import Session
from healthcare.api.models import Application, Grant
from healthcare.audit.models import AuditEvent
from tests.accounts.conftest import audited, colleague, person, sign_in
from tests.api.oauth import AUTHORIZE, BACK, Pkce, agree, asking, tokens_for
from tests.factories import ApplicationFactory, MembershipFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Application:
    return ApplicationFactory(name="Walking diary", scopes=["read", "clinical.write"])


def refused(browser: Client, asked: dict[str, str]) -> str:
    """What the program reads in the redirect when its request is not taken."""
    answer = browser.get(AUTHORIZE, asked)
    assert answer.status_code == 302
    assert answer["Location"].startswith(BACK)
    return dict(parse_qsl(urlsplit(answer["Location"]).query))["error"]


# == What people read ==
def test_it_says_who_asks_for_what_in_which_role(program: Application) -> None:
    browser = sign_in(colleague("nurse", full_name="Priya Raman"))
    text = browser.get(AUTHORIZE, asking(program, Pkce(), scope="schedule.read clinical.read clinical.write"))
    words = text.content.decode()
    assert "Let Walking diary act for you?" in words
    assert "<b>Priya Raman</b>, in the role <b>Nurse</b>" in words
    assert "Visits: when, where, with whom and why: <b>read</b>" in words
    assert "Health records: notes, results, problems, allergies: <b>read and change</b>" in words
    assert "Bills and payments" not in words
    assert "http://127.0.0.1" in words


def test_every_area_is_named_where_everything_is_asked_for(program: Application) -> None:
    words = sign_in(person()).get(AUTHORIZE, asking(program, Pkce(), scope="read")).content.decode()
    assert words.count(": <b>read</b></li>") == 6


def test_without_scopes_the_program_asks_for_all_it_may(program: Application) -> None:
    words = sign_in(person()).get(AUTHORIZE, asking(program, Pkce(), scope=None)).content.decode()
    assert "<b>read and change</b>" in words


def test_a_program_named_like_markup_is_written_as_text() -> None:
    program = ApplicationFactory(name="<svg onload=alert(1)>")
    assert b"<svg onload" not in sign_in(person()).get(AUTHORIZE, asking(program, Pkce())).content


def test_the_form_may_lead_to_the_programs_address_and_no_other(program: Application) -> None:
    """Chromium holds the redirect that answers a form to the form-action of its page."""
    asked = asking(program, Pkce(), redirect_uri="http://127.0.0.1:51234/back")
    policy = sign_in(person()).get(AUTHORIZE, asked)["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:51234;" in f"{policy};"
    assert "form-action 'self';" in f"{sign_in(person()).get('/accounts/')['Content-Security-Policy']};"


# == Who may agree ==
def test_a_stranger_signs_in_first_and_comes_back(program: Application) -> None:
    asked = asking(program, Pkce())
    answer = Client().get(AUTHORIZE, asked)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/sign-in/?next=%2Foauth%2Fauthorize%2F")


def test_staff_without_a_proven_second_factor_are_sent_to_prove_it(program: Application) -> None:
    """164.312(d): the second factor stands before OAuth as before every page."""
    user = colleague("doctor")
    browser = sign_in(user, verified=False)
    for answer in (browser.get(AUTHORIZE, asking(program, Pkce())), browser.post(AUTHORIZE, {"allow": "yes"})):
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/sign-in/next/")
    assert not Grant.objects.exists()


def test_whoever_says_no_is_believed(program: Application) -> None:
    back = agree(sign_in(person()), asking(program, Pkce()), allow=False)
    assert back["error"] == "access_denied"
    assert back["state"] == "s-1"
    assert not Grant.objects.exists()


def test_agreeing_is_written_down_with_role_and_sign_in(program: Application) -> None:
    user = staff("doctor")
    MembershipFactory(user=user, role="nurse")
    back = agree(sign_in(user, role="nurse"), asking(program, Pkce(), scope="clinical.read"))
    assert (back["state"], back["iss"]) == ("s-1", "http://127.0.0.1:8000")
    grant = Grant.objects.get()
    session = Session.objects.get(user=user)
    assert (grant.user, grant.role, grant.scope, grant.signed_in_at) == (
        user,
        "nurse",
        "clinical.read",
        session.stepped_up_at,
    )
    event = audited("api.agree")[0]
    assert (event.actor_id, event.actor_role, event.detail["scopes"]) == (user.pk, "nurse", ["clinical.read"])


def test_only_the_hash_of_a_code_is_kept(program: Application) -> None:
    code = agree(sign_in(person()), asking(program, Pkce()))["code"]
    assert Grant.objects.filter(code=code).exists()
    assert code not in str(Grant.objects.values().get())
    assert code not in str([event.detail for event in audited("api.agree")])


# == Requests that are not taken ==
@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unauthorized_client"),
        ({"scope": "write"}, "invalid_scope"),
        ({"scope": "billing.write"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
    ],
    ids=str,
)
def test_pkce_with_s256_the_code_flow_and_known_scopes_alone(
    program: Application, other: dict[str, Any], error: str
) -> None:
    assert refused(sign_in(person()), asking(program, Pkce(), **other)) == error


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/back",
        "http://127.0.0.1/back/",
        "http://127.0.0.1/other",
        "http://127.0.0.1/back?x=1",
        "http://127.0.0.1/back#x",
        "https://127.0.0.1/back",
        "http://localhost/back",
        "http://user@127.0.0.1/back",
        "http://127.0.0.1.evil.example/back",
        "urn:ietf:wg:oauth:2.0:oob",
        "javascript:alert(1)",
        "",
    ],
)
def test_addresses_match_sign_by_sign_or_nothing_leads_there(program: Application, address: str) -> None:
    answer = sign_in(person()).get(AUTHORIZE, asking(program, Pkce(), redirect_uri=address))
    if address:
        assert answer.status_code == 400
        assert "Location" not in answer
        assert "Nothing was given to it" in answer.content.decode()
    else:
        assert answer.status_code in {200, 400}


def test_on_this_machine_any_port_will_do(program: Application) -> None:
    """RFC 8252 section 7.3: a native program takes the port that is free."""
    back = agree(sign_in(person()), asking(program, Pkce(), redirect_uri="http://127.0.0.1:49152/back"))
    assert back["code"]


@pytest.mark.parametrize("client_id", ["nobody", "", "\x00", "https://evil.example/client.json"])
def test_an_unknown_program_gets_a_page_and_no_redirect(program: Application, client_id: str) -> None:
    answer = sign_in(person()).get(AUTHORIZE, asking(program, Pkce(), client_id=client_id))
    assert answer.status_code == 400
    assert "Location" not in answer


def test_a_closed_program_is_unknown(program: Application, now: Any) -> None:
    with as_the_system():
        Application.objects.filter(pk=program.pk).update(closed_at=now)
    assert sign_in(person()).get(AUTHORIZE, asking(program, Pkce())).status_code == 400


def test_a_service_has_no_page() -> None:
    service = ApplicationFactory(
        authorization_grant_type="client-credentials",
        client_type="confidential",
        user=staff("nurse"),
        role="nurse",
        redirect_uris="",
    )
    answer = sign_in(person()).get(AUTHORIZE, {"client_id": service.client_id, "response_type": "code"})
    assert answer.status_code == 400


# == Cross-site ==
def test_no_get_gives_a_code_whatever_it_asks(program: Application) -> None:
    """Any site can cause a GET; the toolkit's `approval_prompt=auto` would answer it for the person."""
    user = portal_user(PatientFactory())
    assert tokens_for(user, program)["access_token"]
    browser = sign_in(user)
    for more in ({"approval_prompt": "auto"}, {"prompt": "none"}, {"allow": "yes"}):
        assert browser.get(AUTHORIZE, asking(program, Pkce()) | more).status_code == 200
    assert not Grant.objects.exists()


def test_the_form_needs_its_csrf_token(program: Application) -> None:
    user = person()
    signed_in = sign_in(user)
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in.cookies
    asked = asking(program, Pkce())
    answer = browser.post(f"{AUTHORIZE}?{urlencode(asked)}", asked | {"allow": "yes"})
    assert answer.status_code == 403
    assert not Grant.objects.exists()


def test_a_changed_form_is_checked_as_the_request_was(program: Application) -> None:
    browser, asked = sign_in(person()), asking(program, Pkce())
    form = asked | {"allow": "yes", "redirect_uri": "https://evil.example/back"}
    assert browser.post(AUTHORIZE, form).status_code == 400
    form = asked | {"allow": "yes", "scope": "read write"}
    assert "code=" not in browser.post(AUTHORIZE, form)["Location"]
    form = {name: value for name, value in asked.items() if not name.startswith("code_challenge")} | {"allow": "yes"}
    assert "code=" not in browser.post(AUTHORIZE, form)["Location"]
    assert not Grant.objects.exists()


def test_the_page_cannot_be_framed_or_kept(program: Application) -> None:
    answer = sign_in(person()).get(AUTHORIZE, asking(program, Pkce()))
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"


# == A fresh sign-in ==
def test_a_program_may_ask_for_a_fresh_proof(program: Application) -> None:
    asked = asking(program, Pkce(), prompt="login")
    answer = sign_in(person()).get(AUTHORIZE, asked)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/confirm/?next=%2Foauth%2Fauthorize%2F%3Fclient_id")
    assert "prompt" not in answer["Location"]


@pytest.mark.parametrize(
    ("age", "minutes", "asked_again"),
    [("300", 4, False), ("300", 6, True), ("0", 0, False), ("0", 1, True), ("x", 9, False), ("9" * 9, 9, False)],
)
def test_what_a_refused_signing_tells_the_program_to_ask_is_understood(
    program: Application, age: str, minutes: int, asked_again: bool
) -> None:
    """RFC 9470 section 4."""
    user = person()
    browser = sign_in(user)
    Session.objects.filter(user=user).update(stepped_up_at=timezone.now() - timedelta(minutes=minutes))
    answer = browser.get(AUTHORIZE, asking(program, Pkce(), max_age=age))
    assert answer.status_code == (302 if asked_again else 200)
    if asked_again:
        assert "max_age" in answer["Location"]


def test_showing_the_page_writes_nothing(program: Application) -> None:
    sign_in(person()).get(AUTHORIZE, asking(program, Pkce()))
    assert not audited("api.agree")
    with as_the_system():
        assert not AuditEvent.objects.filter(action__startswith="api.").exists()


def test_an_empty_answer_is_refused_and_no_fault() -> None:
    """A form that is not ours leads nowhere; it used to end in a fault of the server."""
    for typed in ({}, {"allow": "true"}, {"client_id": "nobody", "redirect_uri": "https://evil.example/"}):
        answer = sign_in(colleague("nurse")).post(AUTHORIZE, typed)
        assert answer.status_code == 400
        assert "Location" not in answer
    assert not Grant.objects.exists()
