"""Results that arrive for nobody sure: none is rejected or guessed, one person settles each, nothing is lost."""

import json
import uuid
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.events.models import OutboxEvent
from patients.access import NotInScope
from patients.models import ImportedSource, PatientIdentifier
from records.actions import unmatched as verbs
from records.actions.writing import NotCurrent, NotRecorded
from records.models import Entry, ResultRelease, UnmatchedResult
from records.queries.orders import TooManyLists
from records.rules.unmatched import Person, Told
from tests.factories import PatientFactory, ProviderFactory, SiteFactory, UnmatchedResultFactory, staff
from tests.factories.records import POTASSIUM
from tests.fhir.samples import bundle, patient, written
from tests.records.ordering import BASIC, CHEST, one_order, order_now_is
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
LAB = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
LOINC = "http://loinc.org"


def potassium(key: str = "k1", value: float = 6.9, **said):
    return {
        "resourceType": "Observation",
        "id": key,
        "status": "final",
        "category": [LAB],
        "code": {"coding": [{"system": LOINC, "code": "2823-3", "display": "Potassium"}]},
        "effectiveDateTime": "2026-11-20T08:00:00Z",
        "valueQuantity": {"value": value, "unit": "mmol/L", "code": "mmol/L"},
        "subject": {"reference": "Patient/unknown", "display": "Teodora Brightwater"},
        **said,
    }


def report(key: str = "r1", **said):
    return {
        "resourceType": "DiagnosticReport",
        "id": key,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "36643-5", "display": "XR Chest 2 Views"}]},
        "effectiveDateTime": "2026-11-20T08:00:00Z",
        "conclusion": "Clear lungs.",
        "subject": {"display": "Teodora Brightwater"},
        **said,
    }


@pytest.fixture
def bring(tmp_path):
    """`bring(resource, …)`: `import_fhir` over them; its report."""
    site = SiteFactory(slug="lab-site", name="Lab site")

    def run(*resources, code: int = 0):
        path, output = written(tmp_path / f"{uuid.uuid4().hex}.json", bundle(*resources)), StringIO()
        ended = 0
        with taking_role("worker"):
            try:
                call_command("import_fhir", str(path), "--json", f"--site={site.slug}", stdout=output)
            except SystemExit as done:
                ended = done.code
        assert ended == code
        return json.loads(output.getvalue())

    return run


def rows() -> list[UnmatchedResult]:
    with as_the_system():
        return list(UnmatchedResult.objects.order_by("id"))


def opened(by, row: UnmatchedResult):
    with acting_as(by):
        found = verbs.open_unmatched(by=by, key=row.pk)
    assert found
    return found


def ask(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def match(by, row, patient, **more):
    found = opened(by, row)
    with acting_as(by):
        return verbs.match_result(by=by, found=found, patient=patient, now=NOW, **more)


# == As they arrive ==
def test_a_result_of_nobody_here_waits_and_is_not_rejected(bring) -> None:
    told = bring(potassium(), report())
    assert (told["rejected"], told["imported"]) == ([], {})
    assert told["unmatched"] == {"DiagnosticReport": 1, "Observation": 1}
    assert sorted((row.resource_type, row.why, row.state) for row in rows()) == [
        ("DiagnosticReport", "nobody", "open"),
        ("Observation", "nobody", "open"),
    ]
    assert bring(potassium(), report())["unchanged"] == 2
    assert len(rows()) == 2


def test_what_is_no_result_is_rejected_as_before(bring) -> None:
    pulse = potassium("p", code={"coding": [{"system": LOINC, "code": "8867-4"}]}, category=[])
    survey = potassium("s", category=[])
    empty = potassium("e")
    del empty["valueQuantity"]
    told = bring(pulse, survey, empty, code=1)
    assert [one["reason"] for one in told["rejected"]] == [
        "The patient it speaks about is not here, or it speaks of none."
    ] * 3
    assert "unmatched" not in told
    assert rows() == []


def test_what_arrives_is_ciphertext_and_the_web_login_reads_none_of_it(bring, rosa, nurse) -> None:
    bring(potassium())
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT headline, content FROM records_unmatchedresult")
        assert all(text.startswith("v1.") for text in cursor.fetchone())
    with acting_as(nurse), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        UnmatchedResult.objects.count()


@pytest.mark.parametrize(("people", "why"), [(1, "number"), (2, "several")])
def test_a_number_alone_places_nothing(bring, people, why) -> None:
    first, second = PatientFactory(), PatientFactory()
    with as_the_system():
        PatientIdentifier.objects.create(patient=first, system="lab", value="LAB-77")
        if people == 2:
            PatientIdentifier.objects.create(patient=second, system="other lab", value="LAB-77")
    bring(potassium(subject={"identifier": {"system": "lab", "value": "LAB-77"}}))
    assert [row.why for row in rows()] == [why]


def test_a_result_whose_order_is_anothers_waits(bring, doctor, rosa) -> None:
    ours = one_order(doctor, rosa, BASIC)
    told = {"resourceType": "ServiceRequest", "id": "s2", "status": "active", "intent": "order"}
    theirs = told | {"code": {"text": "Potassium"}, "subject": {"reference": "Patient/p2"}}
    mine = {"reference": "Patient/p1"}
    bring(
        *(patient(), patient("p2", birthDate="1980-01-01", name=[{"family": "Other", "given": ["One"]}]), theirs),
        potassium("a", subject=mine, basedOn=[{"reference": f"ServiceRequest/{ours.pk}"}]),
        potassium("b", subject=mine, basedOn=[{"reference": "ServiceRequest/s2"}]),
        potassium("c", subject=mine, basedOn=[{"reference": "ServiceRequest/nowhere"}]),
    )
    assert sorted((row.source_id, row.why) for row in rows()) == [("a", "order"), ("b", "order")]


def test_one_that_spoke_of_another_before_waits(bring) -> None:
    other = patient("p2", birthDate="1980-01-01", name=[{"family": "Other", "given": ["One"]}])
    bring(patient(), other, potassium(subject={"reference": "Patient/p1"}))
    told = bring(potassium(subject={"reference": "Patient/p2"}))
    assert told["unmatched"] == {"Observation": 1}
    assert [row.why for row in rows()] == ["before"]


def test_a_later_version_takes_the_place_of_one_that_waits(bring, nurse) -> None:
    bring(potassium())
    bring(potassium(value=4.1))
    (row,) = rows()
    assert opened(nurse, row).told.value == "4.1"


def test_told_again_of_somebody_known_it_waits_no_longer(bring) -> None:
    bring(potassium())
    told = bring(patient("unknown"), potassium())
    assert told["imported"] == {"Observation": 1, "Patient": 1}
    assert [row.state for row in rows()] == ["arrived"]


def test_the_words_of_the_laboratory_are_kept(bring, nurse) -> None:
    inside = {
        **patient("x", birthDate="1968-03", gender="female"),
        "name": [{"given": ["Teodora"], "family": "Brightwater"}],
        "identifier": [{"value": "LAB-77"}, {"value": "LAB-77"}, {"value": "B-2"}],
    }
    bring(potassium(contained=[inside], subject={"reference": "#x", "identifier": {"value": "LAB-77"}}))
    person = opened(nurse, rows()[0]).told.person
    assert person == Person("Teodora Brightwater", "1968-03", "female", ("LAB-77", "B-2"))


# == Who may ==
def test_the_list_shows_the_test_and_first_letters_the_oldest_first(nurse, doctor) -> None:
    first, second = UnmatchedResultFactory(), UnmatchedResultFactory()
    with acting_as(nurse):
        found = verbs.list_unmatched(by=nurse)
    assert [one.id for one in found] == [first.pk, second.pk]
    assert (found[0].display, found[0].person, found[0].told) == ("Potassium", "T••• B•••", None)
    assert "not known here" in found[0].because
    with acting_as(nurse, using="audit"):
        assert AuditEvent.objects.using("audit").filter(action="records.list_unmatched").count() == 1


@pytest.mark.parametrize("role", ["front_desk", "billing", "pharmacist", "administrator", "privacy_officer"])
def test_nobody_else_reads_or_settles_one(role, rosa, nurse) -> None:
    row, user = UnmatchedResultFactory(), staff(role, rosa.site)
    found = opened(nurse, row)
    with acting_as(user):
        for verb in (
            lambda: verbs.list_unmatched(by=user),
            lambda: verbs.open_unmatched(by=user, key=row.pk),
            lambda: verbs.set_aside_result(by=user, found=found, reason="x"),
            lambda: verbs.put_back_result(by=user, found=found),
            lambda: verbs.match_result(by=user, found=found, patient=rosa, now=NOW),
        ):
            with pytest.raises(NotAllowed):
                verb()
    for statement in (
        "SELECT * FROM app.unmatched_results('open', NULL)",
        f"SELECT app.settle_unmatched_result('{row.pk}', 'open', 'aside', 'x', NULL, NULL)",
    ):
        with acting_as(user), pytest.raises(DatabaseError, match="who enters results"):
            ask(statement)


def test_the_database_takes_no_other_way(rosa, nurse) -> None:
    row, strange = UnmatchedResultFactory(), PatientFactory()
    for arguments in (
        f"'{row.pk}', 'open', 'arrived', '', NULL, NULL",
        f"'{row.pk}', 'open', 'matched', '', '{strange.pk}', '{uuid.uuid4()}'",
        f"'{row.pk}', 'open', 'matched', '', '{rosa.pk}', '{uuid.uuid4()}'",
    ):
        with acting_as(nurse), pytest.raises(DatabaseError):
            ask(f"SELECT app.settle_unmatched_result({arguments})")


@pytest.mark.parametrize("action", ["records.list_unmatched", "records.open_unmatched"])
def test_the_list_is_not_asked_for_without_end(nurse, action) -> None:
    row = UnmatchedResultFactory()
    with acting_as(nurse):
        for _each in range(61):
            record(action, by=nurse)
        asked = {"records.list_unmatched": {}, "records.open_unmatched": {"key": row.pk}}
        with pytest.raises(TooManyLists, match="a lot of lists"):
            getattr(verbs, action.partition(".")[2])(by=nurse, **asked[action])


# == Whose it is ==
def test_a_matched_one_has_range_and_flag_and_is_announced(rosa, nurse, doctor) -> None:
    reader = ProviderFactory(user=doctor)
    with as_the_system():
        before = set(OutboxEvent.objects.values_list("pk", flat=True))
    entry = match(nurse, UnmatchedResultFactory(), rosa, provider=reader)
    assert (entry.patient, entry.data["flag"], entry.data["range"]["high"]) == (rosa, "critical_high", "5.1")
    assert (entry.provider, entry.released_at, entry.record_status) == (reader, None, "final")
    with as_the_system():
        told = set(OutboxEvent.objects.exclude(pk__in=before).values_list("name", flat=True))
        source = ImportedSource.objects.get(patient=rosa)
    assert any(kind.endswith("ResultEntered") for kind in told)
    assert (source.row_id, source.model) == (entry.pk, "records.entry")
    (row,) = rows()
    assert (row.state, row.matched_to, row.became, row.settled_by) == ("matched", rosa.pk, entry.pk, nurse)
    with acting_as(nurse):
        assert verbs.list_unmatched(by=nurse) == []


def test_it_answers_the_order_and_moves_it(rosa, nurse, doctor) -> None:
    order = one_order(doctor, rosa, BASIC)
    entry = match(nurse, UnmatchedResultFactory(), rosa, request=order)
    assert (entry.request, entry.provider) == (order, order.provider)
    assert order_now_is(order).status == "preliminary"
    image = one_order(doctor, rosa, CHEST)
    read = Told("diagnostic_report", NOW.isoformat(), CHEST, "loinc", "XR Chest", data={"conclusion": "Clear."})
    match(nurse, UnmatchedResultFactory(told=read), rosa, request=image)
    assert order_now_is(image).status == "final"
    wrong = Told("laboratory_result", NOW.isoformat(), "9-9", "loinc", "x", "1", "mmol/L", data={"flag": ""})
    lipids, other = one_order(doctor, rosa, "57698-3"), UnmatchedResultFactory(told=wrong)
    with pytest.raises(NotRecorded, match="not ordered"):
        match(nurse, other, rosa, request=lipids)


@pytest.mark.parametrize(
    ("changes", "value", "typed"),
    [
        (
            {"code": "2345-7", "value": "5.6", "unit": "mmol/L", "data": {"flag": "", "comparator": "<"}},
            100.9,
            "<5.6 mmol/L",
        ),
        ({"unit": "furlong"}, 6.9, None),
        ({"data": {"flag": "abnormal", "comparator": ">="}}, 6.9, None),
        ({"data": {"flag": "high", "range": {"low": "3.5", "high": "5.1", "source": "lab"}}}, 6.9, None),
    ],
)
def test_units_and_words_that_are_not_ours(rosa, nurse, changes, value, typed) -> None:
    said = {name: getattr(POTASSIUM, name) for name in Told.__dataclass_fields__} | changes
    entry = match(nurse, UnmatchedResultFactory(told=Told(**said)), rosa)
    assert (float(entry.value), entry.data.get("typed")) == (value, typed)


def test_what_is_sensitive_stays_so_and_a_private_one_goes_out_by_no_rule(rosa, doctor) -> None:
    said = {name: getattr(POTASSIUM, name) for name in Told.__dataclass_fields__}
    told = Told(**said | {"sensitivity": "reproductive", "private": True})
    entry = match(doctor, UnmatchedResultFactory(told=told), rosa)
    with as_the_system():
        row = Entry.objects.get(pk=entry.pk)
        assert not ResultRelease.objects.filter(entry=row).exists()
    assert row.sensitivity == "reproductive"


def test_a_corrected_version_follows_the_one_that_was_matched(bring, rosa, nurse, doctor) -> None:
    bring(potassium(status="preliminary"))
    first = match(nurse, rows()[0], rosa)
    assert first.record_status == "preliminary"
    assert bring(potassium(status="preliminary"))["unchanged"] == 1
    bring(potassium(value=4.2))
    second = match(nurse, rows()[1], rosa)
    assert (second.supersedes_id, second.record_status, second.data["flag"]) == (first.pk, "final", "")
    bring(potassium(value=4.4, status="corrected"))
    third = match(nurse, rows()[2], rosa)
    assert (third.supersedes_id, third.record_status) == (second.pk, "corrected")
    bring(potassium(value=4.4, status="entered-in-error"))
    fourth = match(nurse, rows()[3], rosa)
    with as_the_system():
        assert Entry.objects.get(pk=fourth.pk).record_status == "entered_in_error"


def test_one_that_its_source_calls_wrong_is_set_aside(bring, rosa, nurse) -> None:
    bring(potassium(status="entered-in-error"))
    with pytest.raises(NotRecorded, match="calls this result wrong"):
        match(nurse, rows()[0], rosa)
    with acting_as(nurse), pytest.raises(ValueError, match="Open it"):
        verbs.match_result(by=nurse, found=verbs.list_unmatched(by=nurse)[0], patient=rosa, now=NOW)


def test_nobody_matches_to_a_patient_out_of_reach(nurse) -> None:
    row = UnmatchedResultFactory()
    with pytest.raises(NotInScope):
        match(nurse, row, PatientFactory())
    assert rows()[0].state == "open"


def test_of_two_people_one_wins_and_the_other_leaves_no_trace(rosa, nurse, doctor) -> None:
    row, wanda = UnmatchedResultFactory(), PatientFactory(site=rosa.site)
    seen = opened(doctor, row)
    match(nurse, row, rosa)
    with acting_as(doctor), pytest.raises(NotCurrent, match="quicker"):
        verbs.match_result(by=doctor, found=seen, patient=wanda, now=NOW)
    with acting_as(doctor), pytest.raises(NotCurrent):
        verbs.set_aside_result(by=doctor, found=seen, reason="Nobody's")
    with as_the_system():
        assert not Entry.objects.filter(patient=wanda).exists()


# == Set aside ==
def test_one_is_set_aside_with_a_reason_and_put_back(nurse) -> None:
    row = UnmatchedResultFactory()
    found = opened(nurse, row)
    with acting_as(nurse):
        with pytest.raises(NotRecorded):
            verbs.set_aside_result(by=nurse, found=found, reason="  ")
        verbs.set_aside_result(by=nurse, found=found, reason="Not a patient of ours")
        assert verbs.list_unmatched(by=nurse) == []
        (aside,) = verbs.list_unmatched(by=nurse, aside=True)
        assert (aside.reason, aside.settled_by) == ("Not a patient of ours", nurse.full_name)
        verbs.put_back_result(by=nurse, found=aside)
        assert [one.id for one in verbs.list_unmatched(by=nurse)] == [row.pk]
        with pytest.raises(NotCurrent):
            verbs.put_back_result(by=nurse, found=aside)


def test_one_set_aside_is_not_put_back_beside_its_later_version(bring, nurse) -> None:
    bring(potassium())
    first = opened(nurse, rows()[0])
    with acting_as(nurse):
        verbs.set_aside_result(by=nurse, found=first, reason="Not ours")
    assert bring(potassium())["unchanged"] == 1
    bring(potassium(value=4.1))
    assert [row.state for row in rows()] == ["aside", "open"]
    with acting_as(nurse), pytest.raises(NotCurrent):
        verbs.put_back_result(by=nurse, found=first)
