"""What can be ordered here, what answers it, and by when an answer is expected.

Codes and names are LOINC's (loinc.org), which since 2015 also holds the names of images (the LOINC/RSNA Radiology
Playbook). `tests` are the numbers of a panel, in the order of a report; where there are none, a text answers.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LABORATORY, IMAGING = "laboratory", "imaging"
ROUTINE, URGENT, STAT = "routine", "urgent", "stat"
#: Priority → days until somebody asks where the answer is. No source: the house's own, and changed for each order.
DAYS: dict[str, dict[str, int]] = {
    LABORATORY: {ROUTINE: 7, URGENT: 2, STAT: 1},
    IMAGING: {ROUTINE: 21, URGENT: 7, STAT: 1},
}
LATEST = timedelta(days=366)
SHORTEST = 2  # letters of a search


@dataclass(frozen=True)
class Orderable:
    """`display` is LOINC's own name; `words` are what doctors type; `mark` is its label, "" for none."""

    code: str
    category: str
    display: str
    words: str = ""
    tests: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class Wanted:
    """One line of an order. `again` says why the same is wanted though it is under way."""

    code: str
    priority: str = ROUTINE
    reason: str = ""
    note: str = ""
    expected_by: date | None = None
    sensitivity: str = ""
    again: str = ""


def _panel(code: str, display: str, words: str = "", tests: str = "", mark: str = "") -> Orderable:
    return Orderable(code, LABORATORY, display, words, tuple(tests.split()), mark)


def _image(code: str, display: str, words: str) -> Orderable:
    return Orderable(code, IMAGING, display, words)


BASIC = "2345-7 3094-0 2160-0 33914-3 2951-2 2823-3 2075-0 1963-8 17861-6"
CATALOGUE: dict[str, Orderable] = {
    one.code: one
    for one in (
        _panel(
            "58410-2",
            "CBC panel - Blood by Automated count",
            "full blood count fbc cbc anemia",
            "718-7 4544-3 789-8 787-2 785-6 786-4 788-0 6690-2 777-3",
        ),
        _panel("24321-2", "Basic metabolic 2000 panel - Serum or Plasma", "bmp chem 7 electrolytes", BASIC),
        _panel(
            "24323-8",
            "Comprehensive metabolic 2000 panel - Serum or Plasma",
            "cmp chem 14",
            f"{BASIC} 2885-2 1751-7 1975-2 6768-6 1742-6 1920-8",
        ),
        _panel(
            "24325-3",
            "Hepatic function 2000 panel - Serum or Plasma",
            "liver lft",
            "2885-2 1751-7 1975-2 6768-6 1742-6 1920-8",
        ),
        _panel(
            "24362-6",
            "Renal function 2000 panel - Serum or Plasma",
            "kidney rft",
            f"{BASIC} 2777-1 1751-7",
        ),
        _panel(
            "57698-3",
            "Lipid panel with direct LDL - Serum or Plasma",
            "cholesterol fats",
            "2093-3 2571-8 18262-6 2085-9",
        ),
        _panel("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "a1c hba1c diabetes sugar", "4548-4"),
        _panel("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "sugar", "2345-7"),
        _panel("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "k", "2823-3"),
        _panel("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "kidney", "2160-0"),
        _panel("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "tsh thyroid", "3016-3"),
        _panel("6301-6", "INR in Platelet poor plasma by Coagulation assay", "pt warfarin clotting", "6301-6"),
        _panel("24356-8", "Urinalysis complete panel - Urine", "ua dipstick microscopy"),
        _panel("630-4", "Bacteria identified in Urine by Culture", "urine culture uti"),
        _panel("2106-3", "Choriogonadotropin (pregnancy test) [Presence] in Urine", "hcg", mark="reproductive"),
        _image("36643-5", "XR Chest 2 Views", "cxr x-ray radiograph lungs thorax"),
        _image("24627-2", "CT Chest", "computed tomography lungs thorax"),
        _image("24725-4", "CT Head", "computed tomography brain"),
        _image("24590-2", "MR Brain", "mri magnetic resonance head"),
        _image("24558-9", "US Abdomen", "ultrasound sonography liver gallbladder"),
        _image("24606-6", "MG Breast Screening", "mammography mammogram"),
    )
}


def folded(text: str) -> str:
    """Without accents and capitals, as it is searched."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def find_orderables(text: str, favourites: Sequence[str] = ()) -> list[Orderable]:
    """By words in any order, beginnings are enough, or by code; favourites first. Nothing typed: everything."""
    asked = folded(text).split()
    found = [one for one in CATALOGUE.values() if _has(one, asked)]
    return sorted(found, key=lambda one: one.code not in favourites)


def _has(one: Orderable, asked: Sequence[str]) -> bool:
    words = folded(f"{one.display} {one.words} {one.code}").replace("/", " ").split()
    return all(any(word.startswith(part) for word in words) for part in asked)


def expected_day(category: str, priority: str, ordered_on: date) -> date:
    """By when an answer is expected where the order does not say: for what is not known here, as for the longest."""
    days = DAYS.get(category, DAYS[IMAGING])
    return ordered_on + timedelta(days=days.get(priority, max(days.values())))


def is_overdue(status: str, expected_by: date | None, today: date) -> bool:
    """Ordered and not answered by its day. A preliminary answer is one that somebody still waits for."""
    return status in WAITING and expected_by is not None and expected_by < today


def answered(tests: Sequence[str], given: Mapping[str, str]) -> str:
    """Where an order stands after these answers: `given` says of each code that came how final it is.

    Preliminary while a test of the panel is missing or one of them is preliminary; FHIR R4 says "partial" of the first.
    """
    statuses = [given.get(code, "") for code in tests] or list(given.values()) or [""]
    return "final" if all(status not in ("", "preliminary") for status in statuses) else "preliminary"


def waits_again(tests: Sequence[str], given: Mapping[str, str], *, collected: bool) -> str:
    """Where an order stands when one of its answers was wrong: by those that are left, else as before any came."""
    if given:
        return answered(tests, given)
    return "specimen_collected" if collected else "active"


#: An answer is still to come.
WAITING = frozenset({"active", "specimen_collected", "preliminary"})
