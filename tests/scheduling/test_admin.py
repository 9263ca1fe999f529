"""Django's admin: that there are visits, never whose; how the clinic is set up, by verbs and after a preview."""

from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin import site
from django.test import RequestFactory
from django.urls import reverse
from django.utils.html import escape

from healthcare.db.context import acting_as
from scheduling.models import (
    Appointment,
    GroupSession,
    PatientClaim,
    Qualification,
    Resource,
    SiteClosure,
    TimeClaim,
    VisitType,
    WorkException,
    WorkRule,
)
from tests.factories import QualificationFactory, ResourceFactory, SiteClosureFactory, WorkExceptionFactory, staff
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
MODELS = [
    Appointment,
    GroupSession,
    PatientClaim,
    Qualification,
    Resource,
    SiteClosure,
    TimeClaim,
    VisitType,
    WorkException,
    WorkRule,
]


def url(model) -> str:
    return reverse(f"admin:scheduling_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_sees_lists_without_patients(browser, clinic, model) -> None:
    visit_at(clinic, at(9))
    WorkExceptionFactory(resource=clinic.resource)
    page = text(browser(staff("administrator", clinic.site)).get(url(model)))
    assert clinic.patient.family_name not in page
    assert "Cough" not in page
    assert browser(staff("doctor", clinic.site)).get(url(model)).status_code == 403


@pytest.mark.parametrize("model", [Appointment, GroupSession, PatientClaim, TimeClaim])
def test_visits_are_not_written_here(model) -> None:
    admin, request = site.get_model_admin(model), RequestFactory().get("/")
    request.user = staff("administrator")
    with acting_as(request.user):
        assert admin.has_view_permission(request)
        assert not admin.has_add_permission(request)
        assert not admin.has_change_permission(request)
        assert not admin.has_delete_permission(request)


# == How the clinic is set up ==
SAVED = {"_confirmed": "yes"}


@pytest.fixture
def boss(browser, clinic):
    return browser(staff("administrator", clinic.site))


def place(model, name, *more) -> str:
    return reverse(f"admin:scheduling_{model._meta.model_name}_{name}", args=more)


def previewed_then_saved(boss, address, typed) -> str:
    """What the preview said; and nothing is saved before it was read."""
    asked = boss.post(address, typed)
    assert asked.status_code == 200, asked
    said = text(asked)
    assert "What would change" in said, said
    assert boss.post(address, {**typed, **SAVED}).status_code == 302
    return said


def test_a_kind_of_visit(boss, clinic) -> None:
    typed = {
        "slug": "wound",
        "name": "Wound check",
        "minutes": "15",
        "buffer_before": "0",
        "buffer_after": "5",
        "grid_minutes": "5",
        "notice_minutes": "60",
        "cancel_minutes": "120",
        "horizon_days": "90",
        "portal_mode": "off",
        "answer_hours": "48",
        "offer_minutes": "30",
        "takes_copay": "on",
        "anyone": "first",
        "specialty": "",
        "most_per_day": "4",
        "needs": ["Treatment chair"],
        "active": "on",
    }
    chair = {"kind": "device", "provider": "", "site": clinic.site.pk, "name": "Chair", "category": "Treatment chair"}
    previewed_then_saved(boss, place(Resource, "add"), chair)
    assert "Wound check" in previewed_then_saved(boss, place(VisitType, "add"), typed)
    made = VisitType.objects.get(slug="wound")
    assert (made.needs, made.most_per_day, made.most_per_week) == (["Treatment chair"], 4, None)
    address = place(VisitType, "change", made.pk)
    said = previewed_then_saved(boss, address, {**typed, "minutes": "20"})
    assert "“15” becomes “20”" in said
    assert "keep their length" in said
    made.refresh_from_db()
    assert made.minutes == 20
    assert text(boss.get(place(VisitType, "history", made.pk))).count("Changed") == 1


def test_a_room_and_its_new_name(boss, clinic) -> None:
    typed = {"kind": "room", "provider": "", "site": clinic.site.pk, "name": "Room 9"}
    assert clinic.site.name in previewed_then_saved(boss, place(Resource, "add"), typed)
    room = Resource.objects.get(name="Room 9")
    changed = {"name": "Treatment room", "category": "Procedure room"}
    assert "Procedure room" in previewed_then_saved(boss, place(Resource, "change", room.pk), changed)
    room.refresh_from_db()
    assert (room.name, room.category) == ("Treatment room", "Procedure room")
    assert clinic.site.name in text(boss.get(url(Resource), {"q": "treatment"}))
    wrong = {**typed, "name": "", **SAVED}
    assert "has a name" in text(boss.post(place(Resource, "add"), wrong, follow=True))


def test_hours_begin_and_end(boss, clinic) -> None:
    typed = {
        "resource": clinic.resource.pk,
        "site": clinic.site.pk,
        "isodow": "3",
        "starts": "09:00",
        "ends": "12:00",
        "from_date": "May 1, 2031",
        "until": "",
    }
    other = ResourceFactory(name="Aaron Feld")
    assert "Wednesday" in previewed_then_saved(boss, place(WorkRule, "add"), {**typed, "resource": other.pk})
    rule = WorkRule.objects.get(resource=other)
    said = previewed_then_saved(boss, place(WorkRule, "change", rule.pk), {"until": "June 30, 2031"})
    assert "0 visits are booked then" in said
    rule.refresh_from_db()
    assert str(rule.validity.upper) == "2031-07-01"
    assert "Aaron Feld" in text(boss.get(url(WorkRule), {"q": "feld"}))


def test_a_closed_morning_says_how_many_visits_lie_in_it_and_is_withdrawn(boss, clinic) -> None:
    visit_at(clinic, at(9))
    day = at(9).astimezone(ZoneInfo(clinic.site.time_zone))
    typed = {
        "resource": clinic.resource.pk,
        "kind": "closed",
        "site": "",
        "begins": f"{day:%Y-%m-%d}T00:00",
        "ends": f"{day:%Y-%m-%d}T23:00",
        "reason": "Training",
    }
    assert "1 visit is booked then" in previewed_then_saved(boss, place(WorkException, "add"), typed)
    made = WorkException.objects.get()
    assert "Training" in text(boss.get(place(WorkException, "change", made.pk)))
    chosen = {"action": "withdraw", "_selected_action": [made.pk]}
    assert "as the hours say" in text(boss.post(url(WorkException), chosen))
    assert WorkException.objects.exists()
    boss.post(url(WorkException), {**chosen, **SAVED})
    assert not WorkException.objects.exists()
    backwards = {**typed, "ends": "2020-01-01T08:00", **SAVED}
    assert "after the start" in text(boss.post(place(WorkException, "add"), backwards, follow=True))


@pytest.mark.parametrize("model", [Resource, SiteClosure, VisitType, WorkException, WorkRule])
def test_each_page_says_what_it_is_for_and_nobody_else_comes_in(boss, browser, clinic, model) -> None:
    WorkExceptionFactory(resource=clinic.resource)
    SiteClosureFactory(site=clinic.site)
    for address in (url(model), place(model, "add"), place(model, "change", model.objects.order_by("pk").first().pk)):
        assert escape(str(site.get_model_admin(model).says)) in text(boss.get(address))
        for role in ("front_desk", "doctor"):
            assert browser(staff(role, clinic.site)).post(address, SAVED).status_code == 403


# == What providers are qualified for ==
def licence(clinic, **changes) -> dict[str, object]:
    typed = {"provider": clinic.provider.pk, "kind": "licence", "name": "Physician", "identifier": "NY77"}
    return {**typed, "issuer": "New York", "first_day": "May 1, 2020", "last_day": "April 30, 2099", **changes}


def test_a_licence_is_recorded_and_found(boss, clinic) -> None:
    assert "NY77" in previewed_then_saved(boss, place(Qualification, "add"), licence(clinic))
    row = Qualification.objects.get()
    assert (str(row.first_day), str(row.last_day), row.provider) == ("2020-05-01", "2099-04-30", clinic.provider)
    assert "NY77" in text(boss.get(url(Qualification), {"q": clinic.provider.name}))
    assert text(boss.get(place(Qualification, "history", row.pk))).count("Added") == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"identifier": ""}, "A licence has a number"),
        ({"issuer": ""}, "A licence has a number"),
        ({"last_day": "April 1, 2020"}, "The last day is before the first."),
        ({"first_day": "the 31st of Juni"}, "errorlist"),
        ({"issuer": "x" * 121}, "errorlist"),
    ],
)
def test_a_licence_that_makes_no_sense_keeps_what_was_typed(boss, clinic, changes, said) -> None:
    page = text(boss.post(place(Qualification, "add"), licence(clinic, **changes)))
    assert said in page
    assert "Physician" in page
    assert not Qualification.objects.exists()


def test_a_privilege_needs_no_number(boss, clinic) -> None:
    typed = licence(clinic, kind="privilege", identifier="", issuer="", last_day="")
    assert previewed_then_saved(boss, place(Qualification, "add"), typed)
    row = Qualification.objects.get()
    said = previewed_then_saved(boss, place(Qualification, "change", row.pk), {"until": "May 3, 2024", "why": "Left"})
    assert "booked then" not in said


def test_a_licence_that_ends_earlier_says_how_many_visits_are_booked_then(boss, clinic) -> None:
    visit_at(clinic, at(9))
    row = QualificationFactory(provider=clinic.provider)
    typed = {"until": f"{at(9, days=0):%Y-%m-%d}", "why": "Suspended by the board"}
    assert "1 visit is booked then." in previewed_then_saved(boss, place(Qualification, "change", row.pk), typed)
    row.refresh_from_db()
    assert row.withdraw_reason == "Suspended by the board"
    assert Qualification.objects.standing().get().replaces == row
    page = text(boss.get(place(Qualification, "change", row.pk)))
    assert "Suspended by the board" in page
    assert 'name="why"' not in page
    assert boss.post(place(Qualification, "change", row.pk), {**typed, **SAVED}).status_code == 403


def test_a_mistake_never_counted(boss, clinic) -> None:
    row = QualificationFactory(provider=ResourceFactory(name="Other").provider)
    typed = {"mistake": "on", "why": "Another person's"}
    assert "0 visits" in previewed_then_saved(boss, place(Qualification, "change", row.pk), typed)
    assert not Qualification.objects.standing().exists()


def test_who_has_no_schedule_has_no_visits(boss) -> None:
    row = QualificationFactory()
    typed = {"mistake": "on", "why": "Another person's"}
    assert "0 visits" in previewed_then_saved(boss, place(Qualification, "change", row.pk), typed)


@pytest.mark.parametrize(
    "typed", [{"why": "Why not"}, {"mistake": "on", "until": "May 3, 2024", "why": "Both"}, {"until": "x", "why": "y"}]
)
def test_it_ends_or_it_was_a_mistake(boss, typed) -> None:
    row = QualificationFactory()
    assert "errorlist" in text(boss.post(place(Qualification, "change", row.pk), typed))


def test_what_the_verb_refuses_is_said(boss, clinic) -> None:
    previewed_then_saved(boss, place(Qualification, "add"), licence(clinic))
    again = boss.post(place(Qualification, "add"), {**licence(clinic), **SAVED}, follow=True)
    assert "recorded already" in text(again)
