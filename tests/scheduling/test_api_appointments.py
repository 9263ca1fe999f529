"""Visits through /v1: read, list, move, confirm and cancel them; Alice, Bob and Charlie at every operation."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import Appointment
from tests.factories import CareRelationshipFactory, PatientFactory, UserFactory, bookable_provider, portal_user, staff
from tests.roles import as_the_system
from tests.scheduling.test_api_book import soon

pytestmark = pytest.mark.django_db
DEEDS = ("cancel", "reschedule", "confirm")


@pytest.fixture
def visit(clinic) -> Appointment:
    return clinic.book(start=soon(), now=timezone.now())


def body_for(deed: str) -> dict[str, str]:
    return {"start": soon(5).isoformat()} if deed == "reschedule" else {}


def statuses(program: Any, pk: uuid.UUID) -> list[int]:
    """What each of the three changes is answered with."""
    return [program.write(f"/appointments/{pk}/{deed}", body_for(deed)).status_code for deed in DEEDS]


# == Read ==
@pytest.mark.parametrize("role", ["front_desk", "nurse", "doctor"])
def test_staff_read_a_visit_of_their_patients(api, audited, clinic, visit, role) -> None:
    somebody = staff(role, clinic.site)
    answer = api(somebody).read(f"/appointments/{visit.pk}")
    assert answer.status_code == 200
    assert answer.json()["time_zone"] == "America/New_York"
    assert audited(somebody) == [("patients.open_chart", "ok")]
    assert api(somebody).read(f"/appointments/{visit.pk}", If_None_Match=answer["ETag"]).status_code == 304


def test_nothing_is_shown_without_an_audit_line(api, clinic, visit, no_audit) -> None:
    for path in (f"/appointments/{visit.pk}", "/appointments", f"/appointments?patient={clinic.patient.pk}"):
        for user in (clinic.desk, clinic.rosa):
            answer = api(user).read(path)
            assert answer.status_code == 503
            assert str(visit.pk).encode() not in answer.content


@pytest.mark.parametrize("role", ["patient", "front_desk", "doctor"])
def test_charlie_gets_the_answer_of_nobody(api, clinic, visit, role) -> None:
    program = api(portal_user(PatientFactory()) if role == "patient" else staff(role))
    for pk in (visit.pk, uuid.uuid4()):
        assert program.read(f"/appointments/{pk}").status_code == 404
        assert statuses(program, pk) == [404] * 3
    assert program.read("/appointments").json()["items"] == []
    assert program.read("/appointments", {"patient": str(clinic.patient.pk)}).status_code == 404
    with as_the_system():
        assert Appointment.objects.get(pk=visit.pk).sequence == 0


@pytest.mark.parametrize("role", ["billing", "pharmacist", "administrator"])
def test_roles_without_the_schedule_are_told_so(api, clinic, visit, role) -> None:
    program = api(staff(role, clinic.site))
    assert program.read(f"/appointments/{visit.pk}").status_code == 403
    assert program.read("/appointments").status_code == 403
    assert [program.write(f"/appointments/{visit.pk}/{deed}", body_for(deed)).status_code for deed in DEEDS] == [
        403
    ] * 3


def test_a_reading_token_changes_nothing(api, clinic, visit) -> None:
    program = api(clinic.rosa, "schedule.read")
    assert program.read(f"/appointments/{visit.pk}").status_code == 200
    assert [program.write(f"/appointments/{visit.pk}/{deed}", body_for(deed)).status_code for deed in DEEDS] == [
        403
    ] * 3


# == Lists ==
def test_a_patient_lists_their_own(api, audited, clinic, visit) -> None:
    other = PatientFactory(site=clinic.site)
    clinic.book(by=portal_user(other), patient=other, start=soon(4), now=timezone.now())
    body = api(clinic.rosa).read("/appointments").json()
    assert ([item["id"] for item in body["items"]], body["next"]) == ([str(visit.pk)], None)
    assert audited(clinic.rosa) == [("patients.open_chart", "ok")]


def test_who_acts_for_another_lists_theirs_by_name(api, clinic, visit) -> None:
    mother = portal_user(PatientFactory(site=clinic.site))
    CareRelationshipFactory(patient=clinic.patient, kind="proxy", role="patient", user=mother)
    assert api(mother).read("/appointments").json()["items"] == []
    found = api(mother).read("/appointments", {"patient": str(clinic.patient.pk)}).json()["items"]
    assert [item["id"] for item in found] == [str(visit.pk)]


def test_staff_list_and_narrow(api, audited, clinic, visit) -> None:
    now, other = timezone.now(), PatientFactory(site=clinic.site)
    later = clinic.book(by=clinic.desk, patient=other, provider=bookable_provider(clinic.site), start=soon(9), now=now)
    read = api(clinic.desk).read

    def found(**query) -> list[str]:
        answer = read("/appointments", {name.strip("_"): str(value) for name, value in query.items()})
        assert answer.status_code == 200, answer.content
        return [item["id"] for item in answer.json()["items"]]

    assert found() == [str(later.pk), str(visit.pk)]
    assert found(provider=clinic.provider.pk) == found(patient=clinic.patient.pk) == [str(visit.pk)]
    assert found(from_=soon(5).isoformat()) == [str(later.pk)]
    assert found(to=soon(5).isoformat()) == [str(visit.pk)]
    assert found(from_=soon(1).isoformat(), to=soon(20).isoformat(), status="booked") == [str(later.pk), str(visit.pk)]
    assert found(status="cancelled") == []
    assert audited(clinic.desk)[0] == ("scheduling.list", "ok")
    assert ("patients.open_chart", "ok") in audited(clinic.desk)


def test_who_acts_for_nobody_yet_lists_nothing_and_it_is_noted(audited, clinic) -> None:
    """A patient's account before the clinic has tied a record to it."""
    stranger = UserFactory().in_role("patient")
    with acting_as(stranger):
        actions.list_appointments(by=stranger)
    assert audited(stranger) == [("scheduling.list", "ok")]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "nonsense"}, "status"),
        ({"patient": "1"}, "patient"),
        ({"from": "2030-01-01T00:00:00"}, "from"),
        ({"from": "2030-01-02T00:00:00Z", "to": "2030-01-01T00:00:00Z"}, "to"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
    ],
)
def test_what_cannot_be_read_names_its_field(api, clinic, query, field) -> None:
    answer = api(clinic.desk).read("/appointments", query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_page_after_page_each_once_while_more_are_booked(api, clinic) -> None:
    now = timezone.now()
    booked = [str(clinic.book(start=soon(3, 40 * n), now=now).pk) for n in range(7)]
    program, seen, cursor = api(clinic.rosa), [], ""
    while cursor is not None:
        body = program.read("/appointments", {"limit": 3, "cursor": cursor}).json()
        seen += [item["id"] for item in body["items"]]
        clinic.book(start=soon(6, 40 * len(seen)), now=now)
        cursor = body["next"]
    assert seen == booked[::-1]


@pytest.mark.parametrize("path", ["/appointments", "/appointments/{}"])
def test_ten_cost_as_many_queries_as_one(api, clinic, visit, assert_queries, path) -> None:
    program = api(clinic.desk)
    with assert_queries(at_most=3) as one:
        program.read(path.format(visit.pk))
    for n in range(9):
        clinic.book(start=soon(4, 40 * n), now=timezone.now())
    with assert_queries(at_most=3) as ten:
        program.read(path.format(visit.pk))
    assert len(one) == len(ten)


# == Change ==
def test_a_patient_moves_confirms_and_cancels(api, clinic, visit) -> None:
    program, path = api(clinic.rosa), f"/appointments/{visit.pk}"
    confirmed = program.write(f"{path}/confirm").json()
    assert confirmed["status"] == "confirmed"
    moved = program.write(f"{path}/reschedule", {"start": soon(5).isoformat()}).json()
    assert (moved["status"], moved["sequence"]) == ("booked", 1)
    cancelled = program.write(f"{path}/cancel", {"reason": "On holiday"}).json()
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "On holiday")
    assert program.write(f"{path}/cancel").json()["cancelled_at"] == cancelled["cancelled_at"]


def test_the_desk_moves_to_another_provider(api, clinic, visit) -> None:
    other = bookable_provider(clinic.site)
    body = {"start": soon(4).isoformat(), "provider": str(other.pk), "site": str(clinic.site.pk)}
    moved = api(clinic.desk).write(f"/appointments/{visit.pk}/reschedule", body)
    assert (moved.status_code, moved.json()["provider"]) == (200, str(other.pk))


def test_where_the_new_time_is_taken_the_old_one_stays(api, clinic, visit) -> None:
    other = PatientFactory(site=clinic.site)
    clinic.book(by=portal_user(other), patient=other, start=soon(4), now=timezone.now())
    answer = api(clinic.rosa).write(f"/appointments/{visit.pk}/reschedule", {"start": soon(4).isoformat()})
    assert answer.status_code == 409
    assert len(answer.json()["alternatives"]) == 3
    assert api(clinic.rosa).read(f"/appointments/{visit.pk}").json()["sequence"] == 0


@pytest.mark.parametrize("deed", DEEDS)
def test_if_match_changes_what_was_seen_alone(api, clinic, visit, deed) -> None:
    program, path = api(clinic.rosa), f"/appointments/{visit.pk}"
    seen = program.read(path)["ETag"]
    assert program.write(f"{path}/{deed}", body_for(deed), If_Match='W/"other"').status_code == 412
    done = program.write(f"{path}/{deed}", body_for(deed), If_Match=seen)
    assert done.status_code == 200
    assert done["ETag"] not in ("", seen)
    assert program.write(f"{path}/{deed}", body_for(deed), If_Match=seen).status_code == 412


@pytest.mark.parametrize("deed", ["reschedule", "confirm"])
def test_what_was_called_off_is_no_longer_open(api, clinic, visit, deed) -> None:
    program, path = api(clinic.rosa), f"/appointments/{visit.pk}"
    program.write(f"{path}/cancel")
    answer = program.write(f"{path}/{deed}", body_for(deed))
    assert answer.status_code == 409
    assert answer.json()["type"] == "/v1/problems/not-open"
    assert "Cancelled" in answer.json()["detail"]


@pytest.mark.parametrize("deed", DEEDS)
def test_a_change_that_is_sent_again_happens_once(api, clinic, visit, deed) -> None:
    program, path = api(clinic.rosa), f"/appointments/{visit.pk}/{deed}"
    first, again = (program.write(path, body_for(deed), Idempotency_Key="k") for _each in range(2))
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"


def test_what_is_sent_is_checked(api, clinic, visit) -> None:
    path = f"/appointments/{visit.pk}"
    for deed, body, field in (
        ("reschedule", {}, "start"),
        ("reschedule", {"start": soon(5).isoformat(), "provider": str(uuid.uuid4())}, "provider"),
        ("reschedule", {"start": "2030-05-07T09:00:00"}, "start"),
        ("cancel", {"why": "x"}, "why"),
    ):
        answer = api(clinic.rosa).write(f"{path}/{deed}", body)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
    past = {"start": (timezone.now() - timedelta(days=9)).replace(minute=0, second=0, microsecond=0).isoformat()}
    assert api(clinic.rosa).write(f"{path}/reschedule", past).json()["type"] == "/v1/problems/not-bookable"
