"""What a FHIR Patient says of a person besides their registration (FHIR R4, Patient; US Core 6.1)."""

from collections.abc import Iterator, Mapping
from typing import Any

from healthcare.ui.reading import Unreadable, read_phone
from patients.importing.elements import many, one, text
from patients.rules import Demographics
from patients.rules.profile import LANGUAGES, Profile, Said

CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
R4 = "http://hl7.org/fhir/StructureDefinition/"
BIRTH_SEX = {"F": "female", "M": "male", "ASKU": "not_said", "asked-declined": "not_said", "I": "intersex"}
GENDERS = {
    "446141000124107": "female",
    "446151000124109": "male",
    "407377005": "trans_female",
    "407376001": "trans_male",
    "407378000": "trans_male",
    "446131000124102": "non_binary",
    "33791000087105": "non_binary",
    "female": "female",
    "male": "male",
    "transgender-female": "trans_female",
    "transgender-male": "trans_male",
    "non-binary": "non_binary",
    "OTH": "other",
    "other": "other",
    "asked-declined": "not_said",
    "non-disclose": "not_said",
}
PRONOUNS = {"LA29518-0": "he/him", "LA29519-8": "she/her", "LA29520-6": "they/them"}
YES, NO = "373066001", "373067005"  # SNOMED CT
NAMES = {"maiden": "maiden", "old": "old", "nickname": "nickname"}
USES = {"mobile": "mobile", "home": "home", "work": "work", "temp": "temp", "": "home"}
# https://terminology.hl7.org/CodeSystem-v2-0131.html and v3-RoleCode
RELATIONS = {
    "SPS": "partner",
    "DOMPART": "partner",
    "HUSB": "partner",
    "WIFE": "partner",
    "PRN": "parent",
    "MTH": "parent",
    "FTH": "parent",
    "CHILD": "child",
    "SON": "child",
    "DAU": "child",
    "SIB": "sibling",
    "BRO": "sibling",
    "SIS": "sibling",
    "GUARD": "guardian",
    "FAMMEMB": "relative",
    "FRND": "friend",
    "CAREGIVER": "caregiver",
}
EMERGENCY = "C"


def profile_told(resource: Mapping[str, Any]) -> Profile:
    """What it says of the person; empty where it says nothing, or what is not known here."""
    spoken = sorted(many(resource, "communication"), key=lambda part: part.get("preferred") is not True)
    return Profile(
        sex_at_birth=BIRTH_SEX.get(text(_extension(resource, f"{CORE}birthsex"), "valueCode"), ""),
        gender_identity=next((GENDERS[code] for code in _codes_of_gender(resource) if code in GENDERS), ""),
        pronouns=_pronouns(resource),
        language=next(filter(None, map(_language, spoken)), ""),
        interpreter=_interpreter(resource),
    )


def details_told(resource: Mapping[str, Any], who: Demographics) -> tuple[Said, ...]:
    """Other names, further ways to reach them, and people close to them; `who` is what their registration says."""
    found = [*_names(resource, who), *_contacts(resource, who), *_people(resource)]
    return tuple(dict.fromkeys(found))


def _said(kind: str, **values: Any) -> Said:
    return Said(kind, tuple(values.items()))


def _names(resource: Mapping[str, Any], who: Demographics) -> Iterator[Said]:
    """What is left out of a former name, mostly the given one, is as it is now."""
    for part in many(resource, "name"):
        use, given, family = NAMES.get(text(part, "use")), _given(part), text(part, "family", 100)
        if use and (given or family):
            given, family = given or who.given_name, family or who.family_name
            if (given, family) != (who.given_name, who.family_name):
                yield _said("PatientName", use=use, given_name=given, family_name=family, until=None)


def _given(name: Mapping[str, Any]) -> str:
    parts = name.get("given")
    said = [part.strip() for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
    return " ".join(filter(None, said))[:100].strip()


def _contacts(resource: Mapping[str, Any], who: Demographics) -> Iterator[Said]:
    known = {("phone", who.phone), ("email", who.email)}
    for part in many(resource, "telecom"):
        system, use = text(part, "system"), USES.get(text(part, "use"))
        value = _phone(text(part, "value")) if system == "phone" else text(part, "value", 254)
        if system not in ("phone", "email") or not use or not value or (system, value) in known:
            continue
        if system == "email" and "@" not in value:
            continue
        known.add((system, value))
        yield _said("ContactPoint", system=system, use=use, value=value)


def _people(resource: Mapping[str, Any]) -> Iterator[Said]:
    for part in many(resource, "contact"):
        name = one(part, "name", dict) or {}
        called = text(name, "text", 200) or f"{_given(name)} {text(name, 'family')}".strip()[:200]
        if not called:
            continue
        codes = [text(coding, "code") for said in many(part, "relationship") for coding in many(said, "coding")]
        telecom = [(text(each, "system"), text(each, "value")) for each in many(part, "telecom")]
        phone = next(filter(None, (_phone(value) for system, value in telecom if system == "phone")), "")
        yield _said(
            "RelatedPerson",
            name=called,
            relation=next((RELATIONS[code] for code in codes if code in RELATIONS), "other"),
            phone=phone,
            email=next((value[:254] for system, value in telecom if system == "email" and "@" in value), ""),
            emergency=EMERGENCY in codes and bool(phone),
        )


def _phone(said: str) -> str:
    try:
        return read_phone(said)
    except Unreadable:
        return ""


# == Extensions ==
def _extension(element: Mapping[str, Any], url: str) -> dict[str, Any]:
    return next((part for part in many(element, "extension") if part.get("url") == url), {})


def _value(extension: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of an extension of parts the one called value, else itself."""
    return _extension(extension, "value") or extension


def _codes_of_gender(resource: Mapping[str, Any]) -> list[str]:
    found = [
        _extension(resource, f"{CORE}genderIdentity"),
        _value(_extension(resource, f"{R4}individual-genderIdentity")),
    ]
    found.append(_extension(resource, f"{R4}patient-genderIdentity"))
    return [text(coding, "code") for part in found for coding in many(part, "valueCodeableConcept.coding")]


def _pronouns(resource: Mapping[str, Any]) -> str:
    said = _value(_extension(resource, f"{R4}individual-pronouns"))
    codes = [text(coding, "code") for coding in many(said, "valueCodeableConcept.coding")]
    named = next((PRONOUNS[code] for code in codes if code in PRONOUNS), "")
    return named or text(said, "valueCodeableConcept.text", 40)


def _language(communication: Mapping[str, Any]) -> str:
    for coding in many(communication, "language.coding"):
        code = text(coding, "code").split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return ""


def _interpreter(resource: Mapping[str, Any]) -> bool | None:
    code = text(_extension(resource, f"{CORE}interpreter-needed"), "valueCoding.code")
    if code in (YES, NO):
        return code == YES
    return one(_extension(resource, f"{R4}patient-interpreterRequired"), "valueBoolean", bool)
