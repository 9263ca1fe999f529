"""When a medicine is taken and the doses of today in the portal, in a browser: set, marked, changed, ended."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from healthcare.accounts.models import Provider
from prescriptions.models import DoseMark, DosePlan, Prescription
from prescriptions.rules.doses import Tally
from prescriptions.templatetags.doses import tally_said
from tests.factories import (
    DoseMarkFactory,
    DosePlanFactory,
    HaltFactory,
    MedicationFactory,
    PatientFactory,
    PrescriptionFactory,
    SiteFactory,
    portal_user,
)
from tests.prescriptions.conftest import allergy
from tests.prescriptions.test_doses import directions
from tests.prescriptions.test_prescribe_page import text_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
MINE = "/portal/medicines"
TODAY = f"{MINE}/doses"

# Where it is about noon now, so that no test runs over midnight.
AHEAD = 12 - timezone.now().hour
ZONE = f"Etc/GMT{-AHEAD:+d}" if AHEAD else "Etc/GMT"


@pytest.fixture
def patient() -> Any:
    made = PatientFactory(family_name="Delgado", given_name="Rosa", site=SiteFactory(time_zone=ZONE))
    allergy(made, "none")
    return made


@pytest.fixture
def rosa(patient) -> Any:
    return portal_user(patient)


def collected(doctor, patient, label: str = "metformin 850 mg, tablet", frequency: str = "twice_daily", **more: Any):
    """Three days ago."""
    then = timezone.now() - timedelta(days=3)
    told = {"signed_at": then, "ready_at": then, "picked_up_at": then, "status": "picked_up"}
    more.setdefault("directions", directions(frequency))
    return PrescriptionFactory(
        patient=patient,
        prescriber=Provider.objects.get(user=doctor),
        medication=MedicationFactory(label=label),
        **told | more,
    )


def planned(prescription: Prescription, at: time | None = None, **more: Any) -> tuple[DosePlan, str]:
    """One dose a day, at this time of day or as it is now, since three days ago; with the day that it is there."""
    now = timezone.now().astimezone(ZoneInfo(ZONE))
    plan = DosePlanFactory(
        prescription=prescription,
        times=[at or now.time().replace(second=0, microsecond=0)],
        first_day=now.date() - timedelta(days=3),
        starts_at=now - timedelta(days=3),
        time_zone=ZONE,
        **more,
    )
    return plan, f"{now:%Y-%m-%d}"


def said(plan: DosePlan, day: str, state: str = "taken", **more: str) -> dict[str, str]:
    return {"day": day, "at": f"{plan.times[0]:%H:%M}", "state": state} | more


def mark_url(prescription: Prescription) -> str:
    return f"{MINE}/{prescription.pk}/doses"


# == When it is taken ==
def test_set_with_the_suggested_times_changed_and_ended(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient), browser(rosa)
    url = f"{MINE}/{prescription.pk}/times"
    assert url in text_of(client.get(MINE))
    page = text_of(client.get(url))
    assert 'value="08:00"' in page
    assert 'value="20:00"' in page
    assert "Save the times" in page
    times = {"time_1": "07:30", "time_2": "9:15 pm", "time_zone": ZONE}
    page = text_of(client.post(url, times, follow=True))
    assert "Your doses of today stand here." in page
    assert "metformin 850 mg" in page
    assert "I take it at 7:30 am, 9:15 pm" in text_of(client.get(MINE))
    page = text_of(client.get(url))
    assert 'value="21:15"' in page
    assert "No longer among my doses of the day" in page
    page = text_of(client.post(url, times | {"time_1": "06:00"}, follow=True))
    assert "count from tomorrow" in page
    page = text_of(client.post(f"{url}/end", follow=True))
    assert "It no longer stands among your doses of the day." in page
    assert "I take it at" not in page
    assert "No times are set for it." in text_of(client.post(f"{url}/end", follow=True))


def test_what_cannot_be_read_is_said_and_kept(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient), browser(rosa)
    url = f"{MINE}/{prescription.pk}/times"
    page = text_of(client.post(url, {"time_1": "late", "time_2": "20:00", "time_zone": ZONE}), 422)
    assert "Enter a time of day, such as 08:00" in page
    assert 'value="late"' in page
    page = text_of(client.post(url, {"time_1": "19:30", "time_2": "20:00", "time_zone": ZONE}), 422)
    assert "Leave at least an hour between two doses." in page
    assert 'value="19:30"' in page
    assert "Enter a time of day" in text_of(client.post(url, {"time_1": "", "time_2": "20:00"}), 422)


def test_once_a_week_asks_for_the_day(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient, frequency="once_weekly"), browser(rosa)
    url = f"{MINE}/{prescription.pk}/times"
    assert "Day of your next dose" in text_of(client.get(url))
    day = timezone.now().astimezone(ZoneInfo(ZONE)).date() + timedelta(days=2)
    page = text_of(
        client.post(url, {"time_1": "08:00", "time_zone": ZONE, "first_day": f"{day:%Y-%m-%d}"}, follow=True)
    )
    assert "Nothing more to take today." in page
    assert f"{day:%Y}" in text_of(client.get(url))


def test_what_is_taken_when_needed_says_so(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient, directions=directions(as_needed=True)), browser(rosa)
    url = f"{MINE}/{prescription.pk}/times"
    assert url not in text_of(client.get(MINE))
    page = text_of(client.get(url))
    assert "It is taken when it is needed" in page
    assert "Save the times" not in page
    assert text_of(client.post(url, {"time_zone": ZONE}), 422)


# == Today ==
def test_taken_in_one_press_changed_and_why_it_was_skipped(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient), browser(rosa)
    plan, day = planned(prescription)
    page = text_of(client.get(TODAY))
    assert "Not marked" in page
    assert "I forgot" in page
    page = text_of(client.post(mark_url(prescription), said(plan, day), follow=True))
    assert "metformin 850 mg, tablet: Taken. You can change it today." in page
    assert "Change it" in page
    skipped = said(plan, day, "skipped")
    assert "Choose why it was skipped." in text_of(client.post(mark_url(prescription), skipped, follow=True))
    page = text_of(client.post(mark_url(prescription), skipped | {"reason": "side_effects"}, follow=True))
    assert "Skipped. You can change it today." in page
    with as_the_system():
        assert [(mark.state, mark.reason) for mark in DoseMark.objects.all()] == [("skipped", "side_effects")]


def test_what_makes_no_sense_is_refused_in_words(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient), browser(rosa)
    plan, day = planned(prescription)
    page = text_of(client.post(mark_url(prescription), said(plan, day, "eaten"), follow=True))
    assert "That could not be read." in page
    page = text_of(client.post(mark_url(prescription), said(plan, "2020-01-01"), follow=True))
    assert "No such dose is due." in page


def test_the_two_days_before_can_be_marked_still(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient), browser(rosa)
    plan, day = planned(prescription)
    page = text_of(client.get(TODAY))
    assert "The two days before" in page
    before = f"{datetime.fromisoformat(day) - timedelta(days=1):%Y-%m-%d}"
    assert "Taken. You can change it" in text_of(client.post(mark_url(prescription), said(plan, before), follow=True))


def test_no_times_and_nothing_to_take_any_more_is_said(browser, doctor, patient, rosa) -> None:
    client = browser(rosa)
    assert "No times are set yet" in text_of(client.get(TODAY))
    held, stopped = (collected(doctor, patient, f"{name} 5 mg, tablet") for name in ("held", "stopped"))
    long_ago = timezone.now() - timedelta(days=2, hours=12)
    HaltFactory(prescription=held, starts_at=long_ago, said_at=long_ago)
    HaltFactory(prescription=stopped, act="stop", reason="side_effect", starts_at=long_ago, said_at=long_ago)
    over = collected(doctor, patient, "over 5 mg, tablet", directions=directions(days=2))
    for prescription in (held, stopped, over):
        planned(prescription)
    page = text_of(client.get(TODAY))
    for words in ("On hold: do not take it for now.", "Stopped: do not take it.", "Your supply is over."):
        assert words in page


def test_anothers_medicine_is_not_there(browser, doctor, patient) -> None:
    prescription, client = collected(doctor, patient), browser(portal_user(PatientFactory()))
    plan, day = planned(prescription)
    assert client.get(f"{MINE}/{prescription.pk}/times").status_code == 404
    assert client.post(f"{MINE}/{prescription.pk}/times/end").status_code == 404
    assert client.post(mark_url(prescription), said(plan, day)).status_code == 404


@pytest.mark.parametrize("page", [TODAY, MINE])
def test_the_pages_cost_the_same_with_more_medicines(browser, doctor, patient, rosa, assert_queries, page) -> None:
    client = browser(rosa)
    planned(collected(doctor, patient))
    text_of(client.get(page))
    with assert_queries() as few:
        text_of(client.get(page))
    for number in range(4):
        planned(collected(doctor, patient, f"medicine {number}, tablet"))
    with assert_queries() as many:
        text_of(client.get(page))
    assert len(few) == len(many)


# == The last 30 days ==
def test_the_month_in_words_as_a_picture_and_as_a_table(browser, doctor, patient, rosa) -> None:
    plan, day = planned(collected(doctor, patient))
    today = datetime.fromisoformat(day).date()
    told = {"plan": plan, "marked_at": timezone.now()}
    DoseMarkFactory(**told, day=today)
    DoseMarkFactory(**told, day=today - timedelta(days=1), state="skipped", reason="side_effects")
    page = text_of(browser(rosa).get(TODAY))
    assert page.count('<rect class="taken"') == 1
    assert page.count('<rect class="skipped"') == 1
    assert page.count('<rect class="unmarked"') in (1, 2)
    assert "Skipped: 1. Not marked:" in page
    assert "Why skipped: Side effects (1)" in page
    assert '<th scope="col" class="num">Not marked</th>' in page


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Tally(0, 0, 0), "No dose was due yet."),
        (Tally(45, 5, 10), "45 of 60 doses taken, that is 75%. Skipped: 5. Not marked: 10."),
        (Tally(1, 0, 0), "1 of 1 dose taken, that is 100%. Skipped: 0. Not marked: 0."),
    ],
)
def test_the_month_in_a_sentence(tally, words) -> None:
    assert tally_said(tally) == words


# == The clinic's list ==
def test_the_clinic_reads_in_one_line_what_was_marked(browser, doctor, patient) -> None:
    row, other = collected(doctor, patient), collected(doctor, patient, "lisinopril 20 mg, tablet")
    plan, today = DosePlanFactory(prescription=row), timezone.localdate()
    for back, state in ((1, "taken"), (2, "taken"), (3, "skipped"), (27, "taken"), (32, "taken")):
        reason = "forgot" if state == "skipped" else ""
        DoseMarkFactory(plan=plan, day=today - timedelta(days=back), state=state, reason=reason)
    DosePlanFactory(prescription=other)
    page = text_of(browser(doctor).get(f"/prescriptions/patients/{patient.pk}/"))
    assert page.count("Marked by the patient in 30 days") == 1
    assert "Marked by the patient in 30 days: 3 taken, 1 skipped" in page
