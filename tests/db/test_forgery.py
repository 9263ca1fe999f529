"""A context that is not ours must not be taken for none: it raises (SQLSTATE 28000)."""

import hashlib
import hmac
import time
import uuid

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from healthcare.db.context import Actor, context_key, sign

pytestmark = pytest.mark.django_db
ALICE = Actor(user_id=uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057"), role="doctor")


def ask(token: str):
    """What PostgreSQL makes of this context; the session is as it was afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.context', %s, true)", [token])
        cursor.execute("SELECT app.user_id(), app.acting_role(), app.system_purpose()")
        found = cursor.fetchone()
        cursor.execute("SELECT set_config('app.context', '', true)")
    return found


def refused(token: str, because: str) -> None:
    with pytest.raises(DatabaseError, match=because) as caught:
        ask(token)
    assert isinstance(caught.value.__cause__, psycopg.Error)
    assert caught.value.__cause__.sqlstate == "28000"


def test_a_true_context_is_believed():
    assert ask(sign(ALICE)) == (ALICE.user_id, "doctor", None)


def test_empty_is_absent_not_forged():
    assert ask("") == (None, None, None)


def with_another_key() -> str:
    claims, expiry, key_id, _ = sign(ALICE).split("|")
    message = f"{claims}|{expiry}|{key_id}"
    return f"{message}|{hmac.new(b'guessed', message.encode(), hashlib.sha256).hexdigest()}"


FORGERIES = {
    "no signature": f"u:{uuid.uuid4()}:doctor",
    "an invented signature": f"u:{uuid.uuid4()}:doctor|{int(time.time()) + 60}|{'0' * 8}|{'0' * 64}",
    "an unknown key": sign(ALICE).replace(sign(ALICE).split("|")[2], "deadbeef"),
    "another key's signature": with_another_key(),
    "an empty signature": "|".join([*sign(ALICE).split("|")[:3], ""]),
}
ALTERATIONS = {
    "another person": sign(ALICE).replace(str(ALICE.user_id), str(uuid.uuid4())),
    "another role": sign(ALICE).replace(":doctor", ":nurse"),
    "the system": sign(ALICE).replace(f"u:{ALICE.user_id}:doctor", "s:test"),
    "a later end": sign(ALICE).replace(sign(ALICE).split("|")[1], str(int(time.time()) + 10**9)),
    "a part more": sign(ALICE) + "|",
    "upper case": sign(ALICE).upper(),
}


@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_context_raises(token):
    refused(token, "forged")


@pytest.mark.parametrize("token", ALTERATIONS.values(), ids=ALTERATIONS)
def test_an_altered_context_raises(token):
    refused(token, "forged")


@given(position=st.integers(min_value=0, max_value=len(sign(ALICE)) - 1))
def test_no_single_sign_can_be_changed(position):
    token = sign(ALICE)
    altered = token[:position] + ("a" if token[position] != "a" else "b") + token[position + 1 :]
    refused(altered, "forged")


def test_an_expired_context_raises_rather_than_showing_nothing():
    """Zero rows would make a long export end early and look complete."""
    refused(sign(ALICE, seconds=-1), "expired")


@pytest.mark.parametrize("login", ["web", "worker", "backup"])
def test_the_keys_cannot_be_read_by_any_login(as_role, login):
    with as_role(login), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute("SELECT * FROM private.context_key")


def test_the_database_holds_pads_not_the_secret(as_role):
    with as_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT id, inner_pad, outer_pad FROM private.context_key ORDER BY installed_at DESC LIMIT 1")
        key_id, inner, outer = cursor.fetchone()
    expected, key = context_key(settings.SECRET_KEY)
    assert key_id == expected
    assert bytes(byte ^ 0x36 for byte in bytes(inner)).rstrip(b"\0") == key.rstrip(b"\0")
    assert settings.SECRET_KEY.encode() not in bytes(inner) + bytes(outer)


def test_our_signature_is_hmac_sha256():
    message, _, signature = sign(ALICE).rpartition("|")
    _, key = context_key(settings.SECRET_KEY)
    assert signature == hmac.digest(key, message.encode(), "sha256").hex()
