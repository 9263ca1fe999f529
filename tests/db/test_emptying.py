"""What one test committed, the next does not find; and what migrating leaves is there for both."""

from typing import Any

import psycopg
import pytest

from tests import emptying
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _however_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests before these wrote and took back still fills pages."""
    monkeypatch.setattr(emptying, "MUCH", 10**12)


def rows(superuser: psycopg.Connection, *tables: str) -> dict[str, Any]:
    return {name: superuser.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()[0] for name in tables}


def test_no_table_holds_anything_any_more_and_what_migrating_leaves_stays(superuser):
    kept = rows(superuser, *emptying.KEPT)
    PatientFactory()
    emptying.remember()
    assert emptying.emptied()
    assert rows(superuser, *emptying.KEPT) == kept
    assert all(kept.values())
    left = rows(superuser, *emptying._tables())
    assert set(left.values()) == {0}
    assert {"patients_patient", "records_entry", "audit_auditevent"} <= left.keys()


def test_a_table_without_a_model_is_spared_as_truncate_spares_it(superuser):
    before = rows(superuser, "private.audit_epoch", "private.context_key", "django_migrations")
    emptying.remember()
    assert emptying.emptied()
    assert rows(superuser, *before) == before
    assert all(before.values())


@pytest.mark.parametrize(
    "change",
    [
        "GRANT DELETE ON patients_usergrant TO web",
        "GRANT CREATE ON SCHEMA app TO web",
        "DELETE FROM auth_permission",
        "UPDATE django_content_type SET model = model || 's'",
    ],
)
def test_what_is_no_longer_as_migrating_leaves_it_is_left_to_django(superuser, change):
    PatientFactory()
    emptying.remember()
    known = dict(emptying._left_by_migrating)
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(change.encode())
    assert not emptying.emptied()
    assert rows(superuser, "patients_patient")["patients_patient"] > 0
    assert emptying._left_by_migrating == known
    superuser.execute("REVOKE CREATE ON SCHEMA app FROM web")  # what nobody but migrating would put right


def test_of_much_that_was_written_no_pages_stay(superuser, monkeypatch):
    PatientFactory()
    emptying.remember()
    monkeypatch.setattr(emptying, "MUCH", 1)
    assert not emptying.emptied()
    assert rows(superuser, "patients_patient")["patients_patient"] > 0


def test_who_holds_a_table_for_long_is_left_to_django(superuser, monkeypatch):
    PatientFactory()
    emptying.remember()
    monkeypatch.setattr(emptying, "WAIT", "50ms")
    with superuser.transaction():
        superuser.execute("SELECT * FROM patients_patient")
        assert not emptying.emptied()
