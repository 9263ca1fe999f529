"""The audit for the privacy officer: filtered, paged by key, and itself audited."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.queries import AuditFilter, account_meant, get_audit_page
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
            (AuditFilter(actor=account_meant(doctor.email.upper())), 3),
            (AuditFilter(actor=account_meant(str(doctor.pk))), 3),
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
    after = ""
    with acting_as(officer):
        for _page in range(3):
            page = get_audit_page(officer, AuditFilter(action="patients."), after=after, limit=3)
            seen += [line.event.pk for line in page.lines]
            after = page.next_after
    assert len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)
    assert not after


def test_names_come_from_whoever_may_give_them(officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = uuid7()
    acts(officer, patient_id=patient)
    monkeypatch.setattr(
        "healthcare.accounts.queries.parts_of", lambda name: (lambda user, ids: {patient: "Delgado, Rosa"},)
    )
    assert get_line(officer, AuditFilter(patient=patient)).patient == "Delgado, Rosa"


def test_a_page_costs_the_same_for_one_and_for_many(officer: Any, django_assert_max_num_queries: Any) -> None:
    acts(officer, 20, patient_id=uuid7())
    with acting_as(officer), django_assert_max_num_queries(8):
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
    "query",
    [
        {"sort": "detail"},
        {"role": "king"},
        {"address": "everywhere"},
        {"reference": "K7QFP-2M9DX"},
        {"session": "0190a8b4-7e57-7000-8000-000000000000"},
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"reference": "K7QFP-2M9DX", "since": "2026-01-01", "until": "2026-12-31"},
        {"patient": "x"},
        {"action": "'; DROP"},
        {"since": "soon"},
        {"outcome": "maybe"},
        {"person": "a\0"},
    ],
)
def test_odd_filters_are_said_and_break_nothing(officer: Any, query: dict[str, str]) -> None:
    assert sign_in(officer).get(AUDIT, query).status_code in {400, 422}


def test_an_odd_place_in_the_list_is_its_start(officer: Any) -> None:
    acts(officer, 1)
    assert sign_in(officer).get(AUDIT, {"after": "x"}).context["page"].lines


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


def test_sorted_by_any_field_and_the_pages_keep_to_it(officer: Any) -> None:
    for role in ("nurse", "doctor", "front_desk"):
        acts(colleague(role), 20)
    client = sign_in(officer)
    first = client.get(AUDIT, {"sort": "-role", "action": "patients."})
    roles = [line.event.actor_role for line in first.context["page"].lines]
    assert roles == ["nurse"] * 20 + ["front_desk"] * 20 + ["doctor"] * 10
    second = client.get(AUDIT + first.context["next_url"])
    assert [line.event.actor_role for line in second.context["page"].lines] == ["doctor"] * 10
    assert not second.context["next_url"]


class TestExport:
    EXPORT = reverse("accounts:audit_export")

    def rows(self, answer: Any) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    def test_the_file_holds_what_the_list_shows_and_is_noted(self, officer: Any) -> None:
        doctor, patient = colleague("doctor", full_name="Dr. Okafor"), uuid7()
        acts(doctor, 3, patient_id=patient, outcome="denied", detail={"level": 2})
        acts(doctor, 2)
        answer = sign_in(officer).get(self.EXPORT, {"person": doctor.email, "patient": str(patient)})
        assert answer["Content-Type"].startswith("text/csv")
        rows = self.rows(answer)
        assert len(rows) == 3
        assert {(row["account"], row["patient_id"], row["outcome"], row["detail"]) for row in rows} == {
            ("Dr. Okafor", str(patient), "denied", '{"level": 2}')
        }
        event = audited("audit.export", actor_id=officer.pk)[0]
        assert (event.patient_id, event.detail["filters"]) == (patient, ["patient", "person"])

    def test_it_goes_past_one_page_in_the_order_of_the_list(self, officer: Any) -> None:
        acts(colleague("nurse"), 60)
        acts(colleague("doctor"), 3)
        rows = self.rows(sign_in(officer).get(self.EXPORT, {"action": "patients.", "sort": "role"}))
        assert [row["role"] for row in rows] == ["doctor"] * 3 + ["nurse"] * 60

    @pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "+41", "-1", "\tx"])
    def test_no_name_becomes_a_formula(self, officer: Any, name: str) -> None:
        doctor = colleague("doctor", full_name=name)
        acts(doctor, 1)
        rows = self.rows(sign_in(officer).get(self.EXPORT, {"person": doctor.email}))
        assert rows[0]["account"] == f"'{name}"

    def test_nobody_of_that_name_is_an_empty_table(self, officer: Any) -> None:
        assert self.rows(sign_in(officer).get(self.EXPORT, {"person": "no@x.example"})) == []

    def test_who_proved_long_ago_who_they_are_proves_it_again(self, officer: Any) -> None:
        answer = sign_in(officer, stepped_up=False).get(self.EXPORT)
        assert answer.status_code == 302
        assert not audited("audit.export", actor_id=officer.pk)

    def test_odd_filters_and_other_roles_get_no_file(self, officer: Any) -> None:
        assert sign_in(officer).get(self.EXPORT, {"patient": "x"}).status_code == 422
        assert sign_in(colleague("doctor")).get(self.EXPORT).status_code == 403
