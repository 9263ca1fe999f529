"""Decisions about people and access, without database or clock."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

GRANT = """SELECT 1 FROM {table} g WHERE g.content_object_id = {patient} AND {holder}
 AND g.permission_id = (SELECT app.scope_permission('{scope}'))
 AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp() OFFSET 0"""
TO_PERSON = "g.user_id = ANY ((SELECT app.stood_for())::uuid[]) AND g.role = (SELECT app.acting_role())"
TO_TEAM = "g.group_id = ANY ((SELECT app.group_ids())::integer[])"


def sees(scope: str, patient: str = "patient_id") -> str:
    """The second wall's condition, in SQL, for a table whose rows belong to a patient.

    True where the person named by the signed context, or whom they stand in for, holds a grant of this scope on the
    patient, in the role they act in, at this moment; never for a chart that is closed to them. OFFSET 0 makes each row
    ask along an index. `patient` is the column with the patient's id; name the table with it where another table of the
    query has one.
    """
    to_person = GRANT.format(table="patients_usergrant", patient=patient, holder=TO_PERSON, scope=scope)
    to_team = GRANT.format(table="patients_groupgrant", patient=patient, holder=TO_TEAM, scope=scope)
    closed = "(SELECT app.closed_patient_ids())::uuid[]"
    return f"(EXISTS ({to_person}) OR EXISTS ({to_team})) AND {patient} <> ALL ({closed})"


def opens_marked(table: str, *, written_by: tuple[str, ...] = ()) -> str:
    """Beside `sees`, for a table with a column `sensitivity`: what is not marked, what the reader wrote, and marks that
    the reader holds the label of. `written_by` are the columns that name who wrote the row.
    """
    own = "".join(f" OR {table}.{column} = (SELECT app.user_id())" for column in written_by)
    return f"({table}.sensitivity = ''{own} OR app.reaches({table}.patient_id, {table}.sensitivity))"


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


SITE_NUMBER = re.compile(r"([A-Z]{2,4})-?([0-9]{6})-?([0-9])")


def site_number(prefix: str, number: int) -> str:
    """A record number of one site: its letters, six digits and a check digit over both: WOR-000123-4."""
    return f"{prefix}-{number:06d}-{_site_digit(prefix, f'{number:06d}')}"


def is_site_number(text: str) -> bool:
    found = SITE_NUMBER.fullmatch(text)
    return found is not None and _site_digit(found[1], found[2]) == int(found[3])


def _site_digit(prefix: str, digits: str) -> int:
    """Letters count as 10 to 35 (as in ISO 6166), so that the number under the letters of another site is wrong."""
    return luhn_digit("".join(str(int(sign, 36)) for sign in prefix + digits))


# == Who somebody is ==
@dataclass(frozen=True)
class Demographics:
    """What a person's registration says, as typed and validated; `birth_date` is a plain date without a zone."""

    given_name: str
    family_name: str
    birth_date: date | None
    sex: str
    birth_precision: str = "day"
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


STATES = dict(
    re.findall(
        "([a-z ]+):([A-Z]{2})",
        ":"
        "alabama:AL,alaska:AK,american samoa:AS,arizona:AZ,arkansas:AR,california:CA,colorado:CO,connecticut:CT,"
        "delaware:DE,district of columbia:DC,florida:FL,georgia:GA,guam:GU,hawaii:HI,idaho:ID,illinois:IL,indiana:IN,"
        "iowa:IA,kansas:KS,kentucky:KY,louisiana:LA,maine:ME,maryland:MD,massachusetts:MA,michigan:MI,minnesota:MN,"
        "mississippi:MS,missouri:MO,montana:MT,nebraska:NE,nevada:NV,new hampshire:NH,new jersey:NJ,new mexico:NM,"
        "new york:NY,north carolina:NC,north dakota:ND,northern mariana islands:MP,ohio:OH,oklahoma:OK,oregon:OR,"
        "pennsylvania:PA,puerto rico:PR,rhode island:RI,south carolina:SC,south dakota:SD,tennessee:TN,texas:TX,"
        "utah:UT,vermont:VT,virgin islands:VI,virginia:VA,washington:WA,west virginia:WV,wisconsin:WI,wyoming:WY",
    )
)


def state_code(said: str) -> str:
    """The two letters of a state of the United States (USPS Publication 28), told by name or letters; "" for others."""
    found = STATES.get(said.strip().lower(), said.strip().upper())
    return found if found in STATES.values() else ""


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
    """What somebody typed into the search, taken apart. Empty fields were not given.

    `mrn` is a record number, or another number of letters and digits that may be kept of somebody.
    """

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
NUMBER = re.compile(r"(?=.*[A-Za-z])(?=(?:.*[0-9]){4})[A-Za-z0-9][A-Za-z0-9./-]*")  # such as that of a passport


def parse_search(text: str) -> SearchTerms:
    """Take a birth date, a record number or phone digits out of the text; the rest is a name, in any order.

    Slashed dates are read month first, as in the United States. Text beyond 100 characters is ignored.
    """
    rest = unicodedata.normalize("NFC", text.replace("\0", " "))[:LONGEST_SEARCH]
    birth_date, rest = _take_date(rest)
    if is_medical_record_number(rest.strip()):
        digits = re.sub(r"[\s-]", "", rest)
        return SearchTerms(mrn=f"{digits[:3]}-{digits[3:5]}-{digits[5:]}", birth_date=birth_date)
    if NUMBER.fullmatch(rest.strip()):
        return SearchTerms(mrn=rest.strip(), birth_date=birth_date)
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


# == Acting for a child ==
def birthday(birth_date: date, years: int) -> date:
    """The day on which somebody has completed so many years; born on February 29, they do on March 1 of other years."""
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        return date(birth_date.year + years, 3, 1)


@dataclass(frozen=True)
class ProxySpan:
    """Some scopes, up to and without a day; None: until somebody ends it."""

    scopes: tuple[str, ...]
    until: date | None


NOT_FOR_PARENTS = frozenset({"clinical", "medication", "message"})  # once the child is old enough


def proxy_spans(
    scopes: Iterable[str], *, birth_date: date, begun: date, until: date | None, step_down: int, end: int
) -> list[ProxySpan]:
    """From when on somebody who begins to act for a patient on that day sees less, and then nothing.

    Who acts for a child loses the health parts of the record at the birthday `step_down`, and the rest at the birthday
    `end`. For somebody who was grown up when it began, no birthday matters. Spans that are over before they begin are
    left out.
    """
    scopes = tuple(scopes)
    if age_in_years(birth_date, begun) >= end:
        return [ProxySpan(scopes, until)] if until is None or until > begun else []
    kept = tuple(scope for scope in scopes if scope not in NOT_FOR_PARENTS)
    lost = tuple(scope for scope in scopes if scope in NOT_FOR_PARENTS)
    spans = [(kept, birthday(birth_date, end)), (lost, birthday(birth_date, min(step_down, end)))]
    bounded = [ProxySpan(some, min(last, until) if until else last) for some, last in spans if some]
    return [span for span in bounded if span.until is None or span.until > begun]


def may_agree(agreed_by: str, *, age: int, end: int) -> bool:
    """Whether this is somebody who can agree that another acts for a patient of this age, in completed years."""
    return agreed_by == "court" or (agreed_by == "parent") == (age < end)
