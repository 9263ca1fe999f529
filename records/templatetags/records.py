"""Words for entries where a page has the row itself."""

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from django import template
from django.template import engines
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.ui.dates import day_text
from patients.models import Patient
from records.forms.vitals import IN_AMERICA
from records.kinds import card_of, kinds
from records.kinds.allergy import CHOICES, SEVERITIES, STANDINGS, standing_of
from records.kinds.condition import VERIFICATION
from records.kinds.flags import value_text
from records.kinds.immunization import ROUTES, SITES
from records.kinds.order_names import order_name
from records.kinds.questionnaires import answers_of
from records.kinds.vaccine_declined import REASONS
from records.models import Entry, Macro, Message, Thread
from records.queries.encounters import SignedNote
from records.queries.growth import growth_text
from records.queries.moments import moment_of, said_day, said_moment
from records.rules.conversations import Turn, unsealed
from records.rules.units import Quantity, convert, rounded, shown, sign_of

register = template.Library()
# Parts of what other systems tell, in the order of a page; those that our own kinds have stand on it already.
TOLD_LABELS: dict[str, Promise] = {
    "conclusion": _("Conclusion"),
    "text": _("Text"),
    "interpretation": _("Interpretation"),
    "nature": _("It is an"),
    "severity": _("How badly"),
    "criticality": _("The next time"),
    "verification": _("How sure"),
    "abatement": _("Until"),
    "until": _("Until"),
    "reason": _("Why"),
    "outcome": _("Outcome"),
    "body_site": _("Where in the body"),
    "dose": _("Dose"),
    "status": _("Status"),
    "category": _("Category"),
    "by": _("Said by"),
    "site": _("Where"),
    "route": _("How"),
    "expires": _("The lot is good until"),
}
OF_KIND: dict[str, Mapping[str, Mapping[str, Any]]] = {
    "allergy": CHOICES,
    "immunization": {"site": SITES, "route": ROUTES, "expires": {}},
}
# What else our own kinds say, where no card and no other list has it.
PLAIN_LABELS: dict[str, Promise] = {
    "typed": _("As typed"),
    "reaction": _("What happens"),
    "onset": _("Since"),
    "since": _("Since"),
    "note": _("Note"),
    "because": _("Why"),
    "though": _("A second time because"),
    "lot": _("Lot number"),
    "laboratory": _("Laboratory"),
}
register.filter("value", value_text)
register.filter(order_name)
register.filter(answers_of)
register.simple_tag(moment_of)
register.simple_tag(said_moment)
register.filter(said_day)


@register.simple_tag(name="card_of")
def card(entry: Entry) -> str:
    """What the folder of its kind shows of it, as rows of a list of facts; nothing where it has no card."""
    return drawn(card_of(entry.kind)).render({"entry": entry, "role": kinds()[entry.kind].role(entry)})


@cache
def drawn(source: str) -> Any:
    return engines["django"].from_string(source)


@register.filter
def in_america(entry: Entry) -> str:
    """The same value in °F, pounds or inches; nothing for what is measured alike everywhere."""
    unit = IN_AMERICA.get(entry.unit)
    if unit is None or entry.value is None:
        return ""
    return f"{shown(rounded(convert(Quantity(entry.value, entry.unit), unit), 1))} {sign_of(unit)}"


@register.filter
def growth(entry: Entry, patient: Patient) -> str:
    """Of a child's weight, length, head or body mass its percentile and z-score; nothing for all else."""
    return growth_text(patient, entry)


@register.filter
def said(entry: Entry, name: str) -> str:
    """A part of what the entry says; nothing where it does not say it."""
    return str(entry.data.get(name, ""))


@register.filter
def turns(entry: Entry) -> list[Turn]:
    """Of a conversation in the chart, who wrote what and when; nothing of all else."""
    return unsealed(entry.sealed)


@register.filter
def part(note: SignedNote, name: str) -> str:
    """A part of a note in paragraphs; lines taken over from the note before are marked."""
    taken = note.copied.get(name, ())
    title = gettext("Taken over from the note before")
    paragraphs: list[list[str]] = [[]]
    for place, line in enumerate(getattr(note.text, name).split("\n")):
        if line.strip():
            marked = format_html('<mark title="{}">{}</mark>', title, line) if place in taken else line
            paragraphs[-1].append(marked)
        elif paragraphs[-1]:
            paragraphs.append([])
    return format_html_join("", "<p>{}{}</p>", ((_broken(lines[:-1]), lines[-1]) for lines in paragraphs if lines))


def _broken(lines: list[str]) -> str:
    return format_html_join("", "{}<br>", ((line,) for line in lines))


@register.filter
def says(macro: Macro) -> str:
    """What a phrase or template puts in, for the page's script."""
    return json.dumps({"text": macro.text, "parts": macro.parts})


@register.filter
def of(given: Mapping[Any, Any], entry: Entry) -> Any:
    """What belongs to this entry, by its key; nothing where nothing does."""
    return given.get(entry.pk) if given else None


@register.filter
def also_said(entry: Entry) -> list[tuple[Any, str]]:
    """What other systems say besides, a report's words, and the choices of an allergy, with labels; nothing else."""
    choices: Mapping[str, Mapping[str, Any]] = OF_KIND.get(entry.kind, {})
    return [
        (label, said_day(str(choices.get(name, {}).get(said, said))))
        for name, label in TOLD_LABELS.items()
        if (said := entry.data.get(name)) and (entry.source or name in choices or entry.kind == "diagnostic_report")
    ]


@register.filter
def plain_facts(entry: Entry) -> list[tuple[Any, str]]:
    """The code, and what was said besides in words, with labels: for a sheet on which everything has to stand."""
    code = f"{entry.code_system.upper()} {entry.code}" if entry.code and entry.code_system not in ("", "local") else ""
    said = [(label, str(entry.data[name])) for name, label in PLAIN_LABELS.items() if entry.data.get(name)]
    return ([(_("Code"), code)] if code and entry.kind != "imported" else []) + said


@register.filter
def iso_day(text: str) -> str:
    """A day of the calendar that data holds as 2026-11-19, in the reader's own order."""
    return day_text(date.fromisoformat(text))


@register.filter
def dose_site(entry: Entry) -> Any:
    """Where in the body a vaccine was given, in words."""
    where = entry.data.get("site", "")
    return SITES.get(where, where)


@register.filter
def why_not_given(entry: Entry) -> Any:
    """Of a vaccine: the reason in words."""
    why = entry.data.get("why", "")
    return REASONS.get(why, why)


@register.filter
def since(entry: Entry) -> str:
    onset = said(entry, "onset")
    return gettext("since %(when)s") % {"when": said_day(onset)} if onset else ""


@register.filter
def clinical_words(entry: Entry) -> Any:
    """The clinical status in words."""
    return kinds()[entry.kind].clinical_words.get(entry.clinical_status, entry.clinical_status)


@register.filter
def standing(entry: Entry) -> Any:
    """Of an allergy: active, quiet, over, or shown to be none."""
    return STANDINGS.get(standing_of(entry), entry.clinical_status)


@register.filter
def choice(entry: Entry, name: str) -> Any:
    """What was chosen of an allergy, in words; nothing where nothing was."""
    said = entry.data.get(name, "")
    return CHOICES[name].get(said, said)


@register.filter
def how_sure(entry: Entry) -> Any:
    """How sure its source was, in words."""
    said = entry.data.get("verification", "")
    return VERIFICATION.get(said, said)


@register.filter
def severity(entry: Entry) -> Any:
    """How bad a reaction is, in words; nothing where it is not known."""
    return SEVERITIES.get(entry.data.get("severity", ""), "")


@register.filter
def beside(entry: Entry) -> list[str]:
    """What is said of an operation or a relative besides its name."""
    return [str(entry.data[name]) for name in ("where", "body_site", "outcome", "note") if entry.data.get(name)]


@register.simple_tag
def place_of(thread: Thread) -> str:
    """Where a conversation lies: a pool and its site, the person whom the patient wrote to, or the whole care team."""
    if thread.pool:
        return f"{thread.pool.name}, {thread.site.name}"
    if thread.provider:
        return thread.provider.name
    return gettext("Care team, %(site)s") % {"site": thread.site.name}


@register.simple_tag
def written_by(message: Message, reader: User, patient: Patient) -> str:
    """Who wrote a message; who acts for the patient is named with them."""
    name = gettext("You") if message.author_id == reader.pk else message.author.full_name
    if not message.as_proxy:
        return name
    return gettext("%(name)s for %(patient)s") % {"name": name, "patient": patient.name}
