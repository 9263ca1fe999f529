"""The patient's pages: found near, booked in few steps, once; moved, confirmed, cancelled, kept in one's calendar."""

from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.db.context import acting_as
from scheduling.models import Appointment, VisitType
from tests.factories import PatientFactory, SiteFactory, UserFactory, VisitTypeFactory, bookable_provider
from tests.roles import as_the_system
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
FIND, VISITS = "/portal/book", "/portal/visits"


def own(clinic) -> list[Appointment]:
    with acting_as(clinic.rosa):
        return list(Appointment.objects.visible_to(clinic.rosa).order_by("during"))


def now_of(visit) -> Appointment:
    with as_the_system():
        return Appointment.objects.get(pk=visit.pk)


def times_url(clinic, **changes) -> str:
    asked = {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug} | changes
    return f"{FIND}/{clinic.provider.pk}?{urlencode(asked)}"


def last_step(clinic, **changes) -> str:
    asked = {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug, "start": at(9).isoformat()} | changes
    return f"{FIND}/{clinic.provider.pk}/visit?{urlencode(asked)}"


def sent(clinic, **changes) -> dict[str, str]:
    return {
        "site": str(clinic.site.pk),
        "visit_type": clinic.visit_type.slug,
        "start": at(9).isoformat(),
        "key": str(uuid4()),
        "reason": "Cough",
    } | changes


@pytest.fixture
def rosa(browser, clinic):
    with as_the_system():
        clinic.site.line, clinic.site.city, clinic.site.state = "12 Alder Street", "Worcester", "MA"
        clinic.site.postal_code = "01608"
        clinic.site.save(update_fields=["line", "city", "state", "postal_code", "updated_at"])
    return browser(clinic.rosa)


# == Find ==
def test_the_nearest_come_first_with_their_distance_and_first_time(rosa, clinic) -> None:
    boston = SiteFactory(name="Boston Common", postal_code="02108")
    bookable_provider(boston, name="Nilsen")
    page = rosa.get(FIND, {"near": "01608"})
    found = page.context["found"]
    assert [one["provider"].name for one in found] == [clinic.provider.name, "Nilsen"]
    assert found[0]["miles"] == "0.0"
    assert 30 < float(found[1]["miles"]) < 45
    told = text(page)
    assert "nearest first" in told
    assert found[0]["first"]["url"].replace("&", "&amp;") in told
    from_boston = rosa.get(FIND, {"position": "42.36,-71.06", "near": ""})
    assert from_boston.context["found"][0]["provider"].name == "Nilsen"


def test_specialty_and_kind_narrow_the_list(rosa, clinic) -> None:
    bookable_provider(clinic.site, name="Feld", specialty="Cardiology")
    page = rosa.get(FIND, {"specialty": "Cardiology"})
    assert [one["provider"].name for one in page.context["found"]] == ["Feld"]
    off = VisitTypeFactory(portal_mode="off", name="Procedure")
    assert "Procedure" not in text(rosa.get(FIND))
    assert rosa.get(FIND, {"visit_type": off.slug}).status_code == 422
    only = VisitTypeFactory(specialty="Dermatology", minutes=10)
    assert "Nobody can be booked for this here" in text(rosa.get(FIND, {"visit_type": only.slug}))


def test_places_that_are_not_known_are_said(rosa, clinic) -> None:
    page = text(rosa.get(FIND, {"near": "00000"}))
    assert "We do not know where this ZIP code is" in page
    assert "distance not known" in page
    assert "A ZIP code has five digits" in text(rosa.get(FIND, {"near": "Worcester"}), 422)
    with as_the_system():
        VisitType.objects.update(active=False)
    assert "Nothing can be booked here yet" in text(rosa.get(FIND))


def test_it_works_without_scripts_and_offers_the_position_with_them(rosa) -> None:
    page = text(rosa.get(FIND))
    assert 'type="button" hidden data-position-button' in page
    assert "js/position.js" in page
    assert 'method="get"' in page


# == Times ==
def test_free_times_by_day_lead_to_the_last_step(rosa, clinic) -> None:
    page = text(rosa.get(times_url(clinic, day=at(9).date().isoformat())))
    assert "Tomorrow, " in page
    assert "9:00 am" in page
    assert f"{FIND}/{clinic.provider.pk}/visit?" in page
    later = rosa.get(times_url(clinic, day=at(9, days=9).date().isoformat()))
    assert later.context["earlier"] is not None
    odd = rosa.get(times_url(clinic, day="someday"))
    assert odd.context["first"] == timezone.localdate()


@pytest.mark.parametrize("changes", [{"site": "x"}, {"visit_type": "x"}, {"site": str(uuid4())}])
def test_no_such_page(rosa, clinic, changes) -> None:
    assert rosa.get(times_url(clinic, **changes)).status_code == 404
    assert rosa.get(last_step(clinic, **changes)).status_code == 404


def test_nobody_and_no_time_is_no_page(rosa, clinic) -> None:
    assert rosa.get(f"{FIND}/{uuid4()}?visit_type={clinic.visit_type.slug}").status_code == 404
    assert rosa.get(last_step(clinic, start="soon")).status_code == 404


# == Book ==
def test_from_the_list_to_the_booked_visit_in_three_taps(rosa, clinic) -> None:
    first = rosa.get(FIND, {"near": "01608"}).context["found"][0]["first"]["url"]
    page = rosa.get(first)
    told = text(page)
    assert "12 Alder Street" in told
    assert "directions?to=12+Alder+Street" in told
    assert "Nothing is booked until you press the button." in told
    form = page.context["form"]
    answer = rosa.post(
        f"{FIND}/{clinic.provider.pk}/visit",
        sent(clinic, start=page.context["start"].isoformat(), key=str(form["key"].value())),
    )
    (visit,) = own(clinic)
    assert answer["Location"] == f"{VISITS}/{visit.pk}"
    assert "Your visit is booked." in text(rosa.get(answer["Location"]))


def test_a_double_click_books_once(rosa, clinic) -> None:
    form = sent(clinic)
    answers = [rosa.post(f"{FIND}/{clinic.provider.pk}/visit", form) for _click in range(2)]
    (visit,) = own(clinic)
    assert {answer["Location"] for answer in answers} == {f"{VISITS}/{visit.pk}"}


def test_whoever_comes_second_keeps_the_form_and_takes_another_time(rosa, clinic) -> None:
    visit_at(clinic, at(9), patient=PatientFactory())
    form = sent(clinic)
    answer = rosa.post(f"{FIND}/{clinic.provider.pk}/visit", form)
    page = text(answer, 409)
    assert page.count('name="instead"') == 3
    assert 'value="Cough"' in page
    assert form["key"] in page
    assert own(clinic) == []
    other = answer.context["instead"][0].value
    assert rosa.post(f"{FIND}/{clinic.provider.pk}/visit", form | {"instead": other}).status_code == 302
    assert own(clinic)[0].starts_at.isoformat() == other


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": "x" * 201}, "is too long"),
        ({"key": ""}, "Missing: Key"),
        ({"start": "soon"}, "not one of the times shown"),
        ({"start": "2020-01-06T14:00:00+00:00"}, "This time is over."),
    ],
)
def test_what_cannot_be_booked_is_said(rosa, clinic, changes, sentence) -> None:
    assert sentence in text(rosa.post(f"{FIND}/{clinic.provider.pk}/visit", sent(clinic, **changes)), 422)
    assert own(clinic) == []


# == One's own ==
def test_visits_to_come_and_past(rosa, clinic) -> None:
    assert "No visit is booked" in text(rosa.get(VISITS))
    coming = visit_at(clinic, at(9))
    visit_at(clinic, at(9, days=-4), status="no_show", missed_at=timezone.now())
    page = rosa.get(VISITS)
    assert [row.visit.pk for row in page.context["upcoming"]] == [coming.pk]
    assert "You did not come" in text(page)


def test_nobody_elses_visit_is_found(rosa, clinic, browser) -> None:
    other = visit_at(clinic, at(9), patient=PatientFactory())
    for page in ("", "/move", "/cancel", "/visit.ics"):
        assert rosa.get(f"{VISITS}/{other.pk}{page}").status_code == 404
    assert rosa.post(f"{VISITS}/{other.pk}/confirm").status_code == 404
    assert browser(clinic.desk).get(VISITS).status_code == 403
    assert Client().get(VISITS).status_code == 302


def test_confirming(rosa, clinic) -> None:
    visit = visit_at(clinic, at(9))
    assert "I will come" in text(rosa.get(f"{VISITS}/{visit.pk}"))
    page = text(rosa.post(f"{VISITS}/{visit.pk}/confirm", follow=True))
    assert "You said you will come" in page
    assert "I will come" not in page
    assert now_of(visit).status == "confirmed"
    over = visit_at(clinic, at(9, days=-4), status="no_show", missed_at=timezone.now())
    assert "cannot become" in text(rosa.post(f"{VISITS}/{over.pk}/confirm", follow=True))


def test_cancelling_with_and_without_a_reason(rosa, clinic) -> None:
    visit, other = visit_at(clinic, at(9)), visit_at(clinic, at(15))
    assert "Cancel this visit?" in text(rosa.get(f"{VISITS}/{visit.pk}/cancel"))
    assert rosa.post(f"{VISITS}/{visit.pk}/cancel", {"reason": "Feeling well"})["Location"] == VISITS
    assert (now_of(visit).status, now_of(visit).cancel_reason) == ("cancelled", "Feeling well")
    assert "Feeling well" in text(rosa.get(f"{VISITS}/{visit.pk}"))
    rosa.post(f"{VISITS}/{other.pk}/cancel", {"reason": ""})
    assert now_of(other).status == "cancelled"
    begun = visit_at(clinic, at(17), status="arrived", arrived_at=timezone.now())
    assert "cannot become" in text(rosa.post(f"{VISITS}/{begun.pk}/cancel", {}), 422)


def test_changing_the_time(rosa, clinic) -> None:
    visit = visit_at(clinic, at(9))
    url = f"{VISITS}/{visit.pk}/move"
    page = rosa.get(url, {"day": at(9, days=8).date().isoformat()})
    assert page.context["earlier"] is not None
    assert "It stays yours until you have another time." in text(page)
    assert "Choose a time" in text(rosa.post(url, {"seen": "0"}), 422)
    visit_at(clinic, at(11), patient=PatientFactory())
    taken = rosa.post(url, {"start": at(11).isoformat(), "seen": "0"})
    assert text(taken, 409).count('name="instead"') == 3
    same = rosa.post(url, {"start": at(9).isoformat(), "seen": "0"}, follow=True)
    assert "Your visit has this time already." in text(same)
    assert rosa.post(url, {"start": at(13).isoformat(), "seen": "0"})["Location"] == f"{VISITS}/{visit.pk}"
    assert (now_of(visit).starts_at, now_of(visit).sequence) == (at(13), 1)
    late = text(rosa.post(url, {"start": at(15).isoformat(), "seen": "0"}), 422)
    assert "Somebody moved this visit meanwhile." in late


def test_the_calendar_file_is_the_visits_own(rosa, clinic) -> None:
    visit = visit_at(clinic, at(9))
    answer = rosa.get(f"{VISITS}/{visit.pk}/visit.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="visit.ics"'
    assert f"UID:{visit.pk}@" in answer.content.decode().replace("\r\n ", "")


# == Budgets ==
@pytest.mark.parametrize("page", ["find", "times", "book", "visits", "visit", "move"])
def test_ten_times_as_much_costs_the_same(rosa, clinic, page, assert_queries) -> None:
    visit = visit_at(clinic, at(20))
    url = {
        "find": f"{FIND}?near=01608",
        "times": times_url(clinic),
        "book": last_step(clinic),
        "visits": VISITS,
        "visit": f"{VISITS}/{visit.pk}",
        "move": f"{VISITS}/{visit.pk}/move",
    }[page]
    rosa.get(url)
    with assert_queries(at_most=12) as one:
        text(rosa.get(url))
    for number in range(10):
        provider = bookable_provider(clinic.site, name=f"Z{number}")
        visit_at(clinic, at(number + 1), provider=provider)
    rosa.get(url)
    with assert_queries(at_most=12) as many:
        text(rosa.get(url))
    assert len(many) <= len(one)


def test_an_account_without_a_record_goes_to_link_it(browser) -> None:
    nobody = UserFactory().in_role("patient")
    assert browser(nobody).get(VISITS)["Location"] == "/portal/link"
