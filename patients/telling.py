"""FHIR's Patient as this clinic writes it, the way back of `patients.fhir`: https://hl7.org/fhir/R4/patient.html"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.timezone import localtime

from healthcare.accounts.models import User
from patients.importing.profile import BIRTH_SEX, CORE, EMERGENCY, GENDERS, NO, PRONOUNS, R4, RELATIONS, YES
from patients.models import Address, Patient, PatientName, RelatedPerson
from patients.queries.profile import Reach, profile_of
from patients.rules.births import told_as
from patients.rules.profile import LANGUAGES

Element = dict[str, Any]
TERMINOLOGY, SNOMED, LOINC = "http://terminology.hl7.org/CodeSystem", "http://snomed.info/sct", "http://loinc.org"
# Relations for which the value set has one word that we read as the same.
RELATIVES = {ours: code for code, ours in reversed(RELATIONS.items())}


def patient_resource(user: User, patient: Patient) -> Element:
    """What the page of one's own record shows, as a resource; moments are written by the running clock."""
    profile = profile_of(user, patient)
    return {
        "resourceType": "Patient",
        "id": str(patient.pk),
        "meta": {"versionId": _version(patient), "lastUpdated": localtime(patient.updated_at).isoformat()},
        "identifier": [_record_number(patient)],
        "name": _names(patient, profile.names),
        "gender": patient.sex,
    } | _filled(
        extension=_extensions(patient),
        birthDate=told_as(patient.birth),
        telecom=[_telecom(one) for one in profile.contacts if not one.bad],
        address=_addresses(patient, profile.addresses),
        communication=_spoken(patient),
        contact=[_contact(one) for one in profile.people],
        **_died(patient),
        managingOrganization={"display": patient.site.name},
    )


def _version(patient: Patient) -> str:
    """The moment of its last change: a registration is changed in place, and counts no versions."""
    return f"{patient.updated_at:%Y%m%d%H%M%S%f}"


def _filled(**said: Any) -> Element:
    return {name: value for name, value in said.items() if value not in ("", None, [], {})}


def _coded(system: str, code: str) -> Element:
    return {"coding": [{"system": system, "code": code}]}


def _record_number(patient: Patient) -> Element:
    kind = _coded(f"{TERMINOLOGY}/v2-0203", "MR")
    return {"use": "usual", "type": kind, "system": f"{settings.PUBLIC_URL}/record-number", "value": patient.mrn}


def _names(patient: Patient, others: Any) -> list[Element]:
    found: list[Element] = [{"use": "official", "family": patient.family_name, "given": [patient.given_name]}]
    found += [{"use": "usual", "text": patient.preferred_name}] if patient.preferred_name else []
    return found + [_other_name(one) for one in others]


def _other_name(one: PatientName) -> Element:
    name = {"use": one.use, "family": one.family_name, "given": [one.given_name]}
    return name | ({"period": {"end": one.until.isoformat()}} if one.until else {})


def _telecom(one: Reach) -> Element:
    return {"system": one.system, "value": one.value} | ({"use": one.row.use} if one.row and not one.first else {})


def _addresses(patient: Patient, others: Any) -> list[Element]:
    first = _place(patient) if patient.line or patient.city or patient.postal_code else {}
    return ([{"use": "home"} | first] if first else []) + [_other_address(one) for one in others]


def _other_address(one: Address) -> Element:
    use = {"type": "postal"} if one.use == "billing" else {}
    return {"use": one.use} | use | _place(one) | ({"period": {"end": one.until.isoformat()}} if one.until else {})


def _place(row: Patient | Address) -> Element:
    return _filled(line=[row.line] if row.line else [], city=row.city, state=row.state, postalCode=row.postal_code)


def _spoken(patient: Patient) -> list[Element]:
    if not patient.language:
        return []
    words = LANGUAGES.get(patient.language, patient.language)
    return [{"language": _coded("urn:ietf:bcp:47", patient.language) | {"text": words}, "preferred": True}]


def _contact(one: RelatedPerson) -> Element:
    codes = [RELATIVES[one.relation]] if one.relation in RELATIVES else []
    relations = [_coded(f"{TERMINOLOGY}/v3-RoleCode", code) for code in codes]
    relations += [_coded(f"{TERMINOLOGY}/v2-0131", EMERGENCY)] if one.emergency else []
    telecom = [{"system": system, "value": value} for system, value in (("phone", one.phone), ("email", one.email))]
    return {"name": {"text": one.name}} | _filled(
        relationship=relations, telecom=[point for point in telecom if point["value"]]
    )


def _died(patient: Patient) -> Element:
    if patient.deceased_date:
        return {"deceasedDateTime": patient.deceased_date.isoformat()}
    return {} if patient.deceased is None else {"deceasedBoolean": patient.deceased}


# == Extensions ==
def _extensions(patient: Patient) -> list[Element]:
    found = [
        _extension(f"{CORE}birthsex", valueCode=_code(BIRTH_SEX, patient.sex_at_birth)),
        _extension(f"{CORE}genderIdentity", valueCodeableConcept=_gender(patient.gender_identity)),
        _pronouns(patient.pronouns),
    ]
    if patient.interpreter is not None:
        answer = {"system": SNOMED, "code": YES if patient.interpreter else NO}
        found.append(_extension(f"{CORE}interpreter-needed", valueCoding=answer))
    return [one for one in found if one]


def _extension(url: str, **value: Any) -> Element:
    said = _filled(**value)
    return {"url": url} | said if said else {}


def _code(codes: Mapping[str, str], ours: str) -> str:
    """The first that is read as the same."""
    return next((code for code, word in codes.items() if ours and word == ours), "")


def _gender(ours: str) -> Element:
    code = _code(GENDERS, ours)
    return _coded(SNOMED if code.isdigit() else f"{TERMINOLOGY}/v3-NullFlavor", code) if code else {}


def _pronouns(ours: str) -> Element:
    if not ours:
        return {}
    code = _code(PRONOUNS, ours)
    said = (_coded(LOINC, code) if code else {}) | {"text": ours}
    return {"url": f"{R4}individual-pronouns", "extension": [{"url": "value", "valueCodeableConcept": said}]}
