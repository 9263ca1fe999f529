"""Booking through /v1: one gets the time, the others hear what else there is; a request sent twice books once."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from scheduling.models import Appointment, WorkRule
from tests.factories import (
    PatientFactory,
    ProviderFactory,
    SiteFactory,
    VisitTypeFactory,
    WorkRuleFactory,
    bookable_provider,
    portal_user,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import Clinic

pytestmark = pytest.mark.django_db


def soon(days: int = 3, minutes: int = 0) -> datetime:
    """A whole hour some days on, and so many minutes."""
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days, minutes=minutes)


def asked(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    body = {
        "provider": str(clinic.provider.pk),
        "visit_type": str(clinic.visit_type.pk),
        "start": soon().isoformat(),
        "reason": "A cough",
    }
    return body | changes


def count() -> int:
    with as_the_system():
        return Appointment.objects.count()


# == Who may ==
def test_who_may_puts_a_visit_on_top_and_others_are_refused(api, clinic) -> None:
    api(clinic.rosa).write("/appointments", asked(clinic))
    with as_the_system():
        other = PatientFactory(site=clinic.site)
    body = asked(clinic, patient=str(other.pk), overbook="In pain since the night")
    assert api(clinic.desk).write("/appointments", body).status_code == 201
    assert api(staff("nurse", clinic.site)).write("/appointments", body).status_code == 403
    assert count() == 2


def test_a_patient_books_for_themselves(api, clinic) -> None:
    answer = api(clinic.rosa).write("/appointments", asked(clinic))
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert answer["Location"] == f"/v1/appointments/{body['id']}"
    assert answer["ETag"].startswith('W/"')
    assert datetime.fromisoformat(body["start"]) == soon()
    assert datetime.fromisoformat(body["end"]) == soon(minutes=40)
    assert (
        body.items()
        >= {
            "patient": str(clinic.patient.pk),
            "provider": str(clinic.provider.pk),
            "site": str(clinic.site.pk),
            "visit_type": str(clinic.visit_type.pk),
            "status": "booked",
            "reason": "A cough",
            "sequence": 0,
        }.items()
    )
    again = api(clinic.rosa).read(f"/appointments/{body['id']}")
    assert (again.json(), again["ETag"]) == (body, answer["ETag"])


@pytest.mark.parametrize("role", ["front_desk", "nurse", "doctor"])
def test_staff_book_for_whom_they_name(api, clinic, role) -> None:
    program = api(staff(role, clinic.site))
    nobody = program.write("/appointments", asked(clinic))
    assert nobody.status_code == 422
    assert nobody.json()["errors"] == [{"field": "patient", "message": "Name a patient."}]
    answer = program.write("/appointments", asked(clinic, patient=str(clinic.patient.pk)))
    assert answer.status_code == 201
    assert answer.json()["patient"] == str(clinic.patient.pk)


def test_the_audit_says_who_booked(api, clinic) -> None:
    body = api(clinic.desk).write("/appointments", asked(clinic, patient=str(clinic.patient.pk))).json()
    with as_the_system():
        event = AuditEvent.objects.get(action="scheduling.book")
    assert (event.actor_id, event.patient_id) == (clinic.desk.pk, clinic.patient.pk)
    assert event.target_id == uuid.UUID(body["id"])


@pytest.mark.parametrize("role", ["billing", "pharmacist", "researcher", "privacy_officer", "administrator"])
def test_other_roles_book_nothing(api, clinic, role) -> None:
    answer = api(staff(role, clinic.site)).write("/appointments", asked(clinic, patient=str(clinic.patient.pk)))
    assert answer.status_code == 403
    assert count() == 0


def test_without_the_scope_nothing_is_booked(api, clinic) -> None:
    for scopes in ("read", "schedule.read", "clinical.write"):
        answer = api(clinic.rosa, scopes).write("/appointments", asked(clinic))
        assert answer.status_code == 403
        assert "schedule.write" in answer.json()["detail"]
    assert api(clinic.rosa, "schedule.write").write("/appointments", asked(clinic)).status_code == 201


def test_without_a_token_nothing_is_booked(api, clinic) -> None:
    assert api(None).write("/appointments", asked(clinic)).status_code == 401


def test_charlie_books_for_nobody_elses_patient(api, audited, clinic) -> None:
    """Somebody's patient and nobody at all get the same answer, and the audit says who asked."""
    for charlie in (portal_user(PatientFactory()), staff("front_desk")):
        answers = [
            api(charlie).write("/appointments", asked(clinic, patient=str(pk)))
            for pk in (clinic.patient.pk, uuid.uuid4())
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        theirs, nobodys = (answer.json() | {"request_id": ""} for answer in answers)
        assert theirs == nobodys
        assert audited(charlie) == [("patients.open_chart", "denied")] * 2
    assert count() == 0


# == The time ==
def test_who_comes_second_hears_what_else_there_is(api, clinic) -> None:
    api(clinic.rosa).write("/appointments", asked(clinic))
    other = portal_user(PatientFactory(site=clinic.site))
    answer = api(other).write("/appointments", asked(clinic, start=soon(minutes=5).isoformat()))
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["detail"]) == ("/v1/problems/time-taken", "Somebody else has just taken this time.")
    offered = body["alternatives"]
    assert [datetime.fromisoformat(time["start"]) for time in offered] == [
        soon(minutes=-40),
        soon(minutes=40),
        soon(minutes=45),
    ]
    assert all(set(time) == {"provider", "site", "start", "end"} for time in offered)
    assert api(other).write("/appointments", asked(clinic, start=offered[1]["start"])).status_code == 201


def test_the_kind_may_be_said_by_its_slug(api, clinic) -> None:
    answer = api(clinic.rosa).write("/appointments", asked(clinic, visit_type=clinic.visit_type.slug))
    assert answer.json()["visit_type"] == str(clinic.visit_type.pk)


def test_an_offset_is_an_instant_on_every_clock(api, clinic) -> None:
    start = soon().astimezone().isoformat()
    east = soon().astimezone(timezone.get_fixed_timezone(330)).isoformat()
    assert east.endswith("+05:30")
    assert start != east
    answer = api(clinic.rosa).write("/appointments", asked(clinic, start=east))
    assert datetime.fromisoformat(answer.json()["start"]) == soon()


def test_of_several_sites_the_one_where_they_are_free_then(api, clinic) -> None:
    other = SiteFactory()
    with as_the_system():
        clinic.provider.sites.add(other)
        WorkRule.objects.filter(resource=clinic.resource).delete()
    WorkRuleFactory(resource=clinic.resource, site=other, isodow=soon().isoweekday(), starts="00:00", ends="00:00")
    for isodow in range(1, 8):
        if isodow != soon().isoweekday():
            WorkRuleFactory(resource=clinic.resource, site=other, isodow=isodow, starts="00:00", ends="00:00")
    answer = api(clinic.rosa).write("/appointments", asked(clinic))
    assert (answer.status_code, answer.json().get("site")) == (201, str(other.pk)), answer.content
    named = api(clinic.rosa).write("/appointments", asked(clinic, start=soon(4).isoformat(), site=str(clinic.site.pk)))
    assert named.status_code == 422


# == What does not fit ==
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"start": "2030-05-07T09:00:00"}, "start"),
        ({"start": "tomorrow"}, "start"),
        ({"start": "9999-12-31T23:59:59+00:00"}, "start"),
        ({"start": None}, "start"),
        ({"provider": "somebody"}, "provider"),
        ({"provider": str(uuid.uuid4())}, "provider"),
        ({"site": str(uuid.uuid4())}, "site"),
        ({"visit_type": "nonsense"}, "visit_type"),
        ({"reason": "x" * 201}, "reason"),
        ({"diagnosis": "J06.9"}, "diagnosis"),
    ],
)
def test_what_cannot_be_read_names_its_field(api, clinic, changes, field) -> None:
    answer = api(clinic.rosa).write("/appointments", asked(clinic, **changes))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert count() == 0


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (lambda: soon(-2), "is over"),
        (lambda: soon(400), "days ahead"),
        (lambda: soon(minutes=3), "do not begin at that minute"),
        (lambda: soon(days=0, minutes=60), "minutes ahead"),
    ],
)
def test_what_is_not_offered_is_a_sentence(api, clinic, start, sentence) -> None:
    kind = VisitTypeFactory(notice_minutes=600)
    answer = api(clinic.rosa).write("/appointments", asked(clinic, start=start().isoformat(), visit_type=str(kind.pk)))
    assert answer.status_code == 422
    assert answer.json()["type"] == "/v1/problems/not-bookable"
    assert sentence in answer.json()["detail"]


def test_what_patients_do_not_book_themselves_is_none_of_theirs(api, clinic) -> None:
    kind = VisitTypeFactory(portal_mode="off")
    by_patient = api(clinic.rosa).write("/appointments", asked(clinic, visit_type=str(kind.pk)))
    assert by_patient.status_code == 422
    body = asked(clinic, visit_type=str(kind.pk), patient=str(clinic.patient.pk))
    assert api(clinic.desk).write("/appointments", body).status_code == 201


def test_somebody_without_site_or_hours_cannot_be_booked(api, clinic) -> None:
    answer = api(clinic.rosa).write("/appointments", asked(clinic, provider=str(ProviderFactory().pk)))
    assert answer.json()["errors"] == [{"field": "site", "message": "This provider works at no site."}]
    nowhere = ProviderFactory()
    with as_the_system():
        nowhere.sites.add(clinic.site)
    answer = api(clinic.rosa).write("/appointments", asked(clinic, provider=str(nowhere.pk)))
    assert (answer.status_code, "no hours" in answer.json()["detail"]) == (422, True)


# == Sent again ==
def test_a_request_that_is_sent_again_books_once(api, clinic) -> None:
    program = api(clinic.rosa)
    first, again = (program.write("/appointments", asked(clinic), Idempotency_Key="one") for _each in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true"
    assert count() == 1


def test_another_request_under_the_same_key_is_refused(api, clinic) -> None:
    program = api(clinic.rosa)
    program.write("/appointments", asked(clinic), Idempotency_Key="one")
    other = program.write("/appointments", asked(clinic, start=soon(5).isoformat()), Idempotency_Key="one")
    assert other.status_code == 422
    assert count() == 1


def test_a_refusal_is_a_reply_too(api, clinic) -> None:
    api(clinic.rosa).write("/appointments", asked(clinic))
    program = api(portal_user(PatientFactory(site=clinic.site)))
    first, again = (program.write("/appointments", asked(clinic), Idempotency_Key="one") for _each in range(2))
    assert (first.status_code, again.status_code) == (409, 409)
    assert first.json()["alternatives"] == again.json()["alternatives"]


def test_a_second_provider_at_the_same_time_is_refused_to_the_same_patient(api, clinic) -> None:
    api(clinic.rosa).write("/appointments", asked(clinic))
    other = bookable_provider(clinic.site)
    answer = api(clinic.rosa).write("/appointments", asked(clinic, provider=str(other.pk)))
    assert (answer.status_code, answer.json()["detail"]) == (409, "There is another visit at this time already.")
