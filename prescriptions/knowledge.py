"""The project's own data on medicines, read from `data/`: the formulary and what does not go together."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from prescriptions.rules.safety import DOSE, KB_VERSION, Rule

DATA = Path(__file__).parent / "data"
RULES = (DATA / "knowledge.toml", *sorted((DATA / "rules").glob("*.toml")))
FILES = (DATA / "ingredients.tsv", DATA / "medications.tsv", *RULES)
USUAL_DAYS = 7  # until a medicine that waits counts as not collected

# Each form: its words, the route it goes by, and the unit its dose is counted in.
FORMS = {
    "tablet": ("tablet", "oral", "tablet"),
    "er_tablet": ("extended-release tablet", "oral", "tablet"),
    "dr_tablet": ("delayed-release tablet", "oral", "tablet"),
    "chewable": ("chewable tablet", "oral", "tablet"),
    "odt": ("orally disintegrating tablet", "oral", "tablet"),
    "sl_tablet": ("sublingual tablet", "sublingual", "tablet"),
    "capsule": ("capsule", "oral", "capsule"),
    "er_capsule": ("extended-release capsule", "oral", "capsule"),
    "dr_capsule": ("delayed-release capsule", "oral", "capsule"),
    "solution": ("oral solution", "oral", "ml"),
    "suspension": ("oral suspension", "oral", "ml"),
    "powder": ("powder", "oral", "packet"),
    "cream": ("cream", "topical", "g"),
    "ointment": ("ointment", "topical", "g"),
    "gel": ("gel", "topical", "g"),
    "inhaler": ("inhaler", "inhaled", "puff"),
    "nebulizer": ("nebulizer solution", "inhaled", "ml"),
    "nasal_spray": ("nasal spray", "nasal", "spray"),
    "sl_spray": ("sublingual spray", "sublingual", "spray"),
    "eye_drops": ("eye drops", "ophthalmic", "drop"),
    "ear_drops": ("ear drops", "otic", "drop"),
    "patch": ("patch", "transdermal", "patch"),
    "injection": ("injection", "intramuscular", "ml"),
    "pen": ("pen", "subcutaneous", "unit"),
    "suppository": ("suppository", "rectal", "suppository"),
}
# What is injected otherwise than its form says; of the same ingredient, tablets and sprays stay what they are.
INJECTED = ("injection", "pen")
UNDER_THE_SKIN = ("adalimumab", "enoxaparin", "sumatriptan")
OTHER_ROUTES = {"epinephrine": "intramuscular"} | dict.fromkeys(UNDER_THE_SKIN, "subcutaneous")
WEEKLY = ("dulaglutide", "exenatide", "tirzepatide")
OTHER_UNITS = {"epinephrine": "injection", "liraglutide": "ml", "semaglutide": "ml"} | dict.fromkeys(
    WEEKLY, "injection"
)
# What every rule on a highest dose says.
TOO_MUCH = {
    "severity": "severe",
    "title": "More than the highest dose",
    "mechanism": "More of it harms before it helps more.",
    "advice": "Lower the dose, or make the strength and the unit sure; say why, where it is meant.",
}
SALTS = {"metoprolol succinate": "metoprolol", "metoprolol tartrate": "metoprolol"}


@dataclass(frozen=True)
class IngredientLine:
    name: str
    synonyms: tuple[str, ...]
    rxcui: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class MedicationLine:
    """One strength. `names` are as prescribed, with the salt where it matters; `ingredients` as the knowledge knows."""

    key: str
    names: tuple[str, ...]
    ingredients: tuple[str, ...]
    brands: tuple[str, ...]
    strength: str
    form: str
    route: str
    dose_unit: str
    rxcui: str
    pick_up_days: int
    label: str


@cache
def version() -> str:
    """The version with a mark of the content, so that data changed without a new version shows."""
    digest = sha256(b"".join(path.read_bytes() for path in FILES)).hexdigest()
    return f"{KB_VERSION}+{digest[:8]}"


def ingredient_lines() -> list[IngredientLine]:
    return [
        IngredientLine(name, _split(synonyms), rxcui, tuple(classes.split()))
        for name, synonyms, rxcui, classes in _rows("ingredients.tsv")
    ]


def medication_lines() -> list[MedicationLine]:
    return [
        _medication(tuple(names.split(" + ")), form, strength, _split(brands), int(days or USUAL_DAYS))
        for names, form, strengths, brands, days in _rows("medications.tsv")
        for strength in strengths.split("; ")
    ]


def rule_lines() -> list[Rule]:
    return [
        Rule(
            kind=kind,
            left=frozenset(line["left"]),
            right=frozenset(line.get("right", ())),
            limits=line.get("limits", {}),
            **_words(TOO_MUCH | line if kind == DOSE else line),
        )
        for path in RULES
        for kind, lines in tomllib.loads(path.read_text(encoding="utf-8")).items()
        for line in lines
    ]


def _medication(names: tuple[str, ...], form: str, strength: str, brands: tuple[str, ...], days: int) -> MedicationLine:
    amount, _, rxcui = strength.partition("=")
    words, route, unit = FORMS[form]
    if form in INJECTED:
        route, unit = OTHER_ROUTES.get(names[0], route), OTHER_UNITS.get(names[0], unit)
    parts = zip(names, amount.split(" + "), strict=True)
    return MedicationLine(
        key="-".join(_slug(part) for part in (*names, amount, words)),
        names=names,
        ingredients=without_salts(names),
        brands=brands,
        strength=amount,
        form=form,
        route=route,
        dose_unit=unit,
        rxcui=rxcui,
        pick_up_days=days,
        label=f"{' + '.join(f'{name} {part}' for name, part in parts)}, {words}",
    )


def without_salts(names: Iterable[str]) -> tuple[str, ...]:
    """Names as prescribed, as the knowledge knows them, in their order."""
    return tuple(SALTS.get(name, name) for name in names)


def _rows(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _slug(text: str) -> str:
    return "-".join("".join(sign if sign.isalnum() else " " for sign in text.lower()).split())


def _words(line: dict[str, Any]) -> dict[str, str]:
    return {name: line[name] for name in ("code", "severity", "title", "mechanism", "advice", "source")}
