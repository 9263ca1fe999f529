"""The chart as it stood on a day: what was recorded by then, also what was replaced or taken back only later."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.entries import void_entry
from records.actions.vitals import correct_vital
from records.models import Entry
from tests.factories import EntryFactory, PrescriptionFactory, SiteFactory, staff
from tests.records.measuring import measure
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@contextmanager
def days_ago(days: int) -> Iterator[None]:
    with time_machine.travel(timezone.now() - days * DAY, tick=True):
        yield


def day(days: int) -> str:
    return str(timezone.localdate(timezone.now() - days * DAY))


def page(client: Any, patient: Patient, **asked: str) -> str:
    return client.get(f"/records/{patient.pk}/as-of", asked).content.decode()


def problem(patient: Patient, name: str, **fields: Any) -> Entry:
    given = {"kind": "condition", "display": name, "clinical_status": "active", "effective_at": timezone.now()}
    return EntryFactory(patient=patient, **given | fields)


def test_it_shows_what_stood_then(rosa, doctor, browser) -> None:
    """Given an asthma that was taken back and a gout added since, when the old day is asked for, it shows asthma."""
    with days_ago(30):
        problem(rosa, "Migraine")
        wrong = problem(rosa, "Asthma", author=doctor)
    with days_ago(10), acting_as(doctor):
        void_entry(by=doctor, entry=wrong, reason="Wrong patient", now=timezone.now())
    with days_ago(5):
        problem(rosa, "Gout")
    client = browser(doctor)
    seen = {days: page(client, rosa, day=day(days)) for days in (31, 20, 7, 0)}
    named = {days: [name for name in ("Migraine", "Asthma", "Gout") if name in seen[days]] for days in seen}
    assert named == {31: [], 20: ["Migraine", "Asthma"], 7: ["Migraine"], 0: ["Migraine", "Gout"]}
    assert "Later marked as wrong" in seen[20]
    assert "Nothing was recorded by then" in seen[31]


def test_a_value_that_was_corrected_later_is_shown_as_it_was(rosa, doctor, nurse, browser) -> None:
    with days_ago(30):
        panel = measure(nurse, rosa, temperature="39.4")
    with as_the_system():
        wrong = Entry.objects.get(parent=panel, patient=rosa)
    with days_ago(10), acting_as(nurse):
        correct_vital(by=nurse, entry=wrong, values={"temperature": wrong.value - 2}, now=timezone.now())
    client = browser(doctor)
    then, now = page(client, rosa, day=day(20)), page(client, rosa, day=day(1))
    assert "39.4" in then
    assert "Later replaced" in then
    assert "37.4" in now
    assert "39.4" not in now


def test_what_came_later_of_that_time_is_counted_and_a_step_away(rosa, doctor, browser) -> None:
    for name in ("Gout", "Asthma"):
        problem(rosa, name, effective_at=timezone.now() - 300 * DAY)
    shown = page(browser(doctor), rosa, day=day(100))
    assert "2 entries are of that time and were recorded only later." in shown
    assert f"entries/?ends={day(100)}" in shown


def test_the_medicines_of_that_day_stand_beside(rosa, doctor, browser) -> None:
    now = timezone.now()
    times = {"signed_at": now - 60 * DAY, "ends_at": now - 30 * DAY}
    over = PrescriptionFactory(patient=rosa, status="signed", medicine="Amoxicillin 500 mg", **times)
    seen = [page(browser(doctor), rosa, day=day(days)) for days in (90, 40, 20)]
    assert [over.medicine in shown for shown in seen] == [False, True, False]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "Enter a date"), ("soon", "soon"), (str(date(2999, 1, 1)), "cannot be after")],
)
def test_a_day_that_is_none_is_refused_in_a_sentence(rosa, doctor, browser, typed, said) -> None:
    answer = browser(doctor).get(f"/records/{rosa.pk}/as-of", {"day": typed})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_asked_for_nothing_it_asks_for_a_day(rosa, doctor, browser) -> None:
    answer = browser(doctor).get(f"/records/{rosa.pk}/as-of")
    assert answer.status_code == 200
    assert 'name="day"' in answer.content.decode()


def test_who_may_not_read_the_chart_reads_no_older_one(rosa, browser) -> None:
    problem(rosa, "Asthma")
    assert browser(staff("front_desk", rosa.site)).get(f"/records/{rosa.pk}/as-of").status_code == 403
    stranger = browser(staff("doctor", SiteFactory()))
    answer = stranger.get(f"/records/{rosa.pk}/as-of", {"day": day(0)})
    assert answer.status_code == 403
    assert "Asthma" not in answer.content.decode()


def test_a_mark_hides_what_it_hides_today(rosa, nurse, browser) -> None:
    problem(rosa, "Secret thing", sensitivity="mental_health")
    assert "Secret thing" not in page(browser(nurse), rosa, day=day(0))


def test_a_long_chart_costs_the_same(rosa, doctor, nurse, browser, assert_queries) -> None:
    client, numbers = browser(doctor), []
    page(client, rosa, day=day(0))
    for rows in (1, 9):
        for _each in range(rows):
            measure(nurse, rosa, temperature="37")
            problem(rosa, "Asthma")
        with assert_queries(at_most=12) as queries:
            page(client, rosa, day=day(0))
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
