"""How somebody lives: tobacco, alcohol, work, and what stands in the way of health. One entry a question answered.

What is asked and what may be answered comes from PRAPARE and the Hunger Vital Sign, by their LOINC codes (questions and
answers); alcohol and drugs have words of our own. Not asked is not "no": there is no row then. Who did not want to
answer was asked. Whether somebody is safe is not released by itself: who acts for a patient, or looks over their
shoulder, may be whom they are afraid of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

DECLINED = "LA30122-8"
YES, NO, UNSURE = "LA33-6", "LA32-8", "LA14072-5"
SAID_NO = {YES: _("Yes"), NO: _("No")}
DECLINING = {DECLINED: _("Did not want to answer")}


@dataclass(frozen=True)
class Question:
    """`display` is as kept beside the code; `worries` are answers that somebody should act on."""

    name: Promise
    display: str
    answers: Mapping[str, Promise]
    worries: frozenset[str] = frozenset()
    system: str = "loinc"
    hint: Promise | str = ""
    answers_elsewhere: Mapping[str, str] = field(default_factory=dict)


WITHHELD = ("93026-3", "76501-6")
SMOKES = ("LA18976-3", "LA18977-1", "LA18979-7")
HUNGRY = ("LA28397-0", "LA6729-3")
QUESTIONS: dict[str, Question] = {
    "72166-2": Question(
        _("Tobacco"),
        "Tobacco smoking status",
        {
            "LA18978-9": _("Never smoked"),
            "LA15920-4": _("Used to smoke"),
            "LA18977-1": _("Smokes on some days"),
            "LA18976-3": _("Smokes every day"),
            "LA18979-7": _("Smokes, how much is not known"),
            "LA18980-5": _("Not known whether ever"),
        },
        frozenset(SMOKES),
        # As US Core 6.1 has them, which are codes of SNOMED CT.
        answers_elsewhere={
            "266919005": "LA18978-9",
            "8517006": "LA15920-4",
            "428041000124106": "LA18977-1",
            "449868002": "LA18976-3",
            "77176002": "LA18979-7",
            "266927001": "LA18980-5",
        },
    ),
    "alcohol-use": Question(
        _("Alcohol"),
        "Alcohol use",
        {
            "never": _("None"),
            "monthly": _("Monthly or less"),
            "weekly": _("In most weeks"),
            "daily": _("On most days"),
            "stopped": _("Stopped"),
        }
        | DECLINING,
        frozenset({"daily"}),
        "local",
    ),
    "drug-use": Question(
        _("Drugs"),
        "Use of drugs other than medicines",
        {"never": _("Never"), "past": _("In the past"), "now": _("Now")} | DECLINING,
        frozenset({"now"}),
        "local",
        _("Other than medicines as prescribed"),
    ),
    "71802-3": Question(
        _("Housing"),
        "Housing status",
        {"LA30189-7": _("Has housing"), "LA30190-5": _("Has no housing")} | DECLINING,
        frozenset({"LA30190-5"}),
    ),
    "93033-9": Question(
        _("Worried about housing"),
        "Are you worried about losing your housing?",
        SAID_NO | DECLINING,
        frozenset({YES}),
    ),
    "88122-7": Question(
        _("Worried about food"),
        "Worried whether food would run out before there was money to buy more, in the last 12 months",
        {
            "LA28397-0": _("Often"),
            "LA6729-3": _("Sometimes"),
            "LA28398-8": _("Never"),
            "LA15775-2": _("Did not know, or did not want to answer"),
        },
        frozenset(HUNGRY),
        hint=_("That it runs out before there is money for more, in the last 12 months"),
    ),
    "93030-5": Question(
        _("Held back by transport"),
        "Has lack of transportation kept you from medical appointments, meetings, work, or things needed?",
        {
            "LA30133-5": _("From the doctor or from medicines"),
            "LA30134-3": _("From work or daily needs"),
            NO: _("No"),
            "LA30257-2": _("Could not answer"),
        },
        frozenset({"LA30133-5", "LA30134-3"}),
    ),
    "93026-3": Question(
        _("Safe at home"),
        "Do you feel physically and emotionally safe where you currently live?",
        SAID_NO | {UNSURE: _("Unsure")} | DECLINING,
        frozenset({NO, UNSURE}),
    ),
    "76501-6": Question(
        _("Afraid of a partner"),
        "Within the last year, have you been afraid of your partner or ex-partner?",
        SAID_NO | DECLINING,
        frozenset({YES}),
        hint=_("Ask only when you are alone with the patient"),
    ),
    "67875-5": Question(
        _("Work"),
        "Employment status - current",
        {
            "LA30136-8": _("Full time"),
            "LA30138-4": _("Part time or for a while"),
            "LA17956-6": _("Looking for work"),
            "LA30137-6": _("Not looking: studies, retired, cares for others"),
        }
        | DECLINING,
    ),
    "82589-3": Question(
        _("School"),
        "Highest level of education",
        {
            "LA30191-3": _("Less than high school"),
            "LA30192-1": _("High school or GED"),
            "LA30193-9": _("More than high school"),
        }
        | DECLINING,
    ),
}


def question_of(entry: Any) -> str:
    return str(QUESTIONS[entry.code].name) if entry.code in QUESTIONS else str(entry.display)


def answer_of(entry: Any) -> str:
    """In the reader's language where the answer is one of ours, else as it was told."""
    known = QUESTIONS[entry.code].answers if entry.code in QUESTIONS else {}
    return str(known.get(entry.data.get("answer", ""), entry.data.get("value", "")))


def is_worry(entry: Any) -> bool:
    return entry.code in QUESTIONS and entry.data.get("answer") in QUESTIONS[entry.code].worries


KIND = Kind(
    slug="social_history",
    name=_("Living and habits"),
    plural=_("Living and habits"),
    permission=Permission.RECORD_HISTORY,
    summary=lambda entry: f"{question_of(entry)}: {answer_of(entry)}",
    schema=Schema(optional={"answer": str, "value": str, "note": str}),
    role=lambda entry: "warn" if is_worry(entry) else "info",
    withheld=lambda said: said.code in WITHHELD,
)
