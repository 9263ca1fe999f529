"""Alerts through /v1: what waits within the token's areas, and saying that one knows."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.models import Alert
from healthcare.audit.models import AuditEvent
from tests.alerts.conftest import reread
from tests.events.draining import as_worker
from tests.factories import AlertFactory, AppointmentFactory, PatientFactory, portal_user, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def urgent(clinic) -> Alert:
    return AlertFactory(patient=clinic.patient, owner=clinic.doctor)


@pytest.fixture
def blocked(clinic) -> Alert:
    visit = AppointmentFactory(patient=clinic.patient, site=clinic.site)
    source = f"scheduling.appointment:{visit.pk}"
    return AlertFactory(patient=clinic.patient, kind="blocked_time", severity="high", source=source)


def ids(program: Any, **query: Any) -> list[str]:
    answer = program.read("/alerts", query)
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


# == Read ==
def test_a_doctor_reads_what_waits(api, audited, clinic, urgent) -> None:
    (item,) = api(clinic.doctor).read("/alerts").json()["items"]
    assert (
        item.items()
        >= {
            "id": str(urgent.pk),
            "patient": str(clinic.patient.pk),
            "kind": "abnormal_value",
            "severity": "urgent",
            "area": "clinical",
            "state": "open",
            "owner": str(clinic.doctor.pk),
            "team": "doctor",
            "site": str(clinic.site.pk),
            "level": 0,
            "may_acknowledge": True,
            "acknowledged_by": None,
        }.items()
    )
    assert audited(clinic.doctor) == [("alerts.list", "ok")]


def test_a_nurse_sees_it_and_may_not_answer(api, clinic, urgent) -> None:
    (item,) = api(clinic.nurse).read("/alerts").json()["items"]
    assert item["may_acknowledge"] is False
    answer = api(clinic.nurse).write(f"/alerts/{urgent.pk}/acknowledge")
    assert (answer.status_code, "another role" in answer.json()["detail"]) == (403, True)
    assert reread(urgent).state == "open"


def test_what_it_is_about_is_said_to_who_may_see_it(api, clinic, blocked) -> None:
    (item,) = api(clinic.desk).read("/alerts").json()["items"]
    assert item["id"] == str(blocked.pk)
    assert item["about"][0]["title"]
    assert item["about_at"]


def test_each_area_is_a_scope_of_its_own(api, clinic, urgent, blocked) -> None:
    both, doctor = {str(urgent.pk), str(blocked.pk)}, clinic.doctor
    assert set(ids(api(doctor))) == set(ids(api(doctor, "clinical.read schedule.read"))) == both
    assert ids(api(doctor, "clinical.read")) == [str(urgent.pk)]
    assert ids(api(doctor, "schedule.read")) == [str(blocked.pk)]
    assert ids(api(doctor, "medication.read")) == []
    assert api(doctor, "billing.read identity.read write").read("/alerts").status_code == 403
    assert ids(api(clinic.desk)) == [str(blocked.pk)]


def test_alerts_are_work_and_never_shown_to_a_patient(api, clinic, urgent) -> None:
    assert api(clinic.account).read("/alerts").status_code == 403
    assert api(clinic.account).write(f"/alerts/{urgent.pk}/acknowledge").status_code == 403
    assert api(None).read("/alerts").status_code == 401
    assert api(portal_user(PatientFactory())).read("/alerts").status_code == 403


@pytest.mark.parametrize("role", ["billing", "researcher", "administrator"])
def test_roles_that_receive_none_are_told_so(api, clinic, urgent, role) -> None:
    assert api(staff(role, clinic.site)).read("/alerts").status_code == 403


def test_charlie_gets_the_answer_of_nobody(api, urgent) -> None:
    charlie = api(staff("doctor"))
    assert ids(charlie) == []
    theirs, nobodys = (charlie.write(f"/alerts/{pk}/acknowledge") for pk in (urgent.pk, uuid.uuid4()))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() | {"request_id": ""} == nobodys.json() | {"request_id": ""}
    assert reread(urgent).state == "open"


def test_nothing_is_shown_without_an_audit_line(api, clinic, urgent, no_audit) -> None:
    answer = api(clinic.doctor).read("/alerts")
    assert answer.status_code == 503
    assert str(urgent.pk).encode() not in answer.content


def test_page_after_page_each_once_the_last_raised_first(api, clinic) -> None:
    now = timezone.now()
    raised = [AlertFactory(patient=clinic.patient, raised_at=now - timedelta(minutes=n // 2)) for n in range(7)]
    program, seen, cursor = api(clinic.doctor), [], ""
    while cursor is not None:
        body = program.read("/alerts", {"limit": 3, "cursor": cursor}).json()
        seen += [item["id"] for item in body["items"]]
        AlertFactory(patient=clinic.patient)
        cursor = body["next"]
    expected = sorted(raised, key=lambda alert: (alert.raised_at, alert.pk), reverse=True)
    assert seen == [str(alert.pk) for alert in expected]


def test_what_cannot_be_read_names_its_field(api, clinic) -> None:
    for query, field in (({"state": "nonsense"}, "state"), ({"cursor": "nonsense"}, "cursor"), ({"limit": 0}, "limit")):
        answer = api(clinic.doctor).read("/alerts", query)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_ten_cost_as_many_queries_as_one(api, clinic, urgent, assert_queries) -> None:
    program = api(clinic.doctor)
    with assert_queries(at_most=6) as one:
        ids(program)
    for _each in range(9):
        AlertFactory(patient=clinic.patient)
    with assert_queries(at_most=6) as ten:
        ids(program)
    assert len(one) == len(ten)


# == Acknowledge ==
def test_who_acknowledges_stands_in_the_row_and_in_the_audit(api, clinic, urgent) -> None:
    answer = api(clinic.doctor).write(f"/alerts/{urgent.pk}/acknowledge")
    body = answer.json()
    assert (answer.status_code, body["state"], body["acknowledged_by"]) == (200, "acknowledged", str(clinic.doctor.pk))
    assert (body["next_at"], body["may_acknowledge"]) == (None, False)
    assert answer["ETag"]
    event = as_worker(lambda: AuditEvent.objects.get(action="alerts.acknowledge"))
    assert (event.actor_id, event.patient_id) == (clinic.doctor.pk, clinic.patient.pk)
    assert ids(api(clinic.doctor)) == []
    assert ids(api(clinic.doctor), state="acknowledged") == [str(urgent.pk)]


def test_who_comes_second_hears_who_was_first(api, clinic, urgent) -> None:
    api(clinic.doctor).write(f"/alerts/{urgent.pk}/acknowledge")
    answer = api(clinic.colleague).write(f"/alerts/{urgent.pk}/acknowledge")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/v1/problems/already-answered"
    assert clinic.doctor.full_name in answer.json()["detail"]


def test_the_same_request_sent_again_is_no_second_answer(api, clinic, urgent) -> None:
    path = f"/alerts/{urgent.pk}/acknowledge"
    first, again = (api(clinic.doctor).write(path, Idempotency_Key="k") for _each in range(2))
    assert (first.status_code, again.status_code, first.content) == (200, 200, again.content)


def test_writing_needs_the_area_of_the_alert(api, clinic, urgent) -> None:
    path = f"/alerts/{urgent.pk}/acknowledge"
    assert api(clinic.doctor, "clinical.read").write(path).status_code == 403
    assert api(clinic.doctor, "schedule.write").write(path).status_code == 404
    assert api(clinic.doctor).write(path, If_Match='W/"other"').status_code == 412
    assert api(clinic.doctor, "clinical.write").write(path).status_code == 200
