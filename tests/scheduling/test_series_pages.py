"""Several visits on pages: looked at first, then booked, moved or called off as they were ticked."""

from uuid import uuid4

import pytest

from healthcare.db.context import acting_as
from scheduling.models import Appointment
from tests.factories import PatientFactory
from tests.scheduling.conftest import NOW  # noqa: F401  (the fixtures beside it)
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
WEEKS = (1, 8, 15)


def url(clinic) -> str:
    return f"/scheduling/patients/{clinic.patient.pk}/series"


def page_of(visit, name="") -> str:
    return f"/scheduling/patients/{visit.patient_id}/visits/{visit.pk}{name}"


def typed(clinic, **changes):
    asked = {"provider": clinic.provider.pk, "visit_type": clinic.visit_type.pk, "site": clinic.site.pk}
    asked |= {"day": at(9).date().isoformat(), "start": at(9).isoformat(), "key": str(uuid4())}
    return asked | {"every": "7", "count": "3", "reason": "Physiotherapy"} | changes


def times(*days):
    return [at(9, days=day).isoformat() for day in days]


def booked(user):
    with acting_as(user):
        return list(Appointment.objects.visible_to(user).filter(series_id__isnull=False).order_by("during"))


def a_series(clinic, browser):
    desk = browser(clinic.desk)
    answer = desk.post(url(clinic), typed(clinic) | {"do": "book", "times": times(*WEEKS)})
    assert answer.status_code == 302
    return desk, booked(clinic.desk)


# == Booking ==
def test_each_time_is_looked_at_before_anything_is_booked(browser, clinic) -> None:
    visit_at(clinic, at(9, days=8), patient=PatientFactory(site=clinic.site))
    desk, form = browser(clinic.desk), typed(clinic)
    assert "Look at all the times" in text(desk.get(url(clinic)))
    page = text(desk.post(url(clinic), form))
    assert booked(clinic.desk) == []
    assert page.count('name="times"') == 2 + 3, "two that are free, and three instead of the one that is taken"
    assert page.count(" checked") == 2
    assert "Somebody else has just taken this time." in page
    assert "Physiotherapy" in page
    assert form["key"] in page


def test_what_is_ticked_is_booked_once(browser, clinic) -> None:
    desk, form = browser(clinic.desk), typed(clinic) | {"do": "book", "times": times(1, 15)}
    answer = desk.post(url(clinic), form, follow=True)
    assert "2 visits are booked." in text(answer)
    assert [visit.starts_at for visit in booked(clinic.desk)] == [at(9), at(9, days=15)]
    desk.post(url(clinic), form)
    assert len(booked(clinic.desk)) == 2


def test_a_time_that_is_taken_meanwhile_books_none_and_says_which(browser, clinic) -> None:
    visit_at(clinic, at(9, days=8), patient=PatientFactory(site=clinic.site))
    form = typed(clinic) | {"do": "book", "times": times(*WEEKS)}
    page = text(browser(clinic.desk).post(url(clinic), form), 409)
    assert "nothing was changed" in page
    assert page.count(" checked") == 2
    assert booked(clinic.desk) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"count": "1"}, "at least 2 visits"),
        ({"count": "53"}, "at most 52 visits"),
        ({"count": "many"}, "whole number"),
        ({"count": ""}, "Enter how many"),
        ({"start": ""}, "Choose a time"),
        ({"key": "x"}, "Begin the booking again"),
        ({"every": "5"}, "every"),
        ({"do": "book"}, "Tick at least one time"),
        ({"do": "book", "times": ["yesterday"]}, "not one of the times shown"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(browser, clinic, changes, sentence) -> None:
    page = text(browser(clinic.desk).post(url(clinic), typed(clinic) | changes), 422)
    assert sentence in page
    assert "Physiotherapy" in page
    assert booked(clinic.desk) == []


def test_what_cannot_be_booked_at_all_is_one_sentence(browser, clinic, monkeypatch) -> None:
    def refuse(**_asked):
        raise actions.NotBookable("Many people are booking at this moment.")

    from scheduling import actions

    monkeypatch.setattr(actions, "check_series", refuse)
    assert "Many people are booking" in text(browser(clinic.desk).post(url(clinic), typed(clinic)), 422)


# == Moving and calling off ==
def test_the_page_of_a_visit_shows_its_series(browser, clinic) -> None:
    desk, visits = a_series(clinic, browser)
    page = text(desk.get(page_of(visits[1])))
    assert page.count('id="series"') == 1
    assert "Move this and later ones" in page
    alone = visit_at(clinic, at(14))
    assert 'id="series"' not in text(desk.get(page_of(alone)))


def test_a_series_moves_as_ticked(browser, clinic) -> None:
    desk, visits = a_series(clinic, browser)
    where = page_of(visits[0], "/series/move")
    assert "by as many days" in text(desk.get(where))
    form = {"provider": clinic.provider.pk, "site": clinic.site.pk, "day": at(9).date().isoformat()}
    form |= {"start": at(10, days=2).isoformat(), "seen": "0"}
    page = text(desk.post(where, form))
    assert page.count('name="visits"') == 3
    assert [visit.starts_at for visit in booked(clinic.desk)] == [at(9, days=day) for day in WEEKS]
    assert "Tick at least one visit" in text(desk.post(where, form | {"do": "move"}), 422)
    assert "among the visits shown" in text(desk.post(where, form | {"do": "move", "visits": ["x"]}), 422)
    ticked = [str(visits[0].pk), str(visits[2].pk)]
    assert "2 visits have new times." in text(desk.post(where, form | {"do": "move", "visits": ticked}, follow=True))
    assert [visit.starts_at for visit in booked(clinic.desk)] == [at(10, days=2), at(9, days=8), at(10, days=16)]


def test_a_conflict_in_a_move_leaves_all_where_they_are(browser, clinic) -> None:
    desk, visits = a_series(clinic, browser)
    visit_at(clinic, at(10, days=9), patient=PatientFactory(site=clinic.site))
    form = {"provider": clinic.provider.pk, "site": clinic.site.pk, "day": at(9).date().isoformat()}
    form |= {"start": at(10, days=2).isoformat(), "seen": "0", "do": "move", "visits": [v.pk for v in visits]}
    page = text(desk.post(page_of(visits[0], "/series/move"), form), 409)
    assert "It stays where it is" in page
    assert [visit.starts_at for visit in booked(clinic.desk)] == [at(9, days=day) for day in WEEKS]
    alone = visit_at(clinic, at(14))
    assert "stands alone" in text(desk.post(page_of(alone, "/series/move"), form), 422)


def test_a_series_is_called_off_from_one_visit_on(browser, clinic) -> None:
    desk, visits = a_series(clinic, browser)
    where = page_of(visits[1], "/series/cancel")
    assert "Cancel 2 visits" in text(desk.get(where))
    text(desk.post(where, {"reason": ""}), 422)
    assert "2 visits are cancelled." in text(desk.post(where, {"reason": "The course is over"}, follow=True))
    assert [visit.status for visit in booked(clinic.desk)] == ["booked", "cancelled", "cancelled"]
    assert "still to come" in text(desk.post(where, {"reason": "Again"}), 422)
