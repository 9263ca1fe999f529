"""The list of bills: what is owed in one's care, by the day it is due, 25 a page."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from billing.queries import PAGE
from tests.factories import InvoiceFactory, PatientFactory, SiteFactory, portal_user, staff

pytestmark = pytest.mark.django_db
URL = "/billing/"


def numbers(page) -> list[str]:
    assert page.status_code == 200
    return [invoice.number for invoice in page.context["page"].invoices]


def due(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def test_the_clerk_sees_bills_in_their_care_and_others_none(browser, rosa, clerk) -> None:
    bill = InvoiceFactory(patient=rosa)
    InvoiceFactory()
    page = browser(clerk).get(URL)
    assert numbers(page) == [bill.number]
    assert "Delgado-Ferreira" in page.content.decode()
    assert numbers(browser(staff("front_desk", rosa.site)).get(URL)) == [bill.number]
    elsewhere = browser(staff("billing")).get(URL)
    assert numbers(elsewhere) == []
    assert b"Nothing is owed" in elsewhere.content
    for user in (staff("doctor", rosa.site), staff("nurse", rosa.site), portal_user(rosa)):
        assert browser(user).get(URL).status_code == 403
    assert Client().get(URL).status_code == 302


def test_what_is_due_longest_comes_first_and_each_state_has_its_word(browser, rosa, clerk) -> None:
    late = InvoiceFactory(patient=rosa, due_date=due(-3))
    soon = InvoiceFactory(patient=rosa, due_date=due(2))
    latest = InvoiceFactory(patient=rosa, due_date=due(-40))
    InvoiceFactory(patient=rosa, status="settled")
    page = browser(clerk).get(URL)
    assert numbers(page) == [latest.number, late.number, soon.number]
    text = page.content.decode()
    assert text.count("Overdue</span>") == 2
    assert 'tag wait">Open' in text


def test_filters_narrow_by_state_site_and_number(browser, clerk, rosa) -> None:
    other = SiteFactory()
    paid = InvoiceFactory(patient=rosa, status="settled")
    late = InvoiceFactory(patient=rosa, due_date=due(-3))
    InvoiceFactory(patient=rosa, due_date=due(3), site=other)
    client = browser(clerk)
    assert numbers(client.get(URL, {"which": "paid"})) == [paid.number]
    assert numbers(client.get(URL, {"which": "overdue"})) == [late.number]
    assert len(numbers(client.get(URL, {"which": "all"}))) == 3
    assert numbers(client.get(URL, {"which": "all", "site": str(rosa.site.pk)})) == [late.number, paid.number]
    assert numbers(client.get(URL, {"which": "all", "number": late.number})) == [late.number]
    none = client.get(URL, {"number": "2019"})
    assert b"No bill fits these filters" in none.content


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"which": "nonsense"}, "Select a valid choice"),
        ({"after": "page2"}, "The list does not go on there"),
        ({"number": "abc"}, "A number looks like 2026-004817"),
        ({"site": "nowhere"}, "site"),
    ],
)
def test_filters_that_make_no_sense_get_a_sentence_and_show_nothing(browser, bill, clerk, typed, sentence) -> None:
    page = browser(clerk).get(URL, typed)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert bill.number.encode() not in page.content


@pytest.mark.parametrize("which", ["open", "all"])
def test_pages_follow_each_other_without_gap_or_repetition(browser, rosa, clerk, which) -> None:
    for number in range(2 * PAGE + 3):
        InvoiceFactory(patient=rosa, due_date=due(number % 4), total=Decimal("10.00"))
    client = browser(clerk)
    url, seen, pages = f"{URL}?which={which}", [], 0
    while url:
        page = client.get(url)
        seen += numbers(page)
        url, pages = page.context["next_url"], pages + 1
    assert (len(seen), len(set(seen)), pages) == (2 * PAGE + 3, 2 * PAGE + 3, 3)
    assert page.context["first_url"] == f"{URL}?which={which}"


def test_an_after_of_somebody_elses_bill_begins_anew(browser, bill, clerk) -> None:
    elsewhere = InvoiceFactory()
    assert numbers(browser(clerk).get(URL, {"after": str(elsewhere.pk)})) == [bill.number]


def test_the_list_is_written_down(browser, audited, clerk) -> None:
    browser(clerk).get(URL)
    assert audited(clerk) == [("billing.list", "ok")]


def test_no_audit_no_list(browser, bill, clerk, no_audit) -> None:
    page = browser(clerk).get(URL)
    assert page.status_code == 503
    assert bill.number.encode() not in page.content


def test_a_page_of_many_costs_no_more_queries_than_one_of_one(browser, clerk, rosa, assert_queries) -> None:
    client = browser(clerk)
    InvoiceFactory(patient=rosa)
    client.get(URL)
    with assert_queries() as one:
        client.get(URL)
    for _each in range(PAGE + 5):
        InvoiceFactory(patient=PatientFactory(site=rosa.site))
    with assert_queries() as many:
        client.get(URL)
    assert len(one) == len(many)
