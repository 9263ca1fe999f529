"""What has no kind of its own is kept whole and shown; versions, walls and the audit of everything taken in."""

import json
from typing import Any

import pytest
from django.db import connection

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.events.models import OutboxEvent
from records.actions.entries import void_entry
from records.actions.imports import Arrival, retire_kept, take_entries
from records.actions.problems import record_condition
from records.actions.writing import Content
from records.fhir import ConditionResource, KeptResource, ObservationResource
from records.kinds import NotOfKind, kind_of
from records.models import Entry
from records.queries.resources import LONGEST_TEXT, MOST_ROWS, contents_of, kept_by_type
from tests.factories import DiagnosisCodeFactory, EntryFactory, PatientFactory, portal_user, staff
from tests.records.arriving import NOW, coded, concept, entries, incoming, ledger, row_of, states, take, taken
from tests.records.test_fhir_chart import condition
from tests.records.test_fhir_observations import lab
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
KEPT = KeptResource()


def claim(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Claim",
        "status": "active",
        "type": {"coding": [{"code": "institutional"}]},
        "billablePeriod": {"start": "2019-05-11T14:40:43Z", "end": "2019-05-11T14:55:43Z"},
        "total": {"value": 129.16, "currency": "USD"},
        "text": {"status": "generated", "div": "<div><script>alert(1)</script>Narrative</div>"},
    } | fields


def kept(patient: Any, **fields: Any) -> Any:
    return taken(KEPT, incoming(patient, claim(**fields)))[0]


# == Kept whole ==
def test_a_resource_without_a_kind_is_kept_whole(rosa) -> None:
    row = kept(rosa)
    assert (row.kind, row.data["type"], row.display, row.effective_at.year) == (
        "imported",
        "Claim",
        "institutional",
        2019,
    )
    assert json.loads(row.data["resource"])["total"] == {"value": 129.16, "currency": "USD"}
    assert row.released_at is None
    assert kind_of("imported").summary(row) == "Claim: institutional"


@pytest.mark.parametrize(
    ("fields", "display"),
    [
        ({"type": None}, "Claim"),
        ({"type": None, "description": "Knee plan"}, "Knee plan"),
        ({"type": None, "description": concept("Lose weight")}, "Lose weight"),
        ({"type": None, "title": ["First", "Second"]}, "First"),
        ({"type": None, "name": [{"text": "Team A"}]}, "Team A"),
        ({"type": "x", "category": [concept("Self care")]}, "Self care"),
        ({"type": None, "deviceName": [{"name": "Pump"}], "code": 7}, "Claim"),
    ],
)
def test_what_it_is_called(rosa, fields, display) -> None:
    row = kept(rosa, **fields)
    assert row.display == display
    assert kind_of("imported").summary(row) == ("Claim" if display == "Claim" else f"Claim: {display}")


@pytest.mark.parametrize(
    ("fields", "year", "precision"),
    [
        ({"created": "2001"}, 2019, None),
        ({"billablePeriod": None, "created": "2001"}, 2001, "year"),
        ({"billablePeriod": {"start": "2050-01-01T00:00:00Z"}}, 2050, None),
        ({"billablePeriod": "x"}, 2026, "unknown"),
        ({"billablePeriod": None, "meta": {"lastUpdated": "2011-01-01T00:00:00Z"}}, 2011, None),
    ],
)
def test_its_date_is_the_first_that_it_says(rosa, fields, year, precision) -> None:
    row = kept(rosa, **fields)
    assert (row.effective_at.year, row.data.get("precision")) == (year, precision)


def test_an_error_of_its_source_is_void_and_what_speaks_of_nobody_is_refused(rosa) -> None:
    outcomes = take(KEPT, incoming(None, claim()), incoming(rosa, claim(status="entered-in-error")))
    assert states(outcomes) == ["rejected", "kept"]
    assert row_of(outcomes[1]).record_status == "entered_in_error"


def test_staff_find_kept_resources_under_their_own_heading_and_not_in_the_timeline(rosa, browser) -> None:
    row = kept(rosa)
    for number in range(35):
        kept(rosa, billablePeriod={"start": f"2010-01-{number % 28 + 1:02d}"})
    taken(KEPT, incoming(rosa, {"resourceType": "Goal", "description": {"text": "Walk <daily>"}}))
    client = browser(staff("nurse", rosa.site))
    timeline = client.get(f"/records/{rosa.pk}/entries/").content.decode()
    assert "institutional" not in timeline
    assert "Claim" in client.get(f"/records/{rosa.pk}/entries/?kind=imported").content.decode()
    overview = client.get(f"/patients/{rosa.pk}/").content.decode()
    assert "Imported resources" in overview
    assert "type=Claim" in overview
    first = client.get(f"/records/{rosa.pk}/imported/").content.decode()
    assert "Walk &lt;daily&gt;" in first
    assert "after=" in first
    goals = client.get(f"/records/{rosa.pk}/imported/?type=Goal").content.decode()
    assert ("Walk" in goals, "institutional" in goals) == (True, False)
    assert "institutional" in client.get(f"/records/{rosa.pk}/imported/?type=Nonsense&after=x").content.decode()
    page = client.get(f"/records/{rosa.pk}/entries/{row.pk}/").content.decode()
    assert "Billable period" in page
    assert "129.16 USD" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page  # as text, in the resource as it came


def test_a_chart_without_anything_kept_has_no_card_of_it(rosa, browser) -> None:
    client = browser(staff("nurse", rosa.site))
    assert "Imported resources" not in client.get(f"/patients/{rosa.pk}/").content.decode()
    assert "Nothing here" in client.get(f"/records/{rosa.pk}/imported/").content.decode()


def test_contents_are_read_line_by_line(rosa) -> None:
    row = kept(
        rosa,
        item=[
            {"sequence": 1, "net": {"value": 10.50, "currency": "USD"}, "productOrService": concept("Visit", "99213")},
            {"sequence": 2, "quantity": {"value": 3, "unit": "tablets"}, "exempt": True},
        ],
        provider={"reference": "Organization/1", "display": "River Bend"},
        enterer={"reference": "Practitioner/2"},
        priority={"system": "x", "code": "normal"},
        related=[{}],
        note="Plain",
    )
    lines = {said.label: said.value for said in contents_of(row).lines}
    assert lines == {
        "Billable period": "2019-05-11T14:40:43Z – 2019-05-11T14:55:43Z",
        "Enterer": "Practitioner/2",
        "Item 1 › net": "10.5 USD",
        "Item 1 › product or service": "Visit (99213)",
        "Item 1 › sequence": "1",
        "Item 2 › exempt": "yes",
        "Item 2 › quantity": "3 tablets",
        "Item 2 › sequence": "2",
        "Note": "Plain",
        "Priority": "normal",
        "Provider": "River Bend",
        "Status": "active",
        "Total": "129.16 USD",
        "Type": "institutional",
    }


def test_contents_are_shown_exactly_and_not_without_end(rosa) -> None:
    row = kept(rosa)
    row.data["resource"] = '{"resourceType":"Claim","total":{"value":72.500}}'
    assert '"value": 72.500' in contents_of(row).text
    row.data["resource"] = json.dumps({"item": [{"sequence": n} for n in range(1000)], "blob": "A" * LONGEST_TEXT})
    found = contents_of(row)
    assert (len(found.lines), len(found.text), found.cut) == (MOST_ROWS, LONGEST_TEXT, True)
    assert contents_of(EntryFactory.build(patient=rosa)) is None


# == Versions ==
def test_a_changed_resource_is_a_later_version(rosa) -> None:
    first = taken(ConditionResource(), incoming(rosa, condition()))[0]
    later = taken(ConditionResource(), incoming(rosa, condition(clinicalStatus=coded("resolved")), before=first))[0]
    assert (later.supersedes_id, later.record_status, later.clinical_status) == (first.pk, "amended", "resolved")
    with as_the_system():
        assert Entry.objects.get(pk=first.pk).superseded_at == NOW
        assert list(Entry.objects.current().filter(patient=rosa, kind="condition")) == [later]


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        ("preliminary", "final", "final"),
        ("preliminary", "corrected", "final"),
        ("final", "final", "amended"),
        ("final", "corrected", "corrected"),
        ("amended", "preliminary", "amended"),
    ],
)
def test_the_status_of_a_later_version_follows_the_table(rosa, before, now, status) -> None:
    observations = ObservationResource()
    first = taken(observations, incoming(rosa, lab(valueString="x", status=before)))[0]
    later = taken(observations, incoming(rosa, lab(valueString="y", status=now), before=first))[0]
    assert later.record_status == status


def test_what_its_source_takes_back_is_void_and_may_be_said_again(rosa) -> None:
    first = taken(ConditionResource(), incoming(rosa, condition()))[0]
    wrong = incoming(rosa, condition(verificationStatus=coded("entered-in-error")), before=first)
    assert take(ConditionResource(), wrong)[0].home.id == first.pk
    void = entries(rosa, pk=first.pk)[0]
    assert (void.record_status, void.voided_at, void.voided_by) == ("entered_in_error", NOW, None)
    again = taken(ConditionResource(), incoming(rosa, condition(), before=void))[0]
    assert (again.pk != first.pk, again.supersedes_id, again.record_status) == (True, None, "final")


def test_what_somebody_here_has_changed_stands(rosa, doctor) -> None:
    first = taken(ConditionResource(), incoming(rosa, condition()))[0]
    other = taken(ConditionResource(), incoming(rosa, condition(code=concept("Gout"))))[0]
    with acting_as(doctor):
        void_entry(by=doctor, entry=first, reason="Another patient's", now=NOW)
    outcomes = take(
        ConditionResource(),
        incoming(rosa, condition(clinicalStatus=coded("resolved")), before=first),
        incoming(rosa, condition(code=concept("Gout"), clinicalStatus=coded("resolved")), before=other),
    )
    assert states(outcomes) == ["kept", "imported"]
    assert row_of(outcomes[0]).data["because"] == "changed_here"
    with as_the_system():
        assert [row.display for row in Entry.objects.current().filter(patient=rosa, kind="condition")] == ["Gout"]
    third = take(ConditionResource(), incoming(rosa, condition(), before=row_of(outcomes[0])))
    assert states(third) == ["imported"]


def test_a_clinician_can_go_on_from_what_was_told(rosa, doctor, browser) -> None:
    row = taken(ConditionResource(), incoming(rosa, condition(verificationStatus=coded("provisional"))))[0]
    client = browser(doctor)
    page = client.get(f"/records/{rosa.pk}/problems/").content.decode()
    assert "provisional" in page
    client.post(f"/records/{rosa.pk}/problems/{row.pk}/change", {"status": "resolved"})
    with acting_as(doctor):
        record_condition(by=doctor, patient=rosa, code=DiagnosisCodeFactory(), now=NOW)
    details = client.get(f"/records/{rosa.pk}/entries/{row.pk}/").content.decode()
    assert "The resource as it came" in details
    assert "as another system told it" in details


def test_what_was_kept_and_has_a_model_now_is_retired_once(rosa) -> None:
    row = kept(rosa)
    with as_the_system():
        assert retire_kept(by=None, patient_ids={rosa.pk}, entry_ids={row.pk}, now=NOW) == 1
        assert retire_kept(by=None, patient_ids={rosa.pk}, entry_ids={row.pk}, now=NOW) == 0
        assert not Entry.objects.current().filter(patient=rosa).exists()


# == The verb ==
def test_content_that_does_not_fit_its_kind_is_refused_whole(rosa) -> None:
    good = Content(kind="procedure", display="x")
    bad = Content(kind="procedure", display="x", data={"nonsense": "x"})
    arrivals = [Arrival(rosa.pk, "fhir:", content, NOW) for content in (good, bad)]
    with as_the_system(), pytest.raises(NotOfKind):
        take_entries(by=None, arrivals=arrivals, now=NOW)
    assert entries(rosa) == []


def test_nothing_is_announced_and_each_patient_has_one_line_in_the_audit(rosa, django_assert_max_num_queries) -> None:
    other = PatientFactory()
    with taking_role("owner"):
        told, facts = AuditEvent.objects.count(), OutboxEvent.objects.count()
    high = lab(valueString="x", interpretation=[coded("HH")], effectiveDateTime="2026-11-19T14:00:00Z")
    batch = [incoming(patient, high) for patient in (rosa, other, rosa)]
    take(ObservationResource(), *batch)
    with taking_role("owner"):
        assert OutboxEvent.objects.count() == facts
        lines = list(AuditEvent.objects.order_by("id").values_list("action", "patient_id", "detail"))[told:]
    assert sorted(line for line in lines) == sorted(
        ("records.take_entries", patient.pk, {"rows": rows, "kinds": ["laboratory_result"]})
        for patient, rows in ((rosa, 2), (other, 1))
    )
    many = [incoming(rosa, lab(valueString=str(number))) for number in range(300)]
    known = ledger()
    with django_assert_max_num_queries(20):
        take(ObservationResource(), *many, known=known)


# == Walls ==
def test_charlie_the_desk_and_billing_see_nothing_of_it(rosa, browser) -> None:
    row = kept(rosa)
    problem = taken(ConditionResource(), incoming(rosa, condition()))[0]
    elsewhere = PatientFactory()
    pages = [f"/records/{rosa.pk}/imported/", *(f"/records/{rosa.pk}/entries/{one.pk}/" for one in (row, problem))]
    for user in (
        staff("front_desk", rosa.site),
        staff("billing", rosa.site),
        staff("doctor", elsewhere.site),
        portal_user(elsewhere),
    ):
        client = browser(user)
        for page in pages:
            answer = client.get(page)
            assert answer.status_code in (403, 404), page
            assert "Hypertension" not in answer.content.decode()
        with acting_as(user):
            assert not Entry.objects.visible_to(user).filter(pk__in=[row.pk, problem.pk]).exists()
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM records_entry WHERE patient_id = %s", [rosa.pk])
                assert cursor.fetchone() == (0,)
        chart = client.get(f"/patients/{rosa.pk}/").content.decode()
        assert "Imported resources" not in chart


def test_the_patient_sees_what_is_released_and_nothing_that_is_kept(rosa) -> None:
    row = kept(rosa)
    problem = taken(ConditionResource(), incoming(rosa, condition()))[0]
    patient = portal_user(rosa)
    with acting_as(patient):
        assert list(Entry.objects.visible_to(patient).filter(patient=rosa)) == [problem]
        assert kept_by_type(patient, rosa) == {}
        assert not Entry.objects.filter(pk=row.pk).exists()


def test_nobody_at_a_page_takes_entries_in_the_name_of_the_system(rosa, doctor) -> None:
    from django.db import ProgrammingError

    arrival = Arrival(rosa.pk, "fhir:", Content(kind="procedure", display="x"), NOW)
    with acting_as(doctor), pytest.raises(ProgrammingError, match="row-level security"):
        take_entries(by=None, arrivals=[arrival], now=NOW)
