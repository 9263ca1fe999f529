"""Whatever ends what a token stands for ends the token on the next request, and the programs with it."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.accounts import actions
from healthcare.accounts.events import CredentialsChanged, MembershipEnded, UserDeactivated
from healthcare.accounts.models import Membership, SecondFactorReset, User
from healthcare.api import subscribers
from healthcare.api.actions import revoke_tokens
from healthcare.api.models import AccessToken, Application, Grant, RefreshToken, sweep_dead
from healthcare.api.tasks import sweep_tokens
from healthcare.api.tokens import read
from healthcare.db.context import acting_as
from tests.accounts.conftest import (
    PASSWORD,
    audited,
    colleague,
    give_device,
    letters,
    link_in,
    person,
    sign_in,
)
from tests.api.conftest import token_for
from tests.api.oauth import Pkce, address_of, alive, code_for, exchange, renew, tokens_for
from tests.factories import (
    AccessTokenFactory,
    ApplicationFactory,
    GrantFactory,
    MembershipFactory,
    RefreshTokenFactory,
    staff,
)
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def dead(program: Application, tokens: dict[str, Any]) -> bool:
    """Neither of the two opens anything."""
    return not alive(tokens["access_token"]) and renew(program, tokens["refresh_token"]).status_code == 400


# == What people do ==
def test_deactivation_ends_tokens_renewals_and_codes() -> None:
    """164.308(a)(3)(ii)(C)."""
    admin, doctor, program, pkce = colleague("administrator"), colleague("doctor"), ApplicationFactory(), Pkce()
    tokens, code = tokens_for(doctor, program), code_for(doctor, program, pkce)
    issued, _claims = token_for(doctor, "doctor")
    with acting_as(admin):
        actions.deactivate_user(by=admin, user=doctor)
    assert not alive(issued)
    assert dead(program, tokens)
    assert exchange(program, code, pkce).status_code == 400
    event = audited("api.revoke_tokens")[0]
    assert (event.actor_id, event.target_id, event.detail["count"]) == (admin.pk, doctor.pk, 4)


def test_opening_the_account_again_brings_no_token_back() -> None:
    admin, doctor, program = colleague("administrator"), colleague("doctor"), ApplicationFactory()
    membership = Membership.objects.get(user=doctor)
    tokens = tokens_for(doctor, program)
    with acting_as(admin):
        actions.deactivate_user(by=admin, user=doctor)
        actions.reactivate_user(by=admin, user=doctor)
        actions.grant_membership(by=admin, user=doctor, site=membership.site, role="doctor")
    assert dead(program, tokens)


def test_the_end_of_a_role_ends_its_tokens_and_no_others() -> None:
    """164.308(a)(4): on the next request, by web and by token."""
    admin, user, program = colleague("administrator"), colleague("doctor"), ApplicationFactory()
    nurse = MembershipFactory(user=user, role="nurse")
    as_doctor, as_nurse = tokens_for(user, program, role="doctor"), tokens_for(user, program, role="nurse")
    with acting_as(admin):
        actions.end_membership(by=admin, membership=nurse)
    assert alive(as_doctor["access_token"])
    assert dead(program, as_nurse)


def test_a_role_that_is_held_at_another_site_still_keeps_its_tokens() -> None:
    admin, first = colleague("administrator"), MembershipFactory(role="nurse")
    MembershipFactory(user=first.user, role="nurse")
    token, _claims = token_for(first.user, "nurse")
    with acting_as(admin):
        actions.end_membership(by=admin, membership=first)
    assert alive(token)


def test_another_password_ends_them() -> None:
    user, program = person(), ApplicationFactory()
    tokens = tokens_for(user, program)
    new = "a quite different pass phrase"
    form = {"current": PASSWORD, "new_password": new}
    answer = sign_in(user).post("/accounts/password/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert dead(program, tokens)


def test_a_password_by_mail_ends_them() -> None:
    user, program = person(), ApplicationFactory()
    tokens = tokens_for(user, program)
    Client().post("/accounts/reset/", {"email": user.email})
    new = "a quite different pass phrase"
    Client().post(f"/accounts/reset/{link_in(letters()[-1])}/", {"new_password": new})
    assert dead(program, tokens)


def test_another_authenticator_ends_them() -> None:
    user, program = colleague("doctor"), ApplicationFactory()
    tokens = tokens_for(user, program)
    browser = sign_in(user)
    request = browser.get("/accounts/").wsgi_request
    with acting_as(user, "doctor"):
        device = actions.begin_enrolment(by=user)
        request.user.acting_role = "doctor"
        actions.enrol_totp(by=user, request=request, code=device.code_at(timezone.now()))
    assert dead(program, tokens)


def test_doing_without_an_authenticator_ends_them() -> None:
    user, program = person(), ApplicationFactory()
    give_device(user)
    tokens = tokens_for(user, program)
    with acting_as(user, "patient"):
        actions.remove_second_factor(by=user)
    assert dead(program, tokens)


def test_two_administrators_who_take_it_off_end_them() -> None:
    first, second, user = colleague("administrator"), colleague("administrator"), colleague("doctor")
    program = ApplicationFactory()
    tokens = tokens_for(user, program)
    with acting_as(first):
        actions.request_second_factor_reset(by=first, user=user, reason="lost")
    assert alive(tokens["access_token"])
    with acting_as(second):
        reset = SecondFactorReset.objects.select_related("user").get(user=user)
        actions.approve_second_factor_reset(by=second, reset=reset)
    assert dead(program, tokens)


def test_new_recovery_codes_end_nothing() -> None:
    user, program = colleague("doctor"), ApplicationFactory()
    tokens = tokens_for(user, program)
    with acting_as(user, "doctor"):
        actions.renew_recovery_codes(by=user)
    assert alive(tokens["access_token"])


# == Facts, delivered twice ==
def counted(user: User) -> Any:
    def effect() -> tuple[int, int, int]:
        return (
            AccessToken.objects.filter(user=user, revoked=None).count(),
            RefreshToken.objects.filter(user=user, revoked=None).count(),
            len(audited("api.revoke_tokens")),
        )

    return effect


def holder() -> User:
    """Somebody with one token and one renewal in a role that they do not hold (any more)."""
    user = AccessTokenFactory(role="nurse").user
    RefreshTokenFactory(user=user, role="nurse")
    return user


def test_end_tokens_of_account_twice() -> None:
    user = holder()
    assert deliver_twice(subscribers.end_tokens_of_account, UserDeactivated(user_id=user.pk), counted(user)) == (
        0,
        0,
        1,
    )


def test_end_tokens_of_old_proof_twice() -> None:
    user = holder()
    fact = CredentialsChanged(user_id=user.pk)
    assert deliver_twice(subscribers.end_tokens_of_old_proof, fact, counted(user)) == (0, 0, 1)


def test_end_tokens_of_role_twice() -> None:
    user, membership = holder(), MembershipFactory(role="nurse")
    fact = MembershipEnded(membership_id=membership.pk, user_id=user.pk, site_id=membership.site_id, role="nurse")
    assert deliver_twice(subscribers.end_tokens_of_role, fact, counted(user)) == (0, 0, 1)


def test_revoking_tells_how_many() -> None:
    user = holder()
    GrantFactory(user=user, role="nurse")
    with as_the_system():
        assert revoke_tokens(by=None, user_id=user.pk, role="doctor") == 0
        assert revoke_tokens(by=None, user_id=user.pk, role="nurse") == 3
        assert revoke_tokens(by=None, user_id=user.pk) == 0


# == What programs do: RFC 7009 ==
def give_back(program: Application, token: str, **form: Any) -> Any:
    return Client(enforce_csrf_checks=True).post(
        address_of("revoke-token"), {"client_id": program.client_id, "token": token, **form}
    )


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
def test_either_token_given_back_ends_both(which: str, hint: str | None) -> None:
    user, program = person(), ApplicationFactory()
    tokens = tokens_for(user, program)
    answer = give_back(program, tokens[which], **({"token_type_hint": hint} if hint else {}))
    assert (answer.status_code, answer.content) == (200, b"")
    assert dead(program, tokens)
    assert audited("api.give_back_token")


def test_nobody_gives_back_another_programs_token() -> None:
    user, program = person(), ApplicationFactory()
    tokens = tokens_for(user, program)
    for token in tokens["access_token"], tokens["refresh_token"]:
        assert give_back(ApplicationFactory(), token).status_code == 200
    assert alive(tokens["access_token"])
    assert renew(program, tokens["refresh_token"]).status_code == 200


def test_a_confidential_program_shows_its_secret_first() -> None:
    program = ApplicationFactory(client_type="confidential", client_secret="s" * 48)
    assert give_back(program, "x").status_code == 401
    assert give_back(program, "x", client_secret="s" * 48).status_code == 200
    assert give_back(program, "").status_code in {400, 401}
    assert Client().get(address_of("revoke-token")).status_code == 405


# == Introspection: RFC 7662 ==
@pytest.fixture
def watcher() -> Application:
    return ApplicationFactory(client_type="confidential", client_secret="s" * 48)


def introspect(watcher: Application, token: str | None, secret: str = "s" * 48, method: str = "post") -> Any:
    basic = base64.b64encode(f"{watcher.client_id}:{secret}".encode()).decode()
    form = {} if token is None else {"token": token}
    return getattr(Client(), method)(address_of("introspect"), form, headers={"Authorization": f"Basic {basic}"})


def test_a_live_token_is_told_as_it_speaks(watcher: Application) -> None:
    user, program = person(), ApplicationFactory()
    tokens = tokens_for(user, program, scope="clinical.read")
    said = introspect(watcher, tokens["access_token"]).json()
    claims = read(tokens["access_token"])
    assert said["active"] is True
    assert (said["scope"], said["client_id"], said["username"]) == ("clinical.read", program.client_id, user.email)
    assert (said["role"], said["sub"], said["jti"]) == ("patient", str(user.pk), claims.token_id)
    assert said["exp"] == int(claims.expires_at.timestamp())


def test_what_opens_nothing_is_not_active_and_nothing_more_is_said(watcher: Application) -> None:
    user, program = person(), ApplicationFactory()
    tokens = tokens_for(user, program)
    for token in ("", None, "x", tokens["refresh_token"]):
        assert introspect(watcher, token).json() == {"active": False}
    give_back(program, tokens["access_token"])
    assert introspect(watcher, tokens["access_token"]).json() == {"active": False}
    doctor, _claims = token_for(staff("doctor"), "nurse")
    assert introspect(watcher, doctor).json() == {"active": False}


def test_introspection_is_for_programs_with_a_secret_and_by_post(watcher: Application) -> None:
    token = tokens_for(person(), ApplicationFactory())["access_token"]
    assert introspect(watcher, token, secret="wrong").status_code == 401
    assert introspect(watcher, token, method="get").status_code == 405
    public = ApplicationFactory()
    assert introspect(public, token, secret="").status_code == 401
    address = address_of("introspect")
    assert Client().post(address, {"token": token, "client_id": public.client_id}).status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    answer = Client().post(address, {"token": token}, headers=bearer)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer["WWW-Authenticate"].startswith("Basic")


# == Metadata: RFC 8414 ==
def test_the_metadata_says_what_there_is_and_nothing_else(settings: Any) -> None:
    answer = Client().get("/.well-known/oauth-authorization-server")
    said = answer.json()
    base = settings.PUBLIC_URL
    assert said["issuer"] == base
    assert said["authorization_endpoint"] == f"{base}/oauth/authorize/"
    assert said["token_endpoint"] == f"{base}/oauth/token/"
    assert said["revocation_endpoint"] == f"{base}/oauth/revoke/"
    assert said["introspection_endpoint"] == f"{base}/oauth/introspect/"
    assert said["response_types_supported"] == ["code"]
    assert said["grant_types_supported"] == ["authorization_code", "client_credentials", "refresh_token"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert len(said["scopes_supported"]) == 14
    assert "registration_endpoint" not in said
    assert "jwks_uri" not in said


# == Sweeping ==
def test_what_opens_nothing_is_swept_and_what_could_show_a_replay_stays(settings: Any) -> None:
    user, program = person(), ApplicationFactory()
    first = tokens_for(user, program)
    second = renew(program, first["refresh_token"]).json()
    GrantFactory()
    now = timezone.now()
    with as_the_system():
        assert sweep_dead(now) == 0
        assert sweep_dead(now + timedelta(days=1)) == 2  # the code, and the access token that was replaced
        assert RefreshToken.objects.count() == 2
    assert renew(program, second["refresh_token"]).status_code == 200
    with as_the_system():
        sweep_dead(now + timedelta(days=200))
        assert (RefreshToken.objects.count(), AccessToken.objects.count(), Grant.objects.count()) == (0, 0, 0)


def test_the_sweep_is_a_job_of_the_worker(settings: Any, as_role: Any) -> None:
    assert "healthcare.api.tasks.sweep_tokens" in settings.BEAT
    with as_role("worker"):
        assert sweep_tokens() == 0
