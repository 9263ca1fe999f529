"""What the invented chart says: pools of contents made once, flagged by the clinic's own tables, then drawn from."""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.utils.translation import override

from patients.synthetic.copying import Keys
from records.actions.notes import PROGRESS_NOTE
from records.actions.vitals import _content, _contents
from records.actions.writing import Content
from records.kinds.allergy import NONE_KNOWN
from records.kinds.immunization import VACCINES
from records.kinds.laboratory_result import NAMES
from records.rules import ranges, vitals
from records.rules.laboratory import TESTS, expected_of, flag_result
from records.rules.notes import NoteText
from records.rules.ranges import Flag, worst_of

PEOPLE, TAKINGS, VALUES = 150, 4, 25  # of each age; takings of each; results of each test
BANDS = (12, 48, 144, ranges.ADULT, 100 * 12)  # below so many months
BATTERIES = (
    ("2951-2", "2823-3", "2160-0", "2345-7"),
    ("2093-3", "18262-6", "2085-9"),
    ("718-7", "6690-2", "777-3"),
    ("4548-4",),
    ("3016-3",),
)
CONDITIONS = (
    ("I10", "Essential (primary) hypertension"),
    ("E78.5", "Hyperlipidemia, unspecified"),
    ("E11.9", "Type 2 diabetes mellitus without complications"),
    ("M54.50", "Low back pain, unspecified"),
    ("K21.9", "Gastro-esophageal reflux disease without esophagitis"),
    ("J45.909", "Unspecified asthma, uncomplicated"),
    ("M17.11", "Unilateral primary osteoarthritis, right knee"),
    ("E03.9", "Hypothyroidism, unspecified"),
    ("G43.909", "Migraine, unspecified, not intractable, without status migrainosus"),
    ("J30.9", "Allergic rhinitis, unspecified"),
    ("N39.0", "Urinary tract infection, site not specified"),
    ("E66.9", "Obesity, unspecified"),
)
CHILDREN = (
    ("J06.9", "Acute upper respiratory infection, unspecified"),
    ("H66.90", "Otitis media, unspecified, unspecified ear"),
    ("J45.909", "Unspecified asthma, uncomplicated"),
    ("L20.9", "Atopic dermatitis, unspecified"),
    ("B34.9", "Viral infection, unspecified"),
    ("J30.9", "Allergic rhinitis, unspecified"),
)
ALLERGIES = (
    ("Penicillin", "Rash", "moderate", "medication"),
    ("Sulfonamides", "Hives", "moderate", "medication"),
    ("Ibuprofen", "Stomach pain", "mild", "medication"),
    ("Peanut", "Swelling of the lips", "severe", "food"),
    ("Latex", "Itching", "mild", "other"),
    ("Bee venom", "Swelling", "moderate", "environment"),
)
COMPLAINTS = ("Feels well.", "Tired for two weeks.", "Less pain than last time.", "Sleeps badly.", "Coughs.")
FINDINGS = ("Lungs clear, heart sounds regular.", "No swelling of the legs.", "Abdomen soft.", "Tender on the right.")
VIEWS = ("Stable.", "Improving under treatment.", "Not yet at the goal we agreed on.", "Most likely viral.")
PLANS = ("Go on as before; see us again in three months.", "Blood test today, then talk.", "Higher dose from tomorrow.")
HOME = ("Drink enough and walk every day.", "Take the tablets in the morning.", "Call us if it gets worse.")


@dataclass(frozen=True)
class Piece:
    """A content as columns of the table, from `kind` to `unit`, with tabs between."""

    kind: str
    text: str
    flagged: bool = False


def piece(content: Content) -> Piece:
    data = json.dumps(dict(content.data), ensure_ascii=False)
    value = "\\N" if content.value is None else content.value
    said = (content.kind, content.code, content.code_system, content.display, content.clinical_status)
    flagged = bool(content.data.get("flag"))
    return Piece(content.kind, "\t".join((*said, data.replace("\\", "\\\\"), str(value), content.unit)), flagged)


# == Vital signs ==
def panels(keys: Keys) -> dict[int, list[list[list[Piece]]]]:
    """By age, for invented people: takings of vital signs, each the panel and its parts. Nobody shrinks in between."""
    lower = (0, *BANDS)
    return {
        band: [_takings(keys, keys.randint(lower[place] + 1, min(band - 1, 90 * 12))) for _one in range(PEOPLE)]
        for place, band in enumerate(BANDS)
    }


def band_of(months: int) -> int:
    return next((band for band in BANDS if months < band), BANDS[-1])


def _takings(keys: Keys, months: int) -> list[list[Piece]]:
    grown = months >= ranges.ADULT
    height = keys.gauss(169, 9) if grown else min(172.0, 55 + 1.9 * months**0.83)
    mass, pressure = (keys.gauss(27, 4), keys.gauss(126, 14)) if grown else (keys.gauss(16.5, 1), 82 + 0.17 * months)
    return [_taking(keys, months, height, mass + keys.gauss(0, 0.4), pressure) for _time in range(TAKINGS)]


def _taking(keys: Keys, months: int, height: float, mass: float, pressure: float) -> list[Piece]:
    systolic = max(70, round(keys.gauss(pressure, 6)))
    pulse, breaths = (74.0, 15.0) if months >= ranges.ADULT else (135 - 0.3 * months, 32 - 0.08 * months)
    measured = {
        "systolic": Decimal(systolic),
        "diastolic": Decimal(min(systolic - 20, round(0.6 * systolic + keys.gauss(2, 5)))),
        "heart_rate": Decimal(round(keys.gauss(pulse, 8))),
        "respiratory_rate": Decimal(round(keys.gauss(breaths, 1.5))),
        "temperature": Decimal(str(round(keys.gauss(36.8, 0.3), 1))),
        "oxygen": Decimal(keys.randint(95, 99)),
        "weight": Decimal(str(round(max(12.0, mass) * (height / 100) ** 2, 1))),
        "height": Decimal(str(round(height, 1))),
    }
    parts = _contents(measured, months, {})
    worst = worst_of(Flag(part.data.get("flag", "")) for part in parts)
    return [piece(content) for content in (_content(vitals.PANEL, None, "", {"flag": worst.value}), *parts)]


# == Results ==
def batteries(keys: Keys, sex: str, years: int) -> list[list[list[Piece]]]:
    """Of each battery of tests, for each test: results, four of five in range."""
    return [[[_result(keys, code, sex, years) for _value in range(VALUES)] for code in codes] for codes in BATTERIES]


def _result(keys: Keys, code: str, sex: str, years: int) -> Piece:
    usual = TESTS[code].usual[0]
    middle, half = (usual.low + usual.high) / 2, (usual.high - usual.low) / 2
    places = Decimal("0.1") if half < 20 else Decimal(1)
    value = max(Decimal("0.1"), middle + half * Decimal(str(round(keys.gauss(0, 0.75), 3)))).quantize(places)
    interval = expected_of(code, sex=sex, age_years=years)
    data = {"flag": flag_result(value, interval).value} | ({"range": interval.as_data()} if interval else {})
    with override("en"):
        display = str(NAMES[code][0])
    return piece(Content("laboratory_result", code, "loinc", display, value, TESTS[code].unit, data=data))


# == The rest ==
@cache
def conditions(child: bool) -> list[Piece]:
    known = CHILDREN if child else CONDITIONS
    return [piece(Content("condition", code, "icd-10-cm", name, clinical_status="active")) for code, name in known]


@cache
def immunizations() -> list[Piece]:
    with override("en"):
        return [
            piece(Content("immunization", code, "cvx", str(name), data={"elsewhere": False, "lot": f"S{code}7"}))
            for code, name in VACCINES.items()
        ]


@cache
def allergies() -> list[Piece]:
    """That none is known comes first."""
    none = Content("allergy", NONE_KNOWN, "local", "No known allergies", clinical_status="active")
    said = [
        Content(
            "allergy",
            display=substance,
            clinical_status="active",
            data={"reaction": reaction, "severity": severity, "category": category},
        )
        for substance, reaction, severity, category in ALLERGIES
    ]
    return [piece(content) for content in (none, *said)]


def note(keys: Keys, reason: str) -> NoteText:
    return NoteText(reason, *(keys.choice(texts) for texts in (COMPLAINTS, FINDINGS, VIEWS, PLANS, HOME)))


def note_piece(text: NoteText) -> Piece:
    return piece(Content("note", PROGRESS_NOTE, "loinc", "Progress note", data=vars(text)))
