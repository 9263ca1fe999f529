"""Functions that pass a wall are on the list in healthcare/db/purposes.py, and nowhere else."""

import pytest
from django.db import connection

from healthcare.db import checks
from healthcare.db.models import short_id
from healthcare.db.purposes import ABOUT_THE_ACTOR, Purpose
from healthcare.db.uuids import uuid7
from tests.factories import PatientFactory, SiteFactory

pytestmark = pytest.mark.django_db
DEFINERS = """
SELECT p.proname, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND p.prorettype <> 'trigger'::regtype
"""


def definers() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(DEFINERS)
        return dict(cursor.fetchall())


# What else the database does with its owner's rights, and why that shows nobody's rows.
COUNTS_AND_MACHINERY = {
    "outbox_figures": "counts and ages",
    "messages_figures": "counts and ages",
    "post_by_channel": "counts and times by channel",
    "audit_sealing": "counts and times",
    "audit_epoch": "which cluster this is; for the sealer",
    "make_audit_partition": "makes a month; no row is read",
    "held_in_records": "counts of what waits for one colleague, for the administrator who closes the account",
    "held_in_prescriptions": "the same of prescriptions",
    "held_in_alerts": "the same of alerts",
    "visits_of_kind": "counts by provider and day, for who books where so many are the most",
    "seats_given": "numbers and ids, for who gives a seat where all are counted; claims show such ids to everybody",
    "visits_to_come_at": "ids, to who closes a site; claims show the same ids to everybody",
    "stored_object": "one file's name and place by its random key, for a link signed for one person; it names nobody",
}


def test_every_function_that_passes_a_wall_is_listed():
    listed = {purpose.value for purpose in Purpose} | ABOUT_THE_ACTOR | COUNTS_AND_MACHINERY.keys()
    found = set(definers())
    assert found <= listed, f"Add to Purpose with a reason, or give up SECURITY DEFINER: {sorted(found - listed)}"
    assert listed <= found, f"These are on the list and not in the database: {sorted(listed - found)}"


def test_none_of_them_can_be_led_to_another_table():
    """A search path of their own: whoever calls cannot put a table of the same name before ours."""
    for name, configuration in definers().items():
        assert any(part.startswith("search_path=") for part in configuration or []), name


def test_nobody_in_general_may_call_them():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef"
            " AND n.nspname IN ('app', 'public') AND p.prorettype <> 'trigger'::regtype"
            " AND (p.proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(p.proacl) a WHERE a.grantee = 0))"
        )
        assert cursor.fetchall() == [], "REVOKE EXECUTE … FROM PUBLIC, and name the logins."


# == What the models and the start-up checks of the ground say ==
def test_a_row_is_named_by_its_kind_and_a_short_id():
    patient, site = PatientFactory(family_name="Canary"), SiteFactory()
    assert str(patient) == f"patient {short_id(patient.pk)}"
    assert "Canary" not in repr(patient)
    assert str(site).endswith(short_id(site.pk))
    assert len(short_id(uuid7())) == 8


def test_the_server_is_new_enough_and_the_login_bound():
    assert checks.postgresql_is_new_enough(databases=["default"]) == []
    assert checks.login_is_bound_by_row_security(databases=["default"]) == []


@pytest.mark.parametrize("databases", [None, ["other"]])
def test_checks_without_a_database_ask_nothing(databases, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert checks.postgresql_is_new_enough(databases=databases) == []
        assert checks.login_is_bound_by_row_security(databases=databases) == []


def test_an_old_server_is_refused(monkeypatch):
    monkeypatch.setattr(checks, "MINIMUM", 99)
    assert [found.id for found in checks.postgresql_is_new_enough(databases=["default"])] == ["db.E001"]


def test_a_login_that_passes_the_walls_is_refused(monkeypatch, as_role):
    with as_role("backup"):
        assert checks.login_is_bound_by_row_security(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE pg_roles AS SELECT current_user::name AS rolname, true AS rolsuper, true AS rolbypassrls"
        )
        cursor.execute("SET LOCAL search_path = pg_temp, pg_catalog, public")
    assert [found.id for found in checks.login_is_bound_by_row_security(databases=["default"])] == ["db.E002"]
