"""`{% load prescriptions %}`: where a prescription stands, and what a safety check says, in words."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from healthcare.ui.words import tag
from prescriptions.forms import REASON_WORDS
from prescriptions.models import MedicationStatement, Prescription, RefillRequest, SafetyRule
from prescriptions.queries.halts import halt_words
from prescriptions.queries.overrides import NO_CHECK, UNCHECKED, OverriddenRule
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
    Status.NOT_DISPENSED: "warn",
    Status.CANCELLED: "off",
}
REFILL_ROLES = {"waiting": "wait", "approved": "ok", "denied": "warn", "withdrawn": "off", "closed": "off"}
OF_THE_PATIENT = {"allergy": _lazy("Allergy"), "person": _lazy("Patient"), "dose": _lazy("Dose")}
SEVERITY_ROLES = {"contraindicated": "bad", "severe": "bad", "moderate": "warn"}


@register.simple_tag
def state_of(prescription: Prescription) -> SafeString:
    """Where it stands: colour, shape and word. That it is on hold or stopped comes first."""
    if prescription.halt:
        return halt_tag(prescription)
    if prescription.is_part:
        return tag("info", _("Collected in part, the rest to prepare"))
    return tag(ROLES[Status(prescription.status)], prescription.get_status_display())


@register.simple_tag
def refill_state(request: RefillRequest) -> SafeString:
    return tag(REFILL_ROLES[request.state], request.get_state_display())


@register.simple_tag
def halt_tag(medicine: Prescription | MedicationStatement) -> SafeString:
    """That it is on hold, will be, or was stopped; nothing where it is neither."""
    if not medicine.halt:
        return SafeString("")
    if medicine.is_stopped:
        return tag("off", _("Stopped"))
    return tag("warn", _("On hold") if medicine.is_on_hold(timezone.now()) else _("To be put on hold"))


@register.filter
def on_hold(medicine: Prescription | MedicationStatement) -> bool:
    return medicine.is_on_hold(timezone.now())


@register.filter
def halt_said(medicine: Prescription | MedicationStatement) -> str:
    """Since when, by whom and why it is on hold or stopped."""
    return halt_words(medicine)


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
    if told["kind"] in OF_THE_PATIENT:
        return _("%(severity)s: %(title)s") % {"severity": word, "title": told["title"]}
    return _("%(severity)s: with %(other)s. %(title)s") % {**told, "severity": word}


@register.filter
def of_the_patient(finding: Any) -> str:
    """What of the patient it speaks of: an allergy, who they are, the dose; "" for another medicine."""
    return str(OF_THE_PATIENT.get(_values(finding)["kind"], ""))


@register.filter
def unchecked_title(unchecked: Any) -> str:
    told = _values(unchecked)
    titles = {
        "never_asked": _("Allergies never asked"),
        "not_shown": _("Allergies are not shown to you"),
        "unknown_allergen": _("Not checked: allergy to %(what)s"),
        "age_unknown": _("Not checked: the date of birth is not known"),
        "weight_unknown": _("Not checked: the weight is not known"),
        "child_dose": _("Not checked: the dose for a child"),
        "dose_unknown": _("Not checked: how much of it is taken"),
        "kidney_unknown": _("Kidney function is not known"),
        "pregnancy_unknown": _("Whether she is pregnant is not known"),
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
        "age_unknown": _("There are rules on age for this medicine. Ask, and write it down."),
        "weight_unknown": _("The dose goes by weight, and nobody measured it. Weigh, and write it down."),
        "child_dose": _("The rules know no dose by weight of this medicine. Reckon it and look it up."),
        "dose_unknown": _("What the dose is counted in does not fit the strength, so nobody knows how many mg it is."),
        "kidney_unknown": _("There are rules on the kidneys for this medicine, and no result says how they work."),
        "pregnancy_unknown": _("There are rules on pregnancy for this medicine. Ask."),
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


@register.filter
def severity_words(rule: OverriddenRule) -> str:
    """How bad it was; what could not be checked says why."""
    if rule.code == UNCHECKED:
        return unchecked_title({"why": rule.severity, "what": _("a medicine")})
    if rule.code == NO_CHECK:
        return _("The safety check did not run")
    return str(SafetyRule.Severity(rule.severity).label)


@register.filter
def reasons_given(rule: OverriddenRule) -> str:
    return "; ".join(f"{reason_text(code)}: {times}" for code, times in sorted(rule.answered.items()))


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
