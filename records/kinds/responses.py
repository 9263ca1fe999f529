"""QuestionnaireResponse of FHIR R4, for the kinds of questionnaires: each answer by its words and its points."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from records.kinds import Said, Told
from records.kinds.questionnaires import answers_of
from records.rules import told
from records.rules.questionnaires import INSTRUMENTS, band_of, score_of
from records.telling.elements import Element, filled, when

TYPES = ("QuestionnaireResponse",)
#: The panel of questions by its LOINC code; the canonical address is the one of LOINC's own server.
PANELS = {"phq_2": "55757-9", "phq_9": "44249-1", "gad_7": "69737-5", "audit_c": "72109-2"}
ADDRESS = "http://loinc.org/q/"
POINTS = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
BAND, NOTE = "band", "note"
STATES = {"completed": "final", "amended": "amended"}


def write_answers(entry: Any) -> Element:
    slug = entry.data["instrument"]
    items = [
        _item(str(number), text, {"valueCoding": _points(points) | {"display": answer}})
        for number, (text, answer, points) in enumerate(answers_of(entry), start=1)
    ]
    items.append(_item(INSTRUMENTS[slug].code, "Total score", {"valueInteger": int(entry.value)}))
    items.append(_item(BAND, "Result", {"valueString": entry.data["band"]}))
    items += [_item(NOTE, "Note", {"valueString": entry.data["note"]})] if entry.data.get("note") else []
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{ADDRESS}{PANELS[slug]}",
        "status": "completed" if entry.record_status == "final" else "amended",
        **when("authored", entry),
        "item": items,
    }


def _item(name: str, text: str, answer: Element) -> Element:
    return {"linkId": name, "text": text, "answer": [answer]}


def _points(points: int) -> Element:
    return {"extension": [{"url": POINTS, "valueDecimal": points}]}


def read_answers(slug: str, resource: Mapping[str, Any]) -> Told | None:
    """None for another questionnaire, for one under way, and where an answer is missing or none of its question."""
    address, status = resource.get("questionnaire"), told.status_of(resource.get("status"))
    ours = isinstance(address, str) and address.split("|")[0] == f"{ADDRESS}{PANELS[slug]}"
    if not ours or status not in STATES:
        return None
    said, items = INSTRUMENTS[slug], _by_name(resource)
    found = [_answered(items.get(str(number)), one.answers) for number, one in enumerate(said.questions, start=1)]
    answers = [points for points in found if points is not None]
    if len(answers) < len(found):
        return None
    score = score_of(slug, answers)
    band, note = _text(items.get(BAND)), _text(items.get(NOTE))
    data = filled(instrument=slug, answers=answers, band=_band(slug, score, band), note=note)
    value = {"value": Decimal(score), "unit": "{score}"}
    told_so = Said(code=said.code, code_system="loinc", display=said.name, data=data, **value)  # type: ignore[arg-type]
    return Told(told_so, (resource.get("authored"),), STATES[status])


def _by_name(resource: Mapping[str, Any]) -> dict[str, Element]:
    """What was answered first, by the name of its question."""
    answered = ((told.words(one.get("linkId"), 60), told.objects(one.get("answer"))) for one in _items(resource))
    return {name: answers[0] for name, answers in answered if answers}


def _items(resource: Mapping[str, Any]) -> list[Element]:
    return told.objects(resource.get("item"))


def _answered(answer: Element | None, choices: Any) -> int | None:
    """Its points, by the words of the answer."""
    coding = next(iter(told.objects((answer or {}).get("valueCoding"))), {})
    words = told.words(coding.get("display"))
    return choices.index(words) if words in choices else None


def _text(answer: Element | None) -> str:
    return told.words((answer or {}).get("valueString"), 200)


def _band(slug: str, score: int, said: str) -> str:
    """As it was told, where the score can mean that: what it means may depend on the patient's sex."""
    known = {band_of(slug, score, sex) for sex in INSTRUMENTS[slug].bands}
    return said if said in known else band_of(slug, score)
