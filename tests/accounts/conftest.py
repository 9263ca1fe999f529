"""People who can sign in, and browsers in which they have."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import Session, TOTPDevice, User
from healthcare.accounts.models.factors import new_key
from tests.factories import UserFactory, staff
from tests.roles import as_the_system

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


@pytest.fixture
def client() -> Client:
    """A browser that sends CSRF tokens like any other, so that forms are proven to hold them."""
    return Client()
