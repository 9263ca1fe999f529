"""How patients want to hear of each kind of happening: who may say it, what stands, and the two pages."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.actions import profile as actions
from patients.models import Consent, LetterWish, Patient
from patients.queries.profile import wish_about
from tests.factories import LetterWishFactory, PatientFactory, portal_user, proxy_of, staff
from tests.patients.test_profile import NOW, lines
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
USUAL = dict.fromkeys(LetterWish.Topic.values, "")


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(email="rosa@mail.example")


@pytest.fixture
def desk(rosa: Patient) -> User:
    return staff("front_desk", rosa.site)


def wish(by: User, patient: Patient, method: Consent.Method = Consent.Method.PHONE, **wishes: str) -> int:
    with acting_as(by):
        return actions.set_letter_wishes(by=by, patient=patient, wishes=wishes, method=method, now=NOW)


def standing(patient: Patient) -> dict[str, str]:
    with as_the_system():
        return dict(LetterWish.objects.current().filter(patient=patient).values_list("topic", "how"))


# == The verb ==
def test_one_wish_stands_and_the_earlier_ones_stay(rosa: Patient, desk: User) -> None:
    assert wish(desk, rosa, visits="daily", bills="none") == 2
    assert wish(desk, rosa, visits="sms", bills="none", messages="") == 1
    assert standing(rosa) == {"visits": "sms", "bills": "none"}
    assert wish(desk, rosa, visits="") == 1
    assert wish(desk, rosa, visits="") == 0
    assert standing(rosa) == {"bills": "none"}
    with as_the_system():
        assert LetterWish.objects.filter(patient=rosa).count() == 3
        assert wish_about(rosa, "bills") == "none"
        assert wish_about(rosa, "visits") == ""
    assert [line["wishes"] for line in lines(desk, "patients.set_letter_wishes")] == [2, 1, 1]


def test_patients_say_it_themselves_and_for_nobody_else(rosa: Patient) -> None:
    charlie, other = portal_user(rosa), PatientFactory()
    assert wish(charlie, rosa, Consent.Method.PORTAL, messages="daily") == 1
    with pytest.raises((NotAllowed, NotInScope)):
        wish(charlie, other, Consent.Method.PORTAL, messages="daily")
    assert standing(other) == {}


@pytest.mark.parametrize("role", ["billing", "pharmacist"])
def test_a_role_without_the_permission_says_nothing(rosa: Patient, role: str) -> None:
    with pytest.raises(NotAllowed):
        wish(staff(role, rosa.site), rosa, visits="daily")


def test_the_database_keeps_one_that_stands(rosa: Patient) -> None:
    LetterWishFactory(patient=rosa)
    with pytest.raises(IntegrityError, match="one_stands"), transaction.atomic():
        LetterWishFactory(patient=rosa)


# == The pages ==
def test_the_staff_say_how_they_were_told_and_read_it_on_the_profile(browser: Any, rosa: Patient, desk: User) -> None:
    client, page = browser(desk), f"/patients/{rosa.pk}/profile/letters"
    assert "Nobody has asked. Each letter goes at once." in client.get(f"/patients/{rosa.pk}/profile").content.decode()
    assert client.get(page).status_code == 200
    typed = USUAL | {"messages": "daily", "bills": "none", "method": "phone"}
    assert client.post(page, typed)["Location"] == f"/patients/{rosa.pk}/profile"
    assert standing(rosa) == {"messages": "daily", "bills": "none"}
    assert client.get(page).context["form"]["messages"].value() == "daily"
    assert "Once a day, in one e-mail" in client.get(f"/patients/{rosa.pk}/profile").content.decode()


@pytest.mark.parametrize("wrong", [{"method": ""}, {"visits": "hourly", "method": "phone"}])
def test_a_mistake_keeps_what_was_typed(browser: Any, rosa: Patient, desk: User, wrong: dict[str, str]) -> None:
    page = browser(desk).post(f"/patients/{rosa.pk}/profile/letters", USUAL | {"messages": "daily"} | wrong)
    assert page.status_code == 422
    assert page.context["form"]["messages"].value() == "daily"
    assert standing(rosa) == {}


def test_patients_say_it_in_the_portal(browser: Any, rosa: Patient) -> None:
    client = browser(portal_user(rosa))
    assert "/portal/record/letters" in client.get("/portal/record").content.decode()
    assert client.get("/portal/record/letters").status_code == 200
    assert client.post("/portal/record/letters", {"visits": "hourly"}).status_code == 422
    assert client.post("/portal/record/letters", {"visits": "daily"})["Location"] == "/portal/record"
    with as_the_system():
        row = LetterWish.objects.get(patient=rosa)
    assert (row.topic, row.how, row.method) == ("visits", "daily", "portal")


def test_who_acts_for_somebody_does_not_say_it_for_them(browser: Any, rosa: Patient) -> None:
    client = browser(proxy_of(rosa))
    assert "record/letters" not in client.get(f"/portal/for/{rosa.pk}/record").content.decode()
    assert client.get(f"/portal/for/{rosa.pk}/record/letters").status_code == 404
