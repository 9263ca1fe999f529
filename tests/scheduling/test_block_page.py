"""Blocking time: what lies in it is shown first, and listed afterwards to be moved."""

import pytest

from healthcare.db.context import acting_as
from scheduling.models import TimeClaim
from tests.factories import PatientFactory, ProviderFactory, TimeClaimFactory, span, staff
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
URL = "/scheduling/block"


def typed(clinic, **changes) -> dict[str, str]:
    day = at(13).date().isoformat()
    given = {"provider": str(clinic.provider.pk), "day": day, "begins": "1 pm", "ends": "17:00", "reason": "Training"}
    return given | changes


def blocks(clinic) -> list[TimeClaim]:
    with acting_as(clinic.desk):
        return list(TimeClaim.objects.filter(kind="block").order_by("blocked"))


def test_a_free_afternoon_is_blocked_at_once(browser, clinic) -> None:
    answer = browser(clinic.desk).post(URL, typed(clinic))
    assert answer["Location"].startswith(f"/scheduling/?day={at(13).date()}")
    (block,) = blocks(clinic)
    assert (block.blocked.lower, block.blocked.upper, block.reason) == (at(13), at(17), "Training")


def test_visits_in_it_are_shown_before_anything_is_done(browser, clinic) -> None:
    visit_at(clinic, at(14))
    visit_at(clinic, at(15), patient=PatientFactory(family_name="Canaryson"), site=clinic.site)
    desk = browser(clinic.desk)
    answer = desk.post(URL, typed(clinic))
    page = text(answer, 422)
    assert "2 visits lie in this time." in page
    assert clinic.patient.family_name in page
    assert "Canaryson" not in page
    assert "and 1 of a patient who is not in your scope" in page
    assert blocks(clinic) == []
    done = text(desk.post(URL, typed(clinic, seen=answer.context["seen"]), follow=True))
    assert "2 visits in it wait to be moved." in done
    assert len(blocks(clinic)) == 1


def test_a_visit_that_came_meanwhile_is_shown_anew(browser, clinic) -> None:
    visit_at(clinic, at(14))
    desk = browser(clinic.desk)
    seen = desk.post(URL, typed(clinic)).context["seen"]
    visit_at(clinic, at(15), patient=PatientFactory(site=clinic.site))
    again = desk.post(URL, typed(clinic, seen=seen))
    assert "2 visits lie in this time." in text(again, 422)
    other = desk.post(URL, typed(clinic, seen=again.context["seen"], ends="6 pm"))
    assert other.status_code == 422, "another time has to be looked at as well"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"begins": "noon"}, "Write the time like 1:30 pm or 13:30"),
        ({"ends": ""}, "Enter a time"),
        ({"day": "Jan 1, 2020"}, "Choose a day from today on"),
        ({"reason": ""}, "Missing: Reason"),
        ({"provider": "x"}, "Choose one of the list"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(browser, clinic, changes, sentence) -> None:
    assert sentence in text(browser(clinic.desk).post(URL, typed(clinic, **changes)), 422)
    assert blocks(clinic) == []


def test_an_end_before_the_start_is_on_the_next_day(browser, clinic) -> None:
    browser(clinic.desk).post(URL, typed(clinic, begins="10 p.m.", ends="2 am"))
    (block,) = blocks(clinic)
    assert (block.blocked.lower, block.blocked.upper) == (at(22), at(2, days=2))


def test_what_is_blocked_already_is_refused(browser, clinic) -> None:
    TimeClaimFactory(resource=clinic.resource, blocked=span(at(16), 120))
    assert "Part of this time is blocked already." in text(browser(clinic.desk).post(URL, typed(clinic)), 422)


def test_a_doctor_blocks_their_own_time_alone(browser, clinic) -> None:
    doctor = clinic.provider.user.in_role("doctor")
    page = browser(doctor).get(URL)
    assert [str(clinic.provider.pk)] == list(page.context["form"].fields["provider"].rows)
    assert browser(doctor).post(URL, typed(clinic)).status_code == 302
    colleague = ProviderFactory(user=staff("doctor", clinic.site))
    assert "Choose one of the list" in text(browser(colleague.user.in_role("doctor")).post(URL, typed(clinic)), 422)
    assert browser(staff("nurse", clinic.site)).get(URL).status_code == 403


def test_blocked_time_is_listed_and_opened_again(browser, clinic) -> None:
    block = TimeClaimFactory(resource=clinic.resource, blocked=span(at(16), 120), reason="Training")
    desk = browser(clinic.desk)
    assert "Training" in text(desk.get(URL))
    assert "The time is open again." in text(desk.post(f"{URL}/{block.pk}/end", follow=True))
    assert blocks(clinic) == []
    assert desk.post(f"{URL}/{block.pk}/end").status_code == 404


def test_somebody_elses_block_stays(browser, clinic) -> None:
    block = TimeClaimFactory(resource=clinic.resource, blocked=span(at(16), 120))
    assert browser(staff("front_desk")).post(f"{URL}/{block.pk}/end").status_code == 404
    assert len(blocks(clinic)) == 1


def test_a_verb_that_refuses_the_lifting_is_heard(browser, clinic, monkeypatch) -> None:
    from scheduling import actions

    def refuse(**_given):
        raise actions.NotBookable("Not now.")

    block = TimeClaimFactory(resource=clinic.resource, blocked=span(at(16), 120))
    monkeypatch.setattr(actions, "unblock_time", refuse)
    assert "Not now." in text(browser(clinic.desk).post(f"{URL}/{block.pk}/end", follow=True))


def test_the_page_costs_the_same_with_many_blocks(browser, clinic, assert_queries) -> None:
    desk = browser(clinic.desk)
    TimeClaimFactory(resource=clinic.resource, blocked=span(at(1), 10))
    desk.get(URL)
    with assert_queries(at_most=12) as one:
        desk.get(URL)
    for hour in range(2, 14):
        TimeClaimFactory(resource=clinic.resource, blocked=span(at(hour), 10))
    with assert_queries(at_most=12) as many:
        desk.get(URL)
    assert len(one) == len(many)
