"""Several checks at once: every question once, and each prescription with all of its answers."""

from hypothesis import given
from hypothesis import strategies as st

from prescriptions.rules.safety import PROBLEM, Answer, Finding, Result, Unchecked, failed
from prescriptions.rules.together import answers_by_subject, questions_of


def finding(key: str, severity: str = "severe") -> Finding:
    return Finding(key, "interaction", severity, key.partition(".")[0], "x", "t", "m", "a", "s")


def test_two_that_do_not_go_together_are_one_question() -> None:
    results = {
        "a": Result("1", findings=(finding("R1.b"), finding("R1.taken"))),
        "b": Result("1", findings=(finding("R1.a"), finding("R1.taken"))),
    }
    asked = [question.places for question in questions_of(results)]
    assert asked == [(("a", "R1.b"), ("b", "R1.a")), (("a", "R1.taken"),), (("b", "R1.taken"),)]


def test_two_rules_on_the_same_pair_are_two_questions() -> None:
    results = {"a": Result("1", findings=(finding("R1.b"), finding("R2.b"))), "b": Result("1")}
    assert [question.key for question in questions_of(results)] == ["R1.b", "R2.b"]


def test_what_is_unknown_of_the_patient_is_asked_once_and_of_each_medicine_for_itself() -> None:
    never = Unchecked("unchecked.allergies", "", "never_asked")
    results = {
        name: Result("1", unchecked=(never, Unchecked("unchecked.child_dose", name, "child_dose"))) for name in "abc"
    }
    asked = questions_of(results)
    assert asked[0].places == tuple((name, "unchecked.allergies") for name in "abc")
    assert [question.asked for question in asked[1:]] == [(name, "unchecked.child_dose") for name in "abc"]


def test_a_check_that_did_not_run_is_one_question() -> None:
    (question,) = questions_of({"a": failed("broken"), "b": failed("broken")})
    assert question.places == (("a", PROBLEM), ("b", PROBLEM))


def test_what_is_only_said_is_no_question() -> None:
    results = {"a": Result("1", findings=(finding("R1.b", "moderate"),)), "b": Result("1")}
    assert questions_of(results) == []


KEYS = st.sampled_from(["a", "b", "c", "taken", "allergy-1"])


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.lists(st.tuples(st.sampled_from(["R1", "R2", "unchecked"]), KEYS), max_size=6)
    )
)
def test_every_place_is_answered_and_none_twice(said) -> None:
    results = {
        name: Result(
            "1",
            findings=tuple(finding(f"{rule}.{other}") for rule, other in {*pairs} if rule != "unchecked"),
            unchecked=tuple(
                Unchecked(f"{rule}.{other}", other, "by_hand") for rule, other in {*pairs} if rule[0] == "u"
            ),
        )
        for name, pairs in said.items()
    }
    asked = questions_of(results)
    told = answers_by_subject((question, Answer(question.key, "other", "w")) for question in asked)
    for name, result in results.items():
        assert sorted(answer.key for answer in told.get(name, [])) == sorted(result.to_answer)
