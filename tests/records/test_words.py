"""Words found in charts: what fits and how well, and never an entry that the searcher could not open."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.models import User
from healthcare.audit import record_now
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.searching import search_charts
from records.models import Entry
from records.queries.words import Found, TooManySearches
from records.rules.words import BEGINS, ENDS, LONGEST, Piece, Words, pieces_of, read_words
from tests.factories import EntryFactory, PatientFactory, SiteFactory, portal_user, staff
from tests.records.measuring import measure
from tests.records.visits import Visit
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def told(patient: Patient, display: str = "", *, kind: str = "condition", **fields: Any) -> Entry:
    return EntryFactory(patient=patient, kind=kind, display=display, **fields)


def note(patient: Patient, **parts: str) -> Entry:
    data = dict.fromkeys(("reason", "subjective", "objective", "assessment", "plan", "instructions"), "")
    return EntryFactory(patient=patient, kind="note", display="", data=data | parts)


def search(user: User, text: str, patient: Patient | None = None) -> list[Found]:
    words = read_words(text)
    assert words
    with acting_as(user):
        return list(search_charts(by=user, words=words, patient=patient))


def ids(found: list[Found]) -> list[Any]:
    return [one.line.entry.pk for one in found]


# == What is typed ==
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", None),
        (" \0 ", None),
        ("pain", Words("", "pain")),
        ("chest pain", Words("chest", "pain")),
        ('"chest pain"', Words('"chest pain"', "")),
        ('"chest pain" rad', Words('"chest pain"', "rad")),
        ('"chest pa', Words('"chest pa', "")),
        ("pain -child", Words("pain -child", "")),
        ("asthma or copd", Words("asthma or copd", "")),
        ("x", Words("x", "")),
        ("doctor who", Words("doctor", "who")),
    ],
)
def test_the_last_word_may_go_on(typed, words) -> None:
    assert read_words(typed) == words


@given(st.text(max_size=300))
def test_whatever_is_typed_is_read_and_asked(typed) -> None:
    words = read_words(typed)
    if words:
        assert len(words.whole) + len(words.begun) <= LONGEST
        with connection.cursor() as cursor:
            cursor.execute("SELECT app.words_wanted(%s, %s)", [words.whole, words.begun])
            assert cursor.fetchone() is not None


def test_pieces_alternate() -> None:
    told_ = f"no {BEGINS}fever{ENDS} at night, {BEGINS}chills{ENDS}"
    assert list(pieces_of(told_)) == [
        Piece("no ", False),
        Piece("fever", True),
        Piece(" at night, ", False),
        Piece("chills", True),
    ]


# == What fits ==
@pytest.mark.parametrize("typed", ["migraines", "migr", "aura migraine", '"migraine with"', "gout or migraine"])
def test_words_are_found_in_any_form_and_order(rosa, doctor, typed) -> None:
    entry = told(rosa, "Migraine with aura", code="G43.109")
    told(rosa, "Asthma")
    assert ids(search(doctor, typed, rosa)) == [entry.pk]


@pytest.mark.parametrize("typed", ["migraine -aura", '"aura migraine"', "migraine asthma", "the"])
def test_and_not_what_does_not_fit(rosa, doctor, typed) -> None:
    told(rosa, "Migraine with aura")
    assert search(doctor, typed, rosa) == []


def test_a_code_is_found_as_it_is_written(rosa, doctor) -> None:
    entry = told(rosa, "Essential hypertension", code="I10")
    assert ids(search(doctor, "I10", rosa)) == [entry.pk]


def test_a_title_weighs_more_than_what_was_concluded_and_that_more_than_what_was_told(rosa, doctor) -> None:
    heard = note(rosa, subjective="Her mother had gout.")
    concluded = note(rosa, assessment="Gout of the left toe.")
    problem = told(rosa, "Gout")
    assert ids(search(doctor, "gout", rosa)) == [problem.pk, concluded.pk, heard.pk]


def test_the_words_around_are_shown_and_what_fits_is_marked(rosa, doctor, browser) -> None:
    note(rosa, subjective="Three days of burning & fever > 39 when passing urine", plan="Urine culture")
    page = browser(doctor).get(f"/records/{rosa.pk}/search", {"q": "burn"}).content.decode()
    assert "Three days of <mark>burning</mark> &amp; fever &gt; 39" in page


def test_what_was_taken_back_or_replaced_is_not_found(rosa, doctor) -> None:
    void = {"record_status": "entered_in_error", "voided_at": rosa.created_at, "void_reason": "Wrong patient"}
    told(rosa, "Gout", **void)
    told(rosa, "Gout", superseded_at=rosa.created_at)
    assert search(doctor, "gout", rosa) == []


def test_what_is_measured_is_found_by_its_name_alone(rosa, doctor, nurse) -> None:
    measure(nurse, rosa, systolic="150", diastolic="80")
    (found,) = search(doctor, "blood pressure", rosa)
    assert found.line.value == "150/80 mmHg"
    assert not found.pieces
    assert search(doctor, "mmHg", rosa) == []


# == Whose ==
def test_all_charts_are_searched_as_far_as_one_reads_them(rosa, doctor) -> None:
    """Another patient's chart alone, another site's not at all; one chart asked for, that one."""
    here, elsewhere = PatientFactory(site=rosa.site), PatientFactory(site=SiteFactory())
    mine, theirs, _hidden = (told(one, "Gout") for one in (rosa, here, elsewhere))
    assert set(ids(search(doctor, "gout"))) == {mine.pk, theirs.pk}
    assert ids(search(doctor, "gout", rosa)) == [mine.pk]
    assert search(doctor, "gout", elsewhere) == []


def test_what_is_marked_is_found_by_its_title_and_by_who_may_read_it_alone(rosa, doctor, nurse) -> None:
    entry = EntryFactory(
        patient=rosa, kind="condition", display="Depression", sensitivity="mental_health", author=doctor
    )
    written = note(rosa, assessment="Depression, worse since May")
    with as_the_system():
        written.sensitivity = "mental_health"
        written.save(update_fields=["sensitivity"])
    assert ids(search(doctor, "depression", rosa)) == [entry.pk], "its text stands in no index"
    assert search(nurse, "depression", rosa) == []


def test_the_function_gives_ids_of_nobody_else_s(rosa, doctor) -> None:
    """Asked directly, past the application, it passes no wall: neither another site's, nor a mark."""
    told(PatientFactory(site=SiteFactory()), "Gout")
    told(rosa, "Gout", sensitivity="reproductive")
    mine = told(rosa, "Gout")
    with acting_as(doctor), connection.cursor() as cursor:
        cursor.execute("SELECT patient_id, entry_id FROM app.find_words('gout', NULL, 100)")
        assert cursor.fetchall() == [(rosa.pk, mine.pk)]


@pytest.mark.parametrize("role", ["patient", "front_desk", "administrator"])
def test_who_reads_no_chart_searches_none(rosa, browser, role) -> None:
    told(rosa, "Gout")
    user = portal_user(rosa) if role == "patient" else staff(role, rosa.site)
    for address in ("/records/search", f"/records/{rosa.pk}/search"):
        answer = browser(user).get(address, {"q": "gout"})
        assert answer.status_code in (403, 404)
        assert b"Gout" not in answer.content


def test_nobody_signed_in_searches_nothing() -> None:
    refused = pytest.raises(DatabaseError, match="nobody searches here")
    with connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute("SELECT * FROM app.find_words('gout', NULL, 1)")


# == What is written down ==
def test_whose_entries_were_shown_is_written_down_and_never_what_was_typed(rosa, doctor) -> None:
    other = PatientFactory(site=rosa.site)
    for patient in (rosa, rosa, other):
        told(patient, "Gout")
    search(doctor, "gout")
    with acting_as(doctor, using="audit"):
        events = list(AuditEvent.objects.using("audit").filter(actor_id=doctor.pk, action__startswith="records."))
    assert sorted((event.action, event.patient_id) for event in events if event.patient_id) == sorted(
        ("records.find", patient.pk) for patient in (rosa, other)
    )
    assert [event.action for event in events if event.patient_id is None] == ["records.search"]
    assert not any("gout" in str(event.detail) for event in events)


@pytest.mark.django_db(transaction=True)
def test_too_many_searches_wait(rosa, doctor, browser) -> None:
    with acting_as(doctor):
        for _each in range(61):
            record_now("records.search", by=doctor)
    with pytest.raises(TooManySearches):
        search(doctor, "gout")
    answer = browser(doctor).get("/records/search", {"q": "gout"})
    assert answer.status_code == 429
    assert "That was a lot of searches" in answer.content.decode()
    assert 'value="gout"' in answer.content.decode()


# == The pages ==
def test_the_page_asks_finds_and_says_when_nothing_fits(running: Visit, browser) -> None:
    client = browser(running.doctor)
    running.signs()
    address = f"/records/{running.patient.pk}/search"
    assert 'name="q"' in client.get(address).content.decode()
    assert "Nothing found" in client.get(address, {"q": "zebra"}).content.decode()
    found = client.get("/records/search", {"q": "nitrofur"}).content.decode()
    assert "<mark>Nitrofurantoin</mark>" in found
    assert running.patient.family_name in found


def test_ten_found_cost_as_much_as_one(rosa, doctor, browser, assert_queries) -> None:
    client, numbers = browser(doctor), []
    client.get("/records/search", {"q": "gout"})
    for rows in (1, 9):
        for _each in range(rows):
            told(rosa, "Gout")
        with assert_queries(at_most=12) as queries:
            client.get("/records/search", {"q": "gout"})
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_the_words_go_along_the_index(rosa) -> None:
    """Neither all charts nor one are read from end to end for a word."""
    for _each in range(300):
        told(rosa, "Asthma")
    told(rosa, "Gout")
    query = (
        "EXPLAIN SELECT id FROM records_entry WHERE app.words_of(kind, code, display, data, sensitivity)"
        " @@ app.words_wanted('', 'gout') AND patient_id = %s"
    )
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("ANALYZE records_entry")
        cursor.execute(query, [rosa.pk])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "words_of" in condition
    assert "patient_id" in condition
