"""The flow board: who waits where and for how long; the fragment that htmx swaps is the page's own."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from tests.factories import (
    MembershipFactory,
    PatientFactory,
    ResourceFactory,
    SiteFactory,
    bookable_provider,
    staff,
)
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
URL = "/scheduling/flow"
NOON = at(12)  # of tomorrow: a signed context made in the past would have run out


@pytest.fixture
def board(browser):
    """The board as somebody sees it at noon; who they are and who waits was made before."""

    def seen(user, **given):
        with time_machine.travel(NOON, tick=False):
            return browser(user).get(URL, **given)

    return seen


def ago(minutes: int):
    return NOON - timedelta(minutes=minutes)


def someone(clinic, start, **fields):
    patient = PatientFactory(site=clinic.site)
    return visit_at(clinic, start, patient=patient, provider=bookable_provider(clinic.site), **fields)


@pytest.fixture
def busy(clinic):
    """Somebody in every stage."""
    return {
        "soon": someone(clinic, at(12, 30)),
        "later": someone(clinic, at(15)),
        "waits": someone(clinic, at(11, 40), status="arrived", arrived_at=ago(31)),
        "short": someone(clinic, at(12), status="arrived", arrived_at=ago(6)),
        "roomed": someone(clinic, at(11), status="roomed", arrived_at=ago(50), roomed_at=ago(9), room="Room 2"),
        "with": someone(clinic, at(10), status="with_provider", arrived_at=ago(40), started_at=ago(29), room="Room 1"),
        "done": someone(
            clinic, at(9), status="checked_out", arrived_at=ago(200), started_at=ago(195), finished_at=ago(150)
        ),
        "missed": someone(clinic, at(8), status="no_show", missed_at=ago(200)),
    }


def test_looking_for_news_by_itself_keeps_no_session_alive(board, clinic) -> None:
    assert 'hx-trigger="every 30s" hx-swap="innerHTML" data-background' in text(board(clinic.desk))


def test_everybody_stands_in_their_stage_the_longest_wait_first(board, clinic, busy) -> None:
    found = board(clinic.desk).context["board"]
    assert [ticket.visit.pk for ticket in found.expected] == [busy["soon"].pk]
    assert [(ticket.visit.pk, ticket.minutes) for ticket in found.arrived] == [
        (busy["waits"].pk, 31),
        (busy["short"].pk, 6),
    ]
    assert [ticket.minutes for ticket in found.roomed] == [9]
    assert [(ticket.minutes, ticket.late) for ticket in found.with_provider] == [(29, False)]
    assert (found.here, len(found.finished), len(found.missed)) == (4, 1, 1)
    assert found.longest.visit.pk == busy["waits"].pk
    assert found.usual_wait == 8, "11 and 5 minutes"


def test_the_page_says_it_in_words(board, clinic, busy) -> None:
    for name in ("Room 1", "Room 2", "Room 3"):
        ResourceFactory(kind="room", provider=None, site=clinic.site, name=name)
    page = text(board(clinic.desk))
    assert "31 min, late" in page
    assert "1 of 3" in page
    assert "Did not come" in page
    assert busy["waits"].patient.family_name in page
    assert "Cough" not in page


def test_the_next_step_is_a_button_for_whoever_may(board, clinic, busy) -> None:
    desk = text(board(clinic.desk))
    assert f"visits/{busy['soon'].pk}/check-in" in desk
    assert f"visits/{busy['waits'].pk}/room" not in desk
    nurse = text(board(staff("nurse", clinic.site)))
    assert f"visits/{busy['waits'].pk}/room" in nurse
    doctor = text(board(staff("doctor", clinic.site)))
    assert f"visits/{busy['soon'].pk}/check-in" not in doctor


def test_a_swap_is_what_the_page_has(board, clinic, busy) -> None:
    whole, part = text(board(clinic.desk)), text(board(clinic.desk, headers={"HX-Request": "true"}))
    assert "<html" not in part

    def bare(html: str) -> str:
        return " ".join(line for line in html.split() if "csrf" not in line and not line.startswith("value="))

    assert bare(part) in bare(whole)
    assert 'hx-trigger="every 30s"' in whole


def test_an_empty_board_and_the_other_site(board, clinic) -> None:
    other = SiteFactory(name="Zenith")
    MembershipFactory(user=clinic.desk, site=other, role="front_desk")
    page = board(clinic.desk, data={"site": str(other.pk)})
    assert page.context["site"] == other
    told = text(page)
    assert told.count("Nobody") >= 4
    assert "nobody was seen yet" in told
    assert str(other.pk) in page.context["here"]


def test_strangers_see_nobody(board, clinic, busy) -> None:
    assert busy["waits"].patient.family_name not in text(board(staff("nurse")))
    assert board(clinic.rosa).status_code == 403
    assert Client().get(URL).status_code == 302


def test_whoever_works_nowhere_is_told(board, clinic, monkeypatch) -> None:
    import sys

    monkeypatch.setattr(sys.modules["scheduling.views.flow"], "own_sites", lambda user: [])
    assert "You work at no site" in text(board(clinic.desk))


def test_ten_times_as_many_cost_the_same(browser, clinic, busy, assert_queries) -> None:
    with time_machine.travel(NOON, tick=False):
        desk = browser(clinic.desk)
        desk.get(URL)
        with assert_queries(at_most=12) as few:
            desk.get(URL)
    for minute in range(10):
        someone(clinic, at(12, minute), status="arrived", arrived_at=ago(minute))
    with time_machine.travel(NOON, tick=False), assert_queries(at_most=12) as many:
        page = desk.get(URL)
    assert len(page.context["board"].arrived) == 12
    assert len(few) == len(many)
