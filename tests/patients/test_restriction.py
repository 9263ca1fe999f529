"""A patient keeps somebody from seeing the record: deny wins, over everything that opens it."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients import actions, queries
from patients.access import NotInScope
from patients.models import Patient, Restriction
from tests.factories import CareRelationshipFactory, EntryFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(family_name="Delgado")


@pytest.fixture
def nurse(rosa):
    return staff("nurse", rosa.site, full_name="Nora Nagle")


@pytest.fixture
def neighbor(rosa):
    return staff("doctor", rosa.site, full_name="Ned Neighbor")


def now() -> datetime:
    return datetime.now(UTC)


def keep_out(by, patient, user, reason="They are neighbors") -> Restriction:
    with acting_as(by):
        return actions.restrict(by=by, patient=patient, user=user, reason=reason, now=now())


def let_in(by, restriction) -> None:
    with acting_as(by):
        actions.end_restriction(by=by, restriction=restriction, now=now())


def sees(user, patient) -> bool:
    user.__dict__.pop("_reach", None)
    with acting_as(user):
        first = Patient.objects.visible_to(user).filter(pk=patient.pk).exists()
        second = Patient.objects.filter(pk=patient.pk).exists()
    assert first == second
    return first


def test_it_wins_over_every_way_in_from_the_next_statement_on(rosa, nurse, neighbor) -> None:
    for kind in ("care_team", "appointment", "break_glass"):
        CareRelationshipFactory(patient=rosa, user=neighbor, kind=kind, reason="A reason of twenty characters")
    assert sees(neighbor, rosa)
    restriction = keep_out(nurse, rosa, neighbor)
    assert not sees(neighbor, rosa)
    assert not sees(neighbor.in_role("nurse"), rosa)
    assert sees(nurse, rosa)
    let_in(nurse, restriction)
    assert sees(neighbor.in_role("doctor"), rosa)


def test_it_closes_staff_roles_and_not_ones_own_portal(rosa, nurse) -> None:
    both = portal_user(rosa)
    keep_out(nurse, rosa, both)
    assert sees(both, rosa)


def test_what_is_refused(rosa, nurse, neighbor) -> None:
    with pytest.raises(actions.NotRestricted, match="agreed"):
        keep_out(nurse, rosa, neighbor, reason="  ")
    with pytest.raises(actions.NotRestricted, match="themselves"):
        keep_out(nurse, rosa, nurse)
    kept = keep_out(nurse, rosa, neighbor)
    with pytest.raises(actions.NotRestricted, match="already"):
        keep_out(nurse, rosa, neighbor)
    with pytest.raises(NotAllowed):
        keep_out(staff("pharmacist", rosa.site), rosa, neighbor)
    with pytest.raises(NotInScope):
        keep_out(staff("nurse"), rosa, neighbor)
    with pytest.raises(NotInScope):
        let_in(neighbor, kept)


def test_ending_it_twice_does_it_once(rosa, nurse, neighbor) -> None:
    restriction = keep_out(nurse, rosa, neighbor)
    let_in(nurse, restriction)
    with as_the_system():
        first = Restriction.objects.get(pk=restriction.pk).ended_at
    let_in(nurse, restriction)
    with as_the_system():
        assert Restriction.objects.get(pk=restriction.pk).ended_at == first
    with acting_as(nurse):
        assert queries.restrictions_of(nurse, rosa) == []


def test_nobody_who_is_kept_out_ends_it_even_with_sql(rosa, nurse, neighbor) -> None:
    keep_out(nurse, rosa, neighbor)
    end = "UPDATE patients_restriction SET ended_at = now(), ended_by_id = %s, validity = 'empty' WHERE user_id = %s"
    with pytest.raises(DatabaseError), acting_as(neighbor), connection.cursor() as cursor:
        cursor.execute(end, [neighbor.pk, neighbor.pk])
    assert not sees(neighbor, rosa)


# == Pages ==
def url(patient) -> str:
    return reverse("patients:restrict", args=[patient.pk])


def test_the_page_keeps_somebody_out_and_lets_them_in(browser, rosa, nurse, neighbor) -> None:
    client = browser(nurse)
    assert b"Nobody." in client.get(url(rosa)).content
    answer = client.post(url(rosa), {"colleague": "Ned Neighbor", "reason": "They are neighbors"})
    assert answer.status_code == 302
    assert b"Ned Neighbor" in client.get(answer["Location"]).content
    assert b"Ned Neighbor" in client.get(reverse("patients:access", args=[rosa.pk])).content
    assert browser(neighbor).get(f"/patients/{rosa.pk}/").status_code == 403
    with as_the_system():
        restriction = Restriction.objects.get()
    ended = client.post(reverse("patients:end_restriction", args=[rosa.pk, restriction.pk]))
    assert b"Ended." in client.get(ended["Location"]).content
    assert browser(neighbor).get(f"/patients/{rosa.pk}/").status_code == 200


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(browser, rosa, nurse, neighbor) -> None:
    client = browser(nurse)
    unknown = client.post(url(rosa), {"colleague": "Xanthippe", "reason": "They are neighbors"})
    assert unknown.status_code == 422
    assert b"Nobody who works here" in unknown.content
    assert b"They are neighbors" in unknown.content
    keep_out(nurse, rosa, neighbor)
    twice = client.post(url(rosa), {"colleague": "Ned Neighbor", "reason": "Again"})
    assert twice.status_code == 422
    assert b"kept out already" in twice.content


def test_of_several_colleagues_one_is_chosen(browser, rosa, nurse, neighbor) -> None:
    staff("doctor", rosa.site, full_name="Ned Neighborhood")
    client = browser(nurse)
    asked = client.post(url(rosa), {"colleague": "Ned Neigh", "reason": "They are neighbors"})
    assert asked.status_code == 422
    assert b"Several colleagues fit" in asked.content
    key = asked.context["form"].fields["membership"].choices[0][0]
    assert client.post(url(rosa), {"colleague": "Ned Neigh", "reason": "x", "membership": key}).status_code == 302


def test_what_is_hidden_stays_hidden_in_the_rows_too(rosa, nurse, neighbor) -> None:
    entry = EntryFactory(patient=rosa)
    keep_out(nurse, rosa, neighbor)
    with acting_as(neighbor):
        assert not type(entry).objects.filter(pk=entry.pk).exists()


def test_the_patient_reads_who_is_kept_out(browser, rosa, nurse, neighbor) -> None:
    keep_out(nurse, rosa, neighbor)
    page = browser(portal_user(rosa)).get(reverse("portal:consents"))
    assert b"Ned Neighbor" in page.content
    assert b"They are neighbors" in page.content
