"""Who pays for a visit, decided without database or clock: which card counts on a day, and what a check answers.

Days are plain dates on the calendar of the site. A card counts on its first day and on its last, both included.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

PRIORITIES = (1, 2, 3)  # who is asked to pay first, second, third (FHIR R4 Coverage.order)
SELF = "self"


@dataclass(frozen=True)
class Card:
    """What stands on an insurance card, as typed and validated. `last_day` None: nobody said when it ends.

    The subscriber is whoever the insurance is of; the patient, where the relationship is "self".
    """

    plan_id: UUID
    priority: int
    member_id: str
    first_day: date | None
    last_day: date | None = None
    group_number: str = ""
    relationship: str = SELF
    subscriber_name: str = ""
    subscriber_birth_date: date | None = None


# == Days ==
def first_after(last_day: date | None) -> date | None:
    """The end of a half-open range that still holds this last day."""
    return last_day + timedelta(days=1) if last_day else None


def last_before(end: date | None) -> date | None:
    """The last day of a half-open range that ends so."""
    return end - timedelta(days=1) if end else None


def last_day_of(year: int, month: int = 12) -> date:
    """Of a month, or of a year: where an end is told without a day, the card counts to the end of it."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def free_priority(taken: Iterable[int], wanted: int | None) -> int | None:
    """The wanted place, or the next behind it that is free, else the first that is; None where all are taken."""
    held, first = set(taken), wanted or 1
    order = sorted(PRIORITIES, key=lambda place: (place < first, place))
    return next((place for place in order if place not in held), None)


# == Checks ==
class Outcome(StrEnum):
    """What a check of eligibility says, in words of X12 270/271: covered, not covered, or not known to the payer."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    NOT_FOUND = "not_found"


class Reason(StrEnum):
    """Why it is so."""

    COVERED = "covered"
    NOT_OFFERED = "not_offered"
    NOT_YET = "not_yet"
    OVER = "over"
    NO_NUMBER = "no_number"
    NOT_ITS_NUMBER = "not_its_number"
    PAYER_CLOSED = "payer_closed"


@dataclass(frozen=True)
class Question:
    """What is asked of whoever pays: is this member covered on this day? `number_form` as `fits`; "" for any."""

    payer: str
    plan: str
    member_id: str
    service_date: date
    first_day: date | None
    last_day: date | None
    payer_active: bool = True
    number_form: str = ""
    offered: bool = False
    copay: Decimal | None = None
    deductible: Decimal | None = None


@dataclass(frozen=True)
class Answer:
    """What came back, in US dollars where it is money; `received` is the answer as it came, whole."""

    outcome: Outcome
    reason: Reason
    copay: Decimal | None = None
    deductible: Decimal | None = None
    received: str = ""


def fits(number: str, form: str) -> bool:
    """Whether a member's number has the payer's form: 9 stands for a digit, A for a letter, * for either.

    Spaces and dashes do not count. Every number fits the form "".
    """
    if not form:
        return True
    signs, wanted = (text.upper().replace(" ", "").replace("-", "") for text in (number, form))
    return len(signs) == len(wanted) and all(map(_fits, signs, wanted))


def _fits(sign: str, wanted: str) -> bool:
    digit, letter = sign.isascii() and sign.isdigit(), sign.isascii() and sign.isalpha()
    return {"9": digit, "A": letter, "*": digit or letter}.get(wanted, sign == wanted)


def decide(question: Question) -> Answer:
    """The answer of the clinic's own rules, which know the payer's plans and numbers and not the payer's members."""
    reason = _reason(question)
    if reason is Reason.COVERED:
        return Answer(Outcome.ACTIVE, reason, question.copay, question.deductible)
    unknown = reason in (Reason.NO_NUMBER, Reason.NOT_ITS_NUMBER)
    return Answer(Outcome.NOT_FOUND if unknown else Outcome.INACTIVE, reason)


def _reason(asked: Question) -> Reason:
    if not asked.member_id:
        return Reason.NO_NUMBER
    if not fits(asked.member_id, asked.number_form):
        return Reason.NOT_ITS_NUMBER
    if asked.first_day and asked.service_date < asked.first_day:
        return Reason.NOT_YET
    if asked.last_day and asked.service_date > asked.last_day:
        return Reason.OVER
    if not asked.payer_active:
        return Reason.PAYER_CLOSED
    return Reason.COVERED if asked.offered else Reason.NOT_OFFERED
