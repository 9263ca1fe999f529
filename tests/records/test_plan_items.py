"""What is to be done: on the page, through /v1, from care plans and goals of other systems."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from healthcare.db.context import acting_as
from healthcare.fhir.resources import resources
from records.actions.entries import NotAMove, change_clinical_status, record_said
from records.kinds import Said
from records.kinds.plan_item import WORDS, is_overdue, role
from records.telling.by_kind import resource_of
from tests.records.arriving import concept, entries, incoming, take, taken

pytestmark = pytest.mark.django_db
FACTS = {"text": "Repeat the potassium", "owner": "Dr. Okafor", "due": "2031-03-02", "note": "fasting"}


def planned(nurse, rosa, **said):
    with acting_as(nurse):
        return record_said(
            by=nurse,
            patient=rosa,
            kind="plan_item",
            said=Said(**{"display": "Repeat it", "clinical_status": "active"} | said),
            now=timezone.now(),
        )


def test_it_is_typed_done_and_taken_up_again(rosa, nurse, browser) -> None:
    client = browser(nurse)
    shown = client.post(f"/records/{rosa.pk}/record/plan_item", FACTS).headers["Location"]
    page = client.get(shown).content.decode()
    for words in ("Repeat the potassium", "Dr. Okafor", "Mar 2, 2031", "fasting"):
        assert words in page
    page = client.get(f"{shown}change-status").content.decode()
    assert "To do" in page
    done = client.post(f"{shown}change-status", {"status": "completed", "because": "4.1 mmol/L"}).headers["Location"]
    assert "Repeat the potassium: Done" in client.get(done).content.decode()
    client.post(f"{done}change-status", {"status": "active"})
    assert [row.clinical_status for row in entries(rosa, kind="plan_item")] == ["active", "completed", "active"]
    assert client.post(f"{done}change-status", {"status": "active"}).status_code == 422
    assert "replaced" in client.get(done).content.decode()


def test_a_correction_begins_with_what_stands(rosa, nurse, browser) -> None:
    client = browser(nurse)
    shown = client.post(f"/records/{rosa.pk}/record/plan_item", FACTS | {"due": "", "done": "on"}).headers["Location"]
    page = client.get(f"{shown}correct").content.decode()
    assert 'value="Repeat the potassium"' in page
    assert "checked" in page
    answer = client.post(f"{shown}correct", FACTS)
    assert "2031" in client.get(f"{answer.headers['Location']}correct").content.decode()
    assert client.post(f"{shown}correct", FACTS).status_code == 422
    first, second = entries(rosa, kind="plan_item")
    assert (first.clinical_status, second.clinical_status, second.data["due"]) == ("completed", "active", "2031-03-02")
    assert second.effective_at == first.effective_at


def test_a_day_in_the_past_is_when_it_was_said(rosa, nurse, browser) -> None:
    client = browser(nurse)
    client.post(f"/records/{rosa.pk}/record/plan_item", FACTS | {"day": "2024-05-06", "sensitivity": "mental_health"})
    (row,) = entries(rosa, kind="plan_item")
    assert (row.effective_at.date(), row.sensitivity) == (date(2024, 5, 6), "mental_health")


@pytest.mark.parametrize(("due", "drawn"), [("2020-01-01", "warn"), ("2999-01-01", "wait"), ("", "wait")])
def test_what_is_overdue_is_shown(due, drawn, rosa, nurse, browser) -> None:
    row = planned(nurse, rosa, data={"due": due} if due else {})
    assert role(row) == drawn
    page = browser(nurse).get(f"/records/{rosa.pk}/entries/{row.pk}/").content.decode()
    assert ("<b>overdue</b>" in page) is (drawn == "warn")
    assert not is_overdue(row, date(2019, 12, 31))
    assert role(planned(nurse, rosa, clinical_status="completed")) == "ok"
    assert role(planned(nurse, rosa, clinical_status="revoked")) == "off"


@pytest.mark.parametrize(
    "said", [{"display": ""}, {"clinical_status": "perhaps"}, {"clinical_status": ""}, {"data": {"due": "soon"}}]
)
def test_what_must_never_be_false_is_refused_by_the_table(said, rosa, nurse) -> None:
    with pytest.raises(IntegrityError, match="entry_plan_item_says_what"), transaction.atomic():
        planned(nurse, rosa, **said)


def test_only_what_may_follow_follows(rosa, nurse) -> None:
    row = planned(nurse, rosa)
    with acting_as(nurse), pytest.raises(NotAMove):
        change_clinical_status(by=nurse, entry=row, status="resolved", now=timezone.now())
    assert set(WORDS) == {"active", "completed", "revoked"}


def plan(**fields):
    return {"resourceType": "CarePlan", "status": "active", "category": [concept("Self care", "326051")]} | fields


def test_a_care_plan_keeps_its_steps(rosa) -> None:
    steps = [{"detail": {"code": concept(name)}} for name in ("Diet", "Education", "Education")]
    (row,) = taken(
        resources()["CarePlan"],
        incoming(rosa, plan(activity=steps, period={"start": "2001-04-05"}, note=[{"text": "n"}])),
    )
    assert (row.kind, row.display, row.clinical_status, row.data["steps"]) == (
        "plan_item",
        "Self care",
        "active",
        "Diet\nEducation",
    )
    told = resource_of(row)
    assert told is not None
    assert (told["resourceType"], told["title"]) == ("CarePlan", "Self care")
    assert [one["detail"]["description"] for one in told["activity"]] == ["Diet", "Education"]


def test_a_goal_has_its_day(rosa) -> None:
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "completed",
        "description": {"text": "Walk a mile"},
        "target": [{"dueDate": "2024-06-01"}],
        "startDate": "2024-01-01",
        "expressedBy": {"display": "Rosa"},
    }
    (row,) = taken(resources()["Goal"], incoming(rosa, goal))
    assert (row.display, row.clinical_status) == ("Walk a mile", "completed")
    assert (row.data["due"], row.data["owner"]) == ("2024-06-01", "Rosa")
    told = resource_of(row)
    assert told is not None
    assert told["period"]["end"] == "2024-06-01"
    (vague,) = taken(resources()["Goal"], incoming(rosa, goal | {"target": [{"dueDate": "2024-06"}]}))
    assert "due" not in vague.data


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"status": "draft"}, "kept"),
        ({"category": None}, "kept"),
        ({"category": None, "title": "T"}, "imported"),
        ({"category": None, "description": "D", "period": "now"}, "imported"),
        ({"status": "entered-in-error"}, "imported"),
    ],
)
def test_a_draft_or_one_without_a_name_is_kept_whole(fields, state, rosa) -> None:
    (outcome,) = take(resources()["CarePlan"], incoming(rosa, plan(**fields)))
    assert outcome.state == state
    rows = entries(rosa, kind="plan_item")
    assert len(rows) == (state == "imported")
    for row in rows:
        assert (resource_of(row) is None) is (row.voided_at is not None)


def test_another_program_plans(rosa, nurse, api) -> None:
    body = {"patient": str(rosa.pk), "kind": "plan_item", "data": {"text": "Call her", "due": "2031-01-02"}}
    answer = api(nurse).write("/records", body | {"sensitivity": "reproductive"})
    assert answer.status_code == 201, answer.content
    assert (answer.json()["clinical_status"], answer.json()["data"]) == ("active", {"due": "2031-01-02"})
    moved = api(nurse).write(f"/records/{answer.json()['id']}/change", {"standing": "completed"})
    assert moved.status_code == 200, moved.content
    assert [row.clinical_status for row in entries(rosa, kind="plan_item")] == ["active", "completed"]
