"""One run of an import: each resource once, parents first, and what is bad is left out alone."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections

from healthcare.audit.models import AuditEvent
from healthcare.fhir import resources
from healthcare.fhir.resources import Home, Incoming, Ledger, Outcome, Unfit
from healthcare.fhir.unpacking import Rejection
from patients.importing import run as running
from patients.importing.run import Import, Report
from patients.models import DirectoryResource, ImportedSource, Patient
from tests.factories import PatientFactory, SiteFactory
from tests.fhir.samples import bundle, observation, organization, patient, read, written
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
TAKEN: list[list[Incoming]] = []
LINKS: dict[str, Any] = {}


class Encounters:
    type, order = "Encounter", 30

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        return [Outcome.imported(home(one, "test.encounter")) for one in batch]


class Observations:
    """Does as the resource says, so that a test can say it."""

    type, order = "Observation", 45

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        TAKEN.append(list(batch))
        return [self._one(one, ledger) for one in batch]

    def _one(self, one: Incoming, ledger: Ledger) -> Outcome:
        LINKS[one.source_id] = ledger.local(one, one.resource.get("encounter"), "test.encounter")
        match one.resource.get("do"):
            case "crash":
                raise KeyError("a secret")
            case "unfit":
                raise Unfit("It does not fit.")
            case "database":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
            case "later":
                break_a_key()
            case "reject":
                return Outcome.rejected("No.")
            case "homeless":
                return Outcome.homeless()
            case "unchanged":
                return Outcome.unchanged()
        return Outcome.imported(home(one, "test.observation"))


class Keeper:
    type, order = "", resources.LAST

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        return [Outcome.kept(home(one, "test.kept")) for one in batch]


def home(one: Incoming, model: str) -> Home:
    return one.before or Home(model, uuid.uuid4(), one.patient_id)


def break_a_key() -> None:
    """A deferred key that leads nowhere: found only when the constraints are asked for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_importedsource (id, created_at, updated_at, system, source_id, resource_type, model,"
            " row_id, patient_id, kept, digest, run, identifiers) VALUES (gen_random_uuid(), now(), now(), '', %s,"
            " 'X', '', gen_random_uuid(), gen_random_uuid(), false, '', gen_random_uuid(), '{}')",
            [uuid.uuid4().hex],
        )


@pytest.fixture(autouse=True)
def _named(settings):
    here = "tests.patients.test_import_run"
    settings.FHIR_RESOURCES = ["patients.fhir.PatientResource", f"{here}.Encounters", f"{here}.Observations"]
    settings.FHIR_FALLBACK = f"{here}.Keeper"
    clear()
    TAKEN.clear()
    LINKS.clear()
    yield
    clear()


def clear() -> None:
    resources.resources.cache_clear()
    resources.fallback.cache_clear()


@pytest.fixture
def site():
    return SiteFactory()


@pytest.fixture
def take(tmp_path, site):
    """`take(resource, …)`: one run over a file of these lines; its report."""

    def run(*lines: Any, system: str = "", dry_run: bool = False, name: str = "a.ndjson", **options: Any) -> Report:
        path = written(tmp_path / name, *lines)
        ledger = Ledger(run=uuid.uuid4(), site=site, now=datetime(2026, 5, 1, tzinfo=UTC), **options)
        running_import = Import(ledger, dry_run=dry_run)
        with taking_role("worker"):
            running_import.take_all(read(path, system=system))
        return running_import.report

    return run


def sources() -> list[ImportedSource]:
    with as_the_system():
        return list(ImportedSource.objects.order_by("resource_type", "source_id"))


def reasons(report: Report) -> dict[str, str]:
    return {found.resource: found.reason for found in report.rejected}


def counts(report: Report) -> tuple[dict[str, int], dict[str, int], int, int]:
    return dict(report.imported), dict(report.kept), report.unchanged, len(report.rejected)


# == Once ==
def test_a_run_counts_what_it_read_and_the_second_finds_all_unchanged(take):
    lines = [patient(), organization(), observation(), {**observation("c1"), "resourceType": "CarePlan"}]
    assert counts(take(*lines)) == ({"Patient": 1, "Observation": 1}, {"Organization": 1, "CarePlan": 1}, 0, 0)
    assert counts(take(*lines)) == ({}, {}, 4, 0)
    assert len(sources()) == 4


def test_bundles_and_ndjson_of_one_source_meet(take):
    urls = ["urn:uuid:p1", "urn:uuid:o1"]
    take(bundle(patient(), observation(of="urn:uuid:p1"), urls=urls), name="a.json")
    assert counts(take(patient(), observation(of="urn:uuid:p1"))) == ({}, {}, 2, 0)


def test_the_same_resource_twice_in_a_run_counts_twice_and_is_one_row(take, monkeypatch):
    report = take(bundle(patient(), organization()), bundle(patient("p2"), organization()), organization())
    assert counts(report) == ({"Patient": 2}, {"Organization": 3}, 0, 0)
    monkeypatch.setattr(running, "SOME", 1)
    lines = [patient(), organization("g2"), patient("p9"), organization("g2")]
    assert counts(take(*lines)) == ({"Patient": 1}, {"Organization": 2}, 1, 0)
    with as_the_system():
        assert DirectoryResource.objects.count() == 2


def test_two_systems_may_use_one_id(take):
    take(patient(), system="east")
    assert counts(take(patient(), system="west")) == ({"Patient": 1}, {}, 0, 0)
    assert [source.system for source in sources()] == ["east", "west"]


def test_a_changed_resource_comes_with_where_it_lives(take):
    take(patient(), observation())
    report = take(patient(), observation(status="amended"))
    assert counts(report) == ({"Observation": 1}, {}, 1, 0)
    before = TAKEN[-1][0].before
    assert before is not None
    assert before.id == TAKEN[-1][0].before.id == next(s.row_id for s in sources() if s.resource_type == "Observation")


def test_two_versions_in_one_file_come_one_after_the_other(take):
    take(patient(), observation(), observation(status="amended"))
    assert [[one.resource["status"] for one in batch] for batch in TAKEN] == [["final"], ["amended"]]
    assert len(sources()) == 2


def test_a_directory_resource_is_replaced_by_its_next_version(take):
    take(organization())
    take(organization(name="River Street Clinic"))
    with as_the_system():
        assert [row.content["name"] for row in DirectoryResource.objects.order_by("pk")] == ["River Street Clinic"]


# == Whose it is ==
@pytest.mark.parametrize("element", ["subject", "patient", "beneficiary", "individual", "for"])
def test_whom_it_is_about(take, element):
    report = take(patient(), {"resourceType": "Basic", "id": "b", element: {"reference": "Patient/p1"}})
    assert report.kept["Basic"] == 1
    kept = next(source for source in sources() if source.resource_type == "Basic")
    assert kept.patient_id == next(source.row_id for source in sources() if source.resource_type == "Patient")


def test_appointments_name_their_patient_among_others_and_provenance_by_its_target(take):
    visit = {
        "resourceType": "Appointment",
        "id": "a",
        "participant": ["nonsense", {"actor": {"reference": "Practitioner/x"}}, {"actor": {"reference": "Patient/p1"}}],
    }
    provenance = {"resourceType": "Provenance", "id": "z", "target": [{"reference": "Appointment/a"}]}
    assert take(patient(), visit, provenance).kept == {"Appointment": 1, "Provenance": 1}


@pytest.mark.parametrize("subject", [{"reference": "Patient/unknown"}, {"display": "somebody"}, None, "nonsense"])
def test_what_is_nobodys_and_should_be_somebodys_is_rejected(take, subject):
    report = take(patient(), {**observation(), "subject": subject})
    assert reasons(report) == {"Observation/o1": "The patient it speaks about is not here, or it speaks of none."}


def test_a_patient_of_the_clinic_whom_no_import_brought_is_not_reached_by_a_guessed_id(take):
    known = PatientFactory()
    report = take(observation(of=f"Patient/{known.pk}"))
    assert len(report.rejected) == 1


def test_nothing_moves_to_another_chart(take):
    take(patient(), patient("p2"), observation())
    report = take(observation(of="Patient/p2"))
    assert reasons(report) == {"Observation/o1": "It spoke of another patient when it was imported before."}


def test_a_visit_of_another_patient_is_no_link(take):
    visit = {"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/p1"}}
    seen = {"encounter": {"reference": "Encounter/e1"}}
    take(patient(), patient("p2"), visit, observation("o1", **seen), observation("o2", of="Patient/p2", **seen))
    assert LINKS["o1"] is not None
    assert LINKS["o2"] is None


# == In order ==
def test_parents_come_first_within_a_batch(take):
    assert take(observation(), organization(), patient()).rejected == []


def test_what_comes_before_its_parents_waits_for_them(take, monkeypatch):
    """As in a folder where AllergyIntolerance.ndjson stands before Patient.ndjson."""
    monkeypatch.setattr(running, "MOST", 1)
    visit = {"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/p1"}}
    seen = observation(encounter={"reference": "Encounter/e1"}, valueQuantity={"value": 1.10})
    report = take(seen, visit, patient())
    assert counts(report) == ({"Patient": 1, "Encounter": 1, "Observation": 1}, {}, 0, 0)
    assert LINKS["o1"] is not None
    assert str(TAKEN[0][0].resource["valueQuantity"]["value"]) == "1.1"


def test_addresses_known_in_a_bundle_alone_are_kept_while_waiting(take, monkeypatch):
    monkeypatch.setattr(running, "MOST", 1)
    whole = bundle(observation(of="urn:uuid:aaaa"), patient(), urls=["urn:uuid:o1", "urn:uuid:aaaa"])
    assert take(whole, name="a.json").imported == {"Patient": 1, "Observation": 1}


def test_what_leads_nowhere_is_waited_for_to_the_end_and_then_left_unresolved(take):
    report = take(patient(), observation(encounter={"reference": "Encounter/nowhere"}))
    assert counts(report) == ({"Patient": 1, "Observation": 1}, {}, 0, 0)
    assert LINKS["o1"] is None


def test_many_references_by_identifier(take):
    medication = {
        "resourceType": "Medication",
        "id": "m1",
        "identifier": [{"system": "urn:rx", "value": "7"}, {"value": "8"}, {"system": "urn:rx"}],
    }
    take(patient(), medication)
    assert [source.identifiers for source in sources() if source.identifiers] == [["urn:rx|7", "|8"]]
    seen = observation(encounter={"reference": "Medication?identifier=urn:rx|7"})
    assert take(seen).imported == {"Observation": 1}


def test_batches_end_where_they_grow_too_large(take, monkeypatch):
    monkeypatch.setattr(running, "MOST_CHARACTERS", 100)
    take(patient(), *[observation(f"o{number}") for number in range(6)])
    assert len(TAKEN) > 2
    assert sum(map(len, TAKEN)) == 6


def test_a_document_ends_a_batch_that_has_enough(take, monkeypatch):
    monkeypatch.setattr(running, "SOME", 2)
    report = take(patient(), observation(), observation("o2"))
    assert report.imported.total() == 3


# == The bad one alone ==
@pytest.mark.parametrize(
    ("do", "reason"),
    [
        ("crash", "It has a shape that is not understood (KeyError)."),
        ("unfit", "It does not fit."),
        ("database", "The database refused it (22012)."),
        ("later", "The database refused it (23503 patients_importedsou"),
        ("reject", "No."),
    ],
)
def test_a_bad_resource_does_not_stop_the_rest(take, do, reason):
    rows = [observation(f"o{number}") for number in range(7)]
    rows[4]["do"] = do
    report = take(patient(), *rows)
    assert report.imported["Observation"] == 6
    assert list(reasons(report)) == ["Observation/o4"]
    assert reasons(report)["Observation/o4"].startswith(reason)
    assert "secret" not in str(report.rejected)
    assert len([source for source in sources() if source.resource_type == "Observation"]) == 6


def test_a_rejected_one_comes_in_once_it_is_mended(take):
    take(patient(), observation(do="reject"))
    assert counts(take(patient(), observation())) == ({"Observation": 1}, {}, 1, 0)


def test_what_no_class_can_house_is_kept_whole(take):
    assert take(patient(), observation(do="homeless")).kept == {"Observation": 1}


def test_a_class_may_find_it_unchanged(take):
    assert counts(take(patient(), observation(do="unchanged"))) == ({"Patient": 1}, {}, 1, 0)


def test_a_connection_that_is_gone_is_not_a_bad_resource(take, monkeypatch):
    monkeypatch.setattr(type(connections["default"]), "is_usable", lambda _self: False)
    with pytest.raises(Exception, match="division by zero"):
        take(patient(), observation(do="database"))


def test_places_that_could_not_be_read_are_in_the_report(take, tmp_path):
    path = tmp_path / "bad.ndjson"
    path.write_text(json.dumps(patient()) + "\n{")
    ledger = Ledger(run=uuid.uuid4(), site=SiteFactory(), now=datetime(2026, 5, 1, tzinfo=UTC))
    found = Import(ledger)
    with taking_role("worker"):
        found.take_all(read(path))
    assert found.report.imported == {"Patient": 1}
    assert found.report.rejected == [
        Rejection(str(path), "line 2", "It is not JSON: Expecting property name enclosed in double quotes at column 2.")
    ]


# == What stays ==
def test_a_dry_run_does_it_all_and_leaves_nothing(take):
    assert counts(take(patient(), observation(do="reject"), dry_run=True)) == ({"Patient": 1}, {}, 0, 1)
    assert sources() == []
    with as_the_system():
        assert not Patient.objects.exists()
        assert not AuditEvent.objects.filter(action="fhir.import").exists()


def test_the_run_leaves_one_line_with_its_counts(take):
    take(patient(), observation(do="reject"))
    with as_the_system():
        line = AuditEvent.objects.get(action="fhir.import")
    assert line.purpose == "fhir_import"
    assert line.detail == {"imported": 1, "kept": 0, "unchanged": 0, "rejected": 1}


def test_the_web_login_cannot_import(take, tmp_path, site):
    ledger = Ledger(run=uuid.uuid4(), site=site, now=datetime(2026, 5, 1, tzinfo=UTC))
    with pytest.raises(Exception, match=r"permission denied|row-level security"):
        Import(ledger).take_all(read(written(tmp_path / "a.json", patient())))
