"""Whose records were touched by an account, in a sign-in, from an address, by a request or within a time: exactly."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.audit.report import AuditFilter
from healthcare.audit.request import RequestFacts, request_facts
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from patients import actions, queries
from patients.models import Patient
from tests.accounts.conftest import audited, colleague, sign_in
from tests.factories import PatientFactory, SiteFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
PAGE, FILE = reverse("patients:breach_scope"), reverse("patients:breach_scope_file")
SESSION = uuid7()


@pytest.fixture
def patients() -> list[Patient]:
    site = SiteFactory()
    return [PatientFactory(site=site) for _ in range(6)]


@pytest.fixture
def thief(patients: list[Patient]) -> Any:
    """Opened two charts at work, one more in a stolen session; was refused a fourth, listed and searched."""
    thief = staff("nurse", patients[0].site, email="thief@clinic.example")
    did(thief, patients[:2], address="10.0.0.7")
    did(thief, patients[2:3], session=SESSION, address="203.0.113.9", reference="STOLE-NONE2")
    did(thief, patients[2:3], action="records.record_vitals", session=SESSION, address="203.0.113.9")
    did(thief, patients[3:4], outcome="denied", session=SESSION, address="203.0.113.9")
    did(thief, [None, None], action="patients.list", session=SESSION, address="203.0.113.9")
    did(staff("doctor", patients[0].site), patients[2:5], address="10.0.0.7")
    return thief


def did(
    user: Any,
    patients: list[Any],
    *,
    action: str = "patients.open_chart",
    outcome: str = "ok",
    session: UUID | None = None,
    address: str | None = None,
    reference: str = "",
) -> None:
    token = request_facts.set(RequestFacts(reference, address, session))
    with acting_as(user):
        for patient in patients:
            record(action, by=user, patient_id=patient and patient.pk, outcome=outcome)
    request_facts.reset(token)


@pytest.fixture
def officer() -> Any:
    return colleague("privacy_officer")


def scope(officer: Any, **wanted: Any) -> queries.BreachScope:
    with acting_as(officer.in_role("privacy_officer")):
        return actions.tell_breach_scope(by=officer, wanted=AuditFilter(**wanted))


def test_exactly_whom_an_account_touched_and_what_is_not_known(thief: Any, patients: Any, officer: Any) -> None:
    found = scope(officer, actor=thief.pk)
    assert {one.patient_id for one in found.touched} == {patient.pk for patient in patients[:3]}
    assert {one.number for one in found.touched} == {patient.mrn for patient in patients[:3]}
    assert (found.refused, found.unnamed) == (1, {"patients.list": 2})
    twice = next(one for one in found.touched if one.patient_id == patients[2].pk)
    assert (twice.times, twice.people) == (2, 1)
    assert twice.actions == ["patients.open_chart", "records.record_vitals"]
    assert twice.first < twice.last
    assert [one.number for one in found.touched] == sorted(one.number for one in found.touched)


@pytest.mark.parametrize(
    ("wanted", "touched"),
    [
        ({"session": SESSION}, [2]),
        ({"address": "10.0.0.7"}, [0, 1, 2, 3, 4]),
        ({"reference": "STOLE-NONE2"}, [2]),
        ({"since": timezone.localdate() + timedelta(days=1)}, []),
        ({"action": "records."}, [2]),
        ({}, [0, 1, 2, 3, 4]),
    ],
)
def test_by_sign_in_address_request_and_time(
    thief: Any, patients: Any, officer: Any, wanted: dict[str, Any], touched: list[int]
) -> None:
    found = {one.patient_id for one in scope(officer, **wanted).touched}
    assert found == {patients[place].pk for place in touched}


def test_a_moment_cuts_to_the_millisecond(thief: Any, patients: Any, officer: Any) -> None:
    with as_the_system():
        middle = AuditEvent.objects.filter(action="records.record_vitals").get().at
    before = scope(officer, actor=thief.pk, until=middle - timedelta(hours=1))
    assert not before.touched
    assert len(scope(officer, actor=thief.pk, since=middle - timedelta(hours=1)).touched) == 3


def test_it_is_noted_and_for_readers_of_the_audit_alone(thief: Any, officer: Any) -> None:
    scope(officer, actor=thief.pk, session=SESSION)
    assert audited("patients.breach_scope", actor_id=officer.pk)[0].detail == {"filters": ["actor", "session"]}
    with acting_as(thief), pytest.raises(NotAllowed):
        actions.tell_breach_scope(by=thief, wanted=AuditFilter(actor=thief.pk))


# == The page ==
def test_the_page_and_its_file(thief: Any, patients: Any, officer: Any) -> None:
    client = sign_in(officer)
    body = client.get(PAGE, {"person": thief.email}).content.decode()
    assert "3 patients" in body
    assert patients[0].mrn in body
    assert patients[0].family_name not in body
    answer = client.get(FILE, {"person": thief.email})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {row["record_number"] for row in rows} == {patient.mrn for patient in patients[:3]}
    assert rows[0]["accounts"] == "1"
    assert sign_in(officer, stepped_up=False).get(FILE, {"person": thief.email}).status_code == 302


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"person": "nobody@x.example"}, "No account has this address"),
        ({"session": str(SESSION)}, "Name a person or an address"),
        ({"since": "2026-01-01", "until": "2026-12-31"}, "at most 92"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "before the first"),
        ({"address": "here"}, "IPv4"),
    ],
)
def test_what_cannot_be_asked_is_said(officer: Any, query: dict[str, str], said: str) -> None:
    client = sign_in(officer)
    answer = client.get(PAGE, query)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert client.get(FILE, query)["Location"] == PAGE
    assert not audited("patients.breach_scope", actor_id=officer.pk)


# == The command ==
def run(*arguments: str, as_role: Any) -> tuple[list[dict[str, str]], str]:
    out, errors = io.StringIO(), io.StringIO()
    with as_role("worker"):
        call_command("breach_scope", *arguments, stdout=out, stderr=errors)
    return list(csv.DictReader(io.StringIO(out.getvalue()))), errors.getvalue()


def test_the_command_prints_the_same_and_says_what_it_cannot_know(thief: Any, patients: Any, as_role: Any) -> None:
    rows, said = run("--account", "thief@clinic.example", as_role=as_role)
    assert {row["patient_id"] for row in rows} == {str(patient.pk) for patient in patients[:3]}
    assert "3 patients; 1 refused" in said
    assert "2 times patients.list" in said
    today = timezone.localdate().isoformat()
    assert len(run("--since", today, "--until", today, as_role=as_role)[0]) == 5
    assert len(run("--session", str(SESSION), "--since", f"{today}T00:00", as_role=as_role)[0]) == 1
    assert run("--until", "2020-01-01T00:00:00+00:00", as_role=as_role)[0] == []


def test_the_command_asks_for_something_and_somebody(as_role: Any) -> None:
    for arguments in ([], ["--account", "nobody@x.example"]):
        with as_role("worker"), pytest.raises(CommandError):
            call_command("breach_scope", *arguments)
