"""What went wrong elsewhere, by its row in the list of known bugs: `pytest -m bug` runs all of them, where they stand.

The numbers: 1 concurrent posts all succeed; 2 two requests for one slot both confirmed; 3 the first seat makes a
second session; 4 a series looks at its first dates alone; 5 a stale read inside a lock, rows made by a GET; 6 a lock
left out for speed; 7 a stale page books a taken slot; 8 any time accepted where some slot exists; 9 a stale cache
believed; 10 an hour off round a change of the clocks; 11 a mail or file in the wrong zone; 17 reminders again and
again, or in a heap after an outage; 18 one that fails ends the batch; 19 reminders after a cancelled or moved visit; 20
the broker repeats; 21 workers that are silent or killed; 22 what failed is gone; 23 STOP not heard, or in its own way;
24 mail scanners follow links; 25 jobs of the clock run twice.
"""

import ast
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from scheduling.models import Appointment
from scheduling.queries import free_times
from tests.architecture.tree import files, parsed
from tests.factories import SiteFactory, WorkRuleFactory
from tests.roles import as_the_system
from tests.scheduling.pages import at

pytestmark = pytest.mark.django_db
ROWS = {*range(1, 12), *range(17, 26)}
WRITTEN = (
    "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
    " WHERE relname LIKE 'scheduling%' AND n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1"
)


def test_every_row_has_its_test() -> None:
    found = {
        mark.args[0].value
        for path in files("tests", suffix=".py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.bug"
    }
    assert found == ROWS


# == 5: looking changes nothing ==
@pytest.mark.bug(5)
@pytest.mark.parametrize(
    "page",
    [
        "/scheduling/patients/{patient}/book?provider={provider}&site={site}&visit_type={kind}",
        "/scheduling/patients/{patient}/series?provider={provider}&site={site}&visit_type={kind}",
        "/scheduling/next-free?site={site}",
        "/scheduling/week?provider={provider}",
        "/scheduling/",
    ],
)
def test_whoever_looks_for_a_time_writes_no_row_of_the_schedule(browser: Any, clinic: Any, page: str) -> None:
    ids = {"patient": clinic.patient.pk, "provider": clinic.provider.pk, "site": clinic.site.pk}
    desk = browser(clinic.desk)
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        before = cursor.fetchall()
        assert desk.get(page.format(**ids, kind=clinic.visit_type.pk)).status_code == 200
        cursor.execute(WRITTEN)
        assert cursor.fetchall() == before


def test_a_booking_would_be_seen_by_that(clinic: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        before = cursor.fetchall()
        clinic.book()
        cursor.execute(WRITTEN)
        assert cursor.fetchall() != before


# == 8: only what is offered ==
@pytest.fixture
def by_day(clinic: Any) -> Any:
    """The provider is there from nine to five, on the clock in New York."""
    with as_the_system():
        clinic.resource.work_rules.all().delete()
        for isodow in range(1, 8):
            hours = {"starts": "09:00", "ends": "17:00"}
            WorkRuleFactory(resource=clinic.resource, site=clinic.site, isodow=isodow, **hours)
    return clinic


WRONG = {
    "off the grid and out of hours": lambda _clinic: {"start": at(3, 17).isoformat()},
    "off the grid": lambda _clinic: {"start": at(10, 17).isoformat()},
    "out of hours": lambda _clinic: {"start": at(3, 15).isoformat()},
    "over the end of the day": lambda _clinic: {"start": at(16, 45).isoformat()},
    "at another site": lambda _clinic: {"start": at(10).isoformat(), "site": str(SiteFactory().pk)},
    "no longer ahead": lambda _clinic: {"start": at(10, days=-1).isoformat()},
}


@pytest.mark.bug(8)
@pytest.mark.parametrize("wrong", WRONG)
def test_no_door_books_a_time_that_is_not_offered(api: Any, browser: Any, by_day: Any, wrong: str) -> None:
    clinic = by_day
    with as_the_system():
        changes = WRONG[wrong](clinic)
    body = {"provider": str(clinic.provider.pk), "visit_type": str(clinic.visit_type.pk)} | changes
    assert api(clinic.rosa).write("/appointments", body).status_code in (400, 404, 409, 422)
    form = body | {"key": "3e7c2b1e-8a40-4d0f-9d52-0d8f0c8f2a11", "day": at(9).date().isoformat(), "reason": ""}
    form = {"site": str(clinic.site.pk)} | form
    assert browser(clinic.rosa).post(f"/portal/book/{clinic.provider.pk}/visit", form).status_code in (404, 409, 422)
    if wrong != "at another site":  # the desk's form falls back to a site where it works, and says which
        where = f"/scheduling/patients/{clinic.patient.pk}/book"
        assert browser(clinic.desk).post(where, form).status_code in (409, 422)
    with as_the_system():
        assert not Appointment.objects.exists()


@pytest.mark.bug(8)
def test_a_provider_with_one_visit_a_day_can_be_booked(clinic: Any) -> None:
    with as_the_system():
        clinic.resource.work_rules.all().delete()
        hours = {"isodow": at(9).isoweekday(), "starts": "09:00", "ends": "09:40"}
        WorkRuleFactory(resource=clinic.resource, site=clinic.site, **hours)
    asked: dict[str, Any] = {"providers": [clinic.provider], "visit_type": clinic.visit_type}
    asked |= {"between": (at(0), at(0, days=2)), "now": timezone.now(), "by_patient": False}
    assert [free.start for free in free_times(**asked)] == [at(9)]
    assert clinic.book(by=clinic.desk, start=at(9), now=timezone.now()).starts_at == at(9)
