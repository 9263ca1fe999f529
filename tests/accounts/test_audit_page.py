"""The audit for the privacy officer: filtered, paged by key, and itself audited."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.queries import AuditFilter, get_audit_page
from healthcare.audit import record
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from tests.accounts.conftest import audited, colleague, sign_in

pytestmark = pytest.mark.django_db
AUDIT = reverse("accounts:audit")


@pytest.fixture
def officer() -> Any:
    return colleague("privacy_officer", full_name="Thomas Byrne")


def acts(user: Any, count: int = 3, action: str = "patients.open_chart", **more: Any) -> None:
    with acting_as(user):
        for _act in range(count):
            record(action, by=user, **more)


def test_who_did_what_by_person_patient_action_and_outcome(officer: Any) -> None:
    doctor, nurse, patient = colleague("doctor", full_name="Dr. Okafor"), colleague("nurse"), uuid7()
    acts(doctor, patient_id=patient, outcome="denied")
    acts(nurse, action="patients.register")
    with acting_as(officer):
        for wanted, count in (
            (AuditFilter(person=doctor.email.upper()), 3),
            (AuditFilter(person=str(doctor.pk)), 3),
            (AuditFilter(patient=patient), 3),
            (AuditFilter(action="patients."), 6),
            (AuditFilter(action="patients.reg"), 3),
            (AuditFilter(outcome="denied"), 3),
            (AuditFilter(patient=patient, outcome="ok"), 0),
        ):
            assert len(get_audit_page(officer, wanted).lines) == count, wanted
    line = get_line(officer, AuditFilter(patient=patient))
    assert (line.actor, str(line.role), line.patient) == ("Dr. Okafor", "Doctor", str(patient)[-8:])


def get_line(officer: Any, wanted: AuditFilter) -> Any:
    with acting_as(officer):
        return get_audit_page(officer, wanted).lines[0]


def test_days_are_whole_and_include_the_last(officer: Any) -> None:
    acts(officer)
    today = timezone.localdate()
    day = timedelta(days=1)
    with acting_as(officer):
        for since, until, found in (
            (today, today, True),
            (today - day, None, True),
            (None, today - day, False),
            (today + day, None, False),
        ):
            wanted = AuditFilter(action="patients.", since=since, until=until)
            assert bool(get_audit_page(officer, wanted).lines) is found


def test_pages_follow_the_key_and_lose_nothing(officer: Any) -> None:
    acts(officer, 7)
    seen: list[Any] = []
    before = None
    with acting_as(officer):
        for _page in range(3):
            page = get_audit_page(officer, AuditFilter(action="patients.", before=before), limit=3)
            seen += [line.event.pk for line in page.lines]
            before = page.next_before or None
    assert len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)
    assert before is None


def test_names_come_from_whoever_may_give_them(officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = uuid7()
    acts(officer, patient_id=patient)
    monkeypatch.setattr(
        "healthcare.accounts.queries.parts_of", lambda name: (lambda user, ids: {patient: "Delgado, Rosa"},)
    )
    assert get_line(officer, AuditFilter(patient=patient)).patient == "Delgado, Rosa"


def test_a_page_costs_the_same_for_one_and_for_many(officer: Any, django_assert_max_num_queries: Any) -> None:
    acts(officer, 20, patient_id=uuid7())
    with acting_as(officer), django_assert_max_num_queries(4):
        get_audit_page(officer, AuditFilter())


def test_reading_is_noted_with_the_patient_it_was_about(officer: Any) -> None:
    patient = uuid7()
    answer = sign_in(officer).get(AUDIT, {"patient": str(patient), "outcome": "denied"})
    assert "Nothing noted" in answer.content.decode()
    event = audited("audit.read", actor_id=officer.pk)[0]
    assert event.patient_id == patient
    assert event.detail == {"rows": 0, "filters": ["outcome", "patient"]}


def test_the_page_shows_and_pages(officer: Any) -> None:
    acts(officer, 55)
    client = sign_in(officer)
    first = client.get(AUDIT, {"action": "patients.open"})
    body = first.content.decode()
    assert "Thomas Byrne" in body
    following = first.context["next_url"]
    assert "action=patients.open" in following
    second = client.get(AUDIT + following)
    assert len(second.context["page"].lines) == 5
    assert second.context["first_url"] == "?action=patients.open"


def test_nobody_of_that_name(officer: Any) -> None:
    assert "No account has this address" in sign_in(officer).get(AUDIT, {"person": "no@x.example"}).content.decode()


@pytest.mark.parametrize(
    "query", [{"patient": "x"}, {"action": "'; DROP"}, {"since": "soon"}, {"outcome": "maybe"}, {"person": "a\0"}]
)
def test_odd_filters_are_said_and_break_nothing(officer: Any, query: dict[str, str]) -> None:
    assert sign_in(officer).get(AUDIT, query).status_code in {400, 422}


def test_an_odd_place_in_the_list_is_its_start(officer: Any) -> None:
    acts(officer, 1)
    assert sign_in(officer).get(AUDIT, {"before": "x"}).context["page"].lines


def test_without_the_audit_there_is_no_audit_page(officer: Any) -> None:
    from django.db import connections

    from tests.roles import taking_role

    client = sign_in(officer)
    with taking_role("owner", "audit"), connections["audit"].cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_auditevent FROM web")
    answer = client.get(AUDIT)
    assert answer.status_code == 503
    assert "Thomas Byrne" not in answer.content.decode()


def test_a_refused_sign_in_names_the_account_that_was_tried(officer: Any) -> None:
    doctor = colleague("doctor", full_name="Dr. Okafor")
    with acting_as(None):
        record("accounts.sign_in", by=None, target=doctor, outcome="failed")
    line = get_line(officer, AuditFilter(action="accounts.sign_in", outcome="failed"))
    assert (line.actor, line.about) == ("", "Dr. Okafor")
    assert "Account: Dr. Okafor" in sign_in(officer).get(AUDIT, {"outcome": "failed"}).content.decode()
