"""The codes of ICD-10-CM: loaded, and found by what doctors type."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from healthcare.audit.models import AuditEvent
from records.actions import codes as code_verbs
from records.models import DiagnosisCode
from records.queries.codes import code_of, find_codes
from records.rules.codes import USUAL, fold
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
CODES = [
    ("E11", "Type 2 diabetes mellitus", False, []),
    ("E11.9", "Type 2 diabetes mellitus without complications", True, []),
    ("E11.21", "Type 2 diabetes mellitus with diabetic nephropathy", True, []),
    ("I10", "Essential (primary) hypertension", True, ["high blood pressure"]),
    ("G43.909", "Migraine, unspecified, not intractable", True, []),
]


@pytest.fixture
def loaded() -> None:
    with as_the_system():
        assert code_verbs.load_codes(by=None, codes=CODES) == 5


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("diab type", "E11.9"),
        ("nephr DIABETES", "E11.21"),
        ("dm2", "E11.9"),
        ("e119", "E11.9"),
        ("E11", "E11.9"),
        ("htn", "I10"),
        ("Hypertension", "I10"),
        ("high blood pressure", "I10"),
        ("migräne", None),
        ("migraine", "G43.909"),
        ("", None),
        ("%_\\", None),
    ],
)
@pytest.mark.usefixtures("loaded")
def test_a_code_is_found_by_what_doctors_type(text, first) -> None:
    found = find_codes(text)
    assert (found[0].code if found else None) == first
    assert all(code.billable for code in found)


@pytest.mark.usefixtures("loaded")
def test_codes_are_loaded_again_in_whole() -> None:
    with as_the_system():
        assert code_verbs.load_codes(by=None, codes=CODES[:2]) == 2
        assert AuditEvent.objects.filter(action="records.load_codes").count() == 2
    assert DiagnosisCode.objects.count() == 2
    assert str(DiagnosisCode.objects.get(pk="E11")) == "diagnosis code E11"
    assert code_of("E11") is None
    assert code_of("E11.9") is not None


def test_what_is_meant_is_written_as_it_is_looked_up() -> None:
    assert [text for text in USUAL if fold(text) != text] == []


def test_the_command_loads_what_is_published_and_search_goes_along_indexes(capsys) -> None:
    with taking_role("worker"):
        call_command("load_codes")
        call_command("load_codes", "--if-empty")
    assert "codes loaded." in capsys.readouterr().out
    assert DiagnosisCode.objects.usable().count() > 70_000
    assert set(USUAL.values()) <= set(DiagnosisCode.objects.values_list("code", flat=True))
    for text in ("diab neph", "htn", "fracture radius left", "pain", "e11.9", "acute"):
        with CaptureQueriesContext(connection) as asked:
            assert find_codes(text)
        (found,) = asked.captured_queries
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {found['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan, f"{text}: {plan}"  # reading all 70,000 takes 50 times as long
