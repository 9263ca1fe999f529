"""Invented patients of the synthetic load: who they are, which accounts they have, and who may open their charts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import connection

from healthcare.accounts.models import Provider, Site, User
from patients.models import CareRelationship, GroupGrant, Patient, PatientOwned, UserGrant
from patients.rules import medical_record_number
from patients.synthetic.copying import Keys, Sheets, laid_open
from patients.synthetic.plan import DAY, GIVEN, TOWNS, Plan, family_name, milliseconds

EVERYTHING = "{identity,schedule,clinical,medication,billing,message}"
ACCOUNTS = 0.45  # of the grown patients with an address: about a third of all
FAMILY_DOCTORS = 0.6  # of the patients have one, who may open the chart at any time
MOST = 5_000  # patients between two COPYs
AT_ONCE = 2_500  # patients whose grants are projected in one statement
HEAVY = "Longchart"  # family name of the one whose chart is longest
# Of a thousand people, how many in each five years of age; the last is open (US Census, rounded).
AGES = (57, 60, 63, 66, 66, 67, 70, 68, 66, 61, 62, 63, 65, 60, 50, 35, 21, 20)
NUMBER = "SELECT nextval('patients_mrn_seq')"
NUMBERED = "SELECT setval('patients_mrn_seq', %s)"
RELATIONSHIP = "patient_id kind user_id role site_id scopes validity source ended_at ended_by_id"
NULL = "\\N"
COLUMNS = {
    User: "password email full_name is_active email_verified_at",
    Patient: "mrn site_id given_name family_name birth_date birth_precision sex phone email line city state"
    " postal_code",
    CareRelationship: RELATIONSHIP,
}
HELD = """SELECT md5(string_agg(held, ',' ORDER BY held)) FROM (
    SELECT concat_ws('|', user_id, role, permission_id, content_object_id, valid_from, valid_until) AS held
    FROM patients_usergrant WHERE content_object_id = ANY (%(ids)s)
    UNION ALL SELECT concat_ws('|', group_id, permission_id, content_object_id, valid_from, valid_until)
    FROM patients_groupgrant WHERE content_object_id = ANY (%(ids)s)) AS grants"""


@dataclass(frozen=True)
class Person:
    """A patient as it is needed for the rows."""

    key: str
    number: int
    site: int
    given: str
    family: str
    sex: str
    born: date
    since: datetime


def load(plan: Plan) -> None:
    """Register the patients, the longest chart's first; a third have an account, each the teams of their site."""
    keys = plan.keys("patients")
    sites = list(Site.objects.order_by("slug").values_list("pk", flat=True))
    doctors = [
        list(Provider.objects.filter(sites=site).order_by("user__email").values_list("user", flat=True))
        for site in sites
    ]
    first = int(_ask(NUMBER))
    with (
        plan.bar("patients", plan.patients) as bar,
        laid_open(*COLUMNS, keep=("fold_name",), tally=plan.tally),
        Sheets(COLUMNS, plan.tally) as sheets,
    ):
        for batch in sheets.batches(_people(plan, keys), MOST):
            for person in batch:
                mrn = medical_record_number(first + person.number)
                _register(plan, keys, sheets, person, sites[person.site], mrn)
                if keys.random() < FAMILY_DOCTORS:
                    doctor = keys.choice(doctors[person.site])
                    _open(keys, sheets, person, kind="care_team", user=doctor, role="doctor")
            bar.update(len(batch))
    _ask(NUMBERED, first + plan.patients - 1)


def relationship(
    key: str,
    at: str,
    patient: str,
    *,
    kind: str,
    validity: str,
    scopes: str = EVERYTHING,
    user: Any = NULL,
    role: str = "",
    site: Any = NULL,
    source: str = "",
    ended: str = f"{NULL}\t{NULL}",
) -> str:
    """A line of `patients_carerelationship`; `ended` is when and by whom, with a tab between."""
    return f"{key}\t{at}\t{at}\t{patient}\t{kind}\t{user}\t{role}\t{site}\t{scopes}\t{validity}\t{source}\t{ended}"


def project_grants(plan: Plan) -> None:
    """Project every relationship into grants, as the triggers would have."""
    with connection.cursor() as cursor, plan.bar("grants", plan.patients) as bar:
        cursor.execute("ANALYZE patients_carerelationship")
        ids = list(Patient.objects.order_by("pk").values_list("pk", flat=True))
        with laid_open(UserGrant, GroupGrant, keep=("usergrant_by_patient", "groupgrant_by_patient")):
            for start in range(0, len(ids), AT_ONCE):
                batch = ids[start : start + AT_ONCE]
                cursor.execute("SELECT app.sync_access(%s::uuid[])", [batch])
                bar.update(len(batch))


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """All there, nothing of nobody's, and the grants are what a projection of the relationships would make of them."""
    yield "patients as asked", Patient.objects.count() == plan.patients
    owned = [model._meta.db_table for model in apps.get_models() if issubclass(model, PatientOwned)]
    stray = "SELECT EXISTS (SELECT 1 FROM {} o LEFT JOIN patients_patient p ON p.id = o.patient_id WHERE p.id IS NULL)"
    yield "no row without its patient", not any(_ask(stray.format(table)) for table in owned)
    ids = plan.keys("sample").sample(list(Patient.objects.order_by("pk").values_list("pk", flat=True)), 10)
    before = _ask(HELD, {"ids": ids})
    _ask("SELECT app.sync_access(%s::uuid[])", ids)
    yield "grants as projected (10 patients)", before is not None and before == _ask(HELD, {"ids": ids})


def heavy_patient() -> Patient | None:
    """The one whose chart is the longest."""
    return Patient.objects.filter(family_name=HEAVY).order_by("pk").first()


def _people(plan: Plan, keys: Keys) -> Iterator[Person]:
    """By the pyramid of ages; nine of ten were here before the first visit that is told."""
    bands = keys.choices(range(len(AGES)), AGES, k=plan.patients)
    for number, band in enumerate(bands):
        sex = keys.choice(("female", "male"))
        given, family = keys.choice(GIVEN[sex]), family_name(keys)
        age = 365.25 * 5 * (band + keys.random())
        since = plan.ago(keys.uniform(400, 1500) if keys.random() < 0.9 else keys.uniform(1, 400))
        site = keys.randrange(plan.sites)
        if number == 0:
            family, age, since, site = HEAVY, 365.25 * 71, plan.ago(1500), 0
        sex = sex if keys.random() < 0.99 else keys.choice(("other", "unknown"))
        born = min(plan.ago(age), since - DAY).date()
        yield Person(keys.key(milliseconds(since)), number, site, given, family, sex, born, since)


def _register(plan: Plan, keys: Keys, sheets: Sheets, person: Person, site: Any, mrn: str) -> None:
    """The patient, the access of their site's teams, and for some an account."""
    at, grown = person.since.isoformat(), person.born < plan.ago(18 * 365.25).date()
    email = (
        f"patient{person.number + 1:05}@mail.example" if person.number == 0 or (grown and keys.random() < 0.8) else ""
    )
    town = 2 * keys.choice((person.site, person.site, keys.randrange(plan.sites)))
    line = f"{keys.randrange(1, 400)} {keys.choice(('Elm', 'Maple', 'Mill', 'Pine', 'Grove', 'Orchard'))} Street"
    sheets[Patient].append(
        f"{person.key}\t{at}\t{at}\t{mrn}\t{site}\t{person.given}\t{person.family}\t{person.born}\tday\t{person.sex}"
        f"\t+1508555{keys.randrange(10_000):04}\t{email}\t{line}\t{TOWNS[town]}\tMA\t{TOWNS[town + 1]}"
    )
    _open(keys, sheets, person, kind="site", site=site, source="registration")
    if email and (keys.random() < ACCOUNTS or person.number == 0):
        user, name = keys.key(milliseconds(person.since)), f"{person.given} {person.family}"
        sheets[User].append(f"{user}\t{at}\t{at}\t{plan.password_hash}\t{email}\t{name}\ttrue\t{at}")
        _open(keys, sheets, person, kind="self", user=user, role="patient", source="portal code")


def _open(keys: Keys, sheets: Sheets, person: Person, **values: Any) -> None:
    """Open the whole chart from the registration on, without an end."""
    key, at = keys.key(milliseconds(person.since)), person.since.isoformat()
    sheets[CareRelationship].append(relationship(key, at, person.key, validity=f"[{at},)", **values))


def _ask(query: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters[0] if parameters and isinstance(parameters[0], dict) else parameters)
        return cursor.fetchone()[0]
