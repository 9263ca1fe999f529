"""What is known of a person besides the registration, and when somebody may be written to. Plain Python."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

#: BCP 47 codes of languages spoken at clinics of the United States, with their English names (ISO 639-3 where shorter
#: codes do not tell them apart).
LANGUAGES = dict(
    re.findall(
        r"([a-z]+):([^,]+)",
        "en:English,es:Spanish,pt:Portuguese,kea:Cape Verdean Creole,ht:Haitian Creole,zh:Chinese (Mandarin),"
        "yue:Chinese (Cantonese),vi:Vietnamese,ar:Arabic,fr:French,ru:Russian,ko:Korean,tl:Tagalog,"
        "ase:American Sign Language,am:Amharic,bn:Bengali,bs:Bosnian,my:Burmese,fa:Persian,prs:Dari,de:German,"
        "el:Greek,gu:Gujarati,he:Hebrew,hi:Hindi,hmn:Hmong,it:Italian,ja:Japanese,km:Khmer,ku:Kurdish,lo:Lao,"
        "ln:Lingala,ne:Nepali,om:Oromo,ps:Pashto,pl:Polish,pa:Punjabi,ro:Romanian,rw:Kinyarwanda,sr:Serbian,"
        "so:Somali,sw:Swahili,sq:Albanian,ta:Tamil,te:Telugu,th:Thai,ti:Tigrinya,tr:Turkish,uk:Ukrainian,ur:Urdu,"
        "yi:Yiddish,yo:Yoruba",
    )
)


@dataclass(frozen=True)
class Profile:
    """`interpreter` is None where nobody has asked. Quiet hours are by the clock of the patient's site."""

    sex_at_birth: str = ""
    gender_identity: str = ""
    pronouns: str = ""
    language: str = ""
    interpreter: bool | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None


@dataclass(frozen=True)
class Said:
    """A name, contact point or person besides, as another system tells of it: the model's name, and its values."""

    kind: str
    values: tuple[tuple[str, Any], ...]


# == Whether and when somebody is written to ==
ASKED_FIRST = frozenset({"sms"})  # 47 CFR 64.1200(a): no automated text without a yes
#: 47 CFR 64.1200(c)(1): not before 8 and not after 9, for whoever named no hours of their own.
ALWAYS_QUIET: dict[str, tuple[time, time]] = {"sms": (time(21), time(8))}
OFFERED = frozenset({"news"})  # 45 CFR 164.508(a)(3): no marketing without one


def may_tell(channel: str, purpose: str, answer: bool | None) -> bool:
    """What the patient said to this channel and purpose; where nobody asked, what is needed for the care may go."""
    if answer is not None:
        return answer
    return channel not in ASKED_FIRST and purpose not in OFFERED


def end_of_quiet(local: datetime, begins: time | None, ends: time | None) -> datetime | None:
    """When the quiet hours end in which this moment lies, by the same clock; None outside them, and without any."""
    if begins is None or ends is None or begins == ends:
        return None
    now = local.time()
    inside = begins <= now < ends if begins < ends else now >= begins or now < ends
    if not inside:
        return None
    day = local.date() if now < ends else local.date() + timedelta(days=1)
    return datetime.combine(day, ends, local.tzinfo)


# == ZIP codes ==
#: The first three digits that the Postal Service gives to nobody (Publication 65, the list of prefixes).
UNUSED_PREFIXES = frozenset(
    re.findall(
        "[0-9]+",
        "000 001 002 003 004 213 269 343 345 348 353 419 428 429 517 518 519 529 533 536 552 568 578 579 589 621 632"
        " 642 643 659 663 682 694 695 696 697 698 699 702 709 715 732 742 771 817 818 819 839 848 849 854 858 861 862"
        " 866 867 868 869 876 886 887 888 892 896 899 909 929 987",
    )
)
ZIP_CODE = re.compile(r"([0-9]{5})(-?[0-9]{4})?", re.ASCII)


def is_zip_code(text: str) -> bool:
    """Five digits or nine, and somewhere in the United States."""
    return bool(ZIP_CODE.fullmatch(text)) and text[:3] not in UNUSED_PREFIXES


# == Names ==
#: Alphabets whose letters look like each other's: a word in two of them is a mistake or a mask (Unicode TS 39).
LOOK_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
#: Letters made for formulas and ornament, which no name is written with.
ORNAMENT = frozenset({"MATHEMATICAL", "FULLWIDTH", "CIRCLED", "PARENTHESIZED", "SQUARED", "NEGATIVE", "REGIONAL"})
MOST_MARKS = 3  # on one letter: Hebrew and Thai need two or three


def why_no_name(text: str) -> str:
    """ "" for what a person can be called; "mixed", "ornament" or "marks" for what looks like something else."""
    for word in re.split(r"[\s'’-]+", text):
        alphabets = {unicodedata.name(sign, "").split(" ")[0] for sign in word if sign.isalpha()}
        if alphabets & ORNAMENT:
            return "ornament"
        if len(alphabets & LOOK_ALIKE) > 1:
            return "mixed"
    run = 0
    for sign in text:
        run = run + 1 if unicodedata.category(sign) in ("Mn", "Me") else 0
        if run > MOST_MARKS:
            return "marks"
    return ""
