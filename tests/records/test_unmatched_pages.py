"""The list of results of nobody sure, one of them beside who it may be, and how it goes into a chart."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.audit import record
from healthcare.db.context import acting_as
from records.models import Entry, UnmatchedResult
from records.rules.unmatched import Person, Told, as_text, headline, headline_of, masked, measured_of, told_of
from tests.factories import PatientFactory, ProviderFactory, UnmatchedResultFactory, staff
from tests.factories.records import POTASSIUM
from tests.records.ordering import BASIC, one_order
from tests.roles import as_the_system

LIST = "/records/unmatched/"
WHEN = datetime(2026, 11, 9, 14, 0, tzinfo=UTC)


def now_is(row: UnmatchedResult) -> UnmatchedResult:
    with as_the_system():
        return UnmatchedResult.objects.get(pk=row.pk)


# == The rules ==
@given(st.text(), st.text(), st.text(), st.lists(st.text()))
def test_what_was_told_is_read_as_it_was_written(name, born, test, numbers) -> None:
    told = Told("laboratory_result", WHEN.isoformat(), display=test, person=Person(name, born, "", tuple(numbers)))
    assert told_of(as_text(told)) == told
    assert headline(headline_of(told)) == (test, masked(name))


@given(st.text())
def test_of_a_name_the_list_shows_first_letters(name) -> None:
    assert len(masked(name).replace(" ", "")) == 4 * len(name.split())


@pytest.mark.parametrize(
    ("person", "text"),
    [
        (Person("Ada Kowal", "1971-04-09"), "Ada Kowal 1971-04-09"),
        (Person("Ada Kowal"), "Ada Kowal"),
        (Person(numbers=("7", "8")), "7"),
        (Person(birth_date="1971-04-09"), "1971-04-09"),
    ],
)
def test_one_looks_by_what_was_said(person, text) -> None:
    assert person.as_searched() == text


def test_what_has_no_number_or_parts_is_no_test_of_ours() -> None:
    said = {name: getattr(POTASSIUM, name) for name in Told.__dataclass_fields__}
    for changes in ({"value": ""}, {"data": {"parts": [{}]}}, {"code": "9-9"}, {"kind": "diagnostic_report"}):
        assert measured_of(Told(**said | changes)) is None
    ours = measured_of(Told(**said | {"data": {"range": {"low": "3.5"}, "by": "River Lab"}}))
    assert ours is not None
    assert (str(ours.low), ours.high, ours.laboratory, ours.typed) == ("3.5", None, "River Lab", "")


# == The pages ==
@pytest.mark.django_db
def test_the_list_and_the_first_page_show_what_waits(nurse, doctor, browser) -> None:
    client = browser(nurse)
    assert "Every result has its patient" in client.get(LIST).content.decode()
    row = UnmatchedResultFactory()
    page = client.get(LIST).content.decode()
    assert f"{LIST}{row.pk}/" in page
    assert "T••• B•••" in page
    assert "Brightwater" not in page
    assert "Unmatched results" in client.get("/patients/to-put-right").content.decode()
    to_read = browser(doctor).get("/records/results-to-read").content.decode()
    assert "1 result arrived for nobody sure" in to_read
    assert "Nothing is set aside" in client.get(LIST, {"aside": "1"}).content.decode()


@pytest.mark.django_db
def test_one_shows_the_laboratorys_words_and_who_it_may_be(rosa, nurse, browser) -> None:
    elsewhere = PatientFactory(family_name="Brightwater", given_name="Tamsin")
    here = PatientFactory(site=rosa.site, family_name="Brightwater", given_name="Teodora")
    said = {name: getattr(POTASSIUM, name) for name in Told.__dataclass_fields__}
    row = UnmatchedResultFactory(told=Told(**said | {"person": Person("Teodora Brightwater", numbers=("LAB-77",))}))
    client = browser(nurse)
    page = client.get(f"{LIST}{row.pk}/").content.decode()
    assert "LAB-77" in page
    assert f"/records/{here.pk}/unmatched/{row.pk}/" in page
    page = client.get(f"{LIST}{row.pk}/", {"q": "Brightwater"}).content.decode()
    assert f"/records/{elsewhere.pk}/unmatched/{row.pk}/" in page
    assert "Tamsin" not in page
    assert "Nobody found" in client.get(f"{LIST}{row.pk}/", {"q": "Zzyzx"}).content.decode()
    assert client.get(f"/records/{elsewhere.pk}/unmatched/{row.pk}/").status_code == 403


@pytest.mark.django_db
def test_it_goes_into_the_chart_with_its_order(rosa, nurse, doctor, browser) -> None:
    order, row = one_order(doctor, rosa, BASIC), UnmatchedResultFactory()
    client, address = browser(nurse), f"/records/{rosa.pk}/unmatched/{row.pk}/"
    page = client.get(address).content.decode()
    assert f'value="{order.pk}"' in page
    assert "checked" in page
    answer = client.post(address, {"order": str(order.pk), "provider": ""})
    with as_the_system():
        entry = Entry.objects.get(patient=rosa, code="2823-3")
    assert (answer.status_code, answer["Location"]) == (302, f"/records/{rosa.pk}/entries/{entry.pk}/")
    assert (entry.request_id, now_is(row).state) == (order.pk, "matched")
    assert client.get(address)["Location"] == f"{LIST}{row.pk}/"
    assert "It stands in that chart" in client.get(f"{LIST}{row.pk}/").content.decode()


@pytest.mark.django_db
def test_what_cannot_be_recorded_is_said_and_waits(rosa, nurse, browser) -> None:
    ProviderFactory(user=staff("doctor", rosa.site))
    said = {name: getattr(POTASSIUM, name) for name in Told.__dataclass_fields__}
    row = UnmatchedResultFactory(told=Told(**said | {"record_status": "entered_in_error"}))
    answer = browser(nurse).post(f"/records/{rosa.pk}/unmatched/{row.pk}/", {"order": ""})
    assert answer.status_code == 422
    assert "calls this result wrong" in answer.content.decode()
    assert now_is(row).state == "open"


@pytest.mark.django_db
def test_it_is_set_aside_and_put_back(nurse, browser) -> None:
    row, client = UnmatchedResultFactory(), browser(nurse)
    here = f"{LIST}{row.pk}/"
    assert client.post(f"{here}set-aside", {"reason": ""}).status_code == 422
    assert client.post(f"{here}set-aside", {"reason": "Not ours"})["Location"] == LIST
    assert "Not ours" in client.get(LIST, {"aside": "1"}).content.decode()
    assert "Put it back" in client.get(here).content.decode()
    client.post(f"{here}set-aside", {"reason": "Again"})
    assert "A colleague was quicker" in client.get(LIST).content.decode()
    assert client.post(f"{here}put-back")["Location"] == here
    client.post(f"{here}put-back")
    page = client.get(here).content.decode()
    assert "A colleague was quicker" in page
    assert now_is(row).state == "open"


@pytest.mark.django_db
def test_whoever_came_second_is_told(rosa, nurse, doctor, browser, monkeypatch) -> None:
    row = UnmatchedResultFactory()
    from records.actions import unmatched as verbs

    with acting_as(nurse):
        found = verbs.open_unmatched(by=nurse, key=row.pk)
    browser(doctor).post(f"/records/{rosa.pk}/unmatched/{row.pk}/", {"order": ""})
    monkeypatch.setattr(verbs, "open_unmatched", lambda by, key: found)
    client = browser(nurse)
    assert client.post(f"/records/{rosa.pk}/unmatched/{row.pk}/", {"order": ""})["Location"] == LIST
    assert "A colleague was quicker" in client.get(LIST).content.decode()


@pytest.mark.django_db
def test_too_many_at_once_are_refused_in_words(nurse, doctor, browser) -> None:
    row, client = UnmatchedResultFactory(), browser(nurse)
    with acting_as(nurse):
        for action in ["records.list_unmatched", "records.open_unmatched"] * 61 + ["patients.search"] * 121:
            record(action, by=nurse)
    assert "a lot of lists" in client.get(LIST).content.decode()
    assert "to match" not in client.get("/patients/to-put-right").content.decode()
    assert client.get(f"{LIST}{row.pk}/").status_code == 404
    with acting_as(doctor):
        for _each in range(61):
            record("records.list_unmatched", by=doctor)
    assert "nobody sure" not in browser(doctor).get("/records/results-to-read").content.decode()


@pytest.mark.django_db
def test_too_many_searches_leave_the_result_to_be_read(nurse, browser) -> None:
    row, client = UnmatchedResultFactory(), browser(nurse)
    with acting_as(nurse):
        for _each in range(121):
            record("patients.search", by=nurse)
    page = client.get(f"{LIST}{row.pk}/").content.decode()
    assert "a lot of searches" in page
    assert "Potassium" in page


@pytest.mark.django_db
def test_one_that_is_not_there(nurse, browser, rosa) -> None:
    assert browser(nurse).get(f"{LIST}{rosa.pk}/").status_code == 404
