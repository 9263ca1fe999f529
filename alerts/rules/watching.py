"""What in the audit is unusual enough that a person must look at it: the rules, and what each calls too much.

Plain Python, without database or clock (45 CFR 164.308(a)(1)(ii)(D), information system activity review).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

REVIEWED_WITHIN = timedelta(hours=24)
OVERLAP = timedelta(minutes=5)  # an event's key is of its making; it is seen when its transaction has ended
MINUTE, STEP, FURTHEST_BACK = timedelta(minutes=2), timedelta(minutes=5), timedelta(hours=24)
NIGHT = (22, 6)  # hours on the clock of the patient's site, between which a chart is opened after hours
SAMPLE = 20  # events named in a finding


@dataclass(frozen=True)
class Watch:
    """At least so many within so many minutes; where `minutes` is 0, each event counts for itself."""

    at_least: int
    minutes: int = 0

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.minutes)


MANY_CHARTS, AFTER_HOURS, SERIAL, DENIALS, EXPORTS = "many_charts", "after_hours", "serial", "denials", "exports"
OWN_RECORD, SAME_SURNAME, COLLEAGUE, WATCHED = "own_record", "same_surname", "colleague", "watched"

#: The rules as delivered; a privacy officer's edits are rows over them.
WATCHES = {
    MANY_CHARTS: Watch(at_least=60, minutes=60),
    AFTER_HOURS: Watch(at_least=5, minutes=60),
    SERIAL: Watch(at_least=8, minutes=60),
    DENIALS: Watch(at_least=10, minutes=10),
    EXPORTS: Watch(at_least=5, minutes=60),
    OWN_RECORD: Watch(at_least=1),
    SAME_SURNAME: Watch(at_least=1),
    COLLEAGUE: Watch(at_least=1),
    WATCHED: Watch(at_least=1),
}
MOST, LONGEST = 10_000, 24 * 60  # what an edit may say at most

#: What a review may come to, and whether it is over with that.
VERDICTS = {"justified": True, "not_justified": True, "follow_up": False}


def moments_to_look(last: datetime | None, now: datetime) -> Iterator[datetime]:
    """Now, and where nobody looked for a while, every few minutes since, a day back at most."""
    moment = max(last or now, now - FURTHEST_BACK)
    while now - moment > MINUTE:
        moment = min(moment + STEP, now)
        if moment < now:
            yield moment
    yield now


def bucket_of(watch: Watch, moment: datetime, day: str) -> str:
    """What keeps one happening from being told twice: the window it fell into, or the day on the clinic's clock."""
    if not watch.minutes:
        return day
    return str(int(moment.timestamp()) // (watch.minutes * 60))
