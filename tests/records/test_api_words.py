"""`/v1/records?q=`: the words of a chart as its own page finds them, in the order and the pages of the list."""

from datetime import timedelta

import pytest
from django.utils import timezone

from healthcare.audit import record
from healthcare.db.context import acting_as
from records.queries import words as queries
from tests.factories import EntryFactory, portal_user

pytestmark = pytest.mark.django_db
NOTE = {"kind": "note", "code": "", "code_system": "", "value": None, "unit": ""}


def note(patient, title: str, days: int = 1, mark: str = "", **data):
    at = timezone.now() - timedelta(days=days)
    return EntryFactory(patient=patient, display=title, data=data, effective_at=at, sensitivity=mark, **NOTE)


@pytest.fixture
def found(api, doctor, rosa):
    def ask(q: str, by=doctor, **more) -> list[str]:
        answer = api(by).read("/records", {"patient": str(rosa.pk), "q": q, **more})
        assert answer.status_code == 200, answer.content
        return [item["id"] for item in answer.json()["items"]]

    return ask


def test_words_phrases_and_beginnings_of_texts_the_newest_first(rosa, found) -> None:
    chest = str(note(rosa, "Visit note", 3, assessment="Chest pain when climbing", plan="Amoxicillin for a week").pk)
    ankle = str(note(rosa, "Visit note", 1, assessment="Pain of the ankle; chest clear").pk)
    assert found("pain chest") == [ankle, chest]
    assert found('"chest pain"') == [chest]
    assert found("amoxi") == [chest]
    assert found("pains -ankle") == [chest]
    assert found("ankle or amoxicillin") == [ankle, chest]
    assert found("nothing of the kind") == []
    assert found("pain", kind="allergy") == []


def test_of_what_is_marked_the_title_alone(rosa, found, doctor) -> None:
    marked = note(rosa, "Counselling", mark="adolescent", assessment="Canaryword")
    own = note(rosa, "Canaryword plain")
    assert found("canaryword") == [str(own.pk)]
    assert str(marked.pk) not in found("canaryword or nothing")


def test_patients_find_in_their_own_chart_what_they_may_see(rosa, found) -> None:
    seen = EntryFactory(patient=rosa, display="Potassium", data={"flag": "", "note": "Haemolysed specimen"})
    EntryFactory(patient=rosa, display="Sodium", data={"flag": "", "note": "Haemolysed"}, released_at=None)
    assert found("haemolys", by=portal_user(rosa)) == [str(seen.pk)]


@pytest.mark.parametrize("most", [100, 2])
def test_page_after_page_also_where_there_are_many(api, doctor, rosa, monkeypatch, most) -> None:
    """With as many as the index gives, the list is read row by row, and is as whole."""
    monkeypatch.setattr(queries, "MOST", most)
    made = {str(note(rosa, "Visit note", day, plan="Rest and fluids").pk) for day in range(1, 6)}
    note(rosa, "Visit note", 2, plan="Work")
    seen, cursor = [], ""
    while cursor is not None:
        asked = {"patient": str(rosa.pk), "q": "fluids", "limit": 2, "cursor": cursor}
        body = api(doctor).read("/records", asked).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
    assert (len(seen), set(seen)) == (5, made)


def test_not_without_end(api, doctor, rosa) -> None:
    with acting_as(doctor):
        for _each in range(61):
            record("records.search", by=doctor)
    answer = api(doctor).read("/records", {"patient": str(rosa.pk), "q": "pain"})
    assert (answer.status_code, answer.json()["title"]) == (429, "Too many searches")


def test_the_documentation_shows_an_example(client) -> None:
    told = client.get("/v1/openapi.json").json()["paths"]["/v1/records"]["get"]["parameters"]
    (q,) = [one for one in told if one["name"] == "q"]
    assert "amoxi" in str(q)
    assert "sensitive" in q["schema"].get("description", "") + q.get("description", "")
