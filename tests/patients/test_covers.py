"""Standing in for a colleague: the verbs `name_cover` and `end_cover`, and their pages."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Cover
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import queries
from patients.access import can_end_cover
from patients.actions.covers import CoverRefused, end_cover, name_cover
from patients.events import CoverEnded, CoverNamed
from patients.models import Patient
from tests.factories import (
    CareRelationshipFactory,
    MembershipFactory,
    PatientFactory,
    SiteFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def away():
    return staff("doctor", full_name="Maren Okafor")


@pytest.fixture
def helper():
    return staff("doctor", full_name="Tove Lindqvist")


@pytest.fixture
def rosa(away):
    """In the doctor's own care, at a site where neither of them works."""
    patient = PatientFactory(family_name="Delgado")
    CareRelationshipFactory(patient=patient, user=away, role="doctor")
    return patient


def name(by, absent, cover, *, begins=-DAY, lasts=2 * DAY, role="doctor", reason="Leave") -> Cover:
    start = datetime.now(UTC) + begins
    with acting_as(by):
        return name_cover(
            by=by, absent=absent, cover=cover, role=role, starts_at=start, ends_at=start + lasts, reason=reason
        )


def sees(user, patient, role="doctor") -> bool:
    user = user.in_role(role)
    user.__dict__.pop("_reach", None)
    with acting_as(user):
        first = Patient.objects.visible_to(user).filter(pk=patient.pk).exists()
        assert Patient.objects.filter(pk=patient.pk).exists() == first, "The walls differ."
    return first


# == Verbs ==
def test_who_stands_in_opens_what_the_absent_one_opens(away, helper, rosa, announced) -> None:
    assert not sees(helper, rosa)
    cover = name(away, away, helper)
    assert sees(helper, rosa)
    assert not sees(helper, rosa, "nurse")
    assert sees(away, rosa)
    assert announced(CoverNamed) == [CoverNamed(cover_id=cover.pk)]
    with acting_as(helper):
        end_cover(by=helper, cover=cover, now=datetime.now(UTC))
        end_cover(by=helper, cover=cover, now=datetime.now(UTC))
    assert not sees(helper, rosa)
    assert announced(CoverEnded) == [CoverEnded(cover_id=cover.pk)]
    with as_the_system():
        found = AuditEvent.objects.filter(action__in=["patients.name_cover", "patients.end_cover"]).order_by("id")
        assert [(one.action, one.actor_id) for one in found] == [
            ("patients.name_cover", away.pk),
            ("patients.end_cover", helper.pk),
        ]


def test_it_begins_and_ends_by_itself(away, helper, rosa) -> None:
    name(away, away, helper, begins=DAY)
    assert not sees(helper, rosa)
    other = staff("doctor")
    name(away, away, other, begins=-3 * DAY)
    assert not sees(other, rosa)


def test_what_is_ended_before_it_begins_never_does(away, helper, rosa) -> None:
    cover = name(away, away, helper, begins=DAY)
    with acting_as(away):
        end_cover(by=away, cover=cover, now=datetime.now(UTC))
        assert Cover.objects.get(pk=cover.pk).validity.isempty


def test_an_administrator_names_for_another(away, helper, rosa) -> None:
    administrator = staff("administrator")
    cover = name(administrator, away, helper)
    assert cover.granted_by == administrator
    assert sees(helper, rosa)
    assert not sees(administrator, rosa, "administrator")
    other = staff("administrator")
    with acting_as(other):
        assert can_end_cover(other, cover)


@pytest.mark.parametrize("role", ["nurse", "front_desk", "privacy_officer"])
def test_nobody_else_names_for_another(away, helper, role) -> None:
    user = staff(role)
    with pytest.raises(NotAllowed):
        name(user, away, helper)


def test_who_is_a_stranger_to_it_does_not_end_it(away, helper) -> None:
    cover = name(away, away, helper)
    for user in (staff("doctor"), portal_user(PatientFactory())):
        with acting_as(user), pytest.raises(NotAllowed):
            end_cover(by=user, cover=cover, now=datetime.now(UTC))
    as_patient = helper.in_role("patient")
    with acting_as(as_patient):
        assert not can_end_cover(as_patient, cover)


def test_what_makes_no_sense_is_refused(away, helper) -> None:
    for cover, changes, sentence in (
        (away, {}, "Somebody else"),
        (helper, {"lasts": -DAY}, "after it begins"),
        (helper, {"lasts": 400 * DAY}, "after a year"),
        (staff("nurse", full_name="Priya Raman"), {}, "Priya Raman does not work in this role"),
        (UserFactory(full_name="Gone Away", is_active=False, deactivated_at=timezone.now()), {}, "Gone Away"),
    ):
        with pytest.raises(CoverRefused, match=sentence):
            name(away, away, cover, **changes)


# == Pages ==
def typed(**changes) -> dict:
    today = timezone.localdate()
    return {
        "colleague": "Tove Lindqvist",
        "first": today.isoformat(),
        "last": (today + 7 * DAY).isoformat(),
        "reason": "Leave",
    } | changes


def test_a_doctor_names_who_stands_in(browser, away, helper, rosa) -> None:
    client = browser(away)
    answer = client.post("/patients/cover", typed(), follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain == [("/patients/cover", 302)]
    assert "Tove Lindqvist for Maren Okafor" in text
    assert "Leave" in text
    assert sees(helper, rosa)
    home = browser(helper.in_role("doctor")).get("/").content.decode()
    assert "You stand in for Maren Okafor" in home
    assert "Tove Lindqvist stands in for you" in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colleague": "Nobody Here"}, "Nobody who works in this role"),
        ({"last": ""}, "Enter a date"),
        ({"first": "2020-01-01"}, "cannot be before"),
        ({"last": (timezone.localdate() + 800 * DAY).isoformat()}, "after a year at the latest"),
        (
            {
                "first": (timezone.localdate() + 3 * DAY).isoformat(),
                "last": (timezone.localdate() + DAY).isoformat(),
            },
            "The last day comes after the first",
        ),
    ],
)
def test_a_refusal_says_what_fits_and_keeps_what_was_typed(browser, away, helper, changes, sentence) -> None:
    answer = browser(away).post("/patients/cover", typed(**changes))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert b"Leave" in answer.content
    with as_the_system():
        assert not Cover.objects.exists()


def test_of_several_that_fit_the_address_decides(browser, away, helper) -> None:
    staff("doctor", full_name="Tove Lindqvist-Berg", email="other.tove@clinic.example")
    answer = browser(away).post("/patients/cover", typed())
    assert answer.status_code == 422
    assert "Several fit" in answer.content.decode()
    assert "other.tove@clinic.example" in answer.content.decode()
    assert browser(away).post("/patients/cover", typed(colleague=helper.email)).status_code == 302


def test_an_administrator_names_on_the_page_for_all(browser, away, helper) -> None:
    client = browser(staff("administrator"))
    answer = client.post("/patients/covers", typed(away="Maren Okafor"), follow=True)
    assert "Tove Lindqvist for Maren Okafor" in answer.content.decode()
    refused = client.post("/patients/covers", typed(away="", colleague="Tove Lindqvist"))
    assert refused.status_code == 422
    with as_the_system():
        cover = Cover.objects.get()
    page = f"/patients/cover/{cover.pk}/end"
    assert b"End that Tove Lindqvist stands in for Maren Okafor?" in client.get(page).content
    assert client.post(page)["Location"] == "/patients/covers"


def test_the_end_is_for_the_two_alone(browser, away, helper) -> None:
    cover = name(away, away, helper)
    page = f"/patients/cover/{cover.pk}/end"
    assert browser(staff("doctor")).post(page).status_code == 404
    assert browser(portal_user(PatientFactory())).post(page).status_code == 404
    assert browser(helper.in_role("doctor")).post(page)["Location"] == "/"
    with as_the_system():
        assert Cover.objects.get().ended_by == helper


def test_those_over_are_not_listed(away, helper) -> None:
    name(away, away, helper, begins=-3 * DAY)
    running = name(away, away, helper)
    MembershipFactory(user=helper, site=SiteFactory(), role="nurse")
    with acting_as(away):
        assert queries.covers_of(away, datetime.now(UTC)) == [running]
        assert queries.covers_of(staff("doctor"), datetime.now(UTC)) == []
        assert queries.covers_from(datetime.now(UTC)) == [running]
