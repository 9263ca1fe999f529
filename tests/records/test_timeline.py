"""The timeline narrowed: by kind, by days of the site, by who wrote it, and to what is new since the last visit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.encounters import finish_encounter
from records.actions.entries import void_entry
from records.models import Entry
from records.queries.timeline import Narrowing, last_visit, timeline
from tests.factories import EncounterFactory, EntryFactory, PatientFactory, SiteFactory, staff
from tests.patients.conftest import sign_in
from tests.records.visits import NOW, doctor_of, visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def honolulu() -> Patient:
    return PatientFactory(site=SiteFactory(time_zone="Pacific/Honolulu"))


def told(patient: Patient, at: datetime, **fields: Any) -> Entry:
    return EntryFactory(patient=patient, kind="condition", display="Asthma", effective_at=at, **fields)


def found(user: User, patient: Patient, **asked: Any) -> list[Entry]:
    with acting_as(user):
        return list(timeline(user, patient, Narrowing(**asked)).entries)


def page(client: Any, patient: Patient, **asked: str) -> str:
    return client.get(f"/records/{patient.pk}/entries/", asked).content.decode()


# == By what was true when ==
def test_days_are_those_of_the_site_and_both_count(honolulu, browser) -> None:
    doctor = browser(staff("doctor", honolulu.site))
    for name, hour in (("Before", 9), ("First", 10), ("Last", 33), ("After", 34)):  # Honolulu is ten hours behind
        EntryFactory(
            patient=honolulu,
            kind="family_history",
            display=f"{name} one",
            effective_at=datetime(2026, 5, 7, tzinfo=UTC) + timedelta(hours=hour),
        )
    shown = page(doctor, honolulu, begins="2026-05-07", ends="May 7, 2026", kind="family_history")
    assert [name for name in ("Before", "First", "Last", "After") if f"{name} one" in shown] == ["First", "Last"]
    assert 'value="May 7, 2026"' in shown, "what was typed stays"


def test_what_cannot_be_read_narrows_nothing_and_is_said(rosa, doctor, browser) -> None:
    told(rosa, timezone.now() - DAY)
    shown = page(browser(doctor), rosa, begins="the 31st of Juni", kind="condition")
    assert "the 31st of Juni" in shown
    assert "Asthma" in shown
    assert 'role="alert"' in shown
    backwards = page(browser(doctor), rosa, begins="2026-05-08", ends="2026-05-07")
    assert "The last day comes after the first" in backwards


def test_the_next_page_keeps_what_was_asked_for(rosa, doctor, browser) -> None:
    for hours in range(32):
        told(rosa, timezone.now() - hours * timedelta(hours=1))
    shown = page(browser(doctor), rosa, kind="condition", mine="")
    assert "kind=condition&amp;after=" in shown
    assert "mine" not in shown.split("after=")[0].split("href=")[-1]


# == By who wrote it ==
def test_what_one_wrote_oneself(rosa, doctor) -> None:
    own = told(rosa, timezone.now(), author=doctor)
    typed = told(rosa, timezone.now(), enterer=doctor)
    told(rosa, timezone.now(), author=staff("doctor", rosa.site))
    assert set(found(doctor, rosa, mine=True)) == {own, typed}


# == Since the last visit ==
def test_the_last_visit_is_one_s_own_that_is_over_else_anybody_s(rosa) -> None:
    doctor, own = doctor_of(rosa.site)
    _colleague, other = doctor_of(rosa.site)
    now = timezone.now()
    with as_the_system():
        mine, theirs, running = (
            EncounterFactory(patient=rosa, provider=provider, site=rosa.site, started_at=now - days * DAY, **fields)
            for provider, days, fields in (
                (own, 30, {"status": "finished", "finished_at": now - 29 * DAY}),
                (other, 5, {"status": "finished", "finished_at": now - 4 * DAY}),
                (own, 0, {"status": "in_progress"}),
            )
        )
    with acting_as(doctor):
        assert last_visit(doctor, rosa) == mine
    nurse = staff("nurse", rosa.site)
    with acting_as(nurse):
        assert last_visit(nurse, rosa) == theirs
    stranger = staff("doctor")
    with acting_as(stranger):
        assert last_visit(stranger, rosa) is None
    assert running.status == "in_progress"


def test_news_is_what_was_recorded_or_taken_back_however_old_it_is(rosa, doctor) -> None:
    """A scan of last year that arrived today is news; what was replaced shows by its new version."""
    long_ago = timezone.now() - 400 * DAY
    with time_machine.travel(timezone.now() - 10 * DAY, tick=True):
        known = told(rosa, timezone.now())
        wrong = told(rosa, timezone.now(), author=doctor)
        replaced = told(rosa, timezone.now())
    since = timezone.now() - 5 * DAY
    late = told(rosa, long_ago)
    colleague = staff("doctor", rosa.site)
    own = told(rosa, timezone.now(), author=doctor)
    with acting_as(colleague):
        void_entry(by=colleague, entry=wrong, reason="Typed twice", now=timezone.now())
    with as_the_system():
        replaced.superseded_at = timezone.now()
        replaced.save(update_fields=["superseded_at"])
        newer = told(rosa, replaced.effective_at, supersedes=replaced, record_status="corrected")
    assert set(found(doctor, rosa, since=since)) == {late, wrong, newer}
    assert set(found(doctor, rosa, since=since, with_old=True)) == {late, wrong, newer}
    assert {known, own} <= set(found(doctor, rosa))


def test_the_page_leads_to_what_is_new_and_back() -> None:
    running = visit()
    client = sign_in(running.doctor)
    assert "Since my last visit" not in page(client, running.patient)
    running.signs()
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW + timedelta(hours=1))
    assert "Since my last visit" in page(client, running.patient)
    assert "Since the last visit" in page(sign_in(running.nurse), running.patient)
    news = page(client, running.patient, since="1")
    assert "What others recorded since the visit with Dr. Maren Okafor on Nov 19, 2026" in news
    assert "Nothing new" in news
    told(running.patient, NOW - 300 * DAY)
    assert "Asthma" in page(client, running.patient, since="1")
