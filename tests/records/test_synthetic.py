"""The invented charts: each entry one that its verb would have written, and one chart that is very long."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from healthcare.db.context import acting_as
from patients.synthetic import heavy_patient
from patients.synthetic.copying import Keys
from patients.synthetic.plan import Plan
from records.kinds import kind_of, kinds
from records.kinds.allergy import NONE_KNOWN
from records.models import Encounter, Entry
from records.rules.laboratory import expected_of, flag_result
from records.rules.notes import note_text, signature_of
from records.rules.ranges import ADULT, Flag, worst_of
from records.rules.vitals import MEASURES, PANEL, age_in_months
from records.synthetic import contents, told
from tests.roles import as_the_system, taking_role
from tests.synthetic import clinic, proofs

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("records", django_db_blocker) as made:
        yield made


@pytest.fixture
def entries(plan: Plan) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.select_related("patient", "encounter").order_by("pk"))


def test_every_proof_holds(plan: Plan) -> None:
    found = proofs("records", plan)
    assert len(found) == 4
    assert all(found.values())


def test_an_entry_too_few_is_noticed(plan: Plan) -> None:
    with taking_role("owner"):
        Entry.objects.filter(pk=Entry.objects.filter(kind="note").order_by("pk")[0].pk).delete()
    assert proofs("records", plan)["entries as asked"] is False


def test_every_entry_is_of_its_kind(entries: list[Entry]) -> None:
    assert {entry.kind for entry in entries} <= kinds().keys()
    for entry in entries:
        kind = kind_of(entry.kind)
        kind.schema.check(entry.data)
        if kind.clinical_moves:
            assert entry.clinical_status in kind.clinical_moves
        assert entry.record_status == "final"
        assert kind.summary(entry) or entry.code == PANEL


def test_kinds_are_many(entries: list[Entry]) -> None:
    expected = {"vital_signs", "laboratory_result", "condition", "allergy", "note", "immunization"}
    assert {entry.kind for entry in entries} == expected


def test_notes_are_signed_for_what_they_say(entries: list[Entry]) -> None:
    notes = [entry for entry in entries if entry.kind == "note"]
    assert notes
    for note in notes:
        assert not note_text(note.data).missing()
        assert note.signed_by_id == note.author_id == note.released_by_id
        assert note.signature == signature_of(
            note.data,
            patient_id=note.patient_id,
            encounter_id=note.encounter_id,
            signer_id=note.signed_by_id,
            signed_at=note.signed_at,
        )
        assert note.encounter is not None
        assert note.encounter.note_signed_at == note.signed_at


def test_results_are_flagged_by_the_clinics_table(entries: list[Entry]) -> None:
    results = [entry for entry in entries if entry.kind == "laboratory_result"]
    for entry in results:
        years = age_in_months(entry.patient.birth_date, entry.effective_at.date()) // 12
        grown = 45 if years >= 18 else 9
        interval = expected_of(entry.code, sex=entry.patient.sex, age_years=grown)
        assert entry.data["flag"] == flag_result(entry.value, interval).value
        assert entry.released_at is None or entry.acknowledged_at is not None
        assert not (entry.released_at and entry.data["flag"]) or entry.release_comment
    assert {bool(entry.data["flag"]) for entry in results} == {True, False}


def test_a_panel_is_a_pressure_and_the_rest(entries: list[Entry]) -> None:
    parts: dict[Any, list[Entry]] = {}
    for entry in entries:
        if entry.parent_id:
            parts.setdefault(entry.parent_id, []).append(entry)
    panels = {entry.pk: entry for entry in entries if entry.code == PANEL}
    assert panels.keys() == parts.keys()
    for key, found in parts.items():
        assert len(found) == 8
        assert {part.patient_id for part in found} == {panels[key].patient_id}
        assert panels[key].data["flag"] == worst_of(Flag(part.data.get("flag", "")) for part in found)
    possible = {measure.code: measure.possible for measure in MEASURES.values()}
    for entry in entries:
        if entry.code in possible:
            low, high = possible[entry.code]
            assert entry.value is not None
            assert low <= entry.value <= high


def test_who_has_an_allergy_is_not_said_to_have_none(entries: list[Entry]) -> None:
    known: dict[Any, list[str]] = {}
    for entry in entries:
        if entry.kind == "allergy":
            known.setdefault(entry.patient_id, []).append(entry.code)
    assert all(len(codes) == 1 for codes in known.values())
    assert NONE_KNOWN in {codes[0] for codes in known.values()}


def test_nothing_is_later_than_now(plan: Plan, entries: list[Entry]) -> None:
    for entry in entries:
        moments = [entry.effective_at, entry.signed_at, entry.acknowledged_at, entry.released_at]
        assert all(moment <= plan.now for moment in moments if moment)


def test_the_long_chart_goes_back_years(plan: Plan, entries: list[Entry]) -> None:
    with taking_role("owner"):
        heavy, said = heavy_patient(), told()
    assert heavy is not None
    assert said == {"longest_chart": str(heavy.pk)}
    own = [entry for entry in entries if entry.patient_id == heavy.pk]
    assert len(own) >= plan.heavy
    assert min(entry.effective_at for entry in own) < plan.ago(700)


def test_a_doctor_reads_the_note_of_their_visit(plan: Plan) -> None:
    with as_the_system():
        visit = Encounter.objects.filter(status="finished", note_signed_at__isnull=False, finished_at__gt=plan.ago(20))
        encounter = visit.select_related("provider__user").order_by("-finished_at", "pk")[0]
    doctor = encounter.provider.user.in_role("doctor")
    with acting_as(doctor):
        assert Entry.objects.visible_to(doctor).filter(encounter=encounter, kind="note").count() == 1


def test_what_an_entry_says_is_kept_again(plan: Plan) -> None:
    """The triggers that were off during the load are on."""
    refused = pytest.raises(IntegrityError, match="what an entry says never changes")
    with taking_role("owner"), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE records_entry SET display = 'Another'")


@pytest.mark.parametrize("months", [1, 11, 12, 47, 143, 144, ADULT - 1, ADULT, 1000, 1300])
def test_every_age_has_its_takings(months: int) -> None:
    assert contents.band_of(months) in contents.panels(Keys("test"))


def test_a_piece_is_its_columns() -> None:
    found = contents.conditions(False)[0]
    assert found.text.split("\t") == [
        "condition",
        "I10",
        "icd-10-cm",
        contents.CONDITIONS[0][1],
        "active",
        "{}",
        "\\N",
        "",
    ]
    assert not found.flagged
    keys = Keys("test")
    results = [row for values in contents.batteries(keys, "female", 45) for test in values for row in test]
    assert any(row.flagged for row in results)
    assert not all(row.flagged for row in results)
    assert Decimal(results[0].text.split("\t")[6]) > 0
