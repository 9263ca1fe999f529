"""A browser in which somebody is signed in, and the audit as the pages leave it."""

from collections.abc import Callable

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import Session, User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from tests.roles import taking_role


def sign_in(user: User) -> Client:
    """A session in the user's acting role, with the second factor proven."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    now = timezone.now()
    Session.objects.filter(user=user).update(acting_role=user.acting_role, verified_at=now, stepped_up_at=now)
    return client


@pytest.fixture
def browser() -> Callable[[User], Client]:
    return sign_in


@pytest.fixture
def audited() -> Callable[[User], list[tuple[str, str]]]:
    """What the audit says this person did by pages that only read: action and outcome, in order."""

    def read(user: User) -> list[tuple[str, str]]:
        with acting_as(user, using="audit"):
            events = AuditEvent.objects.using("audit").filter(actor_id=user.pk)
            return list(events.order_by("id").values_list("action", "outcome"))

    return read


@pytest.fixture
def no_audit():
    """The database takes no audit row any more."""
    with taking_role("owner", "audit"), connections["audit"].cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_auditevent FROM web")
