"""A tiny synthetic load for a module's tests: made once, in a transaction that is rolled back after the last."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from healthcare.accounts.models.factors import new_key
from healthcare.db.context import acting_as_system
from healthcare.ops.loading import parts
from patients.synthetic.plan import Plan
from tests.roles import taking_role

NOON = datetime(2026, 11, 18, 15, tzinfo=UTC)  # a Wednesday, about ten o'clock at the sites
TINY = Plan(
    patients=80,
    providers=12,
    appointments=600,
    entries=1500,
    audit=2000,
    seed=7,
    now=NOON,
    password="correct horse battery",
    password_hash="",
    totp_key="",
)


def tiny(**changes: Any) -> Plan:
    """A plan of a few rows, with fresh secrets."""
    secrets = {"password_hash": make_password(TINY.password), "totp_key": new_key(), "tally": {}}
    return replace(TINY, **secrets, **changes)


def load_up_to(app: str, plan: Plan) -> None:
    """Run the parts of the load from the left up to this app, as the owner. In an open transaction."""
    with taking_role("owner"), acting_as_system("load_synthetic"):
        for name, module in parts().items():
            module.load(plan)
            if name == app:
                return
    raise LookupError(f"{app} has no part in {settings.SYNTHETIC}")


@contextmanager
def clinic(app: str, blocker: Any) -> Iterator[Plan]:
    """For a fixture of a module's scope: the load up to this app, while the module's tests run as web."""
    with blocker.unblock(), transaction.atomic():
        plan = tiny()
        load_up_to(app, plan)
        yield plan
        connection.set_rollback(True)


def proofs(app: str, plan: Plan) -> dict[str, bool]:
    """What this app's part says of its own rows, as the owner."""
    with taking_role("owner"), acting_as_system("load_synthetic"):
        return dict(parts()[app].check(plan))
