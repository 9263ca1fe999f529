"""When a patient sees a result: as the house does it, as the patient wishes, and never later than it may wait. Plain
Python.

Since 2021 federal law has results go out without a delay that somebody orders for all: a policy that waits for a
clinician to read is likely "information blocking" (21st Century Cures Act, section 4004; 45 CFR 171.103; 85 FR 25813
and 25842; the questions and answers of HHS on "interference"). So the house's policy is "at once" until an
administrator says otherwise. A delay that the patient asks for is none, as long as its end is agreed (the same answers;
85 FR 25878, 45 CFR 171.301(b)(2)(i)): the end is `latest`, a setting of the installation. One result may be held back
to prevent harm (45 CFR 171.201): decided for this patient, open to a review by somebody else, and with an end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

AT_ONCE, AFTER_READ, AFTER_DAYS, AFTER_TALK = "at_once", "after_read", "after_days", "after_talk"
LABORATORY, IMAGING, OTHER = "laboratory", "imaging", "other"
#: The most that any setting can say: what a patient asks for has to be there in 30 days (45 CFR 164.524(b)(2)(i)).
MOST_DAYS = 30
LONGEST_HOLD = timedelta(days=MOST_DAYS)
REVIEWED_WITHIN = timedelta(days=3)  # a hold that nobody else looked at ends; the house's own number


@dataclass(frozen=True)
class Policy:
    """As the house does it: `days` with AFTER_DAYS alone."""

    when: str = AT_ONCE
    days: int = 0


@dataclass(frozen=True)
class Held:
    """Held back by a clinician to prevent harm; reviewed by another, or not yet."""

    since: datetime
    until: datetime
    reviewed: bool = False


@dataclass(frozen=True)
class Waiting:
    """A result that is final: since when, read by a clinician when, and what the patient wishes ("" for nothing)."""

    final_at: datetime
    read_at: datetime | None = None
    wish: str = ""
    held: Held | None = None


@dataclass(frozen=True)
class Opening:
    """When it opens by itself, and because of what: "policy", "wish", "latest" or "held"."""

    at: datetime
    because: str


def category_of(kind: str, said: str) -> str:
    """Which policy a result falls under; `said` is what a report calls itself."""
    if kind == "laboratory_result":
        return LABORATORY
    return said if said in (LABORATORY, IMAGING) else OTHER


def opening_of(policy: Policy, waiting: Waiting, latest: timedelta) -> Opening:
    """The patient's wish goes before the house's policy, the longest delay before both, a hold before everything."""
    last = waiting.final_at + latest
    wanted = _wanted(policy, waiting)
    found = Opening(last, "latest") if wanted is None or wanted.at > last else wanted
    if waiting.held is not None and (end := hold_ends(waiting.held)) > found.at:
        return Opening(end, "held")
    return found


def hold_ends(held: Held) -> datetime:
    """On its day; without a review by somebody else at the latest `REVIEWED_WITHIN` after it began."""
    return held.until if held.reviewed else min(held.until, held.since + REVIEWED_WITHIN)


def _wanted(policy: Policy, waiting: Waiting) -> Opening | None:
    """None: when somebody releases it."""
    if waiting.wish:
        return Opening(waiting.final_at, "wish") if waiting.wish == AT_ONCE else None
    if policy.when == AFTER_READ:
        return Opening(waiting.read_at, "policy") if waiting.read_at else None
    days = policy.days if policy.when == AFTER_DAYS else 0
    return Opening(waiting.final_at + timedelta(days=days), "policy")
