"""This app's parts on the pages to its left, and the patient's own page."""

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from prescriptions import panels
from tests.factories import EncounterFactory, PatientFactory, portal_user, staff
from tests.prescriptions.conftest import allergy, drafted, provider, ready, signed
from tests.prescriptions.test_dispensary_page import late
from tests.prescriptions.test_prescribe_page import address, text_of

pytestmark = pytest.mark.django_db


def test_homes_show_each_role_its_own_work(browser, doctor, pharmacist, patient) -> None:
    for user, titles in (
        (doctor, ["Everything was collected"]),
        (pharmacist, ["Nothing to prepare", "Nothing is ready"]),
    ):
        page = text_of(browser(user).get("/"))
        assert all(title in page for title in titles)
    signed(doctor, patient)
    ready(doctor, patient, label="lisinopril 20 mg, tablet")
    late(doctor, patient, label="metformin 850 mg, tablet")
    page = text_of(browser(pharmacist).get("/"))
    assert page.index("To prepare") < page.index("amoxicillin") < page.index("Ready to hand out")
    assert page.index("Ready to hand out") < page.index("lisinopril")
    assert "metformin" not in page
    page = text_of(browser(doctor).get("/"))
    assert page.index("Medicines not collected") < page.index("metformin")
    assert "amoxicillin" not in page


@pytest.mark.parametrize("role", ["nurse", "front_desk", "billing", "administrator", "doctor"])
def test_others_have_none_of_these_cards(role, doctor, patient) -> None:
    """Nor has a doctor who is no provider."""
    late(doctor, patient)
    user = staff(role, patient.site)
    with acting_as(user):
        for card in (panels.not_collected_card, panels.to_prepare_card, panels.ready_card):
            assert card(user, timezone.now()) is None


def test_the_chart_shows_what_is_taken_to_those_who_may_know(browser, doctor, patient) -> None:
    assert "No active prescriptions here" in text_of(browser(doctor).get(f"/patients/{patient.pk}/"))
    signed(doctor, patient)
    page = text_of(browser(doctor).get(f"/patients/{patient.pk}/"))
    assert "Take 1 capsule by mouth twice a day for 7 days." in page
    assert address(patient, then="new") in page
    nurse = text_of(browser(staff("nurse", patient.site)).get(f"/patients/{patient.pk}/"))
    assert address(patient) in nurse
    assert address(patient, then="new") not in nurse
    desk = text_of(browser(staff("front_desk", patient.site)).get(f"/patients/{patient.pk}/"))
    assert "amoxicillin" not in desk
    assert address(patient) not in desk


def test_a_visit_shows_what_was_prescribed_in_it(browser, doctor, patient) -> None:
    now = timezone.now()
    visit = EncounterFactory(patient=patient, provider=doctor.provider, started_at=now)
    with acting_as(doctor):
        assert panels.encounter_card(visit, doctor, now).context["written"] == []
        assert panels.summary_card(visit, doctor, now) is None
    client = browser(doctor)
    client.post(address(patient, then="new"), {"medicine": "zinc paste"})
    signed(doctor, patient)
    with acting_as(doctor):
        card = panels.encounter_card(visit, doctor, now)
        assert [row.medicine for row in card.context["written"]] == ["zinc paste"]
        assert card.context["may_prescribe"]
        assert panels.summary_card(visit, doctor, now) is None, "a draft is no news for the patient"
    for user in (staff("front_desk", patient.site), staff("billing", patient.site)):
        with acting_as(user):
            assert panels.encounter_card(visit, user, now) is None
            assert panels.chart_card(patient, user, now) is None


def test_the_way_to_prescribe_from_a_visit_and_its_note_names_the_visit(browser, doctor, patient) -> None:
    visit = EncounterFactory(patient=patient, provider=doctor.provider, started_at=timezone.now())
    link = f'href="{address(patient, then="new")}?encounter={visit.pk}"'
    client = browser(doctor)
    for page in ("", "note"):
        assert link in text_of(client.get(f"/records/{patient.pk}/visits/{visit.pk}/{page}"))
    assert "?encounter=" not in text_of(client.get(f"/patients/{patient.pk}/"))
    nurse = staff("nurse", patient.site)
    with acting_as(nurse):
        assert not panels.note_card(visit, nurse, timezone.now()).context["may_prescribe"]
    desk = staff("front_desk", patient.site)
    with acting_as(desk):
        assert panels.note_card(visit, desk, timezone.now()) is None


# == The portal ==
def test_the_patient_reads_what_is_ready_where_and_what_to_take(browser, doctor, patient) -> None:
    own = browser(portal_user(patient))
    assert "No medicine that you collected here" in text_of(own.get("/portal/medicines"))
    assert "My medicines" not in text_of(own.get("/portal/"))
    drafted(doctor, patient, "sertraline 50 mg, tablet")
    signed(doctor, patient, reason="Otitis")
    ready(doctor, patient, label="lisinopril 20 mg, tablet")
    late(doctor, patient, label="metformin 850 mg, tablet")
    page = text_of(own.get("/portal/medicines"))
    assert page.index("Ready for you") < page.index("lisinopril") < page.index("Not collected")
    assert page.index("Not collected") < page.index("metformin") < page.index("Being prepared")
    assert page.index("Being prepared") < page.index("amoxicillin")
    assert f"dispensary of {patient.site.name}" in page
    assert "Otitis" in page
    assert "sertraline" not in page, "a draft is nobody's medicine yet"
    home = text_of(own.get("/portal/"))
    assert "My medicines" in home
    assert "You can still come." in home


def test_it_is_ones_own_and_written_down(browser, doctor, patient) -> None:
    signed(doctor, patient)
    other = PatientFactory(site=patient.site)
    allergy(other, "none")
    signed(provider(other), other, "lisinopril 20 mg, tablet")
    assert "lisinopril" not in text_of(browser(portal_user(patient)).get("/portal/medicines"))
    assert browser(doctor).get("/portal/medicines").status_code == 403


def test_the_portal_page_costs_the_same_with_ten_times_the_rows(browser, doctor, patient, assert_queries) -> None:
    own = browser(portal_user(patient))
    signed(doctor, patient)
    text_of(own.get("/portal/medicines"))
    with assert_queries() as one:
        text_of(own.get("/portal/medicines"))
    for label in ("lisinopril 20 mg, tablet", "metformin 850 mg, tablet", "zinc", "iron"):
        ready(doctor, patient, label=label)
    with assert_queries() as many:
        text_of(own.get("/portal/medicines"))
    assert len(one) == len(many)
