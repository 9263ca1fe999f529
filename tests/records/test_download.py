"""A patient takes the record along as data: what the portal shows, and what another system makes of it."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import Patient
from records.actions.downloads import download_record
from records.telling import bundle as bundles
from tests.factories import (
    AppointmentFactory,
    CoverageFactory,
    EncounterFactory,
    EntryFactory,
    InvoiceFactory,
    MedicationStatementFactory,
    PatientFactory,
    PrescriptionFactory,
    ServiceRequestFactory,
    SiteFactory,
    portal_user,
    proxy_of,
)
from tests.records.downloading import (
    DOOR,
    dangling,
    downloaded,
    entries_of,
    facts,
    imported,
    of,
    release_all,
    well,
)
from tests.records.test_telling import TOLD, row
from tests.records.visits import visit

pytestmark = pytest.mark.django_db
ZONES = ["Pacific/Kiritimati", "America/Adak"]
NOT_READ_BACK = "DocumentReference"  # what was signed here is signed nowhere else


def rich(patient: Patient) -> None:
    """One of each that other systems tell, but for what says that there is none of what another names."""
    for name, resource in TOLD.items():
        if name != "no allergies":
            row(patient, resource)
    release_all(patient)


@pytest.fixture
def lived() -> Any:
    """Somebody with a signed visit, an order, results of which one is not released, one void, one marked."""
    running = visit(now=timezone.now())
    running.signs(now=timezone.now())
    patient, encounter = running.patient, running.encounter
    EntryFactory(patient=patient, encounter=encounter, display="Shown")
    EntryFactory(patient=patient, display="Held", code="2345-7", released_at=None)
    EntryFactory(patient=patient, display="Marked", code="718-7", sensitivity="mental_health")
    void = {"record_status": "entered_in_error", "voided_at": timezone.now(), "void_reason": "Wrong patient"}
    EntryFactory(patient=patient, display="Void", code="3016-3", **void)
    ServiceRequestFactory(patient=patient, encounter=encounter)
    PrescriptionFactory(patient=patient)
    PrescriptionFactory(patient=patient, status="draft")
    MedicationStatementFactory(patient=patient, ends_at=timezone.now())
    CoverageFactory(patient=patient)
    InvoiceFactory(patient=patient)
    AppointmentFactory(patient=patient, site=patient.site)
    return running


# == Who ==
def test_one_downloads_ones_own_as_the_portal_shows_it(lived, browser, audited) -> None:
    bundle = downloaded(browser(lived.rosa))
    assert well(bundle) == []
    assert dangling(bundle) == set()
    assert [one["code"]["text"] for one in of(bundle, "Observation")] == ["Shown", "Marked"]
    assert Counter(resource["resourceType"] for resource in of(bundle)) == Counter(
        {"Patient": 1, "Appointment": 1, "Encounter": 1, "ServiceRequest": 1, "Observation": 2, "DocumentReference": 1}
        | {"MedicationRequest": 1, "MedicationStatement": 1, "Coverage": 1, "Invoice": 1}
    )
    (patient,) = of(bundle, "Patient")
    assert patient["name"][0] == {"use": "official", "family": "Delgado", "given": ["Rosa"]}
    assert patient["identifier"][0]["value"] == lived.patient.mrn
    assert audited(lived.rosa).count(("records.download_record", "ok")) == 1


def test_the_page_of_papers_leads_there(lived, browser) -> None:
    page = browser(lived.rosa).get("/portal/papers/").text
    assert f'href="{DOOR}"' in page
    assert "not locked" in page


def test_who_acts_in_everything_downloads_too_but_for_what_is_marked(lived, browser) -> None:
    client, start = browser(proxy_of(lived.patient)), f"/portal/for/{lived.patient.pk}"
    assert f'href="{start}/download"' in client.get(f"{start}/papers/").text
    bundle = downloaded(client, f"{start}/download")
    assert well(bundle) == []
    assert dangling(bundle) == set()
    texts = [one["code"]["text"] for one in of(bundle, "Observation")]
    assert "Shown" in texts
    assert "Marked" not in str(bundle)


@pytest.mark.parametrize("scopes", [[Scope.IDENTITY, Scope.CLINICAL], [one for one in Scope if one != Scope.BILLING]])
def test_who_acts_in_less_does_not(scopes, lived, browser) -> None:
    client, start = browser(proxy_of(lived.patient, scopes=scopes)), f"/portal/for/{lived.patient.pk}"
    assert "/download" not in client.get(f"{start}/papers/").text
    assert client.get(f"{start}/download").status_code == 404


def test_neither_staff_nor_a_stranger_does(lived, browser) -> None:
    assert browser(lived.doctor).get(DOOR).status_code == 403
    stranger = browser(portal_user(PatientFactory()))
    assert stranger.get(f"/portal/for/{lived.patient.pk}/download").status_code == 404
    assert "Delgado" not in str(downloaded(stranger))
    assert Client().get(DOOR).status_code == 302


def test_the_verb_refuses_whoever_knocks_past_the_page(lived) -> None:
    less = proxy_of(lived.patient, scopes=[Scope.IDENTITY, Scope.CLINICAL])
    for user, refusal in ((lived.doctor, NotAllowed), (less, NotInScope), (portal_user(PatientFactory()), NotInScope)):
        with acting_as(user), pytest.raises(refusal):
            download_record(by=user, patient=lived.patient, now=timezone.now())


# == How ==
def test_too_often_in_a_minute_is_said(lived, browser, settings, one_minute) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"download": 2}
    client = browser(lived.rosa)
    answers = [client.get(DOOR) for _ in range(3)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert "Wait a minute" in answers[-1].text


def test_without_an_audit_line_there_is_no_file(lived, browser, no_audit) -> None:
    assert browser(lived.rosa).get(DOOR).status_code == 503


def test_it_is_read_in_pages_and_costs_a_query_a_page(lived, browser, monkeypatch) -> None:
    whole = downloaded(browser(lived.rosa))
    for _ in range(5):
        EntryFactory(patient=lived.patient)
    monkeypatch.setattr(bundles, "AT_ONCE", 2)
    in_pages = downloaded(browser(lived.rosa))
    assert len(in_pages["entry"]) == len(whole["entry"]) + 5
    assert whole["entry"][0]["resource"]["id"] == str(lived.patient.pk)


def test_whatever_fails_leaves_the_file_unfinished(lived, browser, takes_part) -> None:
    def broken(patient: Any, user: Any, now: Any) -> Any:
        raise LookupError

    takes_part("records.FhirResources", broken)
    answer = browser(lived.rosa).get(DOOR)
    read: list[bytes] = []
    with pytest.raises(LookupError):
        read.extend(answer.streaming_content)
    assert not b"".join(read).rstrip().endswith(b"]}")


def test_what_apps_to_the_right_bring_stands_in_it(lived, browser, takes_part) -> None:
    def brings(patient: Any, user: Any, now: Any) -> Any:
        whose = {"reference": f"Patient/{patient.pk}"}
        yield {"resourceType": "Basic", "id": "a1", "subject": whose}

    takes_part("records.FhirResources", brings)
    assert of(downloaded(browser(lived.rosa)), "Basic")[0]["id"] == "a1"


def test_results_hang_on_their_report_and_on_none_that_is_not_there(browser, rosa) -> None:
    report = EntryFactory(patient=rosa, kind="diagnostic_report", value=None, unit="", data={})
    shown = EntryFactory(patient=rosa, parent=report)
    EntryFactory(patient=rosa, parent=report, released_at=None)
    EncounterFactory(patient=rosa, status="entered_in_error")
    bundle = downloaded(browser(portal_user(rosa)))
    assert of(bundle, "DiagnosticReport")[0]["result"] == [{"reference": f"Observation/{shown.pk}"}]
    assert of(bundle, "Encounter") == []
    assert dangling(bundle) == set()


# == There and back ==
@pytest.mark.parametrize("zone", ZONES)
def test_another_clinic_reads_the_same_entries(zone, browser, tmp_path) -> None:
    patient = PatientFactory(site=SiteFactory(time_zone=zone))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
    rich(patient)
    with timezone.override(zone):
        bundle = downloaded(browser(portal_user(patient)))
        assert well(bundle) == []
        other, report = imported(bundle, tmp_path)
    assert other.pk != patient.pk
    assert report["rejected"] == []
    assert report["kept"] == {}
    assert sorted(map(facts, entries_of(other)), key=str) == sorted(map(facts, entries_of(patient)), key=str)
    assert (other.given_name, other.birth_date, other.sex) == (patient.given_name, patient.birth_date, patient.sex)
    again, report = imported(bundle, tmp_path)
    assert again.pk == other.pk
    assert set(report["imported"]) | set(report["kept"]) == set()
