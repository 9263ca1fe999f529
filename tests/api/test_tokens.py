"""A token is taken only while what it stands for holds, asked at every request in one statement."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import jwt
import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import override_settings
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import permissions_of
from healthcare.accounts.models import Membership
from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.models import AccessToken, Application, revoke_tokens_of
from healthcare.api.tokens import SCOPES, InvalidToken, TokenClaims, authenticate, encode, read, signing_key
from healthcare.db.context import acting_as
from tests.api.conftest import token_for
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    PatientFactory,
    ProviderFactory,
    RoleEditFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, body, _signature = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, body))  # type: ignore[return-value]


def refused(token: str) -> str:
    with pytest.raises(InvalidToken) as problem:
        authenticate(token, now=timezone.now())
    return str(problem.value)


def our_key() -> bytes:
    return signing_key(settings.SECRET_KEY)[1]


# == What it says ==
def test_the_claims_are_those_of_rfc_9068(now: datetime) -> None:
    doctor = staff("doctor")
    provider = ProviderFactory(user=doctor)
    token, _claims = token_for(doctor, "doctor", "clinical.read", "read", now=now, signed_in_at=now)
    head, body = parts(token)
    assert head["typ"] == "at+jwt"
    assert head["alg"] == "HS256"
    assert body == {
        "iss": settings.PUBLIC_URL,
        "aud": settings.PUBLIC_URL,
        "sub": str(doctor.pk),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 900,
        "jti": body["jti"],
        "client_id": "operator",
        "scope": "clinical.read read",
        "role": "doctor",
        "auth_time": int(now.timestamp()),
        "provider": str(provider.pk),
    }


def test_a_patients_token_names_the_record_that_is_their_own() -> None:
    patient = PatientFactory()
    user = portal_user(patient)
    _token, claims = token_for(user, "patient")
    assert claims.patient_id == patient.pk
    assert claims.provider_id is None
    _token, claims = token_for(UserFactory(), "patient")
    assert claims.patient_id is None


def test_one_who_treats_and_is_treated_has_the_ids_of_the_role_alone() -> None:
    patient = PatientFactory()
    user = portal_user(patient)
    MembershipFactory(user=user, role="doctor")
    provider = ProviderFactory(user=user)
    assert token_for(user, "patient")[1].provider_id is None
    as_doctor = token_for(user, "doctor")[1]
    assert (as_doctor.patient_id, as_doctor.provider_id) == (None, provider.pk)


def test_what_is_read_is_what_was_said(now: datetime) -> None:
    token, claims = token_for(staff("nurse"), "nurse", "write", application=ApplicationFactory(), signed_in_at=now)
    assert read(token) == claims


# == Authenticating ==
def test_the_person_comes_back_in_the_role_with_its_edits() -> None:
    RoleEditFactory(role="nurse", permission=Permission.REGISTER_PATIENT, held=False)
    nurse = staff("nurse")
    token, claims = token_for(nurse, "nurse")
    user, found = authenticate(token, now=timezone.now())
    assert (user, user.acting_role, user.email, found) == (nurse, "nurse", nurse.email, claims)
    assert user.role_edits == {Permission.REGISTER_PATIENT: False}
    assert Permission.REGISTER_PATIENT not in permissions_of(user)
    assert Permission.RECORD_VITALS in permissions_of(user)


def test_it_costs_one_query(django_assert_num_queries: Any) -> None:
    token, _claims = token_for(staff("doctor"), "doctor")
    with django_assert_num_queries(1):
        user, _claims = authenticate(token, now=timezone.now())
        permissions_of(user)
        assert user.is_authenticated


def test_the_query_is_prepared() -> None:
    token, _claims = token_for(staff("doctor"), "doctor")
    for _time in range(6):
        authenticate(token, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%FROM api_accesstoken t%%'")
        assert cursor.fetchone()[0] >= 1


def test_it_runs_out(now: datetime) -> None:
    token, claims = token_for(staff("doctor"), "doctor", now=now)
    authenticate(token, now=claims.expires_at - timedelta(seconds=1))
    with pytest.raises(InvalidToken, match="run out"):
        authenticate(token, now=claims.expires_at)


def test_it_dies_with_the_account() -> None:
    user = portal_user(PatientFactory())
    token, _claims = token_for(user, "patient")
    with as_the_system():
        user.is_active, user.deactivated_at = False, timezone.now()
        user.save(update_fields=["is_active", "deactivated_at"])
    assert "ended" in refused(token)


def test_it_dies_with_the_last_membership_that_brings_the_role() -> None:
    first = MembershipFactory(role="nurse")
    second = MembershipFactory(user=first.user, role="nurse")
    MembershipFactory(user=first.user, role="doctor")
    token, _claims = token_for(first.user, "nurse")
    for membership, alive in ((first, True), (second, False)):
        with as_the_system():
            over = TimestamptzRange(membership.validity.lower, timezone.now() - timedelta(seconds=1))
            Membership.objects.filter(pk=membership.pk).update(validity=over)
        if alive:
            authenticate(token, now=timezone.now())
        else:
            assert "ended" in refused(token)


def test_a_token_for_a_role_that_was_never_held_opens_nothing() -> None:
    token, _claims = token_for(UserFactory(), "doctor")
    assert "ended" in refused(token)


def test_it_dies_with_its_program() -> None:
    program = ApplicationFactory()
    token, _claims = token_for(staff("doctor"), "doctor", application=program)
    authenticate(token, now=timezone.now())
    with as_the_system():
        Application.objects.filter(pk=program.pk).update(closed_at=timezone.now())
    assert "ended" in refused(token)


def test_revoking_by_role_leaves_the_other_role() -> None:
    user = staff("doctor")
    (staff_token, _), (own_token, _) = token_for(user, "doctor"), token_for(user, "patient")
    assert revoke_tokens_of(user, role="doctor", now=timezone.now()) == 1
    assert "ended" in refused(staff_token)
    authenticate(own_token, now=timezone.now())
    assert revoke_tokens_of(user, now=timezone.now()) == 1
    assert "ended" in refused(own_token)


# == What is not ours ==
def test_every_changed_sign_is_noticed() -> None:
    token, _claims = token_for(staff("doctor"), "doctor")
    for place in range(0, len(token) - 1, 3):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert "not an access token" in refused(changed), place


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "Ω.Ω.Ω", "." * 3, "e30.e30.e30", "x" * 5000, "\x00"])
def test_what_is_no_token_is_refused_with_a_sentence(text: str) -> None:
    assert refused(text) == "This is not an access token of ours."


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "https://elsewhere.example"},
        {"sub": "nobody"},
        {"jti": "1"},
        {"role": None},
        {"exp": None},
        {"exp": "soon"},
        {"scope": 7},
        {"auth_time": "today"},
    ],
    ids=str,
)
def test_a_rightly_signed_token_with_other_claims_is_refused(change: dict[str, Any]) -> None:
    token, _claims = token_for(staff("doctor"), "doctor")
    head, body = parts(token)
    said = {name: value for name, value in {**body, **change}.items() if value is not None}
    assert "not an access token" in refused(jwt.encode(said, our_key(), "HS256", headers=head))


@pytest.mark.parametrize("head", [{"typ": "JWT"}, {"typ": ""}, {"kid": "00000000"}, {"kid": ""}], ids=str)
def test_other_headers_are_refused(head: dict[str, Any]) -> None:
    """RFC 9068 section 4: something else that we signed must not pass for an access token."""
    token, _claims = token_for(staff("doctor"), "doctor")
    ours, body = parts(token)
    assert "not an access token" in refused(jwt.encode(body, our_key(), "HS256", headers={**ours, **head}))


def test_no_other_algorithm_is_taken() -> None:
    token, _claims = token_for(staff("doctor"), "doctor")
    head, body = parts(token)
    unsigned = jwt.encode(body, "", "none", headers={"kid": head["kid"], "typ": "at+jwt"})
    assert "not an access token" in refused(unsigned)


def test_a_new_secret_ends_no_token_until_the_old_one_is_dropped() -> None:
    old = settings.SECRET_KEY
    token, claims = token_for(staff("doctor"), "doctor")
    with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[old]):
        assert read(token) == read(encode(claims)) == claims
        assert parts(encode(claims))[0]["kid"] != parts(token)[0]["kid"]
    with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[]), pytest.raises(InvalidToken):
        read(token)


# == Scopes ==
def test_scopes_reach_their_area_and_no_further() -> None:
    def claims(*scopes: str) -> TokenClaims:
        return token_for(staff("doctor"), "doctor", *scopes)[1]

    assert len(SCOPES) == 14
    for area in Scope:
        assert claims("read").allows(area)
        assert not claims("read").allows(area, write=True)
        assert claims("write").allows(area, write=True)
        assert not claims("write").allows(area)
        assert claims(f"{area}.read").allows(area)
        assert not claims(f"{area}.read").allows(area, write=True)
    assert not claims("clinical.read").allows(Scope.BILLING)
    assert not TokenClaims(**{**vars(claims("read")), "scopes": frozenset()}).allows(Scope.IDENTITY)


# == The rows ==
def test_the_row_holds_a_hash_and_nothing_of_the_token() -> None:
    token, claims = token_for(staff("doctor"), "doctor")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM api_accesstoken t WHERE id = %s", [claims.token_id])
        row = cursor.fetchone()[0]
    assert all(part not in row for part in token.split("."))


def test_nobody_gives_a_live_token_to_another(superuser: psycopg.Connection) -> None:
    """Not even SQL in a page of theirs: the policy asks the signed context."""
    nurse, doctor = staff("nurse"), staff("doctor")
    row = AccessToken(user=doctor, role="doctor", expires=timezone.now() + timedelta(hours=1), token_checksum="0" * 64)
    for context in (lambda: acting_as(nurse, "nurse"), lambda: acting_as(doctor, "patient"), lambda: acting_as(None)):
        with context(), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            row.save(force_insert=True)
    with acting_as(doctor, "doctor"):
        row.save(force_insert=True)


def test_nobody_brings_anothers_token_back_to_life() -> None:
    doctor = staff("doctor")
    _token, claims = token_for(doctor, "doctor")
    revoke_tokens_of(doctor, now=timezone.now())
    with acting_as(staff("nurse")), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        AccessToken.objects.filter(pk=claims.token_id).update(revoked=None)


def test_encode_leaves_out_what_is_not_known(now: datetime) -> None:
    _token, claims = token_for(UserFactory(), "patient")
    assert parts(encode(claims))[1].keys().isdisjoint({"auth_time", "patient", "provider"})
