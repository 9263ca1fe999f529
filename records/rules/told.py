"""What another system said, as plain values: its moments, codes and numbers (FHIR R4 sections 2.24 and 2.36).

Nothing here trusts the shape of what it reads: whatever is no date, no code or no number is None or "".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

# How exactly a moment is known; "" is to the minute and better.
DAY, MONTH, YEAR, UNKNOWN = "day", "month", "year", "unknown"
PARTIAL = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)
#: A day without an hour stands at noon UTC: the same day by every clock from Hawaii to the Atlantic and Europe.
NOON = time(12, tzinfo=UTC)

#: The system of codes of our own, the same in every installation; and its short name.
LOCAL, OURS = "urn:x-healthcare:codes", "local"
# Code systems by their short names, as rows hold them; any other is "other", and its URI stays in the resource. Of two
# for one system the first is written.
SYSTEMS = {
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10": "icd-10",
    "http://hl7.org/fhir/sid/icd-9-cm": "icd-9-cm",
    "http://www.cms.gov/Medicare/Coding/ICD10": "icd-10-pcs",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://hl7.org/fhir/sid/cvx": "cvx",
    "http://hl7.org/fhir/sid/ndc": "ndc",
    "http://www.ama-assn.org/go/cpt": "cpt",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "hcpcs",
    "http://fdasis.nlm.nih.gov": "unii",
    "http://terminology.hl7.org/CodeSystem/v3-RoleCode": "v3-role",
    LOCAL: OURS,
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.90": "icd-10-cm",
}
OTHER = "other"
LONGEST_CODE, LONGEST_DISPLAY, LONGEST_UNIT, LONGEST_TEXT = 32, 300, 20, 2000
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
LARGEST = Decimal(10) ** 10  # what a row's number column holds, four decimals


# == When ==
@dataclass(frozen=True)
class Moment:
    """When something was true; `precision` says what of it was said."""

    at: datetime
    precision: str = ""


def moment(said: Any) -> Moment | None:
    """A dateTime, date or instant, in UTC. Of a day, month or year the noon of its first day.

    A time without an offset, which FHIR forbids, is read as UTC. None for what is no date.
    """
    if not isinstance(said, str):
        return None
    said = said.strip()
    partial = PARTIAL.fullmatch(said)
    try:
        if partial:
            year, month, day = (int(part) if part else 0 for part in partial.groups())
            first = datetime.combine(datetime(year, month or 1, day or 1, tzinfo=UTC), NOON)
            return Moment(first, DAY if day else MONTH if month else YEAR)
        at = datetime.fromisoformat(said)
        return Moment((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def first_moment(candidates: Iterable[Any]) -> Moment | None:
    """The first of these that is a moment: what the source says best stands first."""
    return next((found for said in candidates if (found := moment(said))), None)


def moment_words(found: Moment | None) -> str:
    """As ISO 8601 to the day, or less where less was said."""
    if found is None:
        return ""
    return found.at.date().isoformat()[: {YEAR: 4, MONTH: 7}.get(found.precision, 10)]


# == What ==
@dataclass(frozen=True)
class Concept:
    """A code with its system's short name, and what it is called."""

    code: str = ""
    system: str = ""
    text: str = ""


def words(said: Any, longest: int = LONGEST_TEXT) -> str:
    """Text without what cannot be seen, and no longer than that; "" for what is no text."""
    if not isinstance(said, str):
        return ""
    found = said.translate(UNSEEN).replace("\0", "").strip()
    return found if len(found) <= longest else f"{found[: longest - 1]}…"


def objects(said: Any) -> list[dict[str, Any]]:
    """The objects of a list; one that stands alone counts as a list of it."""
    found = said if isinstance(said, list) else [said]
    return [one for one in found if isinstance(one, dict)]


def concept(said: Any, prefer: Sequence[str] = ()) -> Concept:
    """A CodeableConcept: its code in the first preferred system that it has, else its first; and its own words.

    What is called nothing is called by its code.
    """
    codings = [(words(one.get("code"), 200), _system(one), one) for own in objects(said) for one in _codings(own)]
    usable = [(code, system, one) for code, system, one in codings if 0 < len(code) <= LONGEST_CODE]
    ranked = sorted(usable, key=lambda found: _rank(found[1], prefer))
    code, system, chosen = ranked[0] if ranked else ("", "", {})
    own_words = [words(one.get("text"), LONGEST_DISPLAY) for one in objects(said)]
    displays = [words(one.get("display"), LONGEST_DISPLAY) for one in (chosen, *(one for _c, _s, one in codings))]
    return Concept(code, system, next((text for text in (*own_words, *displays, *_spelled(codings)) if text), ""))


def text_of(said: Any) -> str:
    """What a CodeableConcept, or a list of them, is called; several with commas between."""
    return words(", ".join(dict.fromkeys(text for one in objects(said) if (text := concept(one).text))))


def codes_of(said: Any) -> frozenset[str]:
    """Every code in a CodeableConcept or a list of them."""
    found = (words(one.get("code"), 200) for own in objects(said) for one in _codings(own))
    return frozenset(code for code in found if code)


def status_of(said: Any) -> str:
    """The code of a status, whether it is a code or a CodeableConcept, also one of text alone."""
    return words(said, 40) or concept(said).code or concept(said).text.lower()


def _codings(said: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(said.get("coding"))


def _system(coding: dict[str, Any]) -> str:
    uri = coding.get("system")
    return SYSTEMS.get(uri, OTHER) if isinstance(uri, str) and uri else OTHER


def _rank(system: str, prefer: Sequence[str]) -> int:
    return prefer.index(system) if system in prefer else len(prefer)


def _spelled(codings: Iterable[tuple[str, str, dict[str, Any]]]) -> list[str]:
    return [words(f"{system} {code}" if system != OTHER else code, LONGEST_DISPLAY) for code, system, _one in codings]


# == How much ==
@dataclass(frozen=True)
class Amount:
    """A number in a unit, a UCUM code or else the source's word for it; `comparator` is "<", ">" or the like."""

    value: Decimal
    unit: str = ""
    comparator: str = ""


def number(said: Any) -> Decimal | None:
    """A JSON number, exact as written; None for anything else, and for what no row holds."""
    if isinstance(said, bool) or not isinstance(said, int | float | Decimal):
        return None
    try:
        found = Decimal(str(said))
    except InvalidOperation:  # pragma: no cover - str() of a number is one
        return None
    return found if found.is_finite() and abs(found) < LARGEST else None


def amount(said: Any) -> Amount | None:
    """A Quantity; None where it has no number."""
    if not isinstance(said, dict):
        return None
    value = number(said.get("value"))
    if value is None:
        return None
    unit = words(said.get("code")) or words(said.get("unit"))
    return Amount(value, unit[:LONGEST_UNIT], words(said.get("comparator"), 2))


def amount_words(said: Any) -> str:
    """A Quantity as its source writes it, "12.5 mg"; "" where it has no number."""
    found = amount(said)
    if found is None:
        return ""
    unit = words(said.get("unit"), 40) or found.unit
    return " ".join(part for part in (f"{found.comparator}{plain(found.value)}", unit) if part)


def plain(value: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# == By whom, and how private ==
# Security labels (HL7 v3 ActCode, InformationSensitivityPolicy) by our own words for what is sensitive.
SENSITIVITIES = {
    "mental_health": frozenset({"BH", "MH", "PSY", "PSYTHPN", "COGN"}),
    "substance_use": frozenset({"ETH", "ETHUD", "OPIOIDUD", "SUD", "42CFRPart2"}),
    "reproductive": frozenset({"SEX", "STD", "HIV", "PREGNANT", "RH", "SDV"}),
    "adolescent": frozenset({"ADOL"}),
}
# Of each the label that says it as a whole, for what is written.
LABELS = {"mental_health": "MH", "substance_use": "ETH", "reproductive": "SEX", "adolescent": "ADOL"}
PRIVATE = frozenset({"R", "V"})  # restricted and very restricted (HL7 v3 Confidentiality)


def labels_of(resource: dict[str, Any]) -> frozenset[str]:
    """The codes of the resource's security labels."""
    meta = resource.get("meta")
    labels = objects(meta.get("security")) if isinstance(meta, dict) else []
    return frozenset(code for one in labels if (code := words(one.get("code"), 40)))


def sensitivity_of(labels: frozenset[str]) -> str:
    return next((name for name, codes in SENSITIVITIES.items() if labels & codes), "")


def is_private(labels: frozenset[str]) -> bool:
    """Whether its source shows it to few: then nobody sees it outside the clinic before a clinician released it."""
    return bool(labels & PRIVATE) or bool(sensitivity_of(labels))


def named(said: Any) -> str:
    """The words beside a Reference, or a list of them: who or what it leads to."""
    return words(", ".join(text for one in objects(said) if (text := words(one.get("display"), 100))), 200)


def person_name(said: Any) -> str:
    """A HumanName (the first of several), or the name of a house."""
    if isinstance(said, str):
        return words(said, 100)
    name = next(iter(objects(said)), {})
    parts = [*_texts(name.get("prefix")), *_texts(name.get("given")), *_texts(name.get("family"))]
    return words(name.get("text"), 100) or " ".join(parts)[:100]


def _texts(said: Any) -> list[str]:
    return [text for one in (said if isinstance(said, list) else [said]) if (text := words(one, 60))]
