"""The desk's pages of sessions: planned, seats given and taken back, moved and called off; one block in the grids."""

from urllib.parse import parse_qsl
from uuid import uuid4

import pytest

from healthcare.db.uuids import uuid7
from scheduling.models import Appointment, GroupSession
from tests.factories import (
    GroupSessionFactory,
    PatientFactory,
    ResourceFactory,
    RestrictionFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.pages import at, text

pytestmark = pytest.mark.django_db
LIST, PLAN = "/scheduling/groups", "/scheduling/groups/plan"


@pytest.fixture
def group(clinic):
    clinic.visit_type = VisitTypeFactory(name="Diabetes group", seats=2)
    return clinic


@pytest.fixture
def session(group):
    return GroupSessionFactory(provider=group.provider, site=group.site, visit_type=group.visit_type, start=at(10))


def page_of(session, step=""):
    return f"{LIST}/{session.pk}{step}"


def seat_url(patient, session):
    return f"/scheduling/patients/{patient.pk}/groups/{session.pk}/seat"


def give(browser, group, session, patient=None, **changes):
    typed = {"key": str(uuid4()), "reason": ""} | changes
    return browser(group.desk).post(seat_url(patient or group.patient, session), typed)


def asked(group, start, **changes):
    typed = {"provider": group.provider.pk, "site": group.site.pk, "visit_type": group.visit_type.pk}
    return typed | {"day": start.date().isoformat(), "begins": f"{start:%H:%M}", "seats": ""} | changes


def test_a_session_is_planned_and_stands_in_the_list_and_in_the_grids(browser, group) -> None:
    desk = browser(group.desk)
    assert "No session is planned" in text(desk.get(LIST))
    assert "Diabetes group" in text(desk.get(PLAN))
    answer = desk.post(PLAN, asked(group, at(10), seats="5"), follow=True)
    told = text(answer)
    assert "Planned." in told
    assert "0 of 5 seats" in told
    assert "Nobody has a seat" in told
    assert "0 of 5 seats" in text(desk.get(LIST))
    day = {"day": at(10).date().isoformat()}
    for grid in ("/scheduling/", "/scheduling/week"):
        shown = text(desk.get(grid, day | {"provider": str(group.provider.pk)}))
        assert "Group · 0 of 5 seats" in shown
        assert "1 visit" in shown
        assert page_of(GroupSession.objects.get()) in shown


def test_a_time_that_is_taken_is_said_with_others_and_what_was_typed_stays(browser, group, session) -> None:
    desk = browser(group.desk)
    answer = desk.post(PLAN, asked(group, at(10), seats="4"))
    told = text(answer, 409)
    assert "Somebody else has just taken this time" in told
    assert 'value="4"' in told
    near = answer.context["instead"][0]
    again = text(desk.get(f"{PLAN}?{near.query}"))
    assert f'value="{dict(parse_qsl(near.query))["begins"]}"' in again
    assert 'value="4"' in again
    assert "at least 1 seat" in text(desk.post(PLAN, asked(group, at(14), seats="0")), 422)
    assert "whole number" in text(desk.post(PLAN, asked(group, at(14), seats="many")), 422)
    past = text(desk.post(PLAN, asked(group, at(10, days=-2))), 422)
    assert "This time is over" in past


def test_without_a_kind_that_is_held_in_groups_the_page_says_who_sets_one_up(browser, clinic) -> None:
    assert "An administrator sets how many seats" in text(browser(clinic.desk).get(PLAN))


def test_a_seat_is_given_from_the_session_to_somebody_who_is_found(browser, group, session) -> None:
    desk = browser(group.desk)
    whom = f"/scheduling/book?session={session.pk}"
    assert whom in text(desk.get(page_of(session)))
    assert "Give a seat: to whom?" in text(desk.get(whom))
    assert seat_url(group.patient, session) in text(desk.get(whom, {"session": session.pk, "q": group.patient.mrn}))
    assert "0 of 2 seats" in text(desk.get(seat_url(group.patient, session)))
    given = desk.post(seat_url(group.patient, session), {"key": str(uuid4()), "reason": "Feet"}, follow=True)
    told = text(given)
    assert "Seat 1." in told
    assert "1 of 2 seats" in told
    assert group.patient.family_name in told
    assert "Feet" not in told, "what it is about stays out of lists"
    for wrong in ("x", uuid7()):
        assert desk.get("/scheduling/book", {"session": wrong}).status_code == 404


def test_a_full_session_offers_others(browser, group, session) -> None:
    other = GroupSessionFactory(provider=group.provider, site=group.site, visit_type=group.visit_type, start=at(14))
    for patient in (PatientFactory(site=group.site), PatientFactory(site=group.site)):
        assert give(browser, group, session, patient).status_code == 302
    assert "Each seat is given" in text(browser(group.desk).get(page_of(session)))
    told = text(give(browser, group, session, reason="Feet"), 409)
    assert "These sessions have a free one" in told
    assert seat_url(group.patient, other) in told
    assert "Feet" in told
    assert "already" in text(give(browser, group, session, patient), 422)


def test_the_visit_of_a_seat_leads_to_its_session_and_moves_with_it_alone(browser, group, session) -> None:
    give(browser, group, session)
    with as_the_system():
        visit = Appointment.objects.get()
    desk = browser(group.desk)
    here = f"/scheduling/patients/{group.patient.pk}/visits/{visit.pk}"
    told = text(desk.get(here))
    assert page_of(session) in told
    assert f"{here}/move" not in told
    assert f"{here}/cancel" in text(desk.get(page_of(session)))
    typed = {"start": at(15).isoformat(), "seen": "0", "provider": group.provider.pk, "site": group.site.pk}
    assert "seat in a group" in text(desk.post(f"{here}/move", typed | {"day": at(15).date()}), 422)
    desk.post(f"{here}/cancel", {"reason": "Cannot come"})
    assert "0 of 2 seats" in text(desk.get(page_of(session)))


def test_everybody_moves_with_the_session(browser, group, session) -> None:
    give(browser, group, session)
    desk, move = browser(group.desk), page_of(session, "/move")
    assert "10:00" in text(desk.get(move))
    typed = {"provider": group.provider.pk, "day": at(15).date().isoformat(), "begins": "3 pm", "seen": "0"}
    assert "Each of them gets a message" in text(desk.post(move, typed, follow=True))
    with as_the_system():
        assert Appointment.objects.get().starts_at == at(15)
    assert "Nothing was changed" in text(desk.post(move, typed | {"seen": ""}, follow=True))
    assert "moved this session meanwhile" in text(desk.post(move, typed | {"begins": "16:00"}), 422)
    TimeClaimFactory(resource=group.resource, blocked=span(at(17), 60))
    taken = desk.post(move, typed | {"begins": "17:00", "seen": "1"})
    assert "is away" in text(taken, 409)
    assert taken.context["instead"]
    assert "Enter a time" in text(desk.post(move, typed | {"begins": ""}), 422)


def test_a_session_is_called_off_with_a_reason(browser, group, session) -> None:
    give(browser, group, session)
    desk, cancel = browser(group.desk), page_of(session, "/cancel")
    assert "1 person has a seat" in text(desk.get(cancel))
    text(desk.post(cancel, {"reason": ""}), 422)
    told = text(desk.post(cancel, {"reason": "The dietician is ill"}, follow=True))
    assert "Everybody who had a seat gets a message" in told
    assert "The dietician is ill" in told
    assert "Give a seat" not in told
    assert "Group ·" not in text(desk.get("/scheduling/", {"day": at(10).date().isoformat()}))
    with as_the_system():
        assert Appointment.objects.get().cancel_reason == "The dietician is ill"
    assert "was cancelled" in text(give(browser, group, session, PatientFactory(site=group.site)), 422)


def test_who_came_already_is_not_called_off(browser, group, session) -> None:
    give(browser, group, session)
    with as_the_system():
        visit = Appointment.objects.get()
        visit.status, visit.arrived_at = "arrived", at(9)
        visit.save()
    desk = browser(group.desk)
    assert "came to this session already" in text(desk.post(page_of(session, "/cancel"), {"reason": "Ill"}), 422)


def test_alice_bob_and_charlie(browser, group, session) -> None:
    give(browser, group, session)
    RestrictionFactory(patient=group.patient, user=group.desk)
    told = text(browser(group.desk).get(page_of(session)))
    assert group.patient.family_name not in told
    assert "And 1 person who is not in your scope" in told
    assert "1 of 2 seats" in told
    charlie = staff("front_desk", SiteFactory())
    assert browser(charlie).get(page_of(session)).status_code == 404
    assert browser(staff("billing", group.site)).get(LIST).status_code == 403
    assert browser(group.rosa).get(page_of(session)).status_code == 403
    assert "No session is planned" in text(browser(charlie).get(LIST))


def test_the_grid_says_which_room_it_has_and_that_a_blocked_session_is_to_move(browser, group, session) -> None:
    gym = ResourceFactory(kind="room", provider=None, site=group.site, name="Gym 1", category="Gym")
    TimeClaimFactory(resource=gym, kind="visit", session=session, blocked=session.during)
    give(browser, group, session)
    TimeClaimFactory(resource=group.resource, blocked=span(at(9), 180), reason="Conference")
    shown = browser(group.desk).get("/scheduling/", {"day": at(10).date().isoformat()})
    told = text(shown)
    assert "Diabetes group, Gym 1" in told
    assert "To move" in told
    assert told.count("Conference") == 2, "before and after the session"
    assert [visit.patient for visit in shown.context["to_move"]] == [group.patient]
    assert page_of(session) in told
    assert "Gym 1" in text(browser(group.desk).get(page_of(session)))


def test_a_session_at_another_site_is_only_taken_time(browser, group) -> None:
    away = SiteFactory()
    GroupSessionFactory(provider=group.provider, site=away, visit_type=group.visit_type, start=at(10))
    told = text(browser(group.desk).get("/scheduling/", {"day": at(10).date().isoformat()}))
    assert "Group ·" not in told
    assert "Taken" in told


def test_the_day_sheet_names_everybody_in_a_group(browser, group, session) -> None:
    give(browser, group, session)
    day = {"day": at(10).date().isoformat()}
    assert group.patient.family_name in text(browser(group.desk).get("/scheduling/print", day))


# == In the portal ==
OWN = "/portal/visits/groups"


def test_a_patient_takes_a_seat_and_reads_nobody_else(browser, group, session) -> None:
    other = PatientFactory(site=group.site, family_name="Canaryson")
    give(browser, group, session, other)
    rosa = browser(group.rosa)
    for page in ("/portal/visits", "/portal/book"):
        assert OWN in text(rosa.get(page))
    told = text(rosa.get(OWN))
    assert "1 free seat" in told
    here = f"{OWN}/{session.pk}"
    assert here in told
    shown = text(rosa.get(here))
    assert "Diabetes group" in shown
    taken = rosa.post(here, {"key": str(uuid4()), "reason": "Feet"}, follow=True)
    said = text(taken)
    assert "You have a seat" in said
    assert "Change the time" not in said
    assert "Cancel the visit" in said
    assert "No group has a free seat" in text(rosa.get(OWN))
    for page in (told, shown, said):
        assert "Canaryson" not in page
    with as_the_system():
        assert Appointment.objects.get(patient=group.patient).seat == 2
    assert "already" in text(rosa.post(here, {"key": str(uuid4()), "reason": ""}), 422)
    text(rosa.post(here, {"key": "x", "reason": ""}), 422)


def test_who_comes_too_late_in_the_portal_is_offered_another_group(browser, group, session) -> None:
    for patient in (PatientFactory(site=group.site), PatientFactory(site=group.site)):
        give(browser, group, session, patient)
    rosa, here = browser(group.rosa), f"{OWN}/{session.pk}"
    assert "No other session" in text(rosa.post(here, {"key": str(uuid4()), "reason": ""}), 409)
    other = GroupSessionFactory(provider=group.provider, site=group.site, visit_type=group.visit_type, start=at(14))
    told = text(rosa.post(here, {"key": str(uuid4()), "reason": "Feet"}), 409)
    assert f"{OWN}/{other.pk}" in told
    assert "Feet" in told


def test_a_group_that_the_clinic_fills_is_not_in_the_portal(browser, group, session) -> None:
    with as_the_system():
        group.visit_type.portal_mode = "request"
        group.visit_type.save()
    rosa = browser(group.rosa)
    assert "No group has a free seat" in text(rosa.get(OWN))
    assert rosa.get(f"{OWN}/{session.pk}").status_code == 404
