"""The safety rules, as plain values: what goes together, what does not, and what nobody can say."""

import csv
import random
import time
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from prescriptions.knowledge import ingredient_lines, medication_lines, rule_lines
from prescriptions.rules.allergens import allergen_terms, plain
from prescriptions.rules.safety import (
    BROKEN,
    NO_KNOWLEDGE,
    PROBLEM,
    Allergies,
    Allergy,
    Answer,
    Medicine,
    Result,
    Substance,
    check,
    failed,
    is_answered,
    knowledge_of,
    reasons_for,
    substance,
    unanswered,
    used,
)

ONC = Path(settings.BASE_DIR).parent / "shared" / "data" / "terminology" / "ddi_onc_high_priority.csv"
SUBSTANCES = {line.name: substance(line.name, line.classes) for line in ingredient_lines()}
WORDS = {word.lower(): SUBSTANCES[line.name] for line in ingredient_lines() for word in (line.name, *line.synonyms)}
NAMES = {word: one.terms for word, one in WORDS.items()}
KNOWN = knowledge_of("test", rule_lines())
ASKED = Allergies(asked=True)
NAMES_OF_ALL = sorted(SUBSTANCES)


def medicine(*names: str, key: str = "") -> Medicine:
    found = tuple(WORDS[plain(name)] for name in names)
    return Medicine(key or "-".join(names), " + ".join(names), found)


def allergic(*texts: str) -> Allergies:
    return Allergies(True, tuple(Allergy(text, text, allergen_terms(text, NAMES)) for text in texts))


def severities(result: Result) -> list[str]:
    return [finding.severity for finding in result.findings]


def pairs() -> list[tuple[str, str, str]]:
    if not ONC.exists():
        return []
    with ONC.open() as file:
        return [(row["group"], row["object_drug"], row["precipitant_drug"]) for row in csv.DictReader(file)]


# == The ONC list ==
@pytest.mark.shared_data
def test_the_list_is_there_whole() -> None:
    assert len(pairs()) == 394


@pytest.mark.shared_data
@pytest.mark.parametrize(("group", "one", "other"), pairs())
def test_every_pair_of_the_onc_list_warns_in_both_orders(group, one, other) -> None:
    for subject, taken in ((one, other), (other, one)):
        result = check(medicine(subject), [medicine(taken)], ASKED, KNOWN)
        rules = {finding.rule for finding in result.findings}
        assert f"ONC-{int(group):02d}" in rules or rules, f"{subject} with {taken} says nothing."
        worst = result.findings[0]
        assert worst.severity == "contraindicated"
        assert worst.must_be_answered
        assert "PMC3422823" in next(f.source for f in result.findings if f.severity == "contraindicated")


@pytest.mark.shared_data
@pytest.mark.parametrize(("group", "one", "other"), pairs())
def test_a_pair_warns_inside_combination_products(group, one, other) -> None:
    mixed = Medicine("mixed", "mixed", (SUBSTANCES["guaifenesin"], WORDS[plain(other)]))
    assert severities(check(medicine(one), [mixed], ASKED, KNOWN))
    assert severities(check(mixed, [medicine(one)], ASKED, KNOWN))


# == What every clinician expects ==
@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        ("warfarin", "aspirin", "severe"),
        ("apixaban", "ibuprofen", "severe"),
        ("warfarin", "sulfamethoxazole", "severe"),
        ("nitroglycerin", "sildenafil", "contraindicated"),
        ("isosorbide mononitrate", "tadalafil", "contraindicated"),
        ("simvastatin", "clarithromycin", "contraindicated"),
        ("rivaroxaban", "ketoconazole", "severe"),
        ("apixaban", "rifampin", "severe"),
        ("methotrexate", "trimethoprim", "contraindicated"),
        ("lisinopril", "spironolactone", "severe"),
        ("losartan", "potassium chloride", "severe"),
        ("lisinopril", "losartan", "severe"),
        ("lithium", "ibuprofen", "severe"),
        ("lithium", "hydrochlorothiazide", "severe"),
        ("citalopram", "azithromycin", "severe"),
        ("sertraline", "linezolid", "severe"),
        ("sertraline", "tramadol", "moderate"),
        ("oxycodone", "lorazepam", "severe"),
        ("digoxin", "amiodarone", "severe"),
        ("clopidogrel", "omeprazole", "severe"),
        ("ethinyl estradiol", "carbamazepine", "severe"),
        ("allopurinol", "azathioprine", "severe"),
        ("ciprofloxacin", "ferrous sulfate", "moderate"),
        ("metoprolol", "verapamil", "severe"),
        ("tamoxifen", "paroxetine", "severe"),
    ],
)
def test_expected_pairs_warn_in_both_orders(one, other, severity) -> None:
    for subject, taken in ((one, other), (other, one)):
        result = check(medicine(subject), [medicine(taken)], ASKED, KNOWN)
        assert severities(result)[0] == severity
        finding = result.findings[0]
        assert all((finding.title, finding.mechanism, finding.advice, finding.source))
        assert finding.other == taken


@pytest.mark.parametrize(
    ("one", "other"),
    [("amoxicillin", "acetaminophen"), ("metformin", "atorvastatin"), ("clopidogrel", "pantoprazole")],
)
def test_what_goes_together_says_nothing_found_and_against_what(one, other) -> None:
    result = check(medicine(one), [medicine(other)], ASKED, KNOWN)
    assert result.findings == ()
    assert result.clear == (other,)
    assert result.to_answer == ()


@given(st.sampled_from(NAMES_OF_ALL), st.sampled_from(NAMES_OF_ALL))
def test_the_order_never_matters(one: str, other: str) -> None:
    forth = check(medicine(one), [medicine(other)], ASKED, KNOWN)
    back = check(medicine(other), [medicine(one)], ASKED, KNOWN)
    assert {(f.rule, f.severity) for f in forth.findings} == {(f.rule, f.severity) for f in back.findings}


@given(st.lists(st.sampled_from(NAMES_OF_ALL), max_size=12, unique=True), st.sampled_from(NAMES_OF_ALL))
def test_each_medicine_is_found_clear_or_unchecked_and_keys_are_one_each(taken: list[str], subject: str) -> None:
    result = check(medicine(subject), [medicine(name) for name in taken], ASKED, KNOWN)
    assert set(taken) == {finding.other for finding in result.findings} | set(result.clear)
    assert not {finding.other for finding in result.findings} & set(result.clear)
    keys = [finding.key for finding in result.findings]
    assert len(set(keys)) == len(keys)
    assert result.medicines == len(taken)


def test_the_worst_comes_first_and_rules_of_one_title_speak_once() -> None:
    result = check(medicine("simvastatin"), [medicine("amlodipine"), medicine("clarithromycin")], ASKED, KNOWN)
    assert severities(result) == ["contraindicated", "moderate"]
    assert result.findings[0].rule == "ONC-25"


def test_the_same_ingredient_twice_is_said_and_does_not_hold_the_signature() -> None:
    result = check(medicine("acetaminophen"), [medicine("acetaminophen", "codeine")], ASKED, KNOWN)
    assert [finding.kind for finding in result.findings] == ["duplicate"]
    assert result.to_answer == ()


# == Allergies ==
@pytest.mark.parametrize(
    ("text", "subject", "severity"),
    [
        ("penicillin", "amoxicillin", "contraindicated"),
        ("Penicillins", "penicillin v", "contraindicated"),
        ("Allergy to penicillin", "amoxicillin", "contraindicated"),
        ("Penicillin V potassium 250 mg (substance)", "amoxicillin", "contraindicated"),
        ("amoxicillin", "amoxicillin", "contraindicated"),
        ("amoxicillin", "penicillin v", "contraindicated"),
        ("penicillin", "cephalexin", "severe"),
        ("penicillin", "cefuroxime", "moderate"),
        ("cephalosporins", "cefdinir", "severe"),
        ("cefaclor", "amoxicillin", "severe"),
        ("sulfa", "sulfamethoxazole", "contraindicated"),
        ("Sulfa drugs", "sulfasalazine", "contraindicated"),
        ("sulfonamide antibiotics", "celecoxib", "moderate"),
        ("aspirin", "ibuprofen", "severe"),
        ("NSAIDs", "naproxen", "severe"),
        ("codeine", "oxycodone", "severe"),
        ("lisinopril", "enalapril", "contraindicated"),
        ("carbamazepine", "phenytoin", "severe"),
        ("latex and penicillin", "amoxicillin", "contraindicated"),
        ("paracetamol", "acetaminophen", "contraindicated"),
    ],
)
def test_allergies_are_found_by_ingredient_and_by_class(text, subject, severity) -> None:
    result = check(medicine(subject), [], allergic(text), KNOWN)
    assert severities(result) == [severity]
    assert result.findings[0].other == text
    assert result.unchecked == ()


def test_penicillin_asks_about_cephalosporins_with_its_own_text_and_source() -> None:
    finding = check(medicine("cefuroxime"), [], allergic("penicillin"), KNOWN).findings[0]
    assert "Ask what the reaction was" in finding.advice
    assert "2022" in finding.source


def test_an_allergy_inside_a_combination_is_found() -> None:
    result = check(medicine("amoxicillin", "clavulanate"), [], allergic("clavulanic acid"), KNOWN)
    assert severities(result) == ["contraindicated"]


@pytest.mark.parametrize("text", ["latex", "Peanuts", "shellfish (food)", "Cat dander", "house dust mites"])
def test_what_is_no_medicine_is_checked_with_nothing_to_find(text) -> None:
    result = check(medicine("amoxicillin"), [], allergic(text), KNOWN)
    assert (result.findings, result.unchecked, result.clear) == ((), (), (text,))


@pytest.mark.parametrize("text", ["amoxicilin", "the pink pill", "penicillin and the pink pill", "", "???"])
def test_what_nobody_knows_is_unchecked_and_never_silent(text) -> None:
    result = check(medicine("amoxicillin"), [], allergic(text), KNOWN)
    assert [one.why for one in result.unchecked] == ["unknown_allergen"]
    assert result.to_answer == (f"unchecked.allergy-{text}",)


def test_never_asked_is_not_none() -> None:
    never = check(medicine("amoxicillin"), [], Allergies(asked=False), KNOWN)
    assert [one.why for one in never.unchecked] == ["never_asked"]
    assert check(medicine("amoxicillin"), [], ASKED, KNOWN).unchecked == ()


# == What could not be checked ==
def test_what_is_written_by_hand_is_unchecked_on_either_side() -> None:
    by_hand = Medicine("hand", "cranberry capsules", by_hand=True)
    subject = check(by_hand, [medicine("warfarin")], allergic("penicillin"), KNOWN)
    assert [(one.what, one.why) for one in subject.unchecked] == [("cranberry capsules", "by_hand")]
    assert subject.clear == ()
    other = check(medicine("warfarin"), [by_hand], ASKED, KNOWN)
    assert other.to_answer == ("unchecked.hand",)
    uncoded = check(Medicine("x", "x"), [], ASKED, KNOWN)
    assert [one.why for one in uncoded.unchecked] == ["no_ingredients"]


def test_without_knowledge_nothing_is_clear() -> None:
    result = check(medicine("warfarin"), [medicine("metformin")], ASKED, knowledge_of("empty", []))
    assert result == failed(NO_KNOWLEDGE)
    assert result.to_answer == (PROBLEM,)
    assert result.clear == ()


# == Answers ==
def test_an_answer_is_a_coded_reason_that_fits_with_words_where_it_needs_them() -> None:
    severe, unchecked = "INR-01.x", "unchecked.x"
    assert not is_answered(severe, None)
    assert is_answered(severe, Answer(severe, "benefit"))
    assert not is_answered(severe, Answer(severe, "checked_myself"))
    assert not is_answered(severe, Answer(severe, "other", "  "))
    assert is_answered(severe, Answer(severe, "other", "INR is checked on Monday"))
    assert is_answered(unchecked, Answer(unchecked, "checked_myself"))
    assert not is_answered(unchecked, Answer(unchecked, "benefit"))
    assert not is_answered(PROBLEM, Answer(PROBLEM, "urgent"))
    assert is_answered(PROBLEM, Answer(PROBLEM, "urgent", "Looked it up in the book"))
    assert reasons_for(PROBLEM) != reasons_for(severe) != reasons_for(unchecked)


def test_only_what_must_be_answered_holds_and_only_such_answers_are_kept() -> None:
    result = check(medicine("warfarin"), [medicine("aspirin"), medicine("sertraline")], Allergies(asked=False), KNOWN)
    severe = result.findings[0].key
    assert result.to_answer == (severe, "unchecked.allergies")
    given_ = {severe: Answer(severe, "specialist"), "made.up": Answer("made.up", "benefit")}
    assert unanswered(result, given_) == ["unchecked.allergies"]
    assert used(result, given_) == [{"key": severe, "reason": "specialist", "words": ""}]
    assert unanswered(failed(BROKEN), given_) == [PROBLEM]


def test_the_result_is_kept_as_plain_values() -> None:
    result = check(medicine("warfarin"), [medicine("aspirin")], allergic("pink pill"), KNOWN)
    content = result.content()
    assert content["findings"][0]["rule"] == "INR-01"
    assert content["unchecked"][0]["why"] == "unknown_allergen"
    assert content["checked"] == {"medicines": 1, "allergies": 1, "clear": [], "about": []}


# == By brand, and fast ==
def test_every_brand_of_the_formulary_is_known_as_an_allergen() -> None:
    names = dict(NAMES)
    for line in medication_lines():
        terms = frozenset().union(*(SUBSTANCES[name].terms for name in line.ingredients))
        names |= {brand.lower(): terms for brand in line.brands}
    for text, subject in (("Bactrim", "sulfamethoxazole"), ("Motrin", "ibuprofen"), ("Augmentin", "amoxicillin")):
        allergies = Allergies(True, (Allergy("a", text, allergen_terms(text, names)),))
        assert severities(check(medicine(subject), [], allergies, KNOWN)) == ["contraindicated"]


def test_forty_medicines_and_ten_allergies_take_under_thirty_milliseconds() -> None:
    chosen = random.Random(7)
    took = []
    for _round in range(40):
        others = [medicine(name) for name in chosen.sample(NAMES_OF_ALL, 40)]
        allergies = allergic(*chosen.sample(NAMES_OF_ALL, 10))
        start = time.perf_counter()
        check(medicine(chosen.choice(NAMES_OF_ALL)), others, allergies, KNOWN)
        took.append(time.perf_counter() - start)
    assert sorted(took)[int(len(took) * 0.95)] < 0.03


def test_a_substance_answers_to_its_name_and_its_classes() -> None:
    assert substance("a", ["b"]) == Substance("a", frozenset({"a", "class:b"}))
