"""The pages: what waits, one alert, the red board, and the parts on pages of other apps."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.models import Alert
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from tests.alerts.conftest import Clinic, reread
from tests.factories import (
    AlertFactory,
    AppointmentFactory,
    EntryFactory,
    NoticeFactory,
    PatientFactory,
    PrescriptionFactory,
    staff,
)

pytestmark = pytest.mark.django_db
LIST, BOARD, URGENT = "/alerts/", "/alerts/board", "/alerts/urgent"
HTMX = {"HX-Request": "true"}
POLL = HTMX | {"X-Background": "1"}


def potassium(clinic: Clinic, **fields: Any) -> Alert:
    entry = EntryFactory(
        patient=clinic.patient,
        code="2823-3",
        display="Potassium",
        value="6.3",
        unit="mmol/L",
        data={"flag": "critical_high"},
    )
    return AlertFactory(patient=clinic.patient, source=f"records.entry:{entry.pk}", **fields)


def page(browser: Any, user: User, url: str, **headers: str) -> str:
    response = browser(user).get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def address(alert: Alert, name: str = "show") -> str:
    return reverse(f"alerts:{name}", args=[alert.patient_id, alert.pk])


# == What waits ==
def test_the_list_says_whose_it_is_what_it_is_and_who_is_asked_next(clinic: Clinic, browser: Any) -> None:
    potassium(clinic, owner=clinic.doctor)
    AlertFactory(patient=clinic.patient, severity="high")
    html = page(browser, clinic.doctor, LIST)
    assert "For you" in html
    assert "For your team" in html
    assert "Canaryson" in html
    assert "<b>Potassium" in html
    assert "6.3 mmol/L" in html
    assert 'class="status bad">Urgent' in html, "severity has a word and a shape"
    assert "Asks Dr. Maren Okafor again" in html
    assert "Red board" in html


def test_only_the_most_urgent_row_has_the_main_button(clinic: Clinic, browser: Any) -> None:
    for _ in range(3):
        potassium(clinic, owner=clinic.doctor)
    html = page(browser, clinic.doctor, LIST)
    html = html[html.index("data-live") : html.index("</main>")]
    assert html.count("btn main") == 1
    assert html.count(">Acknowledge<") == 3


def test_a_nurse_sees_it_and_has_no_button(clinic: Clinic, browser: Any) -> None:
    potassium(clinic)
    html = page(browser, clinic.nurse, LIST)
    assert "For others, about your patients" in html
    assert "Potassium" in html
    assert ">Acknowledge<" not in html


def test_the_desk_sees_blocked_time_and_no_value(clinic: Clinic, browser: Any) -> None:
    visit = AppointmentFactory(patient=clinic.patient, provider=clinic.provider)
    AlertFactory(
        patient=clinic.patient, kind="blocked_time", severity="high", source=f"scheduling.appointment:{visit.pk}"
    )
    potassium(clinic)
    html = page(browser, clinic.desk, LIST)
    assert "Visit with Maren Okafor" in html
    assert ">Acknowledge<" in html
    assert "Potassium" not in html
    assert "Abnormal" not in html


def test_medicines_that_nobody_collected_name_the_medicine(clinic: Clinic, browser: Any) -> None:
    prescription = PrescriptionFactory(
        patient=clinic.patient, prescriber=clinic.provider, status="not_collected", medicine="apixaban 5 mg, tablet"
    )
    AlertFactory(
        patient=clinic.patient,
        kind="not_collected",
        severity="high",
        source=f"prescriptions.prescription:{prescription.pk}",
    )
    assert "apixaban 5 mg" in page(browser, clinic.doctor, LIST)


def test_of_vital_signs_taken_together_only_what_is_out_of_range_is_said(clinic: Clinic, browser: Any) -> None:
    panel = EntryFactory(patient=clinic.patient, kind="vital_signs", code="85353-1", display="Vital signs", value=None)
    for code, name, value, flag in (("8867-4", "Heart rate", 171, "critical_high"), ("8310-5", "Temperature", 37, "")):
        EntryFactory(
            patient=clinic.patient, kind="vital_signs", parent=panel, code=code, display=name, value=value,
            unit="/min", data={"flag": flag, "range": {"high": "100"}},
        )  # fmt: skip
    AlertFactory(patient=clinic.patient, source=f"records.entry:{panel.pk}")
    html = page(browser, clinic.doctor, LIST)
    assert "Heart rate" in html
    assert "171" in html
    assert "Critically high" in html
    assert "Temperature" not in html


def test_what_the_reader_may_not_see_is_only_named(clinic: Clinic, browser: Any) -> None:
    AlertFactory(patient=clinic.patient, source="records.entry:00000000-0000-7000-8000-000000000000")
    assert "Abnormal value" in page(browser, clinic.doctor, LIST)


def test_acknowledged_ones_stand_on_their_own_list_for_a_week(clinic: Clinic, browser: Any) -> None:
    now = timezone.now()
    for days in (1, 8):
        potassium(
            clinic,
            state="acknowledged",
            next_at=None,
            acknowledged_by=clinic.colleague,
            acknowledged_at=now - timedelta(days=days),
        )
    assert "Potassium" not in page(browser, clinic.doctor, LIST)
    html = page(browser, clinic.doctor, f"{LIST}?show=acknowledged")
    assert html.count("Potassium") == 1
    assert clinic.colleague.full_name in html


def test_the_empty_list_says_what_would_stand_there(clinic: Clinic, browser: Any) -> None:
    assert "No alert waits" in page(browser, clinic.doctor, LIST)
    assert "Nothing was acknowledged" in page(browser, clinic.doctor, f"{LIST}?show=acknowledged")
    assert "The board is empty" in page(browser, clinic.doctor, BOARD)


def test_patients_of_others_are_not_there(clinic: Clinic, browser: Any) -> None:
    AlertFactory(patient=PatientFactory(family_name="Elsewhere"))
    assert "Elsewhere" not in page(browser, clinic.doctor, LIST)


@pytest.mark.parametrize("url", [LIST, BOARD])
def test_the_part_that_refreshes_is_the_same_as_in_the_page(clinic: Clinic, browser: Any, url: str) -> None:
    potassium(clinic, level=3, next_at=None)
    client = browser(clinic.doctor)
    whole, part = (client.get(url, headers=headers).content.decode() for headers in ({}, POLL))

    assert part.lstrip().startswith("<div")
    assert "<html" not in part
    assert same_words(part) in same_words(whole)


def same_words(html: str) -> str:
    """Without tokens and the second of the drawing, which are different each time, and however it is set."""
    return " ".join(re.sub(r'value="\w{64}"|datetime="[^"]*"', "", html).split())


def test_it_is_said_once_that_somebody_looks_and_not_every_half_minute(
    clinic: Clinic, browser: Any, audited: Any
) -> None:
    client = browser(clinic.doctor)
    client.get(LIST)
    for _ in range(3):
        client.get(LIST, headers=POLL)
    assert audited(clinic.doctor).count(("alerts.list", "ok")) == 1


def test_without_audit_nothing_is_shown(clinic: Clinic, browser: Any, no_audit: Any) -> None:
    potassium(clinic)
    response = browser(clinic.doctor).get(LIST)
    assert response.status_code == 503
    assert b"Canaryson" not in response.content


@pytest.mark.parametrize("role", ["billing", "administrator", "researcher", "privacy_officer"])
def test_roles_that_receive_none_are_refused(clinic: Clinic, browser: Any, role: str) -> None:
    for url in (LIST, BOARD, URGENT):
        assert browser(staff(role, clinic.site)).get(url).status_code == 403


@pytest.mark.parametrize("url", [LIST, BOARD, "/"])
def test_ten_times_as_many_cost_no_more_questions(clinic: Clinic, browser: Any, assert_queries: Any, url: str) -> None:
    counts = []
    for wanted in (1, 10):
        while len(counts) < 2 and wanted > 0:
            patient = PatientFactory(site=clinic.site)
            entry = EntryFactory(patient=patient)
            AlertFactory(patient=patient, source=f"records.entry:{entry.pk}", level=3, next_at=None)
            wanted -= 1
        client = browser(clinic.doctor)
        with assert_queries(30 if url == "/" else 12) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# == One alert ==
def test_the_page_has_the_banner_the_value_and_one_button(clinic: Clinic, browser: Any, audited: Any) -> None:
    alert = potassium(clinic, owner=clinic.doctor)
    NoticeFactory(patient=clinic.patient, alert=alert, letter="urgent_alert", area="clinical", recipient=clinic.doctor)
    html = page(browser, clinic.doctor, address(alert))
    assert 'aria-label="Patient"' in html
    assert "Potassium" in html
    assert "6.3 mmol/L" in html
    assert "Dr. Maren Okafor" in html
    assert "Acknowledge this alert" in html
    assert ("patients.open_chart", "ok") in audited(clinic.doctor)


def test_the_link_of_a_letter_leads_there_and_changes_nothing(clinic: Clinic, browser: Any) -> None:
    alert = potassium(clinic)
    client = browser(clinic.doctor)
    for _ in range(2):
        response = client.get(reverse("alerts:open", args=[alert.pk]))
        assert (response.status_code, response["Location"]) == (302, address(alert))
        assert client.get(address(alert)).status_code == 200
        assert client.head(address(alert)).status_code == 200
    assert reread(alert).state == "open"


def test_a_stranger_finds_neither_link_nor_page(clinic: Clinic, browser: Any) -> None:
    alert = potassium(clinic)
    client = browser(staff("doctor"))
    assert client.get(reverse("alerts:open", args=[alert.pk])).status_code == 404
    assert client.get(address(alert)).status_code == 403
    assert client.post(address(alert, "acknowledge")).status_code == 403
    assert reread(alert).state == "open"


def test_an_alert_of_another_patient_is_not_under_this_ones_address(clinic: Clinic, browser: Any) -> None:
    alert = potassium(clinic)
    other = PatientFactory(site=clinic.site)
    assert browser(clinic.doctor).get(reverse("alerts:show", args=[other.pk, alert.pk])).status_code == 404


def test_acknowledging_by_post_alone_with_a_word_about_it(clinic: Clinic, browser: Any) -> None:
    alert = potassium(clinic)
    client = browser(clinic.doctor)
    assert client.get(address(alert, "acknowledge")).status_code == 405
    response = client.post(address(alert, "acknowledge"), follow=True)
    assert "Nobody else is asked any more" in response.content.decode()
    assert reread(alert).acknowledged_by == clinic.doctor
    again = browser(clinic.colleague).post(address(alert, "acknowledge"), follow=True).content.decode()
    assert "Dr. Maren Okafor acknowledged this alert before you" in again
    assert "Acknowledge this alert" not in again


def test_a_nurse_who_posts_anyway_is_told_whom_it_is_for(clinic: Clinic, browser: Any) -> None:
    alert = potassium(clinic)
    html = browser(clinic.nurse).post(address(alert, "acknowledge"), follow=True).content.decode()
    assert "for another role to acknowledge: doctor" in html
    assert "This waits for an answer from" in html
    assert reread(alert).state == "open"


def test_a_closed_one_says_why(clinic: Clinic, browser: Any) -> None:
    alert = potassium(clinic, state="closed", closed_at=timezone.now(), next_at=None)
    assert "its occasion is gone" in page(browser, clinic.doctor, address(alert))


# == The red board ==
def test_the_board_shows_those_that_nobody_answered(clinic: Clinic, browser: Any) -> None:
    potassium(clinic, level=3, next_at=None, raised_at=timezone.now() - timedelta(hours=1))
    AlertFactory(patient=PatientFactory(site=clinic.site, family_name="Waiting"))
    html = page(browser, clinic.doctor, BOARD)
    assert "Canaryson" in html
    assert "Everybody was asked" in html
    assert "Waiting, " not in html
    page_of_one = page(browser, clinic.doctor, address(the_exhausted(clinic)))
    assert "On the red board" in page_of_one


def the_exhausted(clinic: Clinic) -> Alert:
    with acting_as(clinic.doctor):
        return Alert.objects.visible_to(clinic.doctor).exhausted().get()


# == Parts ==
def test_the_home_page_says_first_what_waits(clinic: Clinic, browser: Any, audited: Any) -> None:
    for _ in range(6):
        potassium(clinic)
    potassium(clinic, severity="info", next_at=None)
    html = page(browser, clinic.doctor, "/")
    assert "Urgent alerts" in html
    assert "More wait" in html
    assert html.count("<b>Potassium") == 5
    assert html.count('class="count bad">6') == 1, "the bell counts what presses"
    assert ("alerts.list", "ok") in audited(clinic.doctor)


def test_the_card_refreshes_by_itself(clinic: Clinic, browser: Any, audited: Any) -> None:
    potassium(clinic)
    client = browser(clinic.doctor)
    html = client.get(URGENT, headers=POLL).content.decode()
    assert "Potassium" in html
    assert 'hx-trigger="every 30s, news from:body"' in html
    assert "<html" not in html
    assert client.get(URGENT)["Location"] == LIST


def test_nothing_waits_is_said_too(clinic: Clinic, browser: Any) -> None:
    assert "None waits" in page(browser, clinic.desk, "/")


def test_who_receives_none_has_no_card_and_no_bell(clinic: Clinic, browser: Any) -> None:
    html = page(browser, staff("administrator", clinic.site), "/")
    assert "Urgent alerts" not in html
    assert f'href="{LIST}"' not in html


def test_the_banner_says_that_something_waits(clinic: Clinic, browser: Any) -> None:
    potassium(clinic)
    potassium(clinic, severity="info", next_at=None)
    chart = reverse("patients:chart", args=[clinic.patient.pk])
    assert page(browser, clinic.doctor, chart).count("Abnormal value, not acknowledged since") == 1
    assert "not acknowledged since" not in page(browser, clinic.desk, chart), "clinical, and not for the desk"
    assert "not acknowledged since" not in page(browser, staff("billing", clinic.site), chart)


def test_the_admin_counts_without_names(clinic: Clinic, browser: Any) -> None:
    client = browser(staff("administrator", clinic.site))
    for name in ("alert", "notice", "reminder"):
        response = client.get(f"/admin/alerts/{name}/")
        assert response.status_code == 200
        assert b"Canaryson" not in response.content
