"""The page of numbers: each with its meaning and the time of its count, less for researchers, and as a file."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.test import Client

from analytics import queries
from analytics.queries import least_for
from tests.analytics.conftest import MONDAY
from tests.factories import (
    InvoiceFactory,
    MembershipFactory,
    PatientFactory,
    ProviderFactory,
    SiteFactory,
    UserFactory,
    staff,
)

pytestmark = pytest.mark.django_db
URL, EXPORT = "/analytics/", "/analytics/export/{}.csv"
SUNDAY = MONDAY + timedelta(days=6)


@pytest.fixture
def weeks(visit, count):
    """Six done and five missed on Monday, three done on Tuesday with another provider, two the week before."""
    for _each in range(6):
        visit(MONDAY, waited=10)
    for _each in range(5):
        visit(MONDAY, "no_show")
    other = ProviderFactory(name="=Tove Lindqvist")
    for _each in range(3):
        visit(MONDAY + timedelta(days=1), waited=30, provider=other)
    for _each in range(2):
        visit(MONDAY - timedelta(days=3))
    count(MONDAY - timedelta(days=30), SUNDAY)


@pytest.fixture
def boss():
    return staff("administrator")


def text_of(client, **asked) -> str:
    page = client.get(URL, asked)
    assert page.status_code == 200
    return page.content.decode()


def test_who_reads_it(browser, weeks) -> None:
    for role in ("administrator", "researcher", "billing", "doctor"):
        assert browser(staff(role)).get(URL).status_code == 200, role
    for user in (staff("nurse"), staff("front_desk"), UserFactory().in_role("patient")):
        assert browser(user).get(URL).status_code == 403
    assert Client().get(URL).status_code == 302


def test_each_number_has_its_meaning_and_the_time_of_its_count(browser, weeks, boss) -> None:
    text = text_of(browser(boss), period="week")
    for part in (
        "Nov 9, 2026",
        "Nov 15, 2026",
        "As of",
        "Nov 20, 2026, 2:00 am EST",
        ">9<",
        "7 more than in the time before",
        "35.7 %",
        "of 14 booked and not cancelled",
        "10 min",
        "1 in 10 over 30",
        "Maren Okafor",
        "What these numbers mean",
        "As a table",
    ):
        assert part in text, part
    assert text.count("As of") == 4
    assert text.count("Counted <time") == 8, "the page, and each of seven tiles"


def test_the_period_and_the_site_narrow_it(browser, weeks, boss, visit, count) -> None:
    elsewhere = SiteFactory(name="Shrewsbury Street")
    visit(MONDAY, site=elsewhere, provider=ProviderFactory(name="Sofia Nilsen"))
    count()
    client = browser(boss)
    assert "Sofia Nilsen" in text_of(client, period="month")
    there = text_of(client, period="month", site=str(elsewhere.pk))
    assert "Sofia Nilsen" in there
    assert "Maren Okafor" not in there
    for period in ("quarter", "year"):
        assert ">12<" in text_of(client, period=period)


def test_nonsense_gets_a_sentence(browser, weeks, boss) -> None:
    page = browser(boss).get(URL, {"site": "nowhere"})
    assert page.status_code == 422
    assert b"Maren Okafor" not in page.content
    assert browser(boss).get(URL, {"period": "eternity"}).status_code == 422


def test_before_the_first_night_it_says_so(browser, boss) -> None:
    assert "Nothing is counted yet" in text_of(browser(boss))
    assert browser(boss).get(EXPORT.format("days")).status_code == 404
    assert "Nothing is counted yet" in browser(boss).get("/").content.decode()


def test_a_quiet_time_has_no_numbers_and_no_error(browser, count, boss) -> None:
    count(MONDAY, SUNDAY)
    text = text_of(browser(boss), period="week")
    assert "No visits in this time" in text
    assert "as many as in the time before" in text


# == For researchers ==
def test_a_researcher_is_shown_no_small_group(browser, weeks) -> None:
    text = text_of(browser(staff("researcher")), period="week")
    assert "&lt;5" in text
    assert "groups under 5 are not shown" in text
    row = text.split("=Tove Lindqvist")[1].split("</tr>")[0]
    assert ">3<" not in row
    assert "not shown" in row
    assert "2 more than" not in text, "the time before had fewer than five"
    okafor = text.split("Maren Okafor")[1].split("</tr>")[0]
    assert ">6<" not in okafor, "nine in all less six would be the three that are hidden"


def test_money_of_few_bills_is_not_shown_to_a_researcher(browser, weeks, count, site, provider) -> None:
    InvoiceFactory(patient=PatientFactory(site=site), provider=provider)
    count(MONDAY - timedelta(days=30), SUNDAY)
    assert "paid: not shown" in text_of(browser(staff("researcher")), period="month")
    text = text_of(browser(staff("billing")), period="month")
    assert ">$142<" in text
    assert "bills: 1; paid: $0.00" in text


def test_a_figure_is_read_at_a_glance() -> None:
    amounts = ("0.00", "1234.50", "999999.49", "1234567.89", "-12.00")
    assert [queries._figure(Decimal(amount)) for amount in amounts] == ["$0", "$1,234", "$999,999", "$1.23 M", "−$12"]
    assert queries._figure(None) == "not shown"


def test_who_sees_how_much() -> None:
    assert least_for(staff("researcher")) == 5
    assert least_for(staff("doctor")) == 1


# == As a file ==
def rows_of(response) -> list[list[str]]:
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(StringIO(response.content.decode())))


def test_the_tables_come_as_files_and_it_is_written_down(browser, weeks, boss, audited) -> None:
    client = browser(boss)
    answer = client.get(EXPORT.format("providers"), {"period": "week"})
    assert answer["Content-Disposition"] == 'attachment; filename="providers-2026-11-09-to-2026-11-15.csv"'
    assert rows_of(answer)[1:] == [["Maren Okafor", "6", "45.5", "10"], ["'=Tove Lindqvist", "3", "0.0", "30"]]
    days = rows_of(client.get(EXPORT.format("days"), {"period": "week"}))
    assert days[1] == ["2026-11-09", "6", "45.5", "0", "0"]
    assert len(days) == 8
    assert audited(boss) == [("analytics.export", "ok")] * 2


def test_a_file_hides_what_the_page_hides(browser, weeks) -> None:
    rows = rows_of(browser(staff("researcher")).get(EXPORT.format("providers"), {"period": "week"}))
    assert rows[1:] == [["Maren Okafor", "<5", "45.5", "10"], ["'=Tove Lindqvist", "<5", "", ""]]


def test_no_audit_no_file(browser, weeks, boss, no_audit) -> None:
    assert browser(boss).get(EXPORT.format("days")).status_code == 503


def test_there_is_no_other_file(browser, weeks, boss) -> None:
    assert browser(boss).get(EXPORT.format("patients")).status_code == 404


# == The home page ==
def test_administrators_and_researchers_have_the_numbers_at_home(browser, weeks) -> None:
    for role in ("administrator", "researcher"):
        text = browser(staff(role)).get("/").content.decode()
        assert "The clinic in numbers" in text
        assert "Did not come" in text
        assert "The last 4 weeks." in text
    for role in ("doctor", "billing", "nurse"):
        assert "The clinic in numbers" not in browser(staff(role)).get("/").content.decode()


def test_more_providers_than_fit_are_said(browser, weeks, boss, monkeypatch) -> None:
    monkeypatch.setattr(queries, "MOST_PROVIDERS", 1)
    text = text_of(browser(boss), period="week")
    assert "Tove Lindqvist" not in text
    assert "The 50 busiest." in text


def test_a_year_costs_no_more_queries_than_a_week(browser, weeks, boss, visit, count, assert_queries) -> None:
    MembershipFactory(user=boss, role="administrator")
    client = browser(boss)
    client.get(URL)
    with assert_queries() as few:
        client.get(URL, {"period": "week"})
    for number in range(9):
        visit(MONDAY - timedelta(days=7 * number), provider=ProviderFactory())
    count(MONDAY - timedelta(days=80), SUNDAY)
    with assert_queries() as many:
        client.get(URL, {"period": "year"})
    assert len(few) == len(many)
