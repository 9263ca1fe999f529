"""One world a module: built once, in a transaction that is rolled back at the end; each knock is undone by itself."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connections, transaction

from tests.access import world
from tests.conftest import ALIASES


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database is open for the whole module, inside one transaction on each connection."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        for alias in ALIASES:
            block = transaction.atomic(using=alias)
            block._from_testcase = True
            stack.enter_context(block)
            stack.callback(transaction.set_rollback, True, using=alias)
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname=current_user")
                assert cursor.fetchone() == ("web", False), "A walk past the walls would prove nothing."
        yield


@pytest.fixture(scope="module")
def clinic(built: None) -> world.World:
    return world.build()
