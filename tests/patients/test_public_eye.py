"""Somebody in the public eye: who treats them is told, and who does not cannot find out by name that they come here."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients import actions
from patients.models import CloseWatch, Patient
from patients.queries import FoundPatient
from tests.factories import CloseWatchFactory, PatientFactory, staff
from tests.patients.merging import merge, undo
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
BORN = date(1961, 4, 3)
SAID = "In the public eye"


@pytest.fixture
def star() -> Any:
    return PatientFactory(given_name="Marlene", family_name="Quist", birth_date=BORN)


@pytest.fixture
def doctor(star: Any) -> Any:
    return staff("doctor", star.site)


def watch(star: Patient, **said: Any) -> CloseWatch:
    officer = staff("privacy_officer")
    with acting_as(officer):
        return actions.watch_closely(by=officer, number=star.mrn, reason="A singer", **said)


def is_marked(patient: Patient) -> bool:
    with as_the_system():
        return Patient.objects.get(pk=patient.pk).public_eye


def find(user: Any, text: str) -> list[FoundPatient]:
    with acting_as(user):
        return actions.search_patients(by=user, text=text)


def test_the_officer_sets_it_on_the_page_and_ends_it(browser: Any, star: Any) -> None:
    client, page = browser(staff("privacy_officer")), reverse("patients:watched")
    typed = {"number": star.mrn, "reason": "A singer", "public_eye": "on"}
    assert client.post(page, typed).status_code == 302
    assert SAID in client.get(page).content.decode()
    assert is_marked(star)
    with as_the_system():
        watch_id = CloseWatch.objects.get().pk
    client.post(reverse("patients:end_watch", args=[watch_id]))
    assert not is_marked(star)


def test_a_quiet_watch_marks_nobody(star: Any) -> None:
    watch(star)
    assert not is_marked(star)


def test_nobody_else_sets_it(star: Any, doctor: Any) -> None:
    with acting_as(doctor), pytest.raises(NotAllowed):
        actions.watch_closely(by=doctor, number=star.mrn, reason="A singer", public_eye=True)


def test_the_banner_says_it_to_who_treats_and_programs_read_the_code(
    browser: Any, api: Any, star: Any, doctor: Any
) -> None:
    chart = reverse("patients:chart", args=[star.pk])
    assert SAID not in browser(doctor).get(chart).content.decode()
    watch(star, public_eye=True)
    assert SAID in browser(doctor).get(chart).content.decode()
    assert api(doctor).read(f"/patients/{star.pk}").json()["security"] == ["CEL"]


def test_out_of_reach_no_name_finds_them(star: Any, doctor: Any) -> None:
    """Not even masked: two letters and a year would tell who knows the name that the person comes here."""
    stranger = staff("front_desk")
    assert [line.visible for line in find(stranger, "marlene quist")] == [False]
    watch(star, public_eye=True)
    assert find(stranger, "marlene quist") == []
    assert [line.id for line in find(stranger, star.mrn)] == [star.pk]
    assert [line.visible for line in find(stranger, "quist 1961-04-03")] == [False]
    assert [line.id for line in find(doctor, "marlene quist")] == [star.pk]


def test_the_mark_follows_the_watch_through_a_merge(star: Any) -> None:
    desk, other = staff("front_desk", star.site), PatientFactory(site=star.site)
    CloseWatchFactory(patient=star, public_eye=True)
    merged = merge(desk, other, star)
    assert is_marked(other)
    undo(desk, merged)
    assert (is_marked(star), is_marked(other)) == (True, False)


def test_a_watch_that_ended_counts_no_more(star: Any) -> None:
    officer = staff("privacy_officer")
    CloseWatchFactory(patient=star, public_eye=True, ended_at=timezone.now(), ended_by=officer)
    assert not is_marked(star)
    CloseWatchFactory(patient=star, public_eye=True)
    assert is_marked(star)
