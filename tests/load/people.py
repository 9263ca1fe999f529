"""Who asks: people of the running instance, found in its database, and sessions minted through its own session store.

The bench runs in the worker's login and acts as the system. Nobody signs in by password here but in `signin`: a
thousand Argon2 hashes would measure Argon2.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.accounts.sessions import SessionStore
from healthcare.db.context import acting_as_system
from tests.load import CannotMeasure

BACKEND = "django.contrib.auth.backends.ModelBackend"
PURPOSE = "bench"
STAFF = """
SELECT DISTINCT ON (m.user_id) m.user_id, m.site_id, s.time_zone, p.id
FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id JOIN accounts_site s ON s.id = m.site_id
LEFT JOIN accounts_provider p ON p.user_id = m.user_id
WHERE m.role = %s AND m.validity @> statement_timestamp() AND u.is_active AND s.closed_at IS NULL
ORDER BY m.user_id, m.created_at LIMIT %s
"""
# Whom a team of the site may open, spread over the clinic by a hash of the key and not by the order of loading.
PATIENTS_OF_SITE = """
SELECT p.id FROM patients_patient p WHERE p.site_id = ANY(%s) ORDER BY md5(p.id::text) LIMIT %s
"""
PORTAL = """
SELECT r.user_id, r.patient_id FROM patients_carerelationship r JOIN accounts_user u ON u.id = r.user_id
WHERE r.kind = 'self' AND r.validity @> statement_timestamp() AND u.is_active ORDER BY r.id LIMIT %s
"""


class NobodyFound(CannotMeasure):
    """Load people first: `manage.py load_synthetic`, or the demo."""


@dataclass(frozen=True)
class Person:
    """Somebody who can ask, in one role. `patients` are those this person may open."""

    user_id: UUID
    role: str
    site_id: UUID | None = None
    time_zone: str = ""
    provider_id: UUID | None = None
    patients: Sequence[UUID] = ()


def rows_of(sql: str, *bound: Any) -> list[tuple[Any, ...]]:
    """Ask as the system, in a transaction of its own."""
    with acting_as_system(PURPOSE), connection.cursor() as cursor:
        cursor.execute(sql, bound)
        return list(cursor.fetchall())


def staff(role: str, *, at_most: int = 200, patients: int = 0) -> list[Person]:
    """People who work in this role now. `patients` asks for that many of their own site. Raises NobodyFound."""
    found = rows_of(STAFF, role, at_most)
    if not found:
        raise NobodyFound(f"Nobody works as {role} in this instance.")
    known: dict[UUID, list[UUID]] = {}
    people = []
    for user_id, site_id, zone, provider_id in found:
        if patients and site_id not in known:
            known[site_id] = [row[0] for row in rows_of(PATIENTS_OF_SITE, [site_id], patients)]
        people.append(Person(user_id, role, site_id, zone, provider_id, known.get(site_id, ())))
    able = [person for person in people if person.patients or not patients]
    if not able:
        raise NobodyFound(f"Nobody who works as {role} has a patient at their site.")
    return able


def portal(at_most: int = 1000) -> list[Person]:
    """Patients with an account of their own. Raises NobodyFound."""
    found = rows_of(PORTAL, at_most)
    if not found:
        raise NobodyFound("No patient of this instance has a portal account.")
    return [Person(user_id, "patient", patients=(patient_id,)) for user_id, patient_id in found]


def session_of(person: Person, *, now: Any = None) -> str:
    """The cookie header of a browser in which this person is signed in, second factor and all."""
    now = now or timezone.now()
    user = User.objects.get(pk=person.user_id)
    store: Any = SessionStore()
    store.create()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.change(
        acting_role=person.role,
        time_zone=person.time_zone or settings.TIME_ZONE,
        verified_at=now,
        stepped_up_at=now,
        last_action_at=now,
        agent="bench",
        address="127.0.0.1",
    )
    store.save()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


def crossing() -> tuple[str, dict[str, str]]:
    """A CSRF cookie and the header that answers it, as a browser's script sends them."""
    secret = secrets.token_hex(16)
    return f"{settings.CSRF_COOKIE_NAME}={secret}", {"X-CSRFToken": secret}


def end_sessions() -> None:
    """What the bench opened, it closes."""
    with acting_as_system(PURPOSE), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_session WHERE agent = 'bench'")


# == Programs ==
def tokens_for(people: Sequence[Person], *, at_least: int) -> list[tuple[Person, dict[str, str]]]:
    """Access tokens as programs hold them, and the header of each; people take turns until there are enough.

    Real clients hold many tokens, and each has its own limit a minute.
    """
    from healthcare.api.tokens import mint

    now = timezone.now()
    users = User.objects.in_bulk([person.user_id for person in people])
    found = []
    for number in range(max(at_least, len(people))):
        person = people[number % len(people)]
        token, _claims = mint(
            user=users[person.user_id],
            role=person.role,
            scopes=frozenset({"read", "write"}),
            lifetime=timedelta(minutes=30),
            now=now,
        )
        found.append((person, {"Authorization": f"Bearer {token}", "Accept": "application/json"}))
    return found
