"""Decisions about people and access, without database or clock."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

GRANT = """SELECT 1 FROM {table} g WHERE g.content_object_id = {patient} AND {holder}
 AND g.permission_id = (SELECT app.scope_permission('{scope}'))
 AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp() OFFSET 0"""
TO_PERSON = "g.user_id = (SELECT app.user_id()) AND g.role = (SELECT app.acting_role())"
TO_TEAM = "g.group_id = ANY ((SELECT app.group_ids())::integer[])"


def sees(scope: str, patient: str = "patient_id") -> str:
    """The second wall's condition, in SQL, for a table whose rows belong to a patient.

    True where the person named by the signed context holds a grant of this scope on the patient, in the role they act
    in, at this moment; never for their own chart in a staff role. OFFSET 0 makes each row ask along an index. `patient`
    is the column with the patient's id; name the table with it where another table of the query has one.
    """
    to_person = GRANT.format(table="patients_usergrant", patient=patient, holder=TO_PERSON, scope=scope)
    to_team = GRANT.format(table="patients_groupgrant", patient=patient, holder=TO_TEAM, scope=scope)
    own = "(SELECT app.own_patient_id())"
    return f"(EXISTS ({to_person}) OR EXISTS ({to_team})) AND {patient} IS DISTINCT FROM {own}"


# == Medical record numbers ==
def luhn_digit(digits: str) -> int:
    """The check digit of ISO/IEC 7812-1, annex B: catches every single wrong digit and nearly every swapped pair."""
    doubled = [int(d) * 2 if place % 2 == 0 else int(d) for place, d in enumerate(reversed(digits))]
    return -sum(d - 9 if d > 9 else d for d in doubled) % 10


def medical_record_number(number: int) -> str:
    """Nine digits with a check digit, as people read it aloud: 004-81-7726. `number` is below 100 million."""
    digits = f"{number:08d}"
    digits += str(luhn_digit(digits))
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def is_medical_record_number(text: str) -> bool:
    digits = re.sub(r"[\s-]", "", text)
    return bool(re.fullmatch(r"[0-9]{9}", digits)) and luhn_digit(digits[:-1]) == int(digits[-1])


# == Who somebody is ==
@dataclass(frozen=True)
class Demographics:
    """What a person's registration says, as typed and validated; `birth_date` is a plain date without a zone."""

    given_name: str
    family_name: str
    birth_date: date
    sex: str
    preferred_name: str = ""
    phone: str = ""
    email: str = ""
    line: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""


def fingerprint(demographics: Demographics) -> str:
    """A short mark of what is known of a person: a form that was opened on other details has another."""
    return hashlib.sha256(repr(demographics).encode()).hexdigest()[:16]


def name_words(demographics: Demographics) -> list[str]:
    """The words of the legal name, without one or two letters where there are longer ones; eight at most."""
    words = parse_search(f"{demographics.family_name} {demographics.given_name}".replace("-", " ")).name.split()
    return [word for word in words if len(word) > 2][:8] or words[:8]


# == Age ==
def age_in_years(birth_date: date, on: date) -> int:
    """Completed years; a person born on February 29 turns older on March 1 of other years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def birth_dates_of_ages(youngest: int | None, oldest: int | None, on: date) -> tuple[date | None, date | None]:
    """The first and the last birth date of people of these ages, in completed years, on that day; None is no bound."""
    first = _years_before(on, oldest + 1) + timedelta(days=1) if oldest is not None else None
    last = _years_before(on, youngest) if youngest is not None else None
    return first, last


def _years_before(day: date, years: int) -> date:
    """The latest birth date of somebody who has completed so many years on that day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # February 29 of a common year
        return date(day.year - years, 2, 28)


# == Search ==
@dataclass(frozen=True)
class SearchTerms:
    """What somebody typed into the search, taken apart. Empty fields were not given."""

    name: str = ""
    birth_date: date | None = None
    mrn: str = ""
    digits: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.birth_date or self.mrn or self.digits)


DATE_FORMS = (
    (re.compile(r"\b(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})\b"), False),
    (re.compile(r"\b(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})\b"), False),
    (re.compile(r"\b(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})\b"), False),
    (re.compile(r"\b(?P<month>[a-z]{3})[a-z]*\.? (?P<day>[0-9]{1,2}),? (?P<year>[0-9]{4})\b", re.IGNORECASE), True),
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONGEST_SEARCH = 100


def parse_search(text: str) -> SearchTerms:
    """Take a birth date, a record number or phone digits out of the text; the rest is a name, in any order.

    Slashed dates are read month first, as in the United States. Text beyond 100 characters is ignored.
    """
    rest = unicodedata.normalize("NFC", text.replace("\0", " "))[:LONGEST_SEARCH]
    birth_date, rest = _take_date(rest)
    if is_medical_record_number(rest.strip()):
        digits = re.sub(r"[\s-]", "", rest)
        return SearchTerms(mrn=f"{digits[:3]}-{digits[3:5]}-{digits[5:]}", birth_date=birth_date)
    digits = re.sub(r"[^0-9]", "", rest)
    words = re.sub(r"[^\w\s'’-]|[0-9_]", " ", rest).split()
    name = " ".join(word for word in words if any(letter.isalpha() for letter in word))
    return SearchTerms(name=name, birth_date=birth_date, digits=digits if len(digits) >= 4 else "")


def _take_date(text: str) -> tuple[date | None, str]:
    for form, spelled in DATE_FORMS:
        if match := form.search(text):
            month = match["month"].lower()
            if spelled and month not in MONTHS:
                continue
            try:
                found = date(int(match["year"]), MONTHS.index(month) + 1 if spelled else int(month), int(match["day"]))
            except ValueError:
                continue
            return found, text[: match.start()] + " " + text[match.end() :]
    return None, text


# == One-time codes ==
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is read as something else
CODE_LENGTH = 10  # 49 bits


def normalize_code(text: str) -> str:
    """What was typed, as it was issued: upper case, without the dash and spaces people add."""
    return re.sub(r"[\s-]", "", text).upper()


def format_code(code: str) -> str:
    """In two groups, to be read aloud: 7K2QM-RT4WX."""
    return f"{code[:5]}-{code[5:]}"
