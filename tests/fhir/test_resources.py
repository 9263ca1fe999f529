"""Where references lead (FHIR R4 section 2.3), and what the ledger tells of them."""

import uuid
from datetime import UTC, datetime

import pytest

from healthcare.accounts.models import Site
from healthcare.fhir import resources
from healthcare.fhir.resources import ANYWHERE, DIRECTORY, Home, Incoming, Ledger, Outcome, keys_of, texts_of

OURS = "https://ehr.example/fhir"
PATIENT, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def ledger():
    mapped = {"g2": Site(name="West", slug="west")}
    return Ledger(
        run=uuid.uuid4(), site=Site(name="Main", slug="main"), now=datetime(2026, 1, 1, tzinfo=UTC), mapped_sites=mapped
    )


def incoming(resource=None, *, system="", urls=None, patient_id=PATIENT):
    return Incoming(
        resource or {}, "Observation", system, "o1", "{}", "", "file", "", local_urls=urls or {}, patient_id=patient_id
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Patient/p1", (OURS, "Patient", "p1")),
        ("Patient/p1/_history/3", (OURS, "Patient", "p1")),
        ("https://other.example/r4/Patient/p1", ("https://other.example/r4", "Patient", "p1")),
        ("https://other.example/r4/Patient/p1/_history/2", ("https://other.example/r4", "Patient", "p1")),
        ("urn:uuid:aaaa", (OURS, "", "aaaa")),
        ("urn:uuid:bbbb", (OURS, "Patient", "p7")),
        ("Practitioner?identifier=http://npi|99", (ANYWHERE, "Practitioner", "http://npi|99")),
    ],
)
def test_references_are_sources(text, key):
    assert keys_of(incoming(system=OURS, urls={"urn:uuid:bbbb": (OURS, "Patient", "p7")}), text) == [key]


@pytest.mark.parametrize(
    "text", ["#contained", "", "javascript:alert(1)", "patient", "http://x", "Patient/a b", None, 7]
)
def test_what_leads_nowhere(text):
    assert keys_of(incoming(), text) == []


def test_references_come_alone_in_a_list_or_as_text():
    assert texts_of([{"reference": "a"}, {"display": "x"}, "b", 3]) == ["a", "b"]


def test_the_ledger_knows_by_type_by_bare_id_and_by_identifier(ledger):
    home = Home("patients.patient", PATIENT, PATIENT)
    ledger.note(("", "Patient", "p1"), home, ["urn:mrn|12"])
    for said in ("Patient/p1", "urn:uuid:p1", "Patient?identifier=urn:mrn|12", [{"reference": "x"}, "Patient/p1"]):
        assert ledger.home(incoming(), said) == home
    assert ledger.home(incoming(), "Patient/p2") is None
    assert ledger.home(incoming(system=OURS), "Patient/p1") is None
    ledger.forget()
    assert ledger.home(incoming(), "Patient/p1") is None


def test_a_row_of_another_patient_is_not_given_away(ledger):
    visit = uuid.uuid4()
    ledger.note(("", "Encounter", "e1"), Home("records.encounter", visit, PATIENT))
    assert ledger.local(incoming(), "Encounter/e1", "records.encounter") == visit
    assert ledger.local(incoming(patient_id=OTHER), "Encounter/e1", "records.encounter") is None
    assert ledger.local(incoming(), "Encounter/e1", "records.entry") is None
    assert ledger.local(incoming(), "Encounter/e2", "records.encounter") is None


def test_the_content_of_what_is_contained_or_nobodys(ledger):
    resource = {"contained": [{"id": "c", "resourceType": "Medication"}, "nonsense"]}
    assert ledger.content(incoming(resource), {"reference": "#c"})["resourceType"] == "Medication"
    assert ledger.content(incoming(resource), {"reference": "#d"}) is None
    assert ledger.content(incoming({"contained": "nonsense"}), {"reference": "#c"}) is None
    row = uuid.uuid4()
    ledger.note(("", "Medication", "m1"), Home("patients.directoryresource", row))
    ledger.note_content(row, {"id": "m1"})
    assert ledger.content(incoming(), "Medication/m1") == {"id": "m1"}
    assert ledger.content(incoming(), "Medication/m2") is None


def test_sites_are_those_of_the_run_unless_mapped(ledger):
    assert ledger.site_of(incoming(), "Organization/g2").slug == "west"
    assert ledger.site_of(incoming(), "Organization/g1").slug == "main"
    assert ledger.site_of(incoming(), None).slug == "main"


def test_outcomes_say_where():
    home = Home("patients.patient", PATIENT, PATIENT)
    row = Site(name="x")
    assert Outcome.imported(home) == Outcome("imported", home)
    assert Outcome.kept(row).home == Home("accounts.site", row.pk, None)
    assert Outcome.unchanged().state == "unchanged"
    assert Outcome.homeless().home is None
    assert Outcome.rejected("no").reason == "no"


def test_the_order_of_types():
    assert resources.order_of("Organization") < resources.order_of("Patient") < resources.order_of("Basic")
    assert "Patient" not in DIRECTORY
