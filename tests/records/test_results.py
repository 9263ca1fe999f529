"""The verbs of a laboratory result: entered, read, released, corrected."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import Patient
from records.access.entries import can_record, can_release, can_void
from records.actions.results import (
    acknowledge_result,
    correct_result,
    enter_result,
    list_unread_results,
    release_result,
)
from records.actions.writing import NotCurrent, NotRecorded
from records.events import AbnormalValueRecorded, EntryRecorded, ResultAcknowledged, ResultEntered, ResultReleased
from records.models import Entry
from records.queries.charts import chart_of
from records.queries.plain import plain_result
from records.queries.results import history_of, provider_of, results_of
from records.rules.laboratory import Measured
from tests.factories import EncounterFactory, EntryFactory, PatientFactory, ProviderFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
A1C = "4548-4"


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(birth_date=date(1968, 3, 12))


@pytest.fixture
def doctor(rosa) -> User:
    return staff("doctor", rosa.site)


@pytest.fixture
def nurse(rosa) -> User:
    return staff("nurse", rosa.site)


def enter(by: User, patient: Patient, value: str = "7.4", code: str = A1C, **given: Any) -> Entry:
    said = {name: given.pop(name) for name in ("low", "high", "comparator", "laboratory") if name in given}
    with acting_as(by):
        measured = Measured(code=code, value=Decimal(value), **said)
        return enter_result(
            by=by, patient=patient, measured=measured, **{"effective_at": NOW - DAY, "now": NOW} | given
        )


def test_a_result_keeps_the_range_of_its_day_and_waits_to_be_read(rosa, nurse, announced) -> None:
    provider = ProviderFactory()
    entry = enter(nurse, rosa, provider=provider)
    assert (entry.unit, entry.display, entry.data["flag"]) == ("%", "Blood sugar over 3 months (A1c)", "high")
    assert entry.data["range"] == {"low": "4.0", "high": "5.6", "source": "conventional adult interval"}
    assert (entry.released_at, entry.acknowledged_at) == (None, None)
    assert announced() == [
        EntryRecorded(entry_id=entry.pk, patient_id=rosa.pk, kind="laboratory_result"),
        ResultEntered(entry_id=entry.pk, patient_id=rosa.pk, provider_id=provider.pk),
        AbnormalValueRecorded(entry_id=entry.pk, patient_id=rosa.pk, severity="high", encounter_id=None),
    ]


def test_the_laboratorys_own_range_goes_first_and_our_critical_limits_hold(rosa, nurse, announced) -> None:
    fine = enter(nurse, rosa, low=Decimal(4), high=Decimal(8))
    assert (fine.data["flag"], fine.data["range"]["source"]) == ("", "the laboratory's report")
    potassium = enter(nurse, rosa, "6.5", "2823-3", high=Decimal(7))
    assert potassium.data["flag"] == "critical_high"
    assert [fact.severity for fact in announced(AbnormalValueRecorded)] == ["urgent"]


def test_a_result_beyond_what_could_be_measured_says_so(rosa, nurse) -> None:
    entry = enter(nurse, rosa, "0.01", "3016-3", comparator="<", laboratory="Bay State")
    assert (entry.data["comparator"], entry.data["laboratory"], entry.data["flag"]) == ("<", "Bay State", "low")


def test_what_lies_long_ago_alarms_nobody(rosa, nurse, announced) -> None:
    enter(nurse, rosa, effective_at=NOW - 40 * DAY)
    assert announced(AbnormalValueRecorded) == []
    assert len(announced(ResultEntered)) == 1


def test_without_a_range_nothing_is_compared(nurse, rosa) -> None:
    child = PatientFactory(site=rosa.site, birth_date=date(2018, 1, 1))
    entry = enter(nurse, child)
    assert entry.data == {"flag": ""}
    plain = plain_result(entry, [])
    assert "no usual range" in plain.lies
    assert plain.picture is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"code": "no-such"}, "not on our list"),
        ({"code": "4544-3", "value": "410"}, "410 is not possible"),
        ({"low": Decimal(5), "high": Decimal(3)}, "ends before it begins"),
        ({"effective_at": NOW + DAY}, "future"),
    ],
)
def test_what_cannot_be_is_refused(given, sentence, rosa, nurse) -> None:
    with pytest.raises(NotRecorded, match=sentence):
        enter(nurse, rosa, **given)


def test_who_may(rosa, nurse, doctor) -> None:
    entry = enter(nurse, rosa)
    condition = EntryFactory(patient=rosa, kind="condition")
    desk, stranger = staff("front_desk", rosa.site), staff("doctor")
    for user, expected in ((doctor, (True, True, True)), (nurse, (True, True, False)), (stranger, (False,) * 3)):
        with acting_as(user):
            told = (can_record(user, rosa, entry.kind), can_void(user, entry), can_release(user, entry))
        assert told == expected
    with acting_as(doctor):
        assert not can_release(doctor, condition)
    with pytest.raises(NotAllowed):
        enter(desk, rosa)
    with pytest.raises(NotInScope):
        enter(stranger, rosa)
    with pytest.raises(NotAllowed), acting_as(nurse):
        list_unread_results(by=nurse)


# == Reading and releasing ==
def test_who_releases_has_read(rosa, nurse, doctor, announced) -> None:
    entry = enter(nurse, rosa)
    with acting_as(doctor):
        row = release_result(by=doctor, entry=entry, comment=" Better than in August. ", now=NOW)
        actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert (row.acknowledged_by, row.released_by, row.release_comment) == (doctor, doctor, "Better than in August.")
    assert {"records.acknowledge_result", "records.release_result"} <= actions
    assert announced(ResultAcknowledged, ResultReleased) == [
        ResultAcknowledged(entry_id=entry.pk, patient_id=rosa.pk),
        ResultReleased(entry_id=entry.pk, patient_id=rosa.pk),
    ]
    with acting_as(doctor), pytest.raises(NotCurrent, match="released already"):
        release_result(by=doctor, entry=entry, comment="Again", now=NOW)
    with acting_as(doctor), pytest.raises(NotCurrent, match="read this already"):
        acknowledge_result(by=doctor, entry=entry, now=NOW)


def test_one_reads_and_another_releases(rosa, nurse, doctor, announced) -> None:
    entry, colleague = enter(nurse, rosa), staff("doctor", rosa.site)
    with acting_as(doctor):
        acknowledge_result(by=doctor, entry=entry, now=NOW)
    with acting_as(colleague):
        row = release_result(by=colleague, entry=entry, comment="Fine", now=NOW + DAY)
    assert (row.acknowledged_by_id, row.released_by_id) == (doctor.pk, colleague.pk)
    assert len(announced(ResultAcknowledged)) == 1


def test_out_of_range_needs_words_and_in_range_does_not(rosa, nurse, doctor) -> None:
    high, fine = enter(nurse, rosa), enter(nurse, rosa, "5.2")
    with acting_as(doctor):
        with pytest.raises(NotRecorded, match="Write to the patient"):
            release_result(by=doctor, entry=high, comment=" ", now=NOW)
        assert release_result(by=doctor, entry=fine, comment="", now=NOW).released_at == NOW


def test_a_preliminary_result_is_not_released_and_becomes_final(rosa, nurse, doctor) -> None:
    entry = enter(nurse, rosa, "5.2", preliminary=True)
    with acting_as(doctor), pytest.raises(NotRecorded, match="preliminary"):
        release_result(by=doctor, entry=entry, comment="x", now=NOW)
    with acting_as(nurse):
        final = correct_result(by=nurse, entry=entry, measured=Measured(A1C, Decimal("5.3")), now=NOW)
    assert (final.record_status, final.supersedes_id) == ("final", entry.pk)


def test_a_corrected_result_is_read_and_released_anew(rosa, nurse, doctor, announced) -> None:
    provider = ProviderFactory(user=doctor)
    entry = enter(nurse, rosa, provider=provider)
    with acting_as(doctor):
        release_result(by=doctor, entry=entry, comment="High", now=NOW)
    with acting_as(nurse):
        wrong = Entry.objects.visible_to(nurse).get(pk=entry.pk)
        right = correct_result(
            by=nurse, entry=wrong, measured=Measured(A1C, Decimal("5.2")), now=NOW, effective_at=NOW - 2 * DAY
        )
        with pytest.raises(NotCurrent):
            correct_result(by=nurse, entry=wrong, measured=Measured(A1C, Decimal("5.2")), now=NOW)
    assert (right.record_status, right.released_at, right.provider, right.data["flag"]) == (
        "corrected",
        None,
        provider,
        "",
    )
    assert len(announced(ResultEntered)) == 2
    with acting_as(doctor):
        assert list_unread_results(by=doctor) == [right]


# == Lists ==
def test_a_doctor_reads_their_own_and_what_is_nobodys(rosa, nurse, doctor) -> None:
    mine = enter(nurse, rosa, provider=ProviderFactory(user=doctor))
    nobodys = enter(nurse, rosa, effective_at=NOW - 2 * DAY)
    enter(nurse, rosa, provider=ProviderFactory(user=staff("doctor", rosa.site)))
    with acting_as(doctor):
        assert list_unread_results(by=doctor) == [nobodys, mine]
    stranger = staff("doctor")
    with acting_as(stranger):
        assert list_unread_results(by=stranger) == []


def test_a_critical_result_is_read_first(rosa, nurse, doctor) -> None:
    old = enter(nurse, rosa, effective_at=NOW - 9 * DAY)
    critical = enter(nurse, rosa, "6.9", "2823-3")
    with acting_as(doctor):
        assert list_unread_results(by=doctor) == [critical, old]


def test_who_was_seen_last_reads_it(rosa, nurse, doctor) -> None:
    with acting_as(nurse):
        assert provider_of(nurse, rosa) is None
    EncounterFactory(patient=rosa, provider=ProviderFactory(user=doctor), started_at=NOW - 9 * DAY)
    last = EncounterFactory(patient=rosa, provider=ProviderFactory(user=staff("doctor")), started_at=NOW)
    with acting_as(nurse):
        assert provider_of(nurse, rosa) == last.provider


# == In plain words ==
@pytest.mark.parametrize(
    ("values", "changed"),
    [
        (("7.9", "7.4"), "It has fallen since Oct 22, 2026, when it was 7.9 %."),
        (("6.9", "7.4"), "It has risen since Oct 22, 2026, when it was 6.9 %."),
        (("7.4", "7.4"), "It was the same on Oct 22, 2026."),
        (("7.4",), ""),
    ],
)
def test_how_it_changed(values, changed, rosa, nurse) -> None:
    made = [
        enter(nurse, rosa, value, effective_at=NOW - (30 if number + 1 < len(values) else 1) * DAY)
        for number, value in enumerate(values)
    ]
    with acting_as(nurse):
        history = history_of(nurse, rosa, A1C)
        assert results_of(nurse, rosa, at_most=1) == [made[-1]]
    plain = plain_result(made[-1], history)
    assert (plain.changed, plain.lies) == (changed, "That is above the usual range.")
    assert plain.picture is not None
    assert str(plain.picture.marker) == "You: 7.4"
    assert (chart_of(history) is None) == (len(values) == 1)


@pytest.mark.parametrize(("value", "lies"), [("3.1", "below"), ("5.0", "within"), ("9.9", "above")])
def test_where_it_lies(value, lies, rosa, nurse) -> None:
    assert lies in plain_result(enter(nurse, rosa, value), []).lies


def test_a_range_that_begins_with_nothing_is_shown_by_its_end(rosa, nurse) -> None:
    plain = plain_result(enter(nurse, rosa, "180", "2093-3"), [])
    assert plain.picture is not None
    assert (plain.picture.low, plain.picture.high) == (None, 200.0)


def test_an_unknown_test_keeps_the_name_it_came_with() -> None:
    entry = EntryFactory(code="99999-9", display="Something rare", data={"flag": ""})
    plain = plain_result(entry, [])
    assert (plain.name, plain.meaning) == ("Something rare", "")
    with as_the_system():
        assert chart_of([entry]) is None
