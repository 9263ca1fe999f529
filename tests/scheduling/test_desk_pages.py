"""The desk's own pages and buttons: late, taken back, notes, walk-ins, the day on paper, numbers, next free times."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone

from healthcare.db.context import acting_as
from scheduling.models import Appointment, VisitType
from tests.factories import PatientFactory, SiteFactory, VisitTypeFactory, bookable_provider, staff
from tests.roles import as_the_system
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
NOON = at(12)


def page_of(visit, name="") -> str:
    return f"/scheduling/patients/{visit.patient_id}/visits/{visit.pk}{name}"


def now_of(clinic, visit):
    with acting_as(clinic.desk):
        return Appointment.objects.get(pk=visit.pk)


# == Late, and taken back ==
def test_late_and_not_late_after_all_by_one_press_each(browser, clinic) -> None:
    visit, desk = visit_at(clinic, at(9)), browser(clinic.desk)
    assert "Comes late" in text(desk.get(page_of(visit)))
    assert "Not late after all" in text(desk.post(page_of(visit, "/late"), follow=True))
    assert now_of(clinic, visit).late_at
    assert "Comes late" in text(desk.post(page_of(visit, "/on-time"), follow=True))
    doctor = browser(clinic.provider.user)
    assert "Comes late" not in text(doctor.get(page_of(visit)))
    assert doctor.post(page_of(visit, "/late")).status_code == 403


def test_did_not_come_is_taken_back_from_the_board_and_the_visit(browser, clinic) -> None:
    with time_machine.travel(NOON, tick=False):
        desk = browser(clinic.desk)
        visit = visit_at(clinic, NOON - timedelta(minutes=20))
        board = text(desk.get("/scheduling/flow"))
        assert "Did not come" in board
        page = text(desk.post(page_of(visit, "/miss"), {"next": "/scheduling/flow"}, follow=True))
        assert "Take it back" in page
        assert "back</button>" in text(desk.get(page_of(visit)))
        desk.post(page_of(visit, "/not-missed"), {"next": "/scheduling/flow"})
        assert now_of(clinic, visit).status == "booked"
        late = text(desk.post(page_of(visit, "/late"), {"next": "/scheduling/flow"}, follow=True))
        assert "comes late" in late


def test_on_another_day_there_is_no_way_back(browser, clinic) -> None:
    missed = {"status": "no_show", "missed_at": timezone.now() - timedelta(days=2)}
    visit = visit_at(clinic, at(9, days=-2), **missed)
    desk = browser(clinic.desk)
    assert "Take “did not come” back" not in text(desk.get(page_of(visit)))
    assert "another day" in text(desk.post(page_of(visit, "/not-missed"), follow=True))


# == Notes ==
def test_a_note_for_the_desk(browser, clinic) -> None:
    visit, desk = visit_at(clinic, at(9)), browser(clinic.desk)
    page = text(desk.post(page_of(visit, "/note"), {"note": "Rings twice"}, follow=True))
    assert "Noted for colleagues." in page
    assert page.count("Rings twice") >= 1
    assert "The note is gone." in text(desk.post(page_of(visit, "/note"), {"note": ""}, follow=True))
    page = text(desk.post(page_of(visit, "/note"), {"note": "x" * 301}), 422)
    assert "x" * 301 in page, "what was typed stays"


def test_patients_never_read_it(browser, clinic) -> None:
    visit = visit_at(clinic, at(9), note="Rings twice")
    assert "Rings twice" not in text(browser(clinic.rosa).get(f"/portal/visits/{visit.pk}"))


# == Walk-ins ==
def test_somebody_is_found_and_taken_in(browser, clinic) -> None:
    desk, where = browser(clinic.desk), f"/scheduling/patients/{clinic.patient.pk}/walk-in"
    found = text(desk.get("/scheduling/book", {"now": "yes", "q": clinic.patient.family_name}))
    assert where in found
    assert "Take in now: whom?" in found
    assert "on top of another one" in text(desk.get(where))
    form = {"provider": clinic.provider.pk, "visit_type": clinic.visit_type.pk, "site": clinic.site.pk}
    page = text(desk.post(where, form | {"reason": "A cut"}, follow=True))
    assert "Checked in, with the number 1." in page
    page = text(desk.post(where, form | {"reason": "A cut"}), 422)
    assert "A cut" in page
    assert "another visit at this time" in page
    assert "Choose one of the list" in text(desk.post(where, form | {"provider": "x"}), 422)


def test_who_is_at_work_is_offered_first(browser, clinic) -> None:
    with as_the_system():
        clinic.resource.work_rules.all().delete()
    there = bookable_provider(clinic.site, name="Zoe Zimmermann")
    page = text(browser(clinic.desk).get(f"/scheduling/patients/{clinic.patient.pk}/walk-in"))
    assert page.index(there.name) < page.index(clinic.provider.name)


def test_a_provider_who_is_away_is_a_sentence(browser, clinic) -> None:
    with as_the_system():
        clinic.resource.work_rules.all().delete()
    form = {"provider": clinic.provider.pk, "visit_type": clinic.visit_type.pk, "site": clinic.site.pk}
    where = f"/scheduling/patients/{clinic.patient.pk}/walk-in"
    assert "does not see patients" in text(browser(clinic.desk).post(where, form), 422)


# == The day on paper, and the numbers ==
def test_the_day_by_provider_with_what_the_desk_needs(browser, clinic, audited) -> None:
    visit = visit_at(clinic, at(9), note="Rings twice", reason="Cough")
    asked = {"day": at(9).date().isoformat()}
    page = text(browser(clinic.desk).get("/scheduling/print", asked))
    for said in (clinic.provider.name, clinic.patient.family_name, clinic.patient.mrn, "9:00 am", "Rings twice"):
        assert said in page
    assert visit.reason not in page, "nothing of health on paper"
    assert audited(clinic.desk)[-1] == ("scheduling.list", "ok")
    assert "Nobody comes" in text(browser(clinic.desk).get("/scheduling/print", {"day": at(9, days=9).date()}))
    assert browser(staff("pharmacist", clinic.site)).get("/scheduling/print").status_code == 403


def test_numbers_and_no_names_on_the_wall(browser, clinic) -> None:
    other = PatientFactory(site=clinic.site)
    with time_machine.travel(NOON, tick=False):
        here = {"arrived_at": NOON - timedelta(minutes=9)}
        roomed = here | {"status": "roomed", "roomed_at": NOON, "room": "Room 2", "number": 41}
        visit_at(clinic, NOON, **roomed)
        visit_at(clinic, NOON + timedelta(hours=2), patient=other, status="arrived", number=43, **here)
        desk = browser(clinic.desk)
        page = text(desk.get("/scheduling/numbers"))
        for said in ("Room 2", "41", "43"):
            assert said in page
        part = text(desk.get("/scheduling/numbers", headers={"HX-Request": "true"}))
        assert "<html" not in part
        assert all(name not in page for name in (clinic.patient.family_name, other.family_name))
    assert browser(clinic.provider.user).get("/scheduling/numbers").status_code == 403


# == The next free time ==
def test_the_next_free_times_whoever_has_them_lead_to_the_booking(browser, clinic) -> None:
    short = VisitTypeFactory(minutes=10, name="Short look")
    desk = browser(clinic.desk)
    answer = desk.get("/scheduling/next-free", {"site": clinic.site.pk})
    page = text(answer)
    assert page.count('class="title"') == 12
    assert "Short look" in page
    first = answer.context["found"][0]["query"]
    assert parse_qs(first)["visit_type"] == [str(short.pk)]
    assert "start=" in text(desk.get(f"/scheduling/book?{first}&q={clinic.patient.family_name}"))
    link = urlsplit(f"/scheduling/patients/{clinic.patient.pk}/book?{first}")
    assert " checked" in text(desk.get(link.geturl()))
    assert "data-key-next" in text(desk.get("/scheduling/"))


def test_where_nothing_is_free_it_says_so(browser, clinic) -> None:
    nowhere = SiteFactory()
    desk = browser(staff("front_desk", nowhere))
    assert "Nothing is free" in text(desk.get("/scheduling/next-free")), "nobody works there"
    with as_the_system():
        for kind in VisitType.objects.all():
            kind.active = False
            kind.save()
    assert "Nothing can be booked yet" in text(desk.get("/scheduling/next-free"))
