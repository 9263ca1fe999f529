"""What this app adds to pages on its left, and to its own banner."""

import pytest
from django.utils import timezone

from healthcare.audit import record
from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from patients import panels, queries
from patients.parts import ALERTS, ALLERGIES, BannerNote
from tests.factories import CareRelationshipFactory, PatientFactory, UserFactory, portal_user, staff

pytestmark = pytest.mark.django_db


def test_the_parts_are_named() -> None:
    assert panels.portal_account in parts_of("accounts.PortalAccount")
    assert panels.recent_card in parts_of("accounts.HomeCard")
    assert panels.names_of in parts_of("accounts.Subject")
    assert panels.never_asked in parts_of("patients.Banner")


def test_a_record_is_ones_own_or_of_somebody_one_acts_for() -> None:
    patient = PatientFactory()
    own, proxy = portal_user(patient), CareRelationshipFactory(patient=patient, kind="proxy", role="patient").user
    doctor, nobody = CareRelationshipFactory(patient=patient).user, UserFactory()
    for user, has in ((own, True), (proxy, True), (doctor, False), (nobody, False)):
        with acting_as(user, "patient"):
            assert panels.portal_account.has_record(user) is has


def test_the_home_page_shows_recent_charts_to_those_who_search(browser) -> None:
    patient = PatientFactory(family_name="Delgado")
    doctor, clerk = staff("doctor", patient.site), staff("billing", patient.site)
    with acting_as(doctor):
        record("patients.open_chart", by=doctor, patient_id=patient.pk)
    text = browser(doctor).get("/").content.decode()
    assert "Charts you opened last" in text
    assert "<b>Delgado</b>" in text
    assert 'class="btn main" href="/patients/register"' in text
    with acting_as(clerk):
        card = panels.recent_card(clerk, timezone.now())
    assert card is not None
    assert not card.context["may_register"]
    with acting_as(staff("administrator")) as actor:
        assert actor
        assert panels.recent_card(staff("administrator"), timezone.now()) is None


def test_names_are_given_of_those_one_sees() -> None:
    mine, other = PatientFactory(family_name="Delgado", given_name="Rosa"), PatientFactory()
    doctor, officer = staff("doctor", mine.site), staff("privacy_officer", mine.site)
    with acting_as(doctor):
        assert panels.names_of(doctor, [mine.pk, other.pk]) == {mine.pk: "Delgado, Rosa"}
    with acting_as(officer):
        assert panels.names_of(officer, [mine.pk]) == {}


def test_allergies_come_from_whoever_stands_furthest_right(monkeypatch) -> None:
    first, second = PatientFactory(), PatientFactory()
    doctor = staff("doctor", first.site)

    class Records:
        def for_patients(self, ids, *, user):
            assert set(ids) == {first.pk, second.pk}, "always for all of them at once"
            return {
                first.pk: [
                    BannerNote("bad", "Allergies", ALLERGIES, "#", "penicillin"),
                    BannerNote("warn", "On warfarin", ALERTS),
                ]
            }

    monkeypatch.setattr(queries, "parts_of", lambda name: (panels.never_asked, Records()))
    notes = queries.banner_notes(doctor, [first.pk, second.pk])
    assert notes[first.pk].allergies.action == "penicillin"
    assert [note.text for note in notes[first.pk].alerts] == ["On warfarin"]
    assert notes[second.pk].allergies.text == "Allergies never asked"
    assert notes[second.pk].alerts == []


def test_alerts_stand_in_the_banner(browser, monkeypatch) -> None:
    patient = PatientFactory()

    class Records:
        def for_patients(self, ids, *, user):
            return {patient.pk: [BannerNote("warn", "On warfarin")]}

    monkeypatch.setattr(queries, "parts_of", lambda name: (Records(),))
    text = browser(staff("doctor", patient.site)).get(f"/patients/{patient.pk}/").content.decode()
    assert '<span class="tag warn">On warfarin</span>' in text
