"""Administrators let programs in: by verbs, in the admin, with a secret that is shown once."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.api import actions
from healthcare.api.models import Application
from healthcare.api.tokens import authenticate
from healthcare.db.context import acting_as
from tests.accounts.conftest import audited, colleague, person, sign_in
from tests.api.oauth import Pkce, code_for, exchange, post_token, tokens_for
from tests.factories import ApplicationFactory, staff

pytestmark = pytest.mark.django_db

ADMIN = "/admin/api/application/"


@pytest.fixture
def admin() -> User:
    return colleague("administrator")


@pytest.fixture
def browser(admin: User) -> Client:
    return sign_in(admin)


def form(**other: Any) -> dict[str, Any]:
    return {
        "name": "Walking diary",
        "authorization_grant_type": "authorization-code",
        "client_type": "public",
        "redirect_uris": "https://diary.example/back",
        "scopes": ["clinical.read", "schedule.read"],
        "user": "",
        "role": "",
        "_confirmed": "yes",  # as the preview sends it
        **other,
    }


def service(**other: Any) -> dict[str, Any]:
    nurse = staff("nurse")
    wanted = {"authorization_grant_type": "client-credentials", "client_type": "confidential", "redirect_uris": ""}
    return form(name="Night run", user=str(nurse.pk), **(wanted | {"role": "nurse"} | other))


# == In the admin ==
def test_a_program_for_people_is_registered_and_has_no_secret(browser: Client) -> None:
    answer = browser.post(f"{ADMIN}add/", form())
    assert answer.status_code == 302, answer.content.decode()
    program = Application.objects.get(name="Walking diary")
    assert program.scopes == ["clinical.read", "schedule.read"]
    assert audited("api.register_application")[0].target_id == program.pk
    assert "Walking diary" in browser.get(ADMIN).content.decode()


def test_the_secret_of_a_service_is_shown_once_and_kept_as_a_hash(browser: Client) -> None:
    answer = browser.post(f"{ADMIN}add/", service())
    assert answer.status_code == 200
    secret = re.findall(r"<code>(.*?)</code>", answer.content.decode())[1]
    program = Application.objects.get(name="Night run")
    assert secret not in str(Application.objects.values().get(pk=program.pk))
    granted = post_token(grant_type="client_credentials", basic=(program.client_id, secret))
    assert authenticate(granted.json()["access_token"], now=program.created_at)[0] == program.user
    for path in (ADMIN, f"{ADMIN}{program.pk}/change/"):
        page = browser.get(path).content.decode()
        assert secret not in page
        assert program.client_secret not in page
    assert secret not in str([event.detail for event in audited("api.register_application")])


def test_a_new_secret_ends_the_old_one(browser: Client) -> None:
    program = ApplicationFactory(client_type="confidential", client_secret="s" * 48)
    answer = browser.post(ADMIN, {"action": "renew_secret", "_selected_action": [program.pk]})
    secret = re.findall(r"<code>(.*?)</code>", answer.content.decode())[1]
    pkce = Pkce()
    code = code_for(person(), program, pkce)
    assert exchange(program, code, pkce, client_secret="s" * 48).status_code == 401
    assert exchange(program, code, pkce, client_secret=secret).status_code == 200
    assert audited("api.renew_secret")[0].target_id == program.pk


def test_a_public_program_gets_no_secret(browser: Client) -> None:
    program = ApplicationFactory()
    answer = browser.post(ADMIN, {"action": "renew_secret", "_selected_action": [program.pk]})
    assert answer.status_code == 302
    assert not audited("api.renew_secret")


def test_closing_ends_every_token_at_once(browser: Client) -> None:
    program = ApplicationFactory()
    token = tokens_for(person(), program)["access_token"]
    for _time in range(2):
        chosen = {"action": "close", "_selected_action": [program.pk]}
        assert "becomes “closed”" in browser.post(ADMIN, chosen).content.decode()
        assert browser.post(ADMIN, chosen | {"_confirmed": "yes"}).status_code == 302
    program.refresh_from_db()
    assert program.closed_at is not None
    assert len(audited("api.close_application")) == 1
    with pytest.raises(Exception, match="was ended"):
        authenticate(token, now=program.created_at)


def test_what_is_changed_is_noted_and_the_rest_stays(browser: Client) -> None:
    program = ApplicationFactory(name="Walking diary")
    answer = browser.post(f"{ADMIN}{program.pk}/change/", form(name="Running diary"))
    assert answer.status_code == 302, answer.content.decode()
    changed = Application.objects.get(pk=program.pk)
    assert (changed.name, changed.client_id) == ("Running diary", program.client_id)
    assert changed.client_secret == program.client_secret
    assert audited("api.change_application")[0].detail["changed"] == ["name", "redirect_uris", "scopes"]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"redirect_uris": ""}, "redirect_uris cannot be empty"),
        ({"redirect_uris": "http://diary.example/back"}, "Use https, or http with 127.0.0.1"),
        ({"redirect_uris": "http://localhost/back"}, "Use https, or http with 127.0.0.1"),
        ({"redirect_uris": "https://diary.example/back http://10.0.0.1/x"}, "Use https, or http with 127.0.0.1"),
        ({"redirect_uris": "diary:/back"}, "redirect uri"),
        ({"redirect_uris": "javascript:alert(1)"}, "redirect uri"),
        ({"redirect_uris": "https://*.example/back"}, "redirect uri"),
        ({"redirect_uris": "https://diary.example/back#x"}, "redirect uri"),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"scopes": []}, "This field is required"),
        ({"authorization_grant_type": "password"}, "not one of the available choices"),
        ({"authorization_grant_type": "implicit"}, "not one of the available choices"),
        ({"authorization_grant_type": "client-credentials", "client_type": "confidential"}, "service user"),
        ({"role": "nurse"}, "no user"),
    ],
    ids=str,
)
def test_the_form_refuses_with_a_sentence(browser: Client, other: dict[str, Any], sentence: str) -> None:
    answer = browser.post(f"{ADMIN}add/", form(**other))
    assert answer.status_code == 200
    assert sentence.lower() in answer.content.decode().lower()
    assert not Application.objects.exists()


def test_a_service_user_holds_the_role(browser: Client) -> None:
    answer = browser.post(f"{ADMIN}add/", service(role="doctor"), follow=True)
    assert "does not hold this role" in answer.content.decode()
    assert not Application.objects.exists()


@pytest.mark.parametrize("role", ["doctor", "privacy_officer", "patient"])
def test_others_have_no_such_pages(role: str) -> None:
    browser = sign_in(colleague(role) if role != "patient" else person())
    assert browser.get(ADMIN).status_code == 403
    assert browser.post(f"{ADMIN}add/", form()).status_code == 403


def test_tokens_are_only_looked_at(browser: Client) -> None:
    token = tokens_for(person(), ApplicationFactory())
    for page in ("accesstoken", "refreshtoken", "grant"):
        text = browser.get(f"/admin/api/{page}/").content.decode()
        assert token["refresh_token"] not in text
        assert browser.get(f"/admin/api/{page}/add/").status_code == 403


# == The verbs and the wall ==
def test_the_verbs_are_an_administrators(admin: User) -> None:
    doctor, program = staff("doctor"), ApplicationFactory()
    with acting_as(doctor):
        for verb, values in (
            (actions.register_application, {"values": {"name": "x"}}),
            (actions.change_application, {"application": program, "values": {"name": "x"}}),
            (actions.renew_secret, {"application": program}),
            (actions.close_application, {"application": program}),
        ):
            with pytest.raises(NotAllowed):
                verb(by=doctor, **values)


def test_row_security_lets_administrators_alone_let_programs_in() -> None:
    program = ApplicationFactory.build()
    with acting_as(staff("doctor")), pytest.raises(DatabaseError, match="row-level"), transaction.atomic():
        program.save(force_insert=True)
    with acting_as(staff("administrator")):
        program.save(force_insert=True)
    with acting_as(staff("doctor")), pytest.raises(DatabaseError, match="row-level"), transaction.atomic():
        Application.objects.filter(pk=program.pk).update(scopes=["write"])


@pytest.mark.parametrize(
    "other",
    [
        {"redirect_uris": ""},
        {"role": "nurse"},
        {"authorization_grant_type": "client-credentials"},
        {"authorization_grant_type": "password"},
    ],
    ids=str,
)
def test_the_database_knows_both_kinds_and_no_third(other: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        ApplicationFactory(**other)


@pytest.mark.parametrize("address", ["https://diary.example/back", "http://127.0.0.1/x", "http://[::1]:8000/x"])
def test_https_and_this_machine_are_taken(address: str) -> None:
    ApplicationFactory.build(redirect_uris=address).clean()


def test_other_schemes_are_not() -> None:
    with pytest.raises(ValidationError):
        ApplicationFactory.build(redirect_uris="ftp://127.0.0.1/x").clean()
