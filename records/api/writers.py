"""By kind: the schema of what comes in, and the verb that takes it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from ninja.errors import ValidationError as RequestRefused
from pydantic import ValidationError

from healthcare.accounts.models import Provider
from healthcare.api.problems import invalid
from healthcare.api.schemas import Given
from records import actions
from records.actions.histories import Saying, record_living, record_none_known, record_operation, record_relative
from records.api.schemas import (
    Allergic,
    Changed,
    InTheFamily,
    Living,
    OperatedOn,
    Problematic,
    Result,
    Vaccinated,
    Vitals,
)
from records.forms.kinds import BESIDE, form_of
from records.models import DiagnosisCode, Entry
from records.rules.laboratory import Measured
from records.rules.said import Dose, Operation, Reaction, Relative


def vitals(said: Vitals, _code: str, common: dict[str, Any]) -> Entry:
    measured = said.model_dump(exclude_none=True)
    return actions.record_vitals(measurements=measured, **common)


def result(said: Result, code: str, common: dict[str, Any]) -> Entry:
    provider = Provider.objects.filter(pk=said.provider).first() if said.provider else None
    if said.provider and provider is None:
        raise invalid("data.provider", _("There is no such provider."))
    values = said.model_dump(exclude={"preliminary", "provider"})
    measured = Measured(code=code, **values)
    return actions.enter_result(measured=measured, provider=provider, preliminary=said.preliminary, **common)


def condition(said: Problematic, code: str, common: dict[str, Any]) -> Entry:
    found = DiagnosisCode.objects.filter(code=code).first()
    if found is None:
        raise invalid("code", _("This is no code of ICD-10-CM."))
    return actions.record_condition(code=found, **said.model_dump(), **untimed(common))


def allergy(said: Allergic, _code: str, common: dict[str, Any]) -> Entry:
    if said.none_known:
        return actions.record_no_known_allergies(**untimed(common))
    reaction = Reaction(**said.model_dump(exclude={"none_known", "though"}))
    return actions.record_allergy(reaction=reaction, though=said.though, **untimed(common))


def immunization(said: Vaccinated, code: str, common: dict[str, Any]) -> Entry:
    return actions.record_immunization(dose=Dose(code, **said.model_dump()), **common)


def untimed(common: dict[str, Any]) -> dict[str, Any]:
    """For what is true from when it is said."""
    return {name: value for name, value in common.items() if name != "effective_at"}


def in_the_family(said: InTheFamily, _code: str, common: dict[str, Any]) -> Entry:
    if said.none_known:
        return record_none_known(kind="family_history", **untimed(common))
    relative = Relative(**said.model_dump(exclude={"none_known", "though"}))
    return record_relative(relative=relative, **_saying(common, said.though))


def operated_on(said: OperatedOn, _code: str, common: dict[str, Any]) -> Entry:
    if said.none_known:
        return record_none_known(kind="surgical_history", **untimed(common))
    operation = Operation(**said.model_dump(exclude={"none_known", "though"}))
    return record_operation(operation=operation, **_saying(common, said.though))


def living(said: Living, code: str, common: dict[str, Any]) -> Entry:
    (entry,) = record_living(answers={code: said.answer}, note=said.note, **untimed(common))
    return entry


def _saying(common: dict[str, Any], though: str) -> dict[str, Any]:
    saying = Saying(common["encounter"], common.get("sensitivity", ""), though)
    return {name: common[name] for name in ("by", "patient", "now")} | {"saying": saying}


Writer = tuple[type[Given], Callable[[Any, str, dict[str, Any]], Entry]]
WRITERS: dict[str, Writer] = {
    "vital_signs": (Vitals, vitals),
    "laboratory_result": (Result, result),
    "condition": (Problematic, condition),
    "allergy": (Allergic, allergy),
    "immunization": (Vaccinated, immunization),
    "family_history": (InTheFamily, in_the_family),
    "surgical_history": (OperatedOn, operated_on),
    "social_history": (Living, living),
}


def by_form(kind: str, data: dict[str, Any], common: dict[str, Any]) -> Entry:
    """By the form of the kind's own folder, as on its page. Raises Problem 422 for a kind without one."""
    made = form_of(kind)
    if made is None:
        raise invalid("kind", _("Nothing of this kind is recorded through this door."))
    form = made(data, patient=common["patient"])
    unknown = sorted(data.keys() - form.fields.keys() | data.keys() & {*BESIDE})
    errors: dict[str, Any] = {name: [_("There is no such part.")] for name in unknown}
    if not form.is_valid():
        errors |= dict(form.errors)
    if errors:
        raise RequestRefused(
            [
                {"type": "value_error", "loc": ("body", "body", "data", name), "msg": str(sentence)}
                for name, sentences in errors.items()
                for sentence in sentences
            ]
        )
    said = replace(form.said(), effective_at=common["effective_at"])
    return actions.record_said(kind=kind, said=said, **untimed(common))


# == What becomes of an entry ==
def change(said: Changed, entry: Entry, common: dict[str, Any]) -> Entry:
    """Raises Problem 422 for a kind of which nothing becomes anything, and as the verbs do."""
    if entry.kind == "allergy":
        told = {name: entry.data.get(name, "") for name in Reaction.__dataclass_fields__ if name != "substance"}
        now_said = said.model_dump(exclude={"standing", "because"}, exclude_none=True)
        reaction = Reaction(substance=entry.display, **told | now_said)
        return actions.change_allergy(
            entry=entry, reaction=reaction, standing=said.standing, because=said.because, **common
        )
    if not entry.clinical_status:
        raise invalid("id", _("Nothing becomes of an entry of this kind."))
    return actions.change_clinical_status(entry=entry, status=said.standing, because=said.because, **common)


def read(schema: type[Given], data: dict[str, Any]) -> Given:
    try:
        return schema.model_validate(data)
    except ValidationError as problem:
        errors = problem.errors(include_input=False, include_url=False)
        raise RequestRefused(
            [{**found, "loc": ("body", "body", "data", *found["loc"])} for found in errors]
        ) from problem
