"""What all resources are made of: moments, codes, amounts, labels and references (FHIR R4 sections 2.24 and 2.36)."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.html import escape
from django.utils.timezone import localtime

from records.rules import told
from records.rules.told import LABELS, LOCAL, Moment
from records.rules.units import sign_of

Element = dict[str, Any]
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
UCUM, LOINC = "http://unitsofmeasure.org", "http://loinc.org"
URIS = {name: uri for uri, name in reversed(told.SYSTEMS.items())}
#: Where something must be said, and nobody knows it (FHIR R4, extension data-absent-reason).
UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
CODED = ("code", "vaccineCode", "relationship")  # where a resource says what it is about


def filled(**said: Any) -> Element:
    """Without what was not said."""
    return {name: value for name, value in said.items() if value not in ("", None, [], {})}


# == When ==
def moment_text(at: datetime, precision: str = "") -> str:
    """As exactly as it is known: a moment by the running clock, with its offset; "" where nobody knows it.

    A day, month or year stands at noon UTC, and is read off there: it is the same one by every clock.
    """
    if precision == told.UNKNOWN:
        return ""
    if precision:
        return told.moment_words(Moment(at.astimezone(UTC), precision))
    return localtime(at).isoformat()


def when(name: str, entry: Any, *, must: bool = False) -> Element:
    """The element of this name with the entry's moment; where it `must` be said and is not known, that it is not."""
    text = moment_text(entry.effective_at, entry.data.get("precision", ""))
    return {name: text} if text else {f"_{name}": UNKNOWN} if must else {}


def is_date(text: str) -> bool:
    """A year, month or day."""
    return bool(told.PARTIAL.fullmatch(text)) and told.moment(text) is not None


def date_or_words(name: str, text: str) -> Element:
    """`onset`, "2019" → `onsetDateTime`; what is no date is `onsetString`."""
    return filled(**{f"{name}DateTime" if is_date(text) else f"{name}String": text})


# == What ==
def code_of(code: str, system: str, text: str = "") -> Element:
    """A CodeableConcept in a system of HL7's terminology, or in one that is named whole."""
    uri = system if ":" in system else f"{TERMINOLOGY}/{system}"
    return {"coding": [{"system": uri, "code": code}]} | filled(text=text)


def named(text: str) -> list[Element]:
    """A list of one CodeableConcept of words alone, or of none."""
    return [{"text": text}] if text else []


def concept(entry: Any) -> Element:
    """What the entry is about, in its own words, with its code."""
    if not entry.code:
        return {"text": entry.display or entry.kind}
    system = URIS.get(entry.code_system, "") or _system_there(entry)
    return {"coding": [filled(system=system, code=entry.code)]} | filled(text=entry.display)


def coded(code: str, system: str, display: str) -> Element:
    """The same of what is no entry."""
    return filled(coding=[filled(system=URIS.get(system, ""), code=code)] if code else [], text=display)


def local(code: str, text: str) -> Element:
    return {"coding": [{"system": LOCAL, "code": code}], "text": text}


def _system_there(entry: Any) -> str:
    """The URI of a system for which we have no short name, as its source gave it."""
    resource = there(entry)
    codings = (one for name in CODED for own in told.objects(resource.get(name)) for one in _codings(own))
    return next((told.words(one.get("system")) for one in codings if one.get("code") == entry.code), "")


def _codings(own: Mapping[str, Any]) -> list[Element]:
    return told.objects(own.get("coding"))


def there(entry: Any) -> Element:
    """The resource as it came, for what a row does not hold; empty for what was written here."""
    return _parsed(entry.data["resource"]) if "resource" in entry.data else {}


@lru_cache(maxsize=4)
def _parsed(text: str) -> Element:
    found: Element = json.loads(text, parse_float=Decimal)
    return found


# == How much ==
def quantity(value: Decimal, unit: str, comparator: str = "", *, ucum: bool = True) -> Element:
    """A Quantity; `ucum`: the unit is a UCUM code, and not only its source's word for it."""
    machine = {"system": UCUM, "code": unit} if ucum and unit else {}
    number = Decimal(told.plain(value))
    return filled(comparator=comparator) | {"value": number} | filled(unit=sign_of(unit) or unit) | machine


def measured(entry: Any) -> Element:
    """The entry's own number."""
    said = there(entry).get("valueQuantity")
    ucum = entry.kind == "vital_signs" or not isinstance(said, dict) or said.get("system") == UCUM
    return quantity(entry.value, entry.unit, entry.data.get("comparator", ""), ucum=ucum)


def quantity_said(words: str) -> Element:
    """ "0.5 mL" as a Quantity; empty where it does not begin with a number."""
    number, _space, unit = words.partition(" ")
    try:
        found = Decimal(number)
    except ArithmeticError:
        return {}
    return quantity(found, unit, ucum=False) if found.is_finite() else {}


# == Beside ==
def notes(*texts: str) -> list[Element]:
    return [{"text": text} for text in texts if text]


def said_of(text: str) -> Element:
    """A Narrative, for what the elements of a resource have no place for (FHIR R4 section 2.4.0.2)."""
    return {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text)}</div>'}


def by(entry: Any) -> list[Element]:
    """Who said it: somebody here, or whoever its source names."""
    name = entry.data.get("by", "") or (entry.author.full_name if entry.author else "")
    return [{"display": name}] if name else []


def meta_of(row: Any, sensitivity: str, source: str) -> Element:
    """A row never changes what it says, so it is its own version. `source` as rows hold it."""
    address = source.removeprefix("fhir:")
    return {
        "versionId": str(row.pk),
        "lastUpdated": localtime(row.updated_at).isoformat(),
    } | filled(source=address if ":" in address else "", security=list(labels(sensitivity)))


def labels(sensitivity: str) -> Iterable[Element]:
    """FHIR R4 section 6.1.1: what it is about, and that few are to see it."""
    if sensitivity:
        yield {"system": f"{TERMINOLOGY}/v3-ActCode", "code": LABELS[sensitivity]}
        yield {"system": f"{TERMINOLOGY}/v3-Confidentiality", "code": "R"}


def reference(kind: str, key: Any) -> Element:
    return {"reference": f"{kind}/{key}"}
