"""A share with another provider ends within a year and is a line of the accounting of disclosures (45 CFR 164.528)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.db.context import acting_as
from patients import queries
from patients.actions import ShareTooLong, end_access, grant_access
from patients.models import CareRelationship, Disclosure, Patient
from tests.factories import (
    CareRelationshipFactory,
    ConsentFactory,
    DisclosureFactory,
    PatientFactory,
    SiteFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
SHARE = CareRelationship.Kind.SHARE
MONTH = timedelta(days=30)


@pytest.fixture
def rosa():
    patient = PatientFactory(given_name="Rosa")
    ConsentFactory(patient=patient, purpose="treatment")
    return patient


@pytest.fixture
def doctor(rosa):
    return staff("doctor", rosa.site, full_name="Maren Okafor")


@pytest.fixture
def heart():
    site = SiteFactory(name="Shrewsbury Street", line="310 Shrewsbury Street", city="Worcester", state="MA")
    return staff("doctor", site, full_name="Aaron Feld")


def share(doctor, patient, user, *, lasts=MONTH, labels=(), **changes) -> CareRelationship:
    now = datetime.now(UTC)
    asked = {"scopes": [Scope.IDENTITY, Scope.CLINICAL], "kind": SHARE, "reason": "A second opinion"} | changes
    with acting_as(doctor):
        return grant_access(
            by=doctor,
            patient=patient,
            user=user,
            role="doctor",
            valid_from=now,
            valid_until=now + lasts if lasts else None,
            labels=labels,
            **asked,
        )


def lines(patient) -> list[Disclosure]:
    with as_the_system():
        return list(Disclosure.objects.filter(patient=patient))


def test_a_share_says_what_went_to_whom_where_and_why(rosa, doctor, heart) -> None:
    made = share(doctor, rosa, heart)
    (line,) = lines(rosa)
    assert line.recipient == "Aaron Feld, Doctor"
    assert line.recipient_address == "Shrewsbury Street, 310 Shrewsbury Street, Worcester, MA"
    assert (line.description, line.purpose) == ("identity, clinical", "A second opinion")
    assert (line.made_by, line.made_at, line.source) == (doctor, made.validity.lower, f"share:{made.pk}")


def test_marked_items_that_went_along_are_named(rosa, doctor, heart) -> None:
    CareRelationshipFactory(patient=rosa, user=doctor, role="doctor", labels=["mental_health"])
    share(doctor, rosa, heart, labels=[Sensitivity.MENTAL_HEALTH])
    assert lines(rosa)[0].description == "identity, clinical, mental_health"


def test_ending_it_keeps_the_line(rosa, doctor, heart) -> None:
    made = share(doctor, rosa, heart)
    with acting_as(doctor):
        end_access(by=doctor, relationship=made, now=datetime.now(UTC))
    assert len(lines(rosa)) == 1
    with acting_as(heart):
        assert not Patient.objects.visible_to(heart).filter(pk=rosa.pk).exists()


def test_the_care_team_is_no_disclosure(rosa, doctor, heart) -> None:
    share(doctor, rosa, heart, kind=CareRelationship.Kind.CARE_TEAM, lasts=None)
    assert lines(rosa) == []


@pytest.mark.parametrize("lasts", [None, timedelta(days=368)])
def test_a_share_ends_within_a_year(rosa, doctor, heart, lasts) -> None:
    with pytest.raises(ShareTooLong, match="within a year"):
        share(doctor, rosa, heart, lasts=lasts)
    assert lines(rosa) == []


@pytest.mark.parametrize("lasts", [None, timedelta(days=368)])
def test_the_second_wall_says_so_too(rosa, doctor, heart, lasts) -> None:
    now = datetime.now(UTC)
    row = CareRelationship(patient=rosa, kind="share", user=heart, role="doctor", scopes=["identity"])
    row.validity, row.granted_by = (now, now + lasts if lasts else None), doctor
    with acting_as(doctor), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


def test_a_share_without_a_reason_still_has_a_purpose(rosa, doctor, heart) -> None:
    share(doctor, rosa, heart, reason="")
    assert lines(rosa)[0].purpose


def test_nobody_writes_a_line_in_anothers_name_or_changes_one(rosa, doctor) -> None:
    own = portal_user(rosa)
    for actor, signer in ((doctor, own), (own, own), (staff("doctor"), None)):
        row = DisclosureFactory.build(patient=rosa, made_by=signer or actor)
        with acting_as(actor), pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)
    line = DisclosureFactory(patient=rosa)
    line.recipient = "Nobody"
    for role in ("web", "worker"):
        with taking_role(role), acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic():
            line.save(update_fields=["recipient"])


def test_the_patient_and_a_proxy_of_everything_read_it(browser, rosa, doctor, heart) -> None:
    share(doctor, rosa, heart)
    own = browser(portal_user(rosa))
    assert b"/portal/disclosures" in own.get("/portal/openings").content
    text = own.get("/portal/disclosures").content.decode()
    for part in (
        "Aaron Feld, Doctor",
        "310 Shrewsbury Street",
        "Notes and results",
        "A second opinion",
        "Maren Okafor",
    ):
        assert part in text, part
    assert browser(proxy_of(rosa)).get(f"/portal/for/{rosa.pk}/disclosures").status_code == 200
    bills = proxy_of(rosa, scopes=["identity", "billing"])
    assert browser(bills).get(f"/portal/for/{rosa.pk}/disclosures").status_code == 404
    assert (
        "Nothing was given to anybody"
        in browser(portal_user(PatientFactory())).get("/portal/disclosures").content.decode()
    )


def test_the_chart_shows_it_to_the_staff(browser, rosa, doctor, heart) -> None:
    page = f"/patients/{rosa.pk}/access"
    assert "What was given to others" not in browser(doctor).get(page).content.decode()
    share(doctor, rosa, heart)
    assert "Aaron Feld, Doctor" in browser(doctor).get(page).content.decode()


# == The form ==
def typed(**changes) -> dict:
    until = timezone.localdate() + MONTH
    asked = {"colleague": "Aaron Feld", "kind": "share", "scopes": ["clinical"], "until": until.isoformat()}
    return asked | {"reason": "Heart"} | changes


def test_the_page_shares_with_the_marks_that_one_holds(browser, rosa, doctor, heart) -> None:
    page = f"/patients/{rosa.pk}/access/grant"
    assert 'name="labels"' not in browser(doctor).get(page).content.decode()
    CareRelationshipFactory(patient=rosa, user=doctor, role="doctor", labels=["mental_health"])
    text = browser(doctor).get(page).content.decode()
    assert 'value="mental_health"' in text
    assert 'value="reproductive"' not in text
    assert browser(doctor).post(page, typed(labels=["mental_health"])).status_code == 302
    assert browser(doctor).post(page, typed(labels=["reproductive"])).status_code == 422
    with acting_as(doctor):
        assert queries.labels_open(rosa) == [Sensitivity.MENTAL_HEALTH]
    assert lines(rosa)[0].description.endswith("mental_health")


@pytest.mark.parametrize("until", ["", (timezone.localdate() + timedelta(days=400)).isoformat()])
def test_the_page_asks_for_a_last_day_within_a_year(browser, rosa, doctor, heart, until) -> None:
    answer = browser(doctor).post(f"/patients/{rosa.pk}/access/grant", typed(until=until))
    assert answer.status_code == 422
    assert "within a year" in answer.content.decode()
    assert b"Heart" in answer.content
    assert lines(rosa) == []
