"""The page on which an alert is handed on: who is offered, what is said, and what is kept of what was typed."""

from typing import Any

import pytest

from alerts.models import Alert, Handing
from healthcare.accounts.models import Team
from healthcare.accounts.models import User as Person
from tests.alerts.conftest import Clinic, reread
from tests.alerts.test_hand_on import give
from tests.alerts.test_pages import LIST, address, page
from tests.events.draining import as_worker
from tests.factories import AlertFactory, CoverFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(clinic: Clinic) -> Alert:
    made: Alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    return made


def hand(browser: Any, user: Person, alert: Alert, to: str, **said: Any) -> Any:
    return browser(user).post(address(alert, "hand_on"), {"to": to, "turn": 0, "word": "", **said}, follow=True)


def test_it_leads_there_and_offers_colleagues_and_teams(browser: Any, clinic: Clinic, alert: Alert) -> None:
    url = address(alert, "hand_on")
    assert url in page(browser, clinic.doctor, LIST)
    assert url in page(browser, clinic.doctor, address(alert))
    html = page(browser, clinic.doctor, url)
    assert clinic.colleague.full_name in html
    assert f"Doctor, {clinic.site.name}" in html
    assert "It stays in your list until they do" in html
    assert clinic.nurse.full_name not in html


def test_handed_on_it_says_to_whom_and_stands_in_the_story(browser: Any, clinic: Clinic, alert: Alert) -> None:
    answer = hand(browser, clinic.doctor, alert, f"user:{clinic.colleague.pk}", word="They repeat it.").content.decode()
    assert f"Handed on to {clinic.colleague.full_name}, who is told now." in answer
    assert f"Handed on by Dr. Maren Okafor to {clinic.colleague.full_name}" in answer
    assert "<q>They repeat it.</q>" in answer
    assert reread(alert).owner == clinic.colleague


def test_who_is_away_and_who_stands_in_are_both_named(browser: Any, clinic: Clinic, alert: Alert) -> None:
    away = staff("doctor", clinic.site, full_name="Dr. Ines Away")
    CoverFactory(absent=away, cover=clinic.colleague, role="doctor")
    words = f"Dr. Ines Away is away: goes to {clinic.colleague.full_name}"
    assert words in page(browser, clinic.doctor, address(alert, "hand_on"))
    answer = hand(browser, clinic.doctor, alert, f"user:{away.pk}").content.decode()
    assert f"Dr. Ines Away is away. Handed on to {clinic.colleague.full_name}, who stands in" in answer
    assert reread(alert).owner == clinic.colleague


def test_to_the_team(browser: Any, clinic: Clinic, alert: Alert) -> None:
    team = as_worker(lambda: Team.objects.get(site=clinic.site, role="doctor"))
    answer = hand(browser, clinic.doctor, alert, f"team:{team.pk}").content.decode()
    assert "Handed on. The team is told now." in answer
    assert f"to the team: Doctor, {clinic.site.name}" in answer


@pytest.mark.parametrize(("to", "why"), [("", "Choose who is to see to it"), ("user:x", "cannot take this alert now")])
def test_refused_it_keeps_the_word(browser: Any, clinic: Clinic, alert: Alert, to: str, why: str) -> None:
    answer = hand(browser, clinic.doctor, alert, to, word="They repeat it.")
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert "They repeat it." in answer.content.decode()
    assert as_worker(lambda: Handing.objects.count()) == 0


def test_who_comes_second_is_told_who_was_first(browser: Any, clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient)
    third = staff("doctor", clinic.site)
    give(clinic.doctor, alert, clinic.colleague)
    answer = hand(browser, clinic.colleague, alert, f"user:{third.pk}").content.decode()
    assert "Dr. Maren Okafor handed this alert on before you." in answer
    assert reread(alert).owner == clinic.colleague


def test_what_is_not_theirs_to_give_leads_back(browser: Any, clinic: Clinic, alert: Alert) -> None:
    answer = browser(clinic.colleague).get(address(alert, "hand_on"))
    assert (answer.status_code, answer["Location"]) == (302, address(alert))
    said = hand(browser, clinic.colleague, alert, f"user:{staff('doctor', clinic.site).pk}").content.decode()
    assert "for Dr. Maren Okafor to hand on" in said
    assert browser(staff("doctor")).get(address(alert, "hand_on")).status_code != 200


def test_where_nobody_else_can_have_it_the_page_says_so(browser: Any) -> None:
    alert = AlertFactory(kind="blocked_time", severity="high")
    alone = staff("front_desk", alert.patient.site)
    assert "Nobody else can take this alert now" in page(browser, alone, address(alert, "hand_on"))
