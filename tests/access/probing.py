"""Made-up rows for the policies of writing: what would the database say if this person wrote this row?

A policy's condition is asked as a query over rows that are nowhere: rows that there are, with one's own name in each
place for a name, in each and in all, and in each of some states.
"""

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import combinations
from types import SimpleNamespace
from typing import Any

from django.db import connection

from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as
from tests.access.matrix import Matrix
from tests.access.rule import MARKS, Rule
from tests.access.writer import Asked, By
from tests.access.writing import REMOVES, RULES
from tests.roles import taking_role

ROWS_OF_A_PATIENT, MORE_ROWS = 2, {"records_draft": 12, "records_resultrelease": 3, "patients_carerelationship": 1}
#: Who is tried in other roles too: that is about reading, and tried there with more.
IN_OTHER_ROLES = ("proxy as ", "writer and patient as ")
#: Whom they are about: reached in every way, in part, for a time, in another role, and closed to some.
PATIENTS = (0, 1, 3, 8, 20, 22, 27, 28, 29, 30, 33, 36)
NO_ONE = "'00000000-0000-7000-8000-000000000001'"
SOMEBODY = "(SELECT min(patient_id::text)::uuid FROM probe_patients_patientlink)"
ONE_S_FIRST = "(SELECT min(id::text)::uuid FROM patients_patient)"  # of whom one reaches
#: Table → column → what it is in turn, instead of what it is in the row that there is.
VARIED: dict[str, dict[str, list[str]]] = {
    "alerts_alert": {"state": ["'open'", "'acknowledged'"], "area": ["'clinical'", "'medication'", "'schedule'"]},
    "alerts_handing": {"area": ["'clinical'", "'medication'", "'schedule'"]},
    "alerts_anomaly": {"verdict": ["''", "'justified'"]},
    "api_accesstoken": {"revoked": ["NULL", "now()"], "role": ["'doctor'", "'patient'"]},
    "api_grant": {"role": ["'doctor'", "'patient'"]},
    "api_refreshtoken": {"revoked": ["NULL", "now()"], "role": ["'doctor'", "'patient'"]},
    "billing_coverage": {"source": ["''", "'fhir'"]},
    "billing_eligibilitycheck": {"status": ["'asked'", "'answered'"]},
    "billing_ledgerentry": {"kind": ["'charge'", "'payment'", "'reversal'"]},
    "messaging_message": {"status": ["'queued'", "'sent'"]},
    "patients_accessrequest": {
        "state": ["'waiting'", "'withdrawn'", "'approved'", "'refused'"],
        "role": ["'doctor'", "'patient'"],
    },
    "patients_carerelationship": {
        "kind": ["'appointment'", "'care_team'", "'proxy'", "'share'", "'site'"],
        "validity": ["tstzrange(now(), now() + interval '9 days')", "tstzrange(now(), now() + interval '900 days')"],
        "scopes": ["'{clinical}'::varchar[]", "'{identity,clinical}'::varchar[]"],
    },
    "patients_closewatch": {"ended_at": ["NULL", "now()"]},
    "patients_deathreport": {"taken_back_at": ["NULL", "now()"]},
    "patients_patientlink": {"other_id": ["p.other_id", "p.patient_id", SOMEBODY]},
    "patients_proposedchange": {"state": ["'waiting'", "'withdrawn'"]},
    "patients_address": {"ended_at": ["NULL", "now()"]},
    "patients_contactpoint": {"ended_at": ["NULL", "now()"]},
    "patients_contactpreference": {"ended_at": ["NULL", "now()"]},
    "patients_letterwish": {"ended_at": ["NULL", "now()"]},
    "patients_patientname": {"ended_at": ["NULL", "now()"]},
    "patients_relatedperson": {"ended_at": ["NULL", "now()"]},
    "patients_privacycase": {"verdict": ["''", "'right'"], "answered_at": ["NULL", "now()"]},
    "patients_selfregistration": {
        "state": ["'unconfirmed'", "'waiting'", "'refused'"],
        "site_id": ["NULL::uuid", "(app.site_ids())[1]", f"{NO_ONE}::uuid"],
        "confirmed_at": ["NULL::timestamptz", "now()"],
        "asked_at": ["NULL::timestamptz", "now()"],
        "became": ["NULL::uuid", f"{NO_ONE}::uuid", ONE_S_FIRST],
    },
    "prescriptions_prescription": {"status": ["'draft'", "'signed'"]},
    "prescriptions_prescriptionsheet": {"asked_as": ["'doctor'", "'patient'"], "state": ["'asked'", "'made'"]},
    "records_amendmentrequest": {
        "sensitivity": ["''", "'adolescent'"],
        "state": ["'waiting'", "'withdrawn'", "'denied'", "'accepted'"],
    },
    "records_attachment": {"state": ["'pending'", "'unknown'", "'clean'"]},
    "records_entry": {"sensitivity": ["''", "'adolescent'"]},
    "records_message": {
        "to_patient": ["true", "false"],
        "author_role": ["'doctor'", "'patient'"],
        "as_proxy": ["true", "false"],
    },
    "records_paper": {
        "kind": ["'sick_note'", "'chart'"],
        "asked_as": ["'doctor'", "'patient'"],
        "state": ["'asked'", "'made'"],
    },
    "records_recall": {"state": ["'planned'", "'due'"]},
    "scheduling_groupsession": {"site_id": ["(app.site_ids())[1]", f"{NO_ONE}::uuid"]},
    "scheduling_wait": {"state": ["'waiting'", "'left'"]},
    "records_servicerequest": {"sensitivity": ["''", "'adolescent'"]},
    "records_thread": {"status": ["'new'", "'open'", "'closed'"]},
}
#: Places for a name that are no foreign key.
NAMES_BESIDES = {"messaging_message": ["created_by_id"]}
#: Granted in this scope and not closed, as the operation that protects a table writes it out: asked by the function.
SPELLED_OUT = re.compile(
    r"\(+EXISTS \( SELECT 1\s+FROM patients_usergrant g\s+WHERE \(\(g\.content_object_id = (\w+\.\w+)\)"
    r"(?:(?!EXISTS).)*OFFSET 0\)\) OR \(EXISTS \( SELECT 1\s+FROM patients_groupgrant g(?:(?!EXISTS).)*"
    r"scope_permission\('(\w+)'(?:(?!EXISTS).)*OFFSET 0\)\)\) AND \(\w+ <> ALL \(\( SELECT app\.closed_patient_ids\(\)"
    r" AS closed_patient_ids\)::uuid\[\]\)\)",
    re.DOTALL,
)


NOBODY: Any = SimpleNamespace(pk=None, acting_role=None)
#: The letter to whoever forgot the password; whoever registers themself; and a revoked token stays so, whoever asks.
OPEN_TO_NOBODY = {"messaging_message", "patients_selfregistration", "api_accesstoken", "api_refreshtoken"}


@dataclass(frozen=True)
class Act:
    """One policy: its table, whether it is for adding or for changing, and its condition for the row afterwards."""

    table: str
    policy: str
    condition: str
    rule: Asked

    @property
    def name(self) -> str:
        return f"{self.table}, {self.policy.removeprefix('person_')}"

    def right(self, rows: list[SimpleNamespace], by: By) -> list[bool]:
        may = by.user is not NOBODY or self.table in OPEN_TO_NOBODY
        return [may and bool(self.rule(row, by)) for row in rows]


def acts(table: str) -> list[Act]:
    """Those that pages may try: an act for which their login has no privilege is held by that, and never asked."""
    adds, changes = RULES[table]
    rules = [("person_adds", "INSERT", adds), ("person_changes", "UPDATE", changes)]
    if table in REMOVES:
        rules.append(("person_removes", "DELETE", REMOVES[table]))
    found = []
    for policy, command, rule in rules:
        ((may, condition),) = asked(
            f"SELECT {'has_table' if command == 'DELETE' else 'has_any_column'}_privilege('web', %s::regclass, %s),"
            " coalesce(with_check, qual) FROM pg_policies WHERE tablename = %s AND policyname = %s",
            *(table, command, table, policy),
        )
        if may:
            short = SPELLED_OUT.sub(reaches, condition).replace("app.reaches(", "pg_temp.reached(")
            found.append(Act(table, policy, short, rule))
    return found


def reaches(found: re.Match[str]) -> str:
    around = found[0].index("EXISTS") - 2  # parentheses that were opened before
    return "(" * around + f"app.reaches({found[1]}, '{found[2]}'::text)"


def asked(statement: str, *given: Any) -> list[Any]:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(statement, given or None)
        return cursor.fetchall()


class Probes:
    """Of one table: made once, asked by everybody."""

    def __init__(self, table: str, crowd: Matrix) -> None:
        self.table = table
        columns = [name for (name,) in asked(COLUMNS, table)]
        people = [*(name for (name,) in asked(PEOPLE, table)), *NAMES_BESIDES.get(table, [])]
        self.varied = VARIED.get(table, {})
        ids = [crowd.patients[number].pk for number in PATIENTS]
        kept = f"probe_{table}"
        patient = "patient_id" if "patient_id" in columns else "id" if table == "patients_patient" else "NULL::uuid"
        with taking_role("owner"), connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {kept}")
            cursor.execute(
                f"CREATE TEMP TABLE {kept} AS SELECT t.* FROM (SELECT *, row_number() OVER (PARTITION BY {patient}"
                f" ORDER BY id DESC) AS n_ FROM {table}) t WHERE n_ <= {MORE_ROWS.get(table, ROWS_OF_A_PATIENT)}"
                f" AND ({patient} IS NULL OR {patient} = ANY (%s))",
                [ids],
            )
            cursor.execute(f"GRANT SELECT ON {kept} TO web")
            cursor.execute(f"SELECT count(*) FROM {kept}")
            if cursor.fetchone() == (0,):
                cursor.execute(f"INSERT INTO {kept} DEFAULT VALUES")  # a row of which nothing is known
        selected = ", ".join(f"{self._value(column, people)} AS {column}" for column in columns)
        joins = " ".join(
            f"CROSS JOIN generate_series(1, {len(values)}) AS v_{column}(n)" for column, values in self.varied.items()
        )
        whose = ", ".join(f"'{names}'" for names in whose_names(people))
        self.rows = f"(SELECT {selected} FROM {kept} p CROSS JOIN unnest(ARRAY[{whose}]) AS who {joins}) AS {table}"

    def _value(self, column: str, people: list[str]) -> str:
        if column in people:
            mine = f"'{column}' = ANY (string_to_array(who, ' '))"
            return f"CASE WHEN {mine} THEN app.user_id() WHEN who LIKE '%-{column}' THEN {ANOTHER} ELSE p.{column} END"
        if column in self.varied:
            cases = " ".join(f"WHEN {n} THEN {value}" for n, value in enumerate(self.varied[column], 1))
            return f"CASE v_{column}.n {cases} END"
        return f"p.{column}"

    def of(self, by: By) -> list[SimpleNamespace]:
        with as_somebody(by), connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self.rows}")
            names = [column.name for column in cursor.description]
            return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]

    def allowed(self, condition: str, by: By) -> list[bool]:
        """Which of the rows this condition lets through, in the same order."""
        with as_somebody(by), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('probe.reached', %s, true)", [by.reached])
            cursor.execute(f"SELECT ({condition}) IS TRUE FROM {self.rows}")
            return [answer for (answer,) in cursor.fetchall()]


def whose_names(places: list[str]) -> list[str]:
    """Where one's own name is: in no place, in each, in all, of few in two; in all but one, with another's there."""
    two = [" ".join(pair) for pair in combinations(places, 2)] if len(places) < 5 else []
    but_one = [" ".join([*(p for p in places if p != other), f"-{other}"]) for other in places]
    return ["", *places, *two, " ".join(places), *but_one] if places else [""]


#: Somebody who is nobody of those that ask.
ANOTHER = f"{NO_ONE}::uuid"


def as_somebody(by: By) -> Any:
    return acting_as(by.user) if by.user is not NOBODY else nullcontext()


def everybody(crowd: Matrix) -> Iterator[tuple[str, By]]:
    """The actors of the matrix, and whoever is not signed in."""
    with connection.cursor() as cursor:
        cursor.execute(REACHED)
    rule = Rule.read()
    ids = [crowd.patients[number].pk for number in PATIENTS]
    for name, user in crowd.every_actor():
        if " as " in name and not name.startswith(IN_OTHER_ROLES):
            continue
        with acting_as(user), connection.cursor() as cursor:
            cursor.execute("SELECT unnest(app.site_ids())")
            sites = {site for (site,) in cursor.fetchall()}
            cursor.execute(ALL_REACHED, [ids, [str(wanted) for wanted in (*Scope, *MARKS)]])
            reached = [f"{patient} {wanted}" for patient, wanted in cursor.fetchall()]
        yield name, By(user, rule, sites, json.dumps(dict.fromkeys(reached, 1)))
    yield "nobody", By(NOBODY, rule, set())


ALL_REACHED = "SELECT p, w FROM unnest(%s::uuid[]) p, unnest(%s::text[]) w WHERE app.reaches(p, w)"
#: What `app.reaches` said to this person, without asking it again for each of very many rows.
REACHED = """
CREATE FUNCTION pg_temp.reached(patient uuid, scope text) RETURNS boolean LANGUAGE sql STABLE
RETURN current_setting('probe.reached')::jsonb ? (patient || ' ' || scope)
"""
COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1"
)
PEOPLE = """
SELECT DISTINCT a.attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.conrelid = %s::regclass AND c.contype = 'f' AND c.confrelid = 'accounts_user'::regclass ORDER BY 1
"""
