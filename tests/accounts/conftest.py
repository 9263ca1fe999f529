"""People who can sign in, and browsers in which they have."""

from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import Session, TOTPDevice, User
from healthcare.accounts.models.factors import new_key
from healthcare.accounts.models.links import token_of
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as_system
from healthcare.messaging.models import Message
from tests.factories import UserFactory, staff
from tests.roles import as_the_system, taking_role

PASSWORD = "correct horse battery staple"


def person(**fields: Any) -> User:
    """Somebody with a password and no role: a patient."""
    user: User = UserFactory.build(**fields)
    user.set_password(PASSWORD)
    with as_the_system():
        user.save(force_insert=True)
    return user


def colleague(role: str = "doctor", *, site: Any = None, with_code: bool = True, **fields: Any) -> User:
    """Somebody who works here, with a password and, unless told otherwise, an authenticator."""
    user = staff(role, site, **fields)
    user.set_password(PASSWORD)
    with as_the_system():
        user.save(update_fields=["password"])
        if with_code:
            give_device(user)
    return user


def give_device(user: User) -> TOTPDevice:
    device = TOTPDevice(user=user, name="app", key=new_key(), confirmed=True, confirmed_at=timezone.now())
    with as_the_system():
        device.save(force_insert=True)
    return device


def code_of(user: User, moment: datetime | None = None) -> str:
    """What the authenticator shows; codes work once, so ask for a later moment to have another."""
    device = TOTPDevice.objects.filter(user=user).order_by("-confirmed").first()
    assert device is not None
    return device.code_at(moment or timezone.now())


def sign_in(user: User, *, role: str | None = None, verified: bool = True, stepped_up: bool = True) -> Client:
    """A browser in which this person is signed in, every step done."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    now = timezone.now()
    Session.objects.filter(user=user, acting_role="").update(
        acting_role=role or user.acting_role or "patient",
        verified_at=now if verified else None,
        stepped_up_at=now if stepped_up else None,
        address="127.0.0.1",
    )
    return client


def audited(action: str, **about: Any) -> list[AuditEvent]:
    """The audit events of this action, by whomever, oldest first, of both connections."""
    found: dict[Any, AuditEvent] = {}
    for alias in ("default", "audit"):
        with taking_role("worker", alias), acting_as_system("test", using=alias):
            rows = AuditEvent.objects.using(alias).filter(action=action, **about).order_by("id")
            found |= {event.pk: event for event in rows}
    return [found[key] for key in sorted(found)]


def letters() -> list[tuple[str, str, dict[str, str]]]:
    """Address, template and words of every mail that was queued, oldest first."""
    with as_the_system():
        rows = Message.objects.order_by("created_at", "id")
        return [(row.address, row.template.removeprefix("accounts/"), dict(row.words)) for row in rows]


def link_in(letter: tuple[str, str, dict[str, str]]) -> str:
    """The token of the link that the mail will hold."""
    return token_of(letter[2]["link"])


def only(kind: type, facts: list[Any]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]
