"""Codes for tokens, tokens for newer ones, each once; and what a replay brings down."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Membership, User
from healthcare.api.models import AccessToken, Application, Grant, RefreshToken
from healthcare.api.tokens import authenticate, read
from tests.accounts.conftest import audited, colleague, person, sign_in
from tests.api.oauth import TOKEN, Pkce, alive, code_for, exchange, post_token, renew, tokens_for
from tests.factories import ApplicationFactory, MembershipFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Application:
    return ApplicationFactory(scopes=["read", "write"])


@pytest.fixture
def patient() -> User:
    return portal_user(PatientFactory())


def problem(answer: Any) -> str:
    assert answer.status_code in {400, 401}, answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    return str(answer.json()["error"])


# == A code for tokens ==
def test_a_code_becomes_a_token_that_acts_as_the_person(program: Application, patient: User) -> None:
    answer = tokens_for(patient, program, scope="clinical.read schedule.write")
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 900
    assert answer["scope"] == "clinical.read schedule.write"
    user, claims = authenticate(answer["access_token"], now=timezone.now())
    assert (user, user.acting_role) == (patient, "patient")
    assert claims.scopes == {"clinical.read", "schedule.write"}
    assert claims.client_id == program.client_id
    assert claims.patient_id is not None
    assert claims.signed_in_at is not None
    assert timezone.now() - claims.signed_in_at < timedelta(minutes=1)


def test_the_role_is_the_one_of_the_session(program: Application) -> None:
    user = colleague("doctor")
    MembershipFactory(user=user, role="nurse")
    for role in ("doctor", "nurse", "patient"):
        assert read(tokens_for(user, program, role=role)["access_token"]).role == role


def test_each_token_is_in_the_audit(program: Application, patient: User) -> None:
    answer = tokens_for(patient, program)
    event = audited("api.give_token")[0]
    assert (event.actor_id, event.actor_role) == (patient.pk, "patient")
    assert event.detail["token"] == read(answer["access_token"]).token_id
    assert event.detail["grant"] == "authorization_code"


def test_what_is_given_is_kept_as_hashes_alone(program: Application, patient: User) -> None:
    """164.312(d): nobody who reads the database holds a key."""
    answer = tokens_for(patient, program)
    with connection.cursor() as cursor:
        for model in (AccessToken, RefreshToken, Grant, Application):
            cursor.execute(f"SELECT jsonb_agg(to_jsonb(t))::text FROM {model._meta.db_table} t")
            rows = cursor.fetchone()[0] or ""
            assert answer["access_token"].split(".")[2] not in rows
            assert answer["refresh_token"] not in rows


def test_a_code_works_once_and_its_second_use_ends_what_the_first_gave(program: Application, patient: User) -> None:
    """RFC 6749 section 4.1.2."""
    pkce = Pkce()
    code = code_for(patient, program, pkce)
    first = exchange(program, code, pkce).json()
    other = tokens_for(patient, program)
    assert alive(first["access_token"])
    assert problem(exchange(program, code, pkce)) == "invalid_grant"
    assert not alive(first["access_token"])
    assert problem(renew(program, first["refresh_token"])) == "invalid_grant"
    assert alive(other["access_token"])


def test_a_code_lasts_a_minute(program: Application, patient: User) -> None:
    pkce = Pkce()
    code = code_for(patient, program, pkce)
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert problem(exchange(program, code, pkce)) == "invalid_grant"


@pytest.mark.parametrize(
    "other",
    [
        {"code_verifier": Pkce().verifier},
        {"code_verifier": ""},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": "http://127.0.0.1:8080/back"},
        {"code": "guessed"},
    ],
    ids=lambda other: "-".join(other),
)
def test_a_stolen_code_is_worth_nothing(program: Application, patient: User, other: dict[str, str]) -> None:
    pkce = Pkce()
    form = {
        "grant_type": "authorization_code",
        "code": code_for(patient, program, pkce),
        "client_id": program.client_id,
        "redirect_uri": "http://127.0.0.1/back",
        "code_verifier": pkce.verifier,
    }
    assert problem(post_token(**{**form, **other})) in {"invalid_grant", "invalid_request"}
    assert not AccessToken.objects.exists()


def test_a_code_is_of_the_program_it_was_given_to(program: Application, patient: User) -> None:
    pkce = Pkce()
    code = code_for(patient, program, pkce)
    assert problem(exchange(ApplicationFactory(), code, pkce)) == "invalid_grant"
    assert alive(exchange(program, code, pkce).json()["access_token"])


def test_a_role_that_ended_meanwhile_gives_no_token(program: Application) -> None:
    user, pkce = colleague("doctor"), Pkce()
    code = code_for(user, program, pkce)
    with as_the_system():
        over = TimestamptzRange(None, timezone.now() - timedelta(seconds=1))
        Membership.objects.filter(user=user).update(validity=over)
    assert problem(exchange(program, code, pkce)) == "invalid_grant"


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "", "x"])
def test_there_are_three_ways_to_a_token_and_no_other(program: Application, patient: User, grant: str) -> None:
    """RFC 9700 sections 2.1.2 and 2.4; the device flow, its approval by another user included, is not there."""
    form = {"username": patient.email, "password": "x", "device_code": "x", "client_id": program.client_id}
    assert problem(post_token(grant_type=grant, **form)) in {"unsupported_grant_type", "invalid_request"}


@pytest.mark.parametrize("path", ["/oauth/device/", "/oauth/device-authorization/", "/oauth/applications/"])
@pytest.mark.parametrize("more", ["", "register/", "1/"])
def test_the_toolkits_other_doors_are_walled_up(path: str, more: str) -> None:
    assert Client().get(path + more).status_code == 404
    assert Client().get("/oauth/logout/", {"id_token_hint": "old"}).status_code == 404
    assert Client().get("/oauth/.well-known/jwks.json").status_code == 404


# == Renewal ==
def test_a_token_is_renewed_in_the_same_role_with_the_same_sign_in(program: Application) -> None:
    user = colleague("doctor")
    first = tokens_for(user, program, scope="clinical.read")
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        second = renew(program, first["refresh_token"]).json()
        assert second["refresh_token"] != first["refresh_token"]
        was, now = read(first["access_token"]), read(second["access_token"])
        assert (now.role, now.scopes, now.signed_in_at) == (was.role, was.scopes, was.signed_in_at)
        assert now.issued_at > was.issued_at
        assert alive(second["access_token"])
        assert not alive(first["access_token"])


def test_a_replayed_renewal_ends_the_whole_family_at_once(program: Application, patient: User) -> None:
    """RFC 9700 section 4.14.2: no grace; the thief and the rightful program cannot be told apart."""
    first = tokens_for(patient, program)
    other = tokens_for(patient, program)
    second = renew(program, first["refresh_token"]).json()
    third = renew(program, second["refresh_token"]).json()
    assert alive(third["access_token"])
    assert problem(renew(program, first["refresh_token"])) == "invalid_grant"
    assert not alive(third["access_token"])
    assert problem(renew(program, third["refresh_token"])) == "invalid_grant"
    assert alive(other["access_token"])
    assert [event.detail["replayed"] for event in audited("api.refuse_renewal")] == [True, True]


def test_a_replay_within_the_same_second_is_a_replay(program: Application, patient: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        first = tokens_for(patient, program)
        second = renew(program, first["refresh_token"]).json()
        assert problem(renew(program, first["refresh_token"])) == "invalid_grant"
        assert not alive(second["access_token"])


def test_a_renewal_may_ask_for_less_and_never_for_more(program: Application, patient: User) -> None:
    first = tokens_for(patient, program, scope="clinical.read schedule.read")
    assert problem(renew(program, first["refresh_token"], scope="clinical.read billing.read")) == "invalid_scope"
    less = renew(program, first["refresh_token"], scope="clinical.read").json()
    assert read(less["access_token"]).scopes == {"clinical.read"}
    again = renew(program, less["refresh_token"]).json()
    assert read(again["access_token"]).scopes == {"clinical.read"}


def test_what_the_program_lost_meanwhile_is_gone_with_the_renewal(program: Application, patient: User) -> None:
    first = tokens_for(patient, program, scope="clinical.read schedule.read")
    with as_the_system():
        Application.objects.filter(pk=program.pk).update(scopes=["schedule.read"])
    second = renew(program, first["refresh_token"]).json()
    assert read(second["access_token"]).scopes == {"schedule.read"}


def test_it_is_of_its_program(program: Application, patient: User) -> None:
    first = tokens_for(patient, program)
    assert problem(renew(ApplicationFactory(), first["refresh_token"])) == "invalid_grant"
    assert renew(program, first["refresh_token"]).status_code == 200


@pytest.mark.parametrize("days", [15, 91])
def test_unused_for_a_fortnight_or_older_than_a_season_it_is_over(
    program: Application, patient: User, days: int
) -> None:
    tokens = tokens_for(patient, program)
    start = timezone.now()
    for day in range(10, days - 14, 10):
        with time_machine.travel(start + timedelta(days=day), tick=False):
            answer = renew(program, tokens["refresh_token"])
            assert answer.status_code == 200, day
            tokens = answer.json()
    with time_machine.travel(start + timedelta(days=days), tick=False):
        assert problem(renew(program, tokens["refresh_token"])) == "invalid_grant"


def test_whoever_was_deactivated_renews_nothing(program: Application, patient: User) -> None:
    tokens = tokens_for(patient, program)
    with as_the_system():
        User.objects.filter(pk=patient.pk).update(is_active=False, deactivated_at=timezone.now())
    assert problem(renew(program, tokens["refresh_token"])) == "invalid_grant"


def test_an_access_token_renews_nothing(program: Application, patient: User) -> None:
    tokens = tokens_for(patient, program)
    assert problem(renew(program, tokens["access_token"])) == "invalid_grant"


# == What the endpoint takes ==
def test_credentials_in_the_address_are_refused(program: Application) -> None:
    answer = Client().post(f"{TOKEN}?client_id={program.client_id}", {"grant_type": "refresh_token"})
    assert problem(answer) == "invalid_request"


def test_it_takes_forms_by_post_alone(program: Application) -> None:
    assert Client().get(TOKEN).status_code == 405
    body = json.dumps({"grant_type": "client_credentials", "client_id": program.client_id})
    for kind in ("application/json", "text/plain"):
        assert problem(Client().post(TOKEN, body, content_type=kind)) in {"invalid_request", "unsupported_grant_type"}


def test_a_person_signed_in_changes_nothing_here(program: Application) -> None:
    answer = sign_in(person()).post(TOKEN, {"grant_type": "client_credentials", "client_id": program.client_id})
    assert problem(answer) in {"invalid_client", "unauthorized_client"}


def test_guessing_is_slowed_down(program: Application, settings: Any, one_minute: None) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"oauth": 3}
    network = {"REMOTE_ADDR": "127.0.0.77"}
    answers = [Client(**network).post(TOKEN, {"grant_type": "x"}).status_code for _time in range(5)]
    assert answers == [400, 400, 400, 429, 429]
    assert int(Client(**network).post(TOKEN)["Retry-After"]) in range(1, 61)


# == A service for itself ==
@pytest.fixture
def service() -> Application:
    return ApplicationFactory(
        authorization_grant_type="client-credentials",
        client_type="confidential",
        client_secret="s" * 48,
        redirect_uris="",
        user=staff("nurse"),
        role="nurse",
        scopes=["schedule.read", "schedule.write"],
    )


def of_service(service: Application, secret: str = "s" * 48, **other: Any) -> Any:
    return post_token(grant_type="client_credentials", basic=(service.client_id, secret), **other)


def test_a_service_acts_as_the_user_bound_to_it(service: Application) -> None:
    answer = of_service(service, scope="schedule.read").json()
    assert "refresh_token" not in answer
    user, claims = authenticate(answer["access_token"], now=timezone.now())
    assert (user, user.acting_role, claims.scopes) == (service.user, "nurse", {"schedule.read"})
    assert claims.signed_in_at is None
    assert audited("api.give_token")[0].actor_id == service.user_id


def test_the_secret_may_come_in_the_form_and_must_be_right(service: Application) -> None:
    form = {"grant_type": "client_credentials", "client_id": service.client_id}
    assert post_token(**form, client_secret="s" * 48).status_code == 200
    for secret in ("", "S" * 48, service.client_secret):
        assert problem(post_token(**form, client_secret=secret)) == "invalid_client"
        assert problem(of_service(service, secret)) == "invalid_client"


def test_a_service_asks_for_no_more_than_it_was_given(service: Application) -> None:
    assert problem(of_service(service, scope="clinical.read")) == "invalid_scope"
    assert of_service(service).json()["scope"] == "schedule.read schedule.write"


def test_without_its_role_the_service_gets_nothing(service: Application) -> None:
    with as_the_system():
        over = TimestamptzRange(None, timezone.now() - timedelta(seconds=1))
        Membership.objects.filter(user=service.user).update(validity=over)
    assert problem(of_service(service)) == "unauthorized_client"


def test_a_closed_service_gets_nothing(service: Application) -> None:
    token = of_service(service).json()["access_token"]
    with as_the_system():
        Application.objects.filter(pk=service.pk).update(closed_at=timezone.now())
    assert problem(of_service(service)) == "invalid_client"
    assert not alive(token)


def test_a_program_for_people_gets_nothing_for_itself(program: Application) -> None:
    confidential = ApplicationFactory(client_type="confidential", client_secret="s" * 48)
    for refused in (
        of_service(confidential),
        post_token(grant_type="client_credentials", client_id=program.client_id),
        post_token(grant_type="client_credentials", client_id=program.client_id, client_secret=""),
    ):
        assert problem(refused) in {"unauthorized_client", "invalid_client"}


def test_a_confidential_program_proves_who_it_is_at_each_step(patient: User) -> None:
    program = ApplicationFactory(client_type="confidential", client_secret="s" * 48)
    pkce = Pkce()
    code = code_for(patient, program, pkce)
    assert problem(exchange(program, code, pkce)) == "invalid_client"
    tokens = exchange(program, code, pkce, client_secret="s" * 48).json()
    assert problem(renew(program, tokens["refresh_token"])) == "invalid_client"
    assert renew(program, tokens["refresh_token"], client_secret="s" * 48).status_code == 200
