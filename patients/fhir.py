"""FHIR's Patient: https://hl7.org/fhir/R4/patient.html"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from healthcare.fhir.resources import Home, Incoming, Ledger, Outcome, Unfit
from healthcare.ui.reading import Unreadable, read_phone
from patients.actions.importing import Newcomer, import_corrections, import_patients
from patients.importing.elements import many, moment, one, text
from patients.importing.profile import details_told, profile_told
from patients.models import Patient, PatientOrigin
from patients.rules import Demographics, state_code
from patients.rules.births import Birth, birth_told

NAMES = ("official", "usual", "", "nickname", "anonymous", "temp", "maiden", "old")
PLACES = ("home", "", "billing", "work", "temp", "old")
PHONES = ("mobile", "home", "", "work", "temp", "old")
RECORD_NUMBER = "MR"  # https://terminology.hl7.org/CodeSystem-v2-0203.html
LABEL = Patient._meta.label_lower


class PatientResource:
    type = "Patient"
    order = 10

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        added: list[tuple[int, Incoming, Newcomer]] = []
        changed: list[tuple[int, Incoming, Newcomer]] = []
        for place, incoming in enumerate(batch):
            try:
                (changed if incoming.before else added).append((place, incoming, newcomer(incoming)))
            except Unfit as problem:
                outcomes[place] = Outcome.rejected(str(problem))
        ids = (
            import_patients(by=by, site=ledger.site, people=[new for _place, _incoming, new in added]) if added else []
        )
        outcomes |= {place: _imported(key) for (place, _incoming, _new), key in zip(added, ids, strict=True)}
        if changed:
            people = {incoming.before.id: new for _place, incoming, new in changed if incoming.before}
            import_corrections(by=by, changed=people, read=_read)
            outcomes |= {place: _imported(incoming.before.id) for place, incoming, _new in changed if incoming.before}
        return [outcomes[place] for place in range(len(batch))]


def _imported(key: Any) -> Outcome:
    return Outcome.imported(Home(LABEL, key, key))


def _read(origin: PatientOrigin) -> Newcomer:
    """What was told before, as it is read today."""
    return _told(json.loads(origin.content), origin.system, origin.source_id, origin.content)


def newcomer(incoming: Incoming) -> Newcomer:
    """Raises Unfit where who they are is not said well enough for a record of their own."""
    return _told(incoming.resource, incoming.system, incoming.source_id, incoming.text)


def _told(resource: Mapping[str, Any], system: str, source_id: str, content: str) -> Newcomer:
    died_at = one(resource, "deceasedDateTime", str)
    died, who = moment(died_at), _demographics(resource)
    return Newcomer(
        demographics=who,
        deceased=True if died else one(resource, "deceasedBoolean", bool),
        deceased_date=died.date() if died and len(died_at or "") >= 10 else None,
        system=system,
        source_id=source_id,
        number=_record_number(resource),
        content=content,
        profile=profile_told(resource),
        details=details_told(resource, who),
    )


def _demographics(resource: Mapping[str, Any]) -> Demographics:
    name, address = _best(resource, "name", NAMES), _best(resource, "address", PLACES)
    given, family = _name_parts(name)
    birth = _birth(text(resource, "birthDate"))
    sex = text(resource, "gender")
    lines = address.get("line")
    return Demographics(
        given_name=given,
        family_name=family,
        birth_date=birth.birth_date,
        birth_precision=birth.birth_precision,
        sex=sex if sex in Patient.Sex.values else Patient.Sex.UNKNOWN,
        phone=_phone(resource),
        email=_email(resource),
        line=", ".join(line for line in lines if isinstance(line, str))[:200] if isinstance(lines, list) else "",
        city=text(address, "city", 100),
        state=state_code(text(address, "state")),
        postal_code=text(address, "postalCode", 10),
    )


def _birth(said: str) -> Birth:
    """As much as it says, a day, a month or a year; what is no date is refused rather than guessed."""
    try:
        birth = birth_told(said)
    except ValueError as problem:
        raise Unfit(_("Its date of birth is no date.")) from problem
    if birth.birth_date and birth.birth_date.year < 1880:
        raise Unfit(_("Its date of birth lies before 1880."))
    return birth


def _name_parts(name: Mapping[str, Any]) -> tuple[str, str]:
    """Given and family name; who has but one name has a dash for the other."""
    parts = name.get("given")
    given = " ".join(part.strip() for part in parts if isinstance(part, str)) if isinstance(parts, list) else ""
    family = text(name, "family")
    if not given and not family:
        given, _space, family = text(name, "text").rpartition(" ")
    if not given and not family:
        raise Unfit(_("It has no name, without which nobody is registered here."))
    return given[:100] or "-", family[:100] or "-"


def _best(resource: Mapping[str, Any], element: str, uses: Sequence[str]) -> dict[str, Any]:
    """The one of the use that stands first in the list."""
    found = [part for part in many(resource, element) if text(part, "use") in uses]
    return min(found, key=lambda part: uses.index(text(part, "use")), default={})


def _telecom(resource: Mapping[str, Any], system: str) -> list[str]:
    found = [part for part in many(resource, "telecom") if text(part, "system") == system]
    return [text(part, "value") for part in sorted(found, key=_use_of_phone)]


def _use_of_phone(part: Mapping[str, Any]) -> int:
    use = text(part, "use")
    return PHONES.index(use) if use in PHONES else len(PHONES)


def _phone(resource: Mapping[str, Any]) -> str:
    """The first that can be called; what cannot be read as a number stays in what was kept of the resource."""
    for said in _telecom(resource, "phone"):
        try:
            return read_phone(said)
        except Unreadable:
            continue
    return ""


def _email(resource: Mapping[str, Any]) -> str:
    for said in _telecom(resource, "email"):
        try:
            validate_email(said)
        except ValidationError:
            continue
        return said[:254]
    return ""


def _record_number(resource: Mapping[str, Any]) -> str:
    """The number of the chart there: the identifier of type MR."""
    for part in many(resource, "identifier"):
        if any(text(coding, "code") == RECORD_NUMBER for coding in many(part, "type.coding")):
            return text(part, "value", 64)
    return ""
