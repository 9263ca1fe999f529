"""Booking and moving on top of another visit, at the desk: the time typed, the reason, and what is refused."""

from uuid import uuid4

import pytest

from healthcare.db.context import acting_as
from scheduling.models import Appointment
from tests.factories import PatientFactory, staff
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
WHY = "In pain since the night"


@pytest.fixture
def form(clinic) -> dict[str, str]:
    """At nine somebody else is booked already."""
    visit_at(clinic, at(9), patient=PatientFactory(site=clinic.site))
    chosen = {"provider": clinic.provider.pk, "visit_type": clinic.visit_type.pk, "site": clinic.site.pk}
    typed = {"day": at(9).date().isoformat(), "key": str(uuid4()), "reason": "Tooth", "start": ""}
    return {name: str(value) for name, value in chosen.items()} | typed | {"on_top_at": "9 am", "overbook": WHY}


def url(clinic) -> str:
    return f"/scheduling/patients/{clinic.patient.pk}/book"


def on_top(clinic) -> list[str]:
    with acting_as(clinic.desk):
        rows = Appointment.objects.visible_to(clinic.desk).filter(patient=clinic.patient)
        return list(rows.values_list("overbook_reason", flat=True))


def test_the_desk_types_the_time_and_says_why(browser, clinic, form) -> None:
    desk = browser(clinic.desk)
    assert "On top of another visit" in text(desk.get(url(clinic)))
    shown = desk.post(url(clinic), form).headers["Location"]
    assert on_top(clinic) == [WHY]
    page = text(desk.get(shown))
    assert WHY in page
    assert "9:00 am" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"overbook": ""}, "Why it cannot wait"),
        ({"on_top_at": ""}, "Enter a time"),
        ({"on_top_at": "soon"}, "Write the"),
    ],
)
def test_half_of_it_is_refused_beside_the_field_and_kept(browser, clinic, form, changed, said) -> None:
    page = text(browser(clinic.desk).post(url(clinic), form | changed), 422)
    assert said in page
    assert "<details open" in page
    assert on_top(clinic) == []
    assert all(value in page for value in (form | changed).values() if value in (WHY, "9 am", "soon"))


def test_a_time_to_take_instead_means_more_than_what_was_typed(browser, clinic, form) -> None:
    browser(clinic.desk).post(url(clinic), form | {"instead": at(10).isoformat()})
    assert on_top(clinic) == [""]


def test_who_may_not_is_not_asked_and_gets_other_times(browser, clinic, form) -> None:
    nurse = browser(staff("nurse", clinic.site))
    page = nurse.get(url(clinic))
    assert "On top of another visit" not in text(page)
    refused = nurse.post(url(clinic), form | {"start": at(9).isoformat()})
    assert refused.status_code == 409
    assert on_top(clinic) == []


def test_a_visit_is_moved_on_top(browser, clinic, form) -> None:
    visit = visit_at(clinic, at(11), patient=clinic.patient)
    address = f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}/move"
    desk = browser(clinic.desk)
    assert "On top of another visit" in text(desk.get(address))
    assert desk.post(address, form | {"seen": str(visit.sequence)}).status_code == 302
    assert on_top(clinic) == [WHY]


def test_the_day_shows_it_beside_what_lies_below(browser, clinic, form) -> None:
    desk = browser(clinic.desk)
    desk.post(url(clinic), form)
    page = text(desk.get("/scheduling/", {"day": at(9).date().isoformat()}))
    assert f"{clinic.visit_type.name}, on top" in page
    assert page.count(' above"') == 1
