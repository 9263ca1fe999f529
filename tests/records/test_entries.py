"""The verbs that are the same for every kind, and those of problems, allergies, vaccines and codes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import Patient
from records.actions.entries import NotAMove, change_clinical_status, record_entry, void_entry
from records.actions.immunizations import record_immunization
from records.actions.problems import record_condition
from records.actions.writing import Content, NotCurrent, NotRecorded, content_of
from records.events import EntryRecorded, EntryVoided
from records.kinds import Kind, NotOfKind, Schema, kind_of, kinds
from records.kinds.allergy import NONE_KNOWN
from records.models import DiagnosisCode, Entry
from records.models.entries import STANDING
from records.queries import active_conditions
from records.queries.entries import versions_of
from records.queries.lines import line_of, range_text
from records.queries.timeline import Narrowing, timeline
from records.rules.notes import PARTS
from records.rules.said import Dose
from tests.factories import DiagnosisCodeFactory, EncounterFactory, EntryFactory, PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory()


@pytest.fixture
def doctor(rosa) -> User:
    return staff("doctor", rosa.site)


def sugar() -> DiagnosisCode:
    return DiagnosisCodeFactory()


# == Kinds ==
def test_every_kind_has_its_words_and_moves() -> None:
    assert {"allergy", "condition", "immunization", "laboratory_result", "vital_signs"} <= kinds().keys()
    for slug, kind in kinds().items():
        assert slug == kind.slug
        assert str(kind.name)
        assert str(kind.plural)
        assert kind.clinical_moves.keys() == kind.clinical_words.keys()
        for following in kind.clinical_moves.values():
            assert following <= kind.clinical_moves.keys()


def test_a_kind_that_is_not_there_and_data_that_does_not_fit() -> None:
    with pytest.raises(NotOfKind, match="no kind"):
        kind_of("horoscope")
    schema = Schema(required={"flag": str}, optional={"parts": list})
    schema.check({"flag": "", "parts": []})
    for data, sentence in (({}, "missing"), ({"flag": "", "x": 1}, "not a part"), ({"flag": 3}, "of the type str")):
        with pytest.raises(NotOfKind, match=sentence):
            schema.check(data)


def test_a_kind_says_whether_patients_read_it_at_once() -> None:
    assert not kind_of("laboratory_result").released
    plain = Kind("x", "X", "Xs", kind_of("allergy").permission, summary=str)  # type: ignore[arg-type]
    assert plain.released
    assert plain.role(None) == "off"


# == Record, replace, void ==
def test_an_entry_is_recorded_audited_and_announced(rosa, doctor, announced) -> None:
    with acting_as(doctor):
        entry = record_condition(by=doctor, patient=rosa, code=sugar(), onset="2017", note="diet", now=NOW)
        event = AuditEvent.objects.get(action="records.record_entry")
        assert active_conditions(doctor, rosa) == [entry]
    assert (entry.author, entry.enterer, entry.released_at) == (doctor, doctor, NOW)
    assert (event.patient_id, event.target_id, event.detail) == (rosa.pk, entry.pk, {"kind": "condition"})
    assert announced() == [EntryRecorded(entry_id=entry.pk, patient_id=rosa.pk, kind="condition")]


def test_a_diagnosis_is_a_leaf_and_stands_once(rosa, doctor) -> None:
    code = sugar()
    with acting_as(doctor):
        record_condition(by=doctor, patient=rosa, code=code, now=NOW)
        with pytest.raises(NotRecorded, match="on the list already"):
            record_condition(by=doctor, patient=rosa, code=code, now=NOW)
    head = DiagnosisCodeFactory(code="E11", billable=False)
    with acting_as(doctor), pytest.raises(NotRecorded, match="heads others"):
        record_condition(by=doctor, patient=rosa, code=head, now=NOW)


def test_what_became_of_a_problem_is_a_later_version(rosa, doctor, announced) -> None:
    with acting_as(doctor):
        first = record_condition(by=doctor, patient=rosa, code=sugar(), now=NOW)
        over = change_clinical_status(by=doctor, entry=first, status="resolved", because="Diet", now=NOW + DAY)
        back = change_clinical_status(by=doctor, entry=over, status="recurrence", now=NOW + 2 * DAY)
        assert versions_of(doctor, over) == [first, over, back]
        assert versions_of(doctor, first) == [first, over, back]
        with pytest.raises(NotCurrent, match="later version"):
            change_clinical_status(by=doctor, entry=over, status="recurrence", now=NOW)
        with pytest.raises(NotAMove):
            change_clinical_status(by=doctor, entry=back, status="active", now=NOW)
    assert (over.record_status, over.data, over.effective_at) == ("amended", {"because": "Diet"}, first.effective_at)
    assert len(announced(EntryRecorded)) == 3


def test_what_is_void_stays_and_counts_nowhere(rosa, doctor, announced) -> None:
    with acting_as(doctor):
        entry = record_condition(by=doctor, patient=rosa, code=sugar(), now=NOW)
        with pytest.raises(NotRecorded, match="Say why"):
            void_entry(by=doctor, entry=entry, reason=" ", now=NOW)
        assert void_entry(by=doctor, entry=entry, reason=" Wrong patient ", now=NOW) == 1
        with pytest.raises(NotCurrent, match="wrong already"):
            void_entry(by=doctor, entry=entry, reason="Again", now=NOW)
        assert timeline(doctor, rosa).entries == []
        assert len(timeline(doctor, rosa, Narrowing(with_old=True)).entries) == 1
        row = Entry.objects.visible_to(doctor).get()
    assert (row.record_status, row.voided_by, row.void_reason) == ("entered_in_error", doctor, "Wrong patient")
    assert announced(EntryVoided) == [EntryVoided(entry_id=entry.pk, patient_id=rosa.pk, kind="condition")]


def test_a_nurse_voids_no_diagnosis_and_a_stranger_nothing(rosa) -> None:
    entry = EntryFactory(patient=rosa, kind="condition")
    nurse, stranger = staff("nurse", rosa.site), staff("doctor")
    with pytest.raises(NotAllowed), acting_as(nurse):
        void_entry(by=nurse, entry=entry, reason="x", now=NOW)
    with pytest.raises(NotInScope), acting_as(stranger):
        void_entry(by=stranger, entry=entry, reason="x", now=NOW)


def test_a_version_follows_as_the_table_says(rosa, doctor) -> None:
    draft = EntryFactory(patient=rosa, kind="condition", record_status="draft")
    with acting_as(doctor), pytest.raises(NotCurrent, match="cannot follow"):
        record_entry(
            by=doctor, patient=rosa, content=Content(kind="condition"), effective_at=NOW, now=NOW, replaces=draft
        )
    lone = EntryFactory(
        patient=rosa, kind="condition", record_status="entered_in_error", voided_at=NOW, void_reason="x"
    )
    with acting_as(doctor), pytest.raises(NotCurrent):
        record_entry(by=doctor, patient=rosa, content=content_of(lone), effective_at=NOW, now=NOW, replaces=lone)


@pytest.mark.parametrize(("kind", "data"), [("note", dict.fromkeys(PARTS, "Words")), ("addendum", {"text": "Words"})])
def test_a_note_comes_by_its_signature_alone(rosa, doctor, kind, data) -> None:
    with acting_as(doctor), pytest.raises(NotRecorded, match="signed, not recorded"):
        record_entry(by=doctor, patient=rosa, content=Content(kind=kind, data=data), effective_at=NOW, now=NOW)
    with as_the_system():
        assert not Entry.objects.exists()


# == Vaccines ==
def test_a_vaccine_is_recorded(rosa, doctor) -> None:
    with acting_as(doctor):
        entry = record_immunization(
            by=doctor, patient=rosa, dose=Dose("140", lot="A1", note="left arm"), effective_at=NOW - DAY, now=NOW
        )
        with pytest.raises(NotRecorded, match="not on our list"):
            record_immunization(by=doctor, patient=rosa, dose=Dose("999"), effective_at=NOW, now=NOW)
    assert (entry.display, entry.data) == (
        "Influenza, seasonal",
        {"elsewhere": False, "lot": "A1", "note": "left arm"},
    )


# == Lines ==
@pytest.mark.parametrize(
    ("told_range", "text"),
    [
        ({"low": "3.5", "high": "5.1"}, "3.5 to 5.1 mmol/L"),
        ({"high": "5"}, "up to 5 mmol/L"),
        ({"low": "95"}, "from 95 mmol/L"),
        ({}, ""),
    ],
)
def test_a_range_in_words(told_range, text) -> None:
    assert range_text(told_range, "mmol/L") == text


def test_an_entry_of_a_kind_that_is_gone_is_still_shown() -> None:
    line = line_of(EntryFactory(kind="horoscope", code="", display="Leo", value=None, unit=""))
    assert (line.kind_name, line.title, line.value, line.flag, line.role) == ("horoscope", "Leo", "", "", "off")


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        (
            {
                "kind": "allergy",
                "display": "x",
                "code": "",
                "clinical_status": "active",
                "data": {"severity": "severe"},
            },
            "bad",
        ),
        ({"kind": "allergy", "code": NONE_KNOWN, "clinical_status": "active"}, "ok"),
        ({"kind": "allergy", "code": "", "clinical_status": "resolved"}, "off"),
        ({"kind": "condition", "clinical_status": "resolved"}, "ok"),
        ({"kind": "condition", "clinical_status": "active"}, "info"),
        ({"kind": "laboratory_result", "data": {"flag": ""}}, "unknown"),
        ({"kind": "laboratory_result", "data": {"flag": "critical_low", "range": {"low": "4"}}}, "bad"),
    ],
)
def test_the_role_of_a_line(fields, role) -> None:
    assert line_of(EntryFactory(**fields)).role == role


# == Whatever is done, what was said stays said ==
class Chart(RuleBasedStateMachine):
    """A problem is recorded, changed, voided, in any order; the rows before never change what they say."""

    def __init__(self) -> None:
        super().__init__()
        self.doctor = staff("doctor")
        self.patient = PatientFactory(site=self.doctor.memberships.get().site)
        self.said: dict[Any, tuple[Any, ...]] = {}
        self.last: Entry | None = None
        self.clock = NOW

    def note(self, entry: Entry) -> None:
        self.last = entry
        self.said[entry.pk] = (entry.code, entry.clinical_status, dict(entry.data), entry.effective_at, entry.author_id)

    @rule(year=st.integers(1950, 2026))
    def record(self, year: int) -> None:
        self.clock += DAY
        content = Content(kind="condition", code="E11.9", clinical_status="active", data={"onset": str(year)})
        with acting_as(self.doctor):
            self.note(
                record_entry(
                    by=self.doctor, patient=self.patient, content=content, effective_at=self.clock, now=self.clock
                )
            )

    @precondition(lambda self: self.last is not None)
    @rule(status=st.sampled_from(sorted(kind_of("condition").clinical_moves)))
    def change(self, status: str) -> None:
        assert self.last is not None
        try:
            with acting_as(self.doctor):
                self.note(change_clinical_status(by=self.doctor, entry=self.last, status=status, now=self.clock))
        except (NotAMove, NotCurrent):
            pass

    @precondition(lambda self: self.last is not None)
    @rule()
    def void(self) -> None:
        assert self.last is not None
        try:
            with acting_as(self.doctor):
                void_entry(by=self.doctor, entry=self.last, reason="Wrong", now=self.clock)
        except NotCurrent:
            pass

    @invariant()
    def nothing_said_changes(self) -> None:
        with as_the_system():
            rows = {row.pk: row for row in Entry.objects.filter(patient=self.patient)}
        assert rows.keys() == self.said.keys()
        for key, said in self.said.items():
            row = rows[key]
            told = (row.code, row.clinical_status, row.data, row.effective_at, row.author_id)
            assert told == said
            assert (row.record_status == "entered_in_error") == (row.voided_at is not None)
            assert row.record_status in (*STANDING, "entered_in_error")


def test_whatever_is_done_what_was_said_stays_said() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    quick = settings(max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Chart, settings=quick)


def test_an_entry_of_a_visit_stays_with_its_visit(rosa, doctor) -> None:
    visit = EncounterFactory(patient=rosa)
    with acting_as(doctor):
        first = record_condition(by=doctor, patient=rosa, code=sugar(), now=NOW, encounter=visit)
        over = change_clinical_status(by=doctor, entry=first, status="resolved", now=NOW)
    assert over.encounter_id == visit.pk
