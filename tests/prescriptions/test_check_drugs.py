"""`manage.py check_drugs`: the same answer as the page, for names alone."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.knowledge import ingredient_lines, medication_lines
from prescriptions.models import SafetyRule
from prescriptions.rules.allergens import plain
from tests.prescriptions.conftest import NOW, allergy, drafted, signed
from tests.prescriptions.test_safety import pairs
from tests.roles import taking_role

pytestmark = pytest.mark.django_db


def answer(*medicines: str, allergies: tuple[str, ...] = ()) -> dict[str, Any]:
    out = StringIO()
    call_command("check_drugs", *medicines, allergy=list(allergies), json=True, stdout=out)
    return json.loads(out.getvalue())


def severities(*medicines: str, **more: Any) -> list[str]:
    return [one["severity"] for one in answer(*medicines, **more)["warnings"]]


def test_warfarin_with_aspirin_warns_with_rule_and_source() -> None:
    found = answer("warfarin", "aspirin")
    assert [(one["severity"], one["a"], one["b"]) for one in found["warnings"]] == [("severe", "warfarin", "aspirin")]
    assert found["warnings"][0]["rule"] == "INR-01"
    assert found["warnings"][0]["source"]
    assert found["unchecked"] == []
    assert found["kb_version"].startswith("20")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Coumadin", "Advil"),
        ("Bayer", "Jantoven"),
        ("warfarin 5 mg oral tablet", "Naproxen sodium 220 MG Oral Tablet"),
        ("855332", "1191"),  # warfarin 5 mg, tablet; aspirin
        ("Eliquis", "etodolac"),
        ("edoxaban", "oxaprozin"),
        ("Xarelto", "Meloxicam 15 mg"),
    ],
)
def test_brands_codes_and_whole_labels_are_understood_in_both_orders(one: str, other: str) -> None:
    assert severities(one, other)[0] == "severe"
    assert severities(other, one)[0] == "severe"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vardenafil", "isosorbide dinitrate"),
        ("Cialis", "Nitro-Dur"),
        ("pitavastatin", "gemfibrozil"),
        ("trandolapril", "eplerenone"),
        ("fosinopril", "potassium citrate"),
        ("edoxaban", "phenytoin"),
        ("oxymorphone", "oxazepam"),
        ("nadolol", "verapamil"),
        ("lithium", "sulindac"),
        ("lithium", "perindopril"),
        ("methotrexate", "ketoprofen"),
        ("haloperidol", "sotalol"),
        ("norgestrel", "eslicarbazepine"),
        ("drospirenone", "St. John's Wort"),
        ("colchicine", "posaconazole"),
        ("sirolimus", "rifampin"),
        ("eletriptan", "ritonavir"),
        ("triazolam", "itraconazole"),
        ("valproic acid", "meropenem"),
        ("rasagiline", "venlafaxine"),
    ],
)
def test_what_is_in_no_list_of_pairs_warns_by_its_class(one: str, other: str) -> None:
    for found in (severities(one, other), severities(other, one)):
        assert found[0] in ("contraindicated", "severe")


@pytest.mark.shared_data
def test_every_pair_of_the_onc_list_warns_by_name() -> None:
    silent = [(one, other) for _group, one, other in pairs() if "contraindicated" not in severities(one, other)]
    assert not silent


@pytest.mark.shared_data
def test_every_pair_of_the_onc_list_warns_by_brand_in_both_orders() -> None:
    """By the brand of each, of a combination where it has none alone."""
    generic = {word: line.name for line in ingredient_lines() for word in (line.name, *line.synonyms)}
    brands: dict[str, str] = {}
    for line in sorted(medication_lines(), key=lambda line: -len(line.ingredients)):
        brands |= {name: line.brands[0] for name in line.ingredients if line.brands}
    for _group, one, other in pairs():
        first, second = (brands.get(generic[plain(name)], name) for name in (one, other))
        for subject, taken in ((first, second), (second, first)):
            assert "contraindicated" in severities(subject, taken), f"{subject} with {taken} says nothing."


def test_a_misspelt_medicine_is_unchecked_and_never_silent() -> None:
    found = answer("warfrin", "aspirin")
    assert found["unchecked"] == ["warfrin"]
    assert found["warnings"] == []
    assert answer("warfarin and the pink pill", "aspirin")["unchecked"] == ["warfarin and the pink pill"]


def test_allergies_are_checked_by_ingredient_and_class_and_unknown_ones_named() -> None:
    assert severities("amoxicillin", allergies=("penicillin",)) == ["contraindicated"]
    assert severities("Keflex", allergies=("Penicillins",)) == ["severe"]
    assert answer("amoxicillin", allergies=("the pink pill",))["unchecked"] == ["the pink pill"]


def test_three_medicines_are_checked_each_with_each_and_once() -> None:
    found = answer("warfarin", "aspirin", "fluconazole")["warnings"]
    assert [(one["a"], one["b"]) for one in found] == [("warfarin", "aspirin"), ("warfarin", "fluconazole")]


def test_without_knowledge_it_says_so_and_fails() -> None:
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    out = StringIO()
    with pytest.raises(CommandError, match="no_knowledge") as failed:
        call_command("check_drugs", "warfarin", "aspirin", json=True, stdout=out)
    assert failed.value.returncode == 3
    found = json.loads(out.getvalue())
    assert found["problem"] == "no_knowledge"
    assert found["unchecked"] == ["warfarin", "aspirin"]


def test_in_words_it_says_what_was_found_and_what_was_not() -> None:
    out = StringIO()
    call_command("check_drugs", "warfarin", "aspirin", "warfrin", stdout=out)
    text = out.getvalue()
    assert "SEVERE: warfarin with aspirin: Bleeding [INR-01]" in text
    assert "NOT CHECKED: warfrin" in text
    assert "nothing was checked against any" in text
    quiet = StringIO()
    call_command("check_drugs", "metformin", allergy=["latex"], stdout=quiet)
    assert "Nothing found, which is not the same as safe." in quiet.getvalue()


def test_it_gives_the_same_answer_as_the_page(doctor: Any, patient: Any) -> None:
    allergy(patient, "penicillin")
    taken = ["warfarin 5 mg, tablet", "lisinopril 10 mg, tablet"]
    for label in taken:
        signed(doctor, patient, label)
    for label in ("amoxicillin 500 mg, capsule", "ibuprofen 400 mg, tablet", "aspirin 81 mg, tablet"):
        draft = drafted(doctor, patient, label)
        with acting_as(doctor):
            page = queries.check_prescription(doctor, draft, NOW).result
            actions.cancel_prescription(by=doctor, prescription=draft, reason="wrong", now=NOW)
        asked = answer(label, *taken, allergies=("penicillin",))
        said = {(one["severity"], one["rule"]) for one in asked["warnings"] if one["a"] == label}
        assert said == {(one.severity, one.rule) for one in page.findings}
