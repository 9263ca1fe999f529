"""Questionnaires: scored by rule, recorded by page and program, and thoughts of harm reach somebody at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.models import Alert
from records.events import AbnormalValueRecorded
from records.kinds import kind_of
from records.kinds.questionnaires import BANDS, answers_of
from records.rules.questionnaires import INSTRUMENTS, band_of, score_of, speaks_of_harm
from tests.factories import portal_user
from tests.records.arriving import entries
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
SLUGS = sorted(INSTRUMENTS)


def typed(slug: str, *answers: int) -> dict[str, str]:
    every = [*answers, *[0] * len(INSTRUMENTS[slug].questions)][: len(INSTRUMENTS[slug].questions)]
    return {f"q{number}": str(points) for number, points in enumerate(every, start=1)}


# == Rules ==
@pytest.mark.parametrize(
    ("slug", "sex", "bounds"),
    [
        (
            "phq_9",
            "female",
            {4: "minimal", 9: "mild", 10: "moderate", 15: "moderately severe", 20: "severe"},
        ),
        ("gad_7", "male", {4: "minimal", 5: "mild", 10: "moderate", 14: "moderate", 15: "severe", 21: "severe"}),
        ("phq_2", "", {2: "screens negative", 3: "screens positive"}),
        ("audit_c", "male", {3: "screens negative", 4: "screens positive"}),
        ("audit_c", "female", {2: "screens negative", 3: "screens positive"}),
        ("audit_c", "unknown", {2: "screens negative", 3: "screens positive"}),
    ],
)
def test_a_score_means_what_its_authors_say(slug, sex, bounds) -> None:
    assert {score: band_of(slug, score, sex) for score in bounds} == bounds
    assert {name for bands in INSTRUMENTS[slug].bands.values() for _, name in bands} <= BANDS.keys()


@given(st.sampled_from(SLUGS), st.data())
def test_points_are_added_and_nothing_else(slug, data) -> None:
    answers = [data.draw(st.integers(0, len(one.answers) - 1)) for one in INSTRUMENTS[slug].questions]
    assert 0 <= score_of(slug, answers) == sum(answers) <= INSTRUMENTS[slug].most
    assert speaks_of_harm(slug, answers) is (slug == "phq_9" and answers[8] > 0)
    for wrong in (answers[1:], [*answers, 0], [-1, *answers[1:]], [9, *answers[1:]]):
        with pytest.raises(ValueError, match="not the answers"):
            score_of(slug, wrong)


def test_the_highest_scores() -> None:
    assert {slug: one.most for slug, one in INSTRUMENTS.items()} == {
        "phq_2": 6,
        "phq_9": 27,
        "gad_7": 21,
        "audit_c": 12,
    }


# == Doors ==
@pytest.mark.parametrize("slug", SLUGS)
def test_each_is_answered_shown_and_corrected(slug, rosa, nurse, browser) -> None:
    client, door = browser(nurse), f"/records/{rosa.pk}/record/{slug}"
    page = client.get(door).content.decode()
    assert INSTRUMENTS[slug].questions[-1].text[:30] in page
    left_out = client.post(door, typed(slug) | {"q1": ""})
    assert left_out.status_code == 422
    shown = client.post(door, typed(slug, 1, 2) | {"note": "by telephone"}).headers["Location"]
    page = client.get(shown).content.decode()
    assert INSTRUMENTS[slug].name in page
    assert INSTRUMENTS[slug].questions[0].answers[1] in page
    assert "by telephone" in page
    assert "checked" in client.get(f"{shown}correct").content.decode()
    assert client.post(f"{shown}correct", typed(slug)).status_code == 302
    first, second = entries(rosa, kind=slug)
    assert (first.value, second.value, second.record_status) == (3, 0, "corrected")
    assert (second.code_system, second.unit) == ("loinc", "{score}")
    assert sum(points for _, _, points in answers_of(first)) == 3
    assert kind_of(slug).role(second) == "info"


def test_thoughts_of_harm_alert_at_once_and_wait_for_a_clinician(rosa, nurse, browser, announced) -> None:
    client, door = browser(nurse), f"/records/{rosa.pk}/record/phq_9"
    client.post(door, typed("phq_9", 3, 3, 3, 3))
    assert announced(AbnormalValueRecorded) == []
    client.post(door, typed("phq_9", *[0] * 8, 1))
    first, second = entries(rosa, kind="phq_9")
    assert announced(AbnormalValueRecorded) == [AbnormalValueRecorded(second.pk, rosa.pk, "urgent", None)]
    assert [kind_of("phq_9").role(row) for row in (first, second)] == ["warn", "bad"]
    assert (first.released_at is not None, second.released_at) == (True, None)


def test_the_alert_is_raised_from_the_fact_alone(rosa, nurse, browser, announced) -> None:
    from alerts.subscribers import alert_of_abnormal_value

    browser(nurse).post(f"/records/{rosa.pk}/record/phq_9", typed("phq_9", *[0] * 8, 2))
    (fact,) = announced(AbnormalValueRecorded)
    with as_the_system():
        alert_of_abnormal_value(fact)
        (alert,) = Alert.objects.filter(patient=rosa)
    assert (alert.severity, alert.source) == ("urgent", f"records.entry:{fact.entry_id}")


def test_another_program_answers_and_the_patient_does_not_record(rosa, nurse, api) -> None:
    said = {name: int(points) for name, points in typed("gad_7", 3, 3).items()}
    body = {"patient": str(rosa.pk), "kind": "gad_7", "data": said}
    answer = api(nurse).write("/records", body)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["value"], answer.json()["data"]["band"]) == ("6", "mild")
    refused = api(nurse).write("/records", body | {"data": said | {"q1": 4}})
    assert refused.status_code == 422
    assert api(portal_user(rosa)).write("/records", body).status_code == 403
