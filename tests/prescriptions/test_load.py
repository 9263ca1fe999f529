"""The verb `load_knowledge`: the data follow the code; and the queries and admin pages over them."""

import pytest
from django.urls import reverse

from prescriptions import actions, knowledge, queries
from prescriptions.apps import load_after_migrate
from prescriptions.models import Ingredient, Medication, SafetyRule
from tests.factories import IngredientFactory, MedicationFactory, SafetyRuleFactory, staff
from tests.prescriptions.conftest import medication
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def load() -> bool:
    with as_the_system():
        return actions.load_knowledge(by=None)


def test_loaded_already_there_is_nothing_to_do() -> None:
    assert not load()
    assert SafetyRule.objects.count() == len(knowledge.rule_lines())
    assert Medication.objects.offered().count() == len(knowledge.medication_lines())
    assert Ingredient.objects.count() == len(knowledge.ingredient_lines())
    assert set(SafetyRule.objects.values_list("kb_version", flat=True)) == {knowledge.version()}


def test_what_was_changed_emptied_or_made_up_is_put_right() -> None:
    with taking_role("owner"):
        SafetyRule.objects.filter(code="INR-01").update(severity="moderate", kb_version="older")
        SafetyRule.objects.filter(code="NIT-01").delete()
    SafetyRuleFactory(code="FOLK-1")
    gone = MedicationFactory(key="gone", of=[IngredientFactory()])
    assert load()
    assert not load()
    assert SafetyRule.objects.get(code="INR-01").severity == "severe"
    assert SafetyRule.objects.filter(code="NIT-01").exists()
    assert not SafetyRule.objects.filter(code="FOLK-1").exists()
    gone.refresh_from_db()
    assert not gone.active, "what was prescribed keeps its line, and nobody is offered it"


def test_a_line_knows_its_ingredients_by_brand_and_salt() -> None:
    both = medication("amoxicillin 875 mg + clavulanate 125 mg, tablet")
    assert {one.name for one in both.ingredients.all()} == {"amoxicillin", "clavulanate"}
    salted = medication("metoprolol succinate 50 mg, extended-release tablet")
    assert [one.name for one in salted.ingredients.all()] == ["metoprolol"]
    assert queries.get_known().names["bactrim"] >= {"sulfamethoxazole", "trimethoprim", "class:sulfonamide_antibiotic"}


def test_whoever_migrates_loads_and_nobody_else() -> None:
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    load_after_migrate(plan=[])
    assert not SafetyRule.objects.exists(), "the web login loads nothing"
    with taking_role("owner"):
        load_after_migrate()
        assert not SafetyRule.objects.exists(), "a database that was emptied stays empty"
        load_after_migrate(plan=[])
    assert SafetyRule.objects.exists()


def test_the_search_is_fast_enough_to_type_by(django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(2):
        found = queries.find_medications("metoprol 50")
    assert {one.name for one in found} >= {"metoprolol succinate", "metoprolol tartrate"}
    assert queries.find_medications("  ") == []
    assert queries.find_medications("zzzz") == []


@pytest.mark.parametrize("model", ["ingredient", "medication", "safetyrule", "prescription", "safetycheck"])
def test_the_admin_reads_and_changes_nothing(browser, model) -> None:
    client = browser(staff("administrator"))
    page = client.get(reverse(f"admin:prescriptions_{model}_changelist"))
    assert page.status_code == 200
    assert client.get(reverse(f"admin:prescriptions_{model}_add")).status_code == 403
