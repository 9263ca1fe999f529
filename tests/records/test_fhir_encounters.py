"""Encounter: a visit elsewhere, which is nobody's here to write, to sign or to bill."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.queries import unbilled_encounters
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from healthcare.fhir.resources import Home
from records.access.encounters import can_finish, can_write, holds
from records.actions.encounters import finish_encounter
from records.fhir import EncounterResource
from records.fhir.encounters import reason_of
from records.models import Encounter, Entry
from tests.factories import EncounterFactory, ProviderFactory, staff
from tests.records.arriving import NOW, SYSTEM, concept, entries, incoming, ledger, row_of, states, take, taken
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ENCOUNTER = EncounterResource()


def visit(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [concept("Office visit", "316744009")],
        "reasonCode": [concept("Acute bronchitis", "10509002")],
        "period": {"start": "2018-10-04T19:33:18-04:00", "end": "2018-10-04T19:48:18-04:00"},
    } | fields


def test_a_visit_elsewhere_is_finished_and_has_no_provider_of_ours(rosa) -> None:
    people = [
        {"individual": {"display": "Nurse Joy"}},
        {"type": [concept("primary", "PPRF")], "individual": {"display": "Dr. Roe"}},
    ]
    resource = visit(participant=people, serviceProvider={"display": "River Bend"})
    row = taken(ENCOUNTER, incoming(rosa, resource))[0]
    assert (row.status, row.provider_id, row.site_id, row.reason) == ("finished", None, None, "Acute bronchitis")
    assert (row.whom, row.where, row.with_whom_and_where) == ("Dr. Roe", "River Bend", "Dr. Roe, River Bend")
    assert row.source == f"fhir:{SYSTEM}"
    assert (row.told["type"], '"Acute bronchitis"' in row.told["resource"]) == ("Office visit", True)
    assert (row.started_at.isoformat(), row.finished_at.isoformat()) == (
        "2018-10-04T23:33:18+00:00",
        "2018-10-04T23:48:18+00:00",
    )


def test_names_come_from_the_directory_where_the_visit_has_none(rosa) -> None:
    known = ledger()
    for kind, name in (("Practitioner", [{"given": ["Sam"], "family": "Roe"}]), ("Organization", "River Bend")):
        home = Home("fhir.directory", uuid4())
        known.note((SYSTEM, kind, "x"), home)
        known.note_content(home.id, {"resourceType": kind, "name": name})
    resource = visit(
        participant=[{"individual": {"reference": "Practitioner/x"}}],
        serviceProvider={"reference": "Organization/x"},
    )
    row = taken(ENCOUNTER, incoming(rosa, resource), known=known)[0]
    assert row.with_whom_and_where == "Sam Roe, River Bend"


def test_a_visit_of_which_nobody_says_where_was_elsewhere(rosa) -> None:
    row = taken(ENCOUNTER, incoming(rosa, visit(location=[{"location": {"reference": "Location/none"}}])))[0]
    assert (row.whom, row.where) == ("", "elsewhere")
    with timezone.override("America/Chicago"):
        assert row.time_zone == "America/Chicago"
    assert EncounterFactory().time_zone


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "Acute bronchitis"),
        ({"reasonCode": None}, "Office visit"),
        ({"reasonCode": None, "reasonReference": [{"display": "Cough"}]}, "Cough"),
        ({"reasonCode": None, "type": None, "class": {"code": "EMER", "display": "emergency"}}, "emergency"),
        ({"reasonCode": None, "type": None, "class": "AMB"}, ""),
        ({"reasonCode": [concept("x" * 290)]}, "x" * 199 + "…"),
    ],
)
def test_why_somebody_came(fields, reason) -> None:
    assert reason_of(visit(**fields)) == reason


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"status": "in-progress"}, False),
        ({"period": {"start": "2018-10-04"}}, True),
        ({"period": {"end": "2018-10-04T19:48:18-04:00"}}, True),
        ({"period": {"start": "2018-10-04T19:33:18-04:00", "end": "2018-10-03"}}, True),
    ],
)
def test_a_visit_that_has_an_end_is_over_and_never_ends_before_it_began(rosa, fields, same) -> None:
    row = taken(ENCOUNTER, incoming(rosa, visit(**fields)))[0]
    assert row.status == "finished"
    assert (row.started_at == row.finished_at) is same


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"status": "planned"}, "not_over"),
        ({"status": "cancelled"}, "not_over"),
        ({"status": "in-progress", "period": {"start": "2018"}}, "not_over"),
        ({"period": None}, "undated"),
        ({"period": {"start": "2050-01-01"}}, "future"),
    ],
)
def test_what_has_not_taken_place_is_kept_whole(rosa, fields, because) -> None:
    outcome = take(ENCOUNTER, incoming(rosa, visit(**fields)))[0]
    assert (outcome.state, row_of(outcome).data["because"]) == ("kept", because)


def test_a_visit_that_its_source_marks_is_kept_marked_and_seen_by_few(rosa) -> None:
    labels = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]}
    outcome = take(ENCOUNTER, incoming(rosa, visit(meta=labels)))[0]
    row = row_of(outcome)
    assert (outcome.state, row.data["because"], row.sensitivity) == ("kept", "sensitive", "mental_health")
    assert row.released_at is None


def test_a_batch_answers_in_order_whatever_each_became(rosa) -> None:
    resources = (visit(), visit(status="planned"), visit(status="entered-in-error", period=None))
    outcomes = take(ENCOUNTER, incoming(None, visit()), *(incoming(rosa, one) for one in resources))
    assert states(outcomes) == ["rejected", "imported", "kept", "imported"]
    assert row_of(outcomes[3]).status == "entered_in_error"


def test_what_its_source_changes_is_changed_here(rosa) -> None:
    first = taken(ENCOUNTER, incoming(rosa, visit()))[0]
    again = taken(ENCOUNTER, incoming(rosa, visit(reasonCode=[concept("Pneumonia")]), before=first))[0]
    assert (again.pk, again.reason) == (first.pk, "Pneumonia")
    taken_back = taken(ENCOUNTER, incoming(rosa, visit(status="cancelled"), before=again))[0]
    assert (taken_back.pk, taken_back.status) == (first.pk, "entered_in_error")


def test_a_kept_one_that_becomes_a_visit_is_no_longer_kept(rosa) -> None:
    kept = taken(ENCOUNTER, incoming(rosa, visit(status="planned")))[0]
    row = taken(ENCOUNTER, incoming(rosa, visit(), before=kept))[0]
    assert isinstance(row, Encounter)
    assert [entry.superseded_at for entry in entries(rosa, kind="imported")] == [NOW]


def test_nobody_here_holds_signs_or_bills_it(rosa) -> None:
    row = taken(ENCOUNTER, incoming(rosa, visit()))[0]
    doctor = staff("doctor", rosa.site)
    ProviderFactory(user=doctor)
    with acting_as(doctor):
        assert not any(may(doctor, row) for may in (can_write, can_finish, holds))
        with pytest.raises(NotAllowed):
            finish_encounter(by=doctor, encounter=row, now=NOW)
    with as_the_system():
        assert row.pk not in unbilled_encounters(row.started_at, 10)
        assert row.pk not in Encounter.objects.note_to_sign().values_list("pk", flat=True)


def test_the_database_knows_that_a_visit_is_ours_or_told(rosa) -> None:
    for fields in ({"source": "fhir:", "status": "in_progress"}, {"provider": None}, {"source": "fhir:", "site": None}):
        with pytest.raises(IntegrityError, match="encounter_is_ours_or_told"), transaction.atomic():
            EncounterFactory(patient=rosa, **fields)


def test_staff_read_it_and_the_patient_is_shown_no_summary(rosa, browser) -> None:
    row = taken(ENCOUNTER, incoming(rosa, visit(serviceProvider={"display": "River <b>Bend</b>"})))[0]
    with as_the_system():
        Entry.objects.filter(patient=rosa).count()
    client = browser(staff("nurse", rosa.site))
    listed = client.get(f"/records/{rosa.pk}/visits/").content.decode()
    assert "River &lt;b&gt;Bend&lt;/b&gt;" in listed
    assert "Elsewhere" in listed
    page = client.get(f"/records/{rosa.pk}/visits/{row.pk}/").content.decode()
    assert "took place elsewhere" in page
    assert "Office visit" in page
    assert "Write the note" not in page
