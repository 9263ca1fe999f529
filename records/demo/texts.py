"""Phrases and templates that the sample clinic keeps for its notes."""

from typing import Any

from healthcare.accounts.models import Membership
from healthcare.db.context import acting_as, acting_as_system
from records.actions.macros import keep_macro
from records.actions.templates import keep_message_template
from records.models import Macro

PHRASES = (
    ("lungs", "Lungs without findings", "Breath sounds equal on both sides, no wheeze, no crackles."),
    ("heart", "Heart without findings", "Heart regular, no murmur. No swelling of the legs."),
    ("abdomen", "Abdomen without findings", "Abdomen soft, not tender. No mass. Bowel sounds heard."),
    ("neuro", "Short neurological examination", "Pupils equal, face even, strength and touch equal on both sides."),
    ("call", "When to call", "Call us, or 911 at once, if you get chest pain, trouble breathing, or if you faint."),
)
TEMPLATES: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "diabetes",
        "Diabetes review",
        "Internal medicine",
        {
            "subjective": "Measures at home: \nLow sugars since the last visit: \nFeet: ",
            "objective": "Feet: skin whole, pulses felt, monofilament at __ of 10 points.",
            "assessment": "Type 2 diabetes.",
            "plan": "A1c in 3 months. Eye photo and urine albumin once a year.",
            "instructions": "Take your tablets as before. Look at your feet every evening.",
        },
    ),
    (
        "pressure",
        "Blood pressure review",
        "",
        {
            "subjective": "Measures at home: \nDizziness, chest pain, swelling: ",
            "objective": "Heart regular, no murmur. No swelling of the legs.",
            "assessment": "Blood pressure ",
            "plan": "Blood pressure diary for 4 weeks.",
            "instructions": "Write down your blood pressure each morning for 4 weeks, then call us.",
        },
    ),
    (
        "cold",
        "Cold, cough, sore throat",
        "",
        {
            "subjective": "Since when: \nFever, breath, pain: ",
            "objective": "Throat, ears, neck: \nLungs clear on both sides.",
            "assessment": "Infection of the upper airways.",
            "plan": "No antibiotic. Come again if it is not better in 10 days.",
            "instructions": "Drink enough and rest. Call us if breathing gets hard or the fever comes back.",
        },
    ),
)


# For messages to patients: language, name, text.
LETTERS = (
    (
        "en",
        "Result in the portal",
        "Dear {patient},\n\nyour results are in the portal. ***\n\nIf you have questions, answer here.\n{writer}",
    ),
    (
        "en",
        "Please call us",
        "Dear {patient},\n\nplease call us on {telephone} on a working day, so that we can talk about this.\n{writer}",
    ),
    (
        "es",
        "Result in the portal",
        "Hola {patient}:\n\nSus resultados están en el portal. ***\n\nSi tiene preguntas, responda aquí.\n{writer}",
    ),
    (
        "es",
        "Please call us",
        "Hola {patient}:\n\nPor favor llámenos al {telephone} en un día laborable para hablar de esto.\n{writer}",
    ),
)


def tell() -> None:
    """Keep them, once, in the name of an administrator; without one there is nobody to keep them."""
    with acting_as_system("demo"):
        chair = Membership.objects.current().filter(role="administrator").select_related("user").order_by("id").first()
        if chair is None or Macro.objects.exists():
            return
    administrator = chair.user.in_role("administrator")
    with acting_as(administrator):
        for shortcut, name, text in PHRASES:
            keep_macro(by=administrator, values=_values(shortcut, name, text=text))
        for shortcut, name, specialty, parts in TEMPLATES:
            keep_macro(by=administrator, values=_values(shortcut, name, specialty=specialty, parts=parts))
        for language, name, body in LETTERS:
            told = {"site": None, "language": language, "name": name, "body": body, "active": True}
            keep_message_template(by=administrator, values=told)


def _values(shortcut: str, name: str, **given: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"specialty": "", "visit_type": None, "text": "", "parts": {}, "active": True}
    return usual | {"shortcut": shortcut, "name": name} | given
