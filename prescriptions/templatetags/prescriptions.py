"""`{% load prescriptions %}`: where a prescription stands, and what a safety check says, in words."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from healthcare.ui.words import tag
from prescriptions.forms import REASON_WORDS
from prescriptions.models import MedicationStatement, Prescription, SafetyRule
from prescriptions.rules.safety import BROKEN, MIXED_KNOWLEDGE, NO_KNOWLEDGE, PROBLEM
from records.queries.moments import said_moment

register = template.Library()
Status = Prescription.Status
ROLES = {
    Status.DRAFT: "wait",
    Status.SIGNED: "info",
    Status.READY: "ok",
    Status.PICKED_UP: "off",
    Status.NOT_COLLECTED: "warn",
    Status.CANCELLED: "off",
}
SEVERITY_ROLES = {"contraindicated": "bad", "severe": "bad", "moderate": "warn"}


@register.simple_tag
def state_of(prescription: Prescription) -> SafeString:
    """Where it stands: colour, shape and word."""
    return tag(ROLES[Status(prescription.status)], prescription.get_status_display())


@register.simple_tag
def since_when(statement: MedicationStatement) -> SafeString:
    """Since when it is taken by its source's word, as exactly as that was said."""
    day = said_moment(statement.said_at, str(statement.data.get("precision", "")), show="day")
    return format_html("{} {}", _("since"), day)


@register.filter
def severity_role(severity: str) -> str:
    return SEVERITY_ROLES[severity]


@register.filter
def finding_title(finding: Any) -> str:
    """How bad, with what, and what may happen."""
    told = _values(finding)
    word = SafetyRule.Severity(told["severity"]).label
    if told["kind"] == "allergy":
        return _("%(severity)s: %(title)s") % {"severity": word, "title": told["title"]}
    return _("%(severity)s: with %(other)s. %(title)s") % {**told, "severity": word}


@register.filter
def unchecked_title(unchecked: Any) -> str:
    told = _values(unchecked)
    titles = {
        "never_asked": _("Allergies never asked"),
        "not_shown": _("Allergies are not shown to you"),
        "unknown_allergen": _("Not checked: allergy to %(what)s"),
    }
    return titles.get(told["why"], _("Not checked: %(what)s")) % told


@register.filter
def unchecked_text(unchecked: Any) -> str:
    texts = {
        "by_hand": _("Written in words, so the rules know nothing about it. Neither safe nor unsafe."),
        "no_ingredients": _("Its ingredients are not on our list. Neither safe nor unsafe."),
        "elsewhere": _("Another system says that it is taken, and its ingredients are not on our list."),
        "partly": _("Something that it says is in it is not on our list. The rest was checked."),
        "never_asked": _("Nobody has asked this patient about allergies. Ask now, and write it down."),
        "not_shown": _("Nothing was checked against allergies. Ask somebody who can see them."),
        "unknown_allergen": _("The rules do not know what is meant. Neither safe nor unsafe."),
    }
    return texts[_values(unchecked)["why"]]


@register.filter
def problem_text(problem: str) -> str:
    texts = {
        NO_KNOWLEDGE: _("The rules are missing: the table of interactions and allergies is empty."),
        MIXED_KNOWLEDGE: _("The rules are of two versions at once, so none of them can be trusted."),
        BROKEN: _("Something went wrong while it ran. It is written down."),
    }
    return texts.get(problem, texts[BROKEN])


def reason_text(code: str) -> str:
    return str(REASON_WORDS.get(code, code))


@register.filter
def kept_reason(answer: Mapping[str, str]) -> str:
    """A reason as it was given, with its words: where the reason is in the words, these alone."""
    if answer["reason"] == "other":
        return answer["words"]
    if answer["reason"] == "other_source":
        return _("Checked with another source: %(words)s") % answer
    said = reason_text(answer["reason"])
    return f"{said}. {answer['words']}" if answer["words"] else said


@register.filter
def answer_to(check: Any, key: str) -> Mapping[str, str] | None:
    """What the prescriber answered to a finding of a kept check; None where no answer was needed."""
    return next((answer for answer in check.overrides if answer["key"] == key), None)


@register.filter
def answer_to_problem(check: Any) -> Mapping[str, str] | None:
    return answer_to(check, PROBLEM)


def _values(told: Any) -> dict[str, str]:
    """A finding of the moment, or one that was kept."""
    return told if isinstance(told, dict) else vars(told)
