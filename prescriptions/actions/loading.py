"""Bring the formulary and the knowledge in the database to what the project's own data say."""

from django.db import transaction

from healthcare.accounts.models import User
from healthcare.audit import record
from prescriptions import knowledge
from prescriptions.models import Ingredient, Medication, SafetyRule
from prescriptions.rules.safety import Rule

Contains = Medication.ingredients.through


@transaction.atomic
def load_knowledge(*, by: User | None) -> bool:
    """Load the formulary and the rules of this version; what is gone from the data is no longer offered.

    Idempotent. Returns whether there was anything to do.
    """
    version = knowledge.version()
    rules, medications = knowledge.rule_lines(), knowledge.medication_lines()
    loaded = list(SafetyRule.objects.order_by("code").values_list("code", "kb_version"))
    if loaded == sorted((rule.code, version) for rule in rules) and Medication.objects.count() >= len(medications):
        return False
    _load_ingredients()
    _load_medications(medications)
    SafetyRule.objects.exclude(code__in=[rule.code for rule in rules]).delete()
    SafetyRule.objects.bulk_create(
        [_rule(rule, version) for rule in rules],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[*Rule.__dataclass_fields__.keys() - {"code"}, "kb_version", "updated_at"],
    )
    record("prescriptions.load_knowledge", by=by, detail={"rules": len(rules), "medications": len(medications)})
    return True


def _rule(rule: Rule, version: str) -> SafetyRule:
    sides = {"left": sorted(rule.left), "right": sorted(rule.right), "limits": dict(rule.limits)}
    return SafetyRule(**{**vars(rule), **sides}, kb_version=version)


def _load_ingredients() -> None:
    Ingredient.objects.bulk_create(
        [
            Ingredient(name=line.name, synonyms=list(line.synonyms), rxcui=line.rxcui, classes=list(line.classes))
            for line in knowledge.ingredient_lines()
        ],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["synonyms", "rxcui", "classes", "updated_at"],
    )


def _load_medications(lines: list[knowledge.MedicationLine]) -> None:
    known = {one.name: one for one in Ingredient.objects.order_by("name")}
    Medication.objects.bulk_create(
        [_medication(line, known) for line in lines],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=[
            field.name for field in Medication._meta.concrete_fields if field.name not in {"id", "key", "created_at"}
        ],
    )
    Medication.objects.exclude(key__in=[line.key for line in lines]).update(active=False)
    keys = dict(Medication.objects.values_list("key", "pk"))
    Contains.objects.bulk_create(
        [
            Contains(medication_id=keys[line.key], ingredient_id=known[name].pk)
            for line in lines
            for name in line.ingredients
        ],
        ignore_conflicts=True,
    )


def _medication(line: knowledge.MedicationLine, known: dict[str, Ingredient]) -> Medication:
    synonyms = [word for name in line.ingredients for word in known[name].synonyms]
    words = [line.label, *line.brands, *synonyms]
    return Medication(
        key=line.key,
        name=" + ".join(line.names),
        brand_names=list(line.brands),
        strength=line.strength,
        form=line.form,
        route=line.route,
        dose_unit=line.dose_unit,
        rxcui=line.rxcui,
        pick_up_days=line.pick_up_days,
        label=line.label,
        search_text=" ".join(words).lower(),
    )
