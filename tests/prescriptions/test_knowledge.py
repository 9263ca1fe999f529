"""The project's own data on medicines: whole, consistent, and true to the lists they come from."""

import csv
from pathlib import Path

import pytest
from django.conf import settings

from prescriptions import knowledge
from prescriptions.rules.allergens import CLASS_WORDS, NO_MEDICINES, plain
from prescriptions.rules.safety import KB_VERSION, SEVERITIES
from prescriptions.rules.sig import ROUTES, UNITS

TERMINOLOGY = Path(settings.BASE_DIR).parent / "shared" / "data" / "terminology"
INGREDIENTS = {line.name: line for line in knowledge.ingredient_lines()}
MEDICATIONS = knowledge.medication_lines()
RULES = knowledge.rule_lines()
CLASSES = {word for line in INGREDIENTS.values() for word in line.classes}


def table(name: str) -> list[dict[str, str]]:
    with (TERMINOLOGY / name).open() as file:
        return list(csv.DictReader(file))


def test_the_formulary_has_what_an_outpatient_clinic_prescribes() -> None:
    assert len({line.names for line in MEDICATIONS}) >= 400
    assert len(MEDICATIONS) >= 1000
    for line in MEDICATIONS:
        assert line.label, line
        assert line.route in ROUTES, line
        assert line.dose_unit in UNITS, line
        assert 1 <= line.pick_up_days <= 90, line


def test_a_form_says_how_it_is_taken_whatever_else_the_ingredient_comes_as() -> None:
    for line in MEDICATIONS:
        if line.form.endswith(("tablet", "capsule")):
            assert line.route in ("oral", "sublingual"), line.label
            assert line.dose_unit in ("tablet", "capsule"), line.label
        if line.form == "nasal_spray":
            assert (line.route, line.dose_unit) == ("nasal", "spray"), line.label


def test_nothing_is_listed_twice_and_every_ingredient_is_known() -> None:
    assert len({line.key for line in MEDICATIONS}) == len(MEDICATIONS)
    assert len({line.label for line in MEDICATIONS}) == len(MEDICATIONS)
    assert len(INGREDIENTS) == len(knowledge.ingredient_lines())
    for line in MEDICATIONS:
        assert set(line.ingredients) <= set(INGREDIENTS), line.key


def test_names_are_generic_in_lower_case_and_doses_are_written_safely() -> None:
    for line in MEDICATIONS:
        assert all(name == name.lower() for name in line.names), line.key
        for part in line.strength.split(" + "):
            amount = part.split(" ")[0]
            assert not amount.startswith("."), f"{line.key}: a leading zero"
            assert not ("." in amount and amount.endswith("0")), f"{line.key}: no trailing zero"


def test_there_are_rules_enough_by_class_and_ingredient() -> None:
    interactions = [rule for rule in RULES if rule.kind == "interaction"]
    assert len(interactions) >= 300
    assert len({(rule.left, rule.right) for rule in interactions}) == len(interactions)
    by_class = [rule for rule in interactions if any(term.startswith("class:") for term in rule.left | rule.right)]
    assert len(by_class) >= 150


def test_rules_speak_of_what_there_is_in_words_that_fit() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        for term in rule.left | rule.right:
            known = term[6:] in CLASSES if term.startswith("class:") else term in INGREDIENTS
            assert known, f"{rule.code} speaks of {term}, which nothing has."
        assert rule.severity in SEVERITIES, rule.code
        assert rule.mechanism.endswith("."), rule.code
        assert rule.advice.endswith("."), rule.code
        assert rule.source, f"{rule.code} says where it is written."
        assert len(rule.title) <= 120, rule.code
        assert len(rule.source) <= 240, rule.code


@pytest.mark.shared_data
def test_every_drug_of_the_onc_list_is_an_ingredient() -> None:
    named = {word for line in INGREDIENTS.values() for word in (line.name, *line.synonyms)}
    rows = table("ddi_onc_high_priority.csv")
    drugs = {plain(row[side]) for row in rows for side in ("object_drug", "precipitant_drug")}
    assert len(drugs) == 97
    assert drugs <= named
    synonyms = {word: line.name for line in INGREDIENTS.values() for word in (line.name, *line.synonyms)}
    prescribable = {name for line in MEDICATIONS for name in line.ingredients}
    assert {synonyms[drug] for drug in drugs} <= prescribable


@pytest.mark.shared_data
def test_codes_of_rxnorm_are_those_of_the_list_and_mean_the_same_medicine() -> None:
    """Never an invented code: each stands in the terminology, under a name with the same ingredients and numbers."""
    names = {
        row["code"]: row["display"].lower() for row in table("synthea_module_codes.csv") if row["system"] == "RxNorm"
    }
    coded = [line for line in MEDICATIONS if line.rxcui]
    assert len(coded) > 150
    for line in coded:
        display = names[line.rxcui]
        assert all(name in display for name in line.names), (line.key, display)
        for part in line.strength.split(" + "):
            amount, unit = part.split(" ")
            written = {amount, str(float(amount) / 1000) if unit == "mcg" else amount}
            assert any(f" {one} mg" in display for one in written), (line.key, display)
    for ingredient in INGREDIENTS.values():
        if ingredient.rxcui:
            assert names[ingredient.rxcui] == ingredient.name


def test_words_for_classes_lead_to_classes_and_never_both_ways() -> None:
    assert set(CLASS_WORDS.values()) <= CLASSES
    assert not NO_MEDICINES & set(INGREDIENTS)
    assert not NO_MEDICINES & set(CLASS_WORDS)


def test_the_version_says_which_data_these_are() -> None:
    assert knowledge.version().startswith(f"{KB_VERSION}+")
    assert len(knowledge.version()) <= 20
