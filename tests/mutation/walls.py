"""What of the database decides access past the tables' own policies, and which tests of the apps ask it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.mutation.sql import mutants_of, right_of

T = "tests/patients/test_"
PAST, SPECIAL = T + "past_the_walls.py", T + "special_policies.py"
VISITS = "tests/scheduling/test_visit_policies.py"
#: A function of the schema `app`, or a policy and its table → the files of tests, those that ask first.
HELD_BY: dict[str, tuple[str, ...]] = {
    "claim_portal_code": (PAST, T + "link.py"),
    "record_numbers": (PAST, T + "merge_walls.py"),
    "names_for_review": (PAST, T + "review_emergency.py"),
    "may_break_glass": (PAST, T + "break_glass.py"),
    "rows_to_merge": (PAST, T + "merge_walls.py"),
    "rows_to_unmerge": (PAST, T + "merge_walls.py"),
    "allergies_of": (PAST, "tests/records/test_allergies.py"),
    "visit_of": (VISITS,),
    "breaks_glass on patients_carerelationship": (SPECIAL, T + "break_glass.py"),
    "answers_request on patients_carerelationship": (SPECIAL, T + "request_access.py"),
    "person_adds_for_visit on patients_carerelationship": (VISITS, "tests/scheduling/test_visit_access.py"),
    "only_visits_bring_appointments on patients_carerelationship": (VISITS, "tests/scheduling/test_visit_access.py"),
    "person_sees on audit_auditevent": ("tests/audit/test_append_only.py", "tests/audit/test_report.py"),
    "adds_in_own_name on audit_auditevent": ("tests/audit/test_append_only.py", "tests/audit/test_record.py"),
    "patient_reads_own on audit_auditevent": (SPECIAL, T + "merge_walls.py"),
    "person_sees on audit_change": (SPECIAL, "tests/audit/test_changes.py"),
    "adds_in_own_name on audit_change": (SPECIAL, "tests/audit/test_changes.py"),
}
CHECK = re.compile(r"\bIF\b(?! EXISTS)(.*?)\bTHEN\b", re.DOTALL)
WHERE = re.compile(r"\bWHERE\b")


@dataclass(frozen=True)
class Changed:
    """A mutant, the statement that puts it in place, and the one that takes it back."""

    name: str
    apply: str
    undo: str
    files: tuple[str, ...]


def changed(subject: str, cursor: Any) -> Iterator[Changed]:
    name, _on, table = subject.partition(" on ")
    if not table:
        cursor.execute(FUNCTION, [name])
        for (definition,) in cursor.fetchall():
            head, mark, body = definition.partition("AS $function$")
            for left_out, mutant in of_a_body(body):
                yield Changed(f"app.{name}: {left_out}", head + mark + mutant, definition, HELD_BY[subject])
        return
    cursor.execute(POLICY, [name, table])
    ((clause, condition),) = cursor.fetchall()
    alter = f"ALTER POLICY {name} ON {table} {clause}"
    for left_out, mutant in [*mutants_of(condition), ("everything", "true")]:
        yield Changed(f"{table}, {name}: {left_out}", f"{alter} ({mutant})", f"{alter} ({condition})", HELD_BY[subject])


def of_a_body(body: str) -> Iterator[tuple[str, str]]:
    """Besides the members of its conditions: each check that it makes, and each condition of one member."""
    yield from mutants_of(body)
    for found in CHECK.finditer(body):
        yield f"IF {' '.join(found[1].split())}", f"{body[: found.start(1)]} false {body[found.end(1) :]}"
    for found in WHERE.finditer(body):
        start, end = right_of(body, found.end())
        if not re.match(r"\s*(AND|OR)\b", body[end:]):
            yield f"WHERE {' '.join(body[start:end].split())}", f"{body[:start]} true {body[end:]}"


FUNCTION = """
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND proname = %s ORDER BY oid
"""
POLICY = """
SELECT CASE WHEN with_check IS NULL THEN 'USING' ELSE 'WITH CHECK' END, coalesce(with_check, qual)
FROM pg_policies WHERE policyname = %s AND tablename = %s
"""
