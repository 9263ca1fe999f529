"""Bills of a patient, browsers, and the audit as the pages leave it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import Invoice, LedgerEntry
from tests.factories import InvoiceFactory, PatientFactory, staff
from tests.patients.conftest import audited, browser, no_audit
from tests.roles import as_the_system

__all__ = ["audited", "browser", "no_audit"]


@pytest.fixture
def rosa() -> Any:
    return PatientFactory(given_name="Rosa", family_name="Delgado-Ferreira")


@pytest.fixture
def bill(rosa: Any) -> Invoice:
    return InvoiceFactory(patient=rosa)


@pytest.fixture
def clerk(rosa: Any) -> Any:
    return staff("billing", rosa.site, full_name="Wei Tran")


@pytest.fixture
def ledger_of() -> Callable[[Invoice], list[tuple[str, str]]]:
    """Kind and amount of each entry of a bill, in their order."""

    def read(invoice: Invoice) -> list[tuple[str, str]]:
        with as_the_system():
            rows = LedgerEntry.objects.filter(invoice=invoice).order_by("id")
            return [(entry.kind, str(entry.amount)) for entry in rows]

    return read


@contextmanager
def at_the_commit() -> Iterator[None]:
    """What the database checks when a transaction ends, now."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def refused_at_the_commit(match: str | None = None) -> Iterator[None]:
    with pytest.raises(IntegrityError, match=match), transaction.atomic(), at_the_commit():
        yield
