"""The whole sign-in: password (Argon2), then the code of the authenticator, until the home page may be opened."""

import base64
from collections import deque
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from healthcare.accounts.models import Membership, Site, TOTPDevice, User
from healthcare.accounts.models.factors import new_key
from healthcare.db.context import acting_as_system
from tests.load.bench import FORM_BODY, Bench
from tests.load.driver import Client, Pause, Request
from tests.load.figures import percentile
from tests.load.people import PURPOSE, NobodyFound, crossing

CLIENTS, PEOPLE = 4, 300
PASSWORD = base64.b32encode(b"only for the bench of sign-ins").decode()
ADDRESS = "bench-{:03d}@load.example"
OURS = "(SELECT id FROM accounts_user WHERE email LIKE 'bench-%@load.example')"
FORGET = f"DELETE FROM accounts_session WHERE user_id IN {OURS}"
CLOSE = f"""
UPDATE accounts_membership SET validity = tstzrange(lower(validity), now()), updated_at = now()
WHERE upper_inf(validity) AND user_id IN {OURS}
"""
LEAVE = f"""
UPDATE accounts_user SET is_active = false, deactivated_at = now(), updated_at = now() WHERE is_active AND id IN {OURS}
"""


def run(bench: Bench) -> None:
    people = hired()
    wholes: list[float] = []
    try:
        clients = [client(bench, people, wholes) for _client in range(bench.clients or CLIENTS)]
        taken = bench.measure("steps of a sign-in", clients)
    finally:
        dismissed()
    bench.no_errors(taken)
    wholes.sort()
    bench.fact("whole sign-ins, with the warm-up", len(wholes))
    bench.fact(
        "a whole sign-in", " ".join(f"p{share} {percentile(wholes, share / 100):.0f} ms" for share in (50, 95, 99))
    )


def client(bench: Bench, people: deque[TOTPDevice], wholes: list[float]) -> Client:
    """Password, code, next person. Whoever has spent a code goes to the end of the queue."""
    while True:
        if not people:
            yield Pause(0.5)
            continue
        device = people.popleft()
        cookie, headers = crossing()
        form = {"username": device.user.email, "email": device.user.email, "password": PASSWORD}
        first = yield post(bench, "/accounts/sign-in/", form, headers | {"Cookie": cookie}, "password")
        if first is None or first.status != 302:
            continue
        given = first.cookies()  # the session, and a new crossing cookie: both are renewed by a sign-in
        headers = {"X-CSRFToken": given.get(settings.CSRF_COOKIE_NAME, ""), "Cookie": join(given)}
        code = {"code": device.code_at(timezone.now())}
        second = yield post(bench, "/accounts/sign-in/code/", code, headers, "code")
        if second is not None and second.status == 302:
            wholes.append(1000 * (first.seconds + second.seconds))


def join(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def post(bench: Bench, path: str, form: dict[str, str], headers: dict[str, str], kind: str) -> Request:
    content = {"Content-Type": FORM_BODY}
    body = urlencode(form).encode()
    return bench.request("POST", path, headers=headers | content, body=body, kind=kind, expected=(302,))


# == People of the bench alone: an account is never deleted, so they come back each time ==
def hired() -> deque[TOTPDevice]:
    """Invented nurses with password and authenticator. Codes of the last minute are spent, so a run is short."""
    now = timezone.now()
    with acting_as_system(PURPOSE):
        site = Site.objects.filter(closed_at=None).order_by("created_at").first()
        if site is None:
            raise NobodyFound("This instance has no site.")
        hash_of_all = make_password(PASSWORD)
        devices = [_hire(number, site, hash_of_all, now) for number in range(PEOPLE)]
    return deque(devices)


def _hire(number: int, site: Site, password: str, now: datetime) -> TOTPDevice:
    email = ADDRESS.format(number)
    user = User.objects.filter(email=email).first() or User(email=email, full_name=f"Bench {number}")
    user.password, user.is_active, user.deactivated_at = password, True, None
    user.email_verified_at = user.email_verified_at or now
    user.save()
    Membership(user=user, site=site, role="nurse", validity=(now, None)).save(force_insert=True)
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        device = TOTPDevice(user=user, name="bench", key=new_key(), confirmed=True, confirmed_at=now)
        device.save(force_insert=True)
    device.user = user
    return device


def dismissed() -> None:
    """Nobody can sign in as one of them between two runs."""
    with acting_as_system(PURPOSE), connection.cursor() as cursor:
        for statement in (FORGET, CLOSE, LEAVE):
            cursor.execute(statement)
