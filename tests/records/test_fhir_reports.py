"""DiagnosticReport: a panel under which its results hang, whatever its source says later."""

from typing import Any

import pytest

from records.fhir import DiagnosticReportResource, ObservationResource
from tests.factories import staff
from tests.records.arriving import LOINC, concept, incoming, row_of, states, take, taken
from tests.records.test_fhir_observations import WHEN, lab

pytestmark = pytest.mark.django_db
OBSERVATION = ObservationResource()


def report(*results: str, **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": concept("Lipid panel", "57698-3", LOINC),
        "effectiveDateTime": WHEN,
        "result": [{"reference": reference} for reference in results],
    } | fields


def test_results_hang_on_their_report_however_it_names_them(rosa) -> None:
    names = ("Observation/a", "urn:uuid:b", "https://other.example/fhir/Observation/c", "Observation/d|x")
    held = taken(DiagnosticReportResource(), incoming(rosa, report(*names)))[0]
    resources = [incoming(rosa, lab(valueString="x") | {"id": name}) for name in ("a", "b", "c", "d")]
    found = taken(OBSERVATION, *resources)
    assert [row.parent_id for row in found] == [held.pk, held.pk, held.pk, None]
    assert (held.kind, held.released_at) == ("diagnostic_report", None)


def test_a_report_that_changes_keeps_its_results(rosa, browser) -> None:
    reports = DiagnosticReportResource()
    first = taken(reports, incoming(rosa, report("Observation/a")))[0]
    part = taken(OBSERVATION, incoming(rosa, lab(valueString="Clear") | {"id": "a"}))[0]
    second = taken(reports, incoming(rosa, report("Observation/a", conclusion="Fine"), before=first))[0]
    third = taken(reports, incoming(rosa, report("Observation/a", conclusion="Better"), before=second))[0]
    assert third.data["first"] == second.data["first"] == str(first.pk) == str(part.parent_id)
    assert (second.supersedes_id, third.record_status) == (first.pk, "amended")
    late = taken(OBSERVATION, incoming(rosa, lab(valueString="Late") | {"id": "a"}))[0]
    assert late.parent_id == first.pk
    page = browser(staff("doctor", rosa.site)).get(f"/records/{rosa.pk}/entries/{third.pk}/").content.decode()
    assert "Clear" in page
    assert "Better" in page


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ([{"contentType": "text/plain; charset=utf-8", "data": "Tm8gZnJhY3R1cmUu"}], "No fracture."),
        ([{"contentType": "application/pdf", "data": "JVBERi0="}], ""),
        ([{"contentType": "text/plain", "data": "no base64!"}], ""),
        ([{"contentType": "text/plain", "data": "/w=="}], ""),
        ([{"contentType": "text/plain"}], ""),
        ("x", ""),
    ],
)
def test_the_plain_text_of_a_report_can_be_read(rosa, form, text) -> None:
    row = taken(DiagnosticReportResource(), incoming(rosa, report(presentedForm=form)))[0]
    assert row.data.get("text", "") == text


@pytest.mark.parametrize(
    ("fields", "because"),
    [({"status": "cancelled"}, "cancelled"), ({"status": "unknown"}, "status"), ({"code": None}, "nothing_named")],
)
def test_reports_that_do_not_stand_are_kept(rosa, fields, because) -> None:
    outcome = take(DiagnosticReportResource(), incoming(rosa, report(**fields)))[0]
    assert (outcome.state, row_of(outcome).data["because"]) == ("kept", because)


@pytest.mark.parametrize(
    ("said", "status"),
    [("partial", "preliminary"), ("appended", "amended"), ("entered-in-error", "entered_in_error")],
)
def test_states_of_reports(rosa, said, status) -> None:
    outcomes = take(DiagnosticReportResource(), incoming(rosa, report(status=said, effectivePeriod={"start": "2020"})))
    assert states(outcomes) == ["imported"]
    assert row_of(outcomes[0]).record_status == status
