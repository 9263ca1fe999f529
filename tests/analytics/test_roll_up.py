"""The nightly count: by each site's calendar, the same however often, catching up with what was missed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from analytics import demo, tasks
from analytics.models import MoneyDay, PatientDay, RollUp, VisitDay, WaitDay
from analytics.queries import days_to_count, last_whole_day
from healthcare.db.context import acting_as
from tests.accounts.conftest import audited as events_of
from tests.analytics.conftest import LATER, MONDAY
from tests.factories import InvoiceFactory, LedgerEntryFactory, PatientFactory, ProviderFactory, SiteFactory, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def visits(**about) -> list[tuple[str, int, int, int, int, int]]:
    rows = VisitDay.objects.filter(**about).order_by("day", "provider__name")
    return [(str(r.day), r.booked, r.finished, r.missed, r.walked_out, r.cancelled) for r in rows]


def test_visits_are_counted_by_day_site_provider_and_kind(visit, count) -> None:
    for status in ("checked_out", "checked_out", "no_show", "left", "cancelled", "booked"):
        visit(MONDAY, status)
    other = ProviderFactory(name="Tove Lindqvist")
    visit(MONDAY, provider=other)
    visit(MONDAY + DAY)
    assert count(MONDAY, MONDAY + DAY) == 2
    assert visits() == [
        ("2026-11-09", 5, 2, 1, 1, 1),
        ("2026-11-09", 1, 1, 0, 0, 0),
        ("2026-11-10", 1, 1, 0, 0, 0),
    ]
    (line,) = events_of("analytics.roll_up")
    assert (line.patient_id, line.purpose, line.detail) == (None, "test", {"days": 2})


def test_a_day_is_that_of_the_calendar_of_the_site(visit, count) -> None:
    """Half past eleven in the evening in New York is the next day in UTC; in Tokyo it is past noon of it."""
    late = datetime(2026, 11, 10, 4, 30, tzinfo=UTC)
    visit(MONDAY, start=late)
    visit(MONDAY, start=late, site=SiteFactory(time_zone="Asia/Tokyo"), provider=ProviderFactory())
    count(MONDAY, MONDAY + DAY)
    assert {(row.site.time_zone, row.day.day) for row in VisitDay.objects.select_related("site").order_by("id")} == {
        ("America/New_York", 9),
        ("Asia/Tokyo", 10),
    }


def test_counting_again_changes_nothing_and_takes_in_what_came_later(visit, count) -> None:
    visit(MONDAY)
    count()
    count()
    assert visits() == [("2026-11-09", 1, 1, 0, 0, 0)]
    visit(MONDAY, "no_show")
    count()
    assert visits() == [("2026-11-09", 2, 1, 1, 0, 0)]
    assert RollUp.objects.count() == 1


def test_only_the_days_asked_for_are_touched(visit, count) -> None:
    visit(MONDAY)
    visit(MONDAY + DAY)
    count(MONDAY, MONDAY + DAY)
    visit(MONDAY)
    visit(MONDAY + DAY)
    count(MONDAY + DAY)
    assert [row[1] for row in visits()] == [1, 2]


def test_waits_are_whole_minutes_from_arrival_to_provider(visit, count) -> None:
    for waited in (11, 11, 26):
        visit(MONDAY, waited=waited)
    visit(MONDAY, "no_show")
    count()
    rows = WaitDay.objects.order_by("minutes").values_list("minutes", "visits")
    assert list(rows) == [(11, 2), (26, 1)]


def test_people_are_counted_once_a_day_and_when_they_are_registered(visit, count, site) -> None:
    with time_machine.travel(datetime(2026, 11, 9, 15, 0, tzinfo=UTC), tick=False):
        rosa = PatientFactory(site=site)
        PatientFactory(site=site)
    visit(MONDAY, patient=rosa)
    visit(MONDAY, patient=rosa)
    visit(MONDAY, "no_show", patient=PatientFactory())
    count()
    assert [(row.site, row.registered, row.seen) for row in PatientDay.objects.order_by("id")] == [(site, 2, 1)]


def test_money_is_that_of_the_ledger(count, site, provider) -> None:
    noon = datetime(2026, 11, 9, 17, 0, tzinfo=UTC)
    of = {"patient": PatientFactory(site=site), "provider": provider, "issued_at": noon}
    bill = InvoiceFactory(**of)
    InvoiceFactory(**of, total=Decimal("60.00"), status="settled")
    paid = LedgerEntryFactory(invoice=bill, entered_at=noon)
    LedgerEntryFactory(invoice=bill, entered_at=noon, amount=Decimal("-30.00"))
    LedgerEntryFactory(
        invoice=bill,
        entered_at=noon + 2 * DAY,
        kind="reversal",
        method="",
        reason="mistake",
        reverses=paid,
        amount=Decimal("10.00"),
    )
    count(MONDAY, MONDAY + 3 * DAY)
    rows = [(row.day.day, row.invoices, str(row.charged), str(row.paid)) for row in MoneyDay.objects.order_by("day")]
    assert rows == [(9, 2, "202.00", "100.00"), (11, 0, "0.00", "-10.00")]
    owed = sum(row.charged - row.paid + row.adjusted for row in MoneyDay.objects.order_by("id"))
    assert owed == Decimal("112.00")


def test_no_table_names_a_patient(count, visit) -> None:
    visit(MONDAY)
    count()
    for model in (VisitDay, WaitDay, PatientDay, MoneyDay, RollUp):
        names = {field.name for field in model._meta.get_fields()}
        assert "patient" not in names
        assert str(model()).startswith(str(model._meta.verbose_name))


# == Who counts ==
def test_pages_read_the_counts_and_cannot_write_them(count, visit) -> None:
    visit(MONDAY)
    count()
    user = staff("administrator")
    with acting_as(user):
        assert VisitDay.objects.count() == 1
        for statement in ("DELETE FROM analytics_visitday", "UPDATE analytics_rollup SET day = '2020-01-01'"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(statement)


# == When ==
def test_what_waits_is_every_day_since_the_first_up_to_yesterday(visit, count) -> None:
    visit(MONDAY)
    now = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
    with as_the_system():
        waiting = days_to_count(now)
        assert waiting[-1] == date(2026, 11, 11)
        assert MONDAY in waiting
        assert len(waiting) == (waiting[-1] - waiting[0]).days + 1
    count(waiting[0], waiting[-1], now)
    with as_the_system():
        assert days_to_count(now + timedelta(hours=1)) == []
        assert days_to_count(now + timedelta(hours=21))[-1] == date(2026, 11, 12)
        assert len(days_to_count(now + timedelta(hours=21))) == 7 or len(waiting) < 7
        assert len(days_to_count(now + 40 * DAY)) == 40


def test_without_a_history_nothing_waits() -> None:
    with as_the_system():
        assert days_to_count(LATER) == []
        assert last_whole_day(LATER) == date(2026, 11, 19), "in UTC, without a site"


def test_a_day_is_over_when_it_is_over_everywhere() -> None:
    SiteFactory(time_zone="Asia/Tokyo")
    assert last_whole_day(datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == date(2026, 11, 19)
    SiteFactory(time_zone="America/Los_Angeles")
    assert last_whole_day(datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == date(2026, 11, 18)


def test_the_nightly_job_catches_up_and_then_has_nothing_to_do(visit) -> None:
    visit(MONDAY)
    with time_machine.travel(datetime(2026, 11, 13, 6, 0, tzinfo=UTC), tick=False), taking_role("worker"):
        tasks.roll_up_days()
        tasks.roll_up_days()
    assert visits(day=MONDAY) == [("2026-11-09", 1, 1, 0, 0, 0)]
    assert RollUp.objects.latest("day").day == date(2026, 11, 12)
    assert len(events_of("analytics.roll_up")) == 1


def test_the_demo_counts_its_days_once(visit) -> None:
    visit(MONDAY)
    with time_machine.travel(datetime(2026, 11, 13, 15, 0, tzinfo=UTC), tick=False), taking_role("worker"):
        demo.tell()
        demo.tell()
    assert len(events_of("analytics.roll_up")) == 1
