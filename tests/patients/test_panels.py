"""What this app adds to pages on its left, and to its own banner."""

import pytest
from django.db import connection
from django.utils import timezone

from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from healthcare.audit import AuditUnavailable, record
from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from patients import panels, queries
from patients.parts import ALERTS, ALLERGIES, BannerNote, ChartTab
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
    assert 'class="btn" href="/patients/register"' in text
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


def test_allergies_come_from_whoever_stands_furthest_right(takes_part) -> None:
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

    takes_part("patients.Banner", panels.never_asked, Records())
    notes = queries.banner_notes(doctor, [first.pk, second.pk])
    assert notes[first.pk].allergies.action == "penicillin"
    assert [note.text for note in notes[first.pk].alerts] == ["On warfarin"]
    assert notes[second.pk].allergies.text == "Allergies never asked"
    assert notes[second.pk].alerts == []


def test_alerts_stand_in_the_banner(browser, takes_part) -> None:
    patient = PatientFactory()

    class Records:
        def for_patients(self, ids, *, user):
            return {patient.pk: [BannerNote("warn", "On warfarin")]}

    takes_part("patients.Banner", Records())
    text = browser(staff("doctor", patient.site)).get(f"/patients/{patient.pk}/").content.decode()
    assert '<span class="tag warn">On warfarin</span>' in text


# == What an app's failure leaves standing ==
class Broken:
    """Fails in one of the ways in which an app can."""

    def __init__(self, how: str) -> None:
        self.how = how

    def for_patients(self, ids, *, user):
        return self()

    def __call__(self, *_asked):
        if self.how == "a refused query":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        raise LookupError("Canaryson")


@pytest.mark.parametrize("how", ["a bug", "a refused query"])
def test_a_banner_that_fails_says_so_and_the_rest_stands(browser, takes_part, how) -> None:
    patient = PatientFactory(family_name="Hollis")

    class OnWarfarin:
        def for_patients(self, ids, *, user):
            return {patient.pk: [BannerNote("warn", "On warfarin")]}

    takes_part("patients.Banner", panels.never_asked, Broken(how), OnWarfarin())
    answer = browser(staff("doctor", patient.site)).get(f"/patients/{patient.pk}/")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Allergies could not be shown: do not rely on this page." in text
    assert "Allergies never asked" not in text
    assert "Some warnings could not be shown" in text
    assert "On warfarin" in text
    assert "Hollis" in text


@pytest.mark.parametrize("how", ["a bug", "a refused query"])
@pytest.mark.parametrize(
    ("part", "role", "address"),
    [
        ("patients.ChartCard", "doctor", "/patients/{patient.pk}/"),
        ("patients.PortalCard", "patient", "/portal/"),
        ("accounts.HomeCard", "doctor", "/"),
    ],
)
def test_a_card_that_fails_says_so_and_the_rest_stands(browser, takes_part, part, role, address, how) -> None:
    patient = PatientFactory(preferred_name="Rosie")
    card = Card("ui/failed_card.html", order=1)
    takes_part(part, Broken(how), lambda *asked: card, lambda *asked: None)
    person = portal_user(patient) if role == "patient" else staff(role, patient.site)
    answer = browser(person).get(address.format(patient=patient))
    assert answer.status_code == 200
    assert answer.content.decode().count("This part could not be shown") == 2
    if part != "accounts.HomeCard":
        assert "Rosie" in answer.content.decode()


def test_without_an_audit_no_part_is_shown(browser, takes_part) -> None:
    patient = PatientFactory(family_name="Canaryson")

    def unaudited(*_asked):
        raise AuditUnavailable

    takes_part("patients.ChartCard", unaudited)
    answer = browser(staff("doctor", patient.site)).get(f"/patients/{patient.pk}/")
    assert answer.status_code == 503
    assert b"Canaryson" not in answer.content


def test_the_tabs_of_a_chart_are_those_the_reader_may_open(browser, takes_part) -> None:
    patient = PatientFactory()
    takes_part(
        "patients.ChartTab",
        ChartTab("Bills", "patients:portal_code", Permission.READ_BILLING, order=20),
        ChartTab("Medicines", "patients:grant", Permission.READ_MEDICATIONS, order=10),
    )
    text = browser(staff("doctor", patient.site)).get(f"/patients/{patient.pk}/").content.decode()
    assert "Medicines" in text
    assert "Bills" not in text
    assert text.index(">Overview<") < text.index(">Medicines<") < text.index(">Access<")
