"""What a message says that no message should have to say, and until when it is to be answered."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST = 4000  # characters of one message
ANSWER_HOURS = 16  # working hours, where no pool promises anything else
MOST_HOURS = 80
DAY_HOURS = 8
OPENS, CLOSES = time(9), time(17)  # Monday to Friday, on the clock of the site
CLOSED_SHOWN = timedelta(days=30)
SATURDAY = 5

# Words of people who should be on the telephone. English and Spanish; after the danger signs that the American College
# of Emergency Physicians gives the public ("Is it an emergency?"). A false alarm costs one more press, a miss a life.
EMERGENCY = (
    r"chest (?:pain|pressure|tightness)",
    r"(?:pain|pressure|tightness) in (?:my|his|her|the) chest",
    r"(?:can ?not|can't|cant|could not|couldn't) breathe?",
    r"(?:trouble|difficulty|hard time|problems?) breathing",
    r"(?:short|shortness) of breath",
    r"stroke",
    r"face (?:is )?droop(?:ing|s)?",
    r"slurred speech|slurring",
    r"(?:sudden|suddenly) (?:numb|numbness|weak|weakness|blind|confused|confusion)",
    r"(?:severe|heavy|bad) bleeding",
    r"bleeding (?:will not|won't|wont|does not|doesn't) stop",
    r"unconscious|passed out|fainted|not waking up|won't wake up",
    r"seizures?",
    r"overdos(?:e|ed)|poison(?:ed|ing)",
    r"(?:throat|tongue|face) (?:is )?swelling|swollen (?:throat|tongue)|anaphyla\w+",
    r"worst headache",
    r"cough(?:ing|ed)? up blood|vomit(?:ing|ed)? blood",
    r"dolor de pecho|no puedo respirar|derrame cerebral",
)
CRISIS = (
    r"suicid(?:e|al)",
    r"(?:kill|hurt|harm) myself",
    r"(?:end|take) my (?:own )?life",
    r"(?:want|wish) (?:to die|i was dead|i were dead)",
    r"better off dead",
    r"suicidio|suicidarme|quitarme la vida|matarme",
)


def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b")


ASKS_FOR_HELP, ASKS_FOR_A_LISTENER = _any_of(EMERGENCY), _any_of(CRISIS)


@dataclass(frozen=True)
class UrgentWords:
    """The words found, as written but in small letters, each once; `crisis` where somebody may want to die."""

    words: tuple[str, ...] = ()
    crisis: bool = False

    def __bool__(self) -> bool:
        return bool(self.words)

    @property
    def mark(self) -> str:
        """A short mark of what was shown: other words ask again."""
        return hashlib.sha256(" ".join(sorted(self.words)).encode()).hexdigest()[:16]


def urgent_words(text: str) -> UrgentWords:
    """Which words of an emergency stand in a text. It does not understand "no chest pain", on purpose."""
    read = _plain(text)
    crisis = ASKS_FOR_A_LISTENER.findall(read)
    return UrgentWords(tuple(dict.fromkeys(crisis + ASKS_FOR_HELP.findall(read))), bool(crisis))


def _plain(text: str) -> str:
    """Small letters without accents, one space between words, straight apostrophes."""
    apart = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    return " ".join("".join(sign for sign in apart if not unicodedata.combining(sign)).casefold().split())


def answer_due(since: datetime, zone: str, hours: int = ANSWER_HOURS) -> datetime:
    """When an answer is promised, in UTC: so many working hours after `since`, on the clock of the site.

    Holidays of the clinic are not known here.
    """
    begins, left = since.astimezone(ZoneInfo(zone)), timedelta(hours=hours)
    while True:
        opens, closes = (datetime.combine(begins.date(), clock, begins.tzinfo) for clock in (OPENS, CLOSES))
        begins = max(begins, opens)
        if begins.weekday() < SATURDAY and begins < closes:
            if left <= closes - begins:
                return (begins + left).astimezone(UTC)
            left -= closes - begins
        begins = opens + timedelta(days=1)


def working_days(hours: int) -> int:
    """So many begun working days, as it is said to patients."""
    return -(-hours // DAY_HOURS)
