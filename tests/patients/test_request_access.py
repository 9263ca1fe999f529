"""Ask to be let into a chart, and answer that: who asks learns nothing before somebody says yes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.accounts.access import NotAllowed, passes
from healthcare.accounts.permissions import Scope
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from patients.access import can_answer, check_can_open_chart
from patients.actions.requests import (
    AlreadyAnswered,
    NotRequested,
    approve_request,
    list_requests,
    refuse_request,
    request_access,
    withdraw_request,
)
from patients.events import AccessRequestAnswered, AccessRequested
from patients.models import AccessRequest, CareRelationship, Patient
from patients.queries.requests import count_requests
from patients.subscribers import tell_of_answer, tell_of_request
from tests.factories import PatientFactory, RestrictionFactory, portal_user, staff
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
REASON = "She was sent to me for her heart"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(family_name="Delgado", given_name="Rosa")


@pytest.fixture
def doctor(rosa):
    """Who cares for the patient."""
    return staff("doctor", rosa.site, full_name="Maren Okafor")


@pytest.fixture
def feld():
    return staff("doctor", full_name="Aaron Feld")


@pytest.fixture
def officer():
    return staff("privacy_officer", full_name="Thomas Byrne")


def asked(by, patient_id, **changes) -> AccessRequest:
    given = {"scopes": [Scope.CLINICAL], "reason": REASON, "until": now() + 30 * DAY, "now": now()} | changes
    with acting_as(by):
        return request_access(by=by, patient_id=patient_id, **given)


def approved(by, request, scopes=(Scope.CLINICAL,), answer="") -> None:
    with acting_as(by):
        approve_request(by=by, request=request, scopes=scopes, answer=answer, now=now())


def refused(by, request, answer="Not your patient") -> None:
    with acting_as(by):
        refuse_request(by=by, request=request, answer=answer, now=now())


def kept(request) -> AccessRequest:
    with as_the_system():
        return AccessRequest.objects.select_related("relationship").get(pk=request.pk)


def sees(user, patient, scope=Scope.IDENTITY) -> bool:
    with acting_as(user):
        return Patient.objects.visible_to(user, scope).filter(pk=patient.pk).exists()


# == Ask ==
def test_a_request_opens_nothing_and_is_announced(rosa, feld, announced) -> None:
    request = asked(feld, rosa.pk)
    assert (request.patient_id, request.scopes, request.state) == (rosa.pk, ["clinical", "identity"], "waiting")
    assert announced(AccessRequested) == [AccessRequested(request.pk, rosa.pk)]
    assert not sees(feld, rosa)
    with acting_as(feld):
        event = AuditEvent.objects.get(action="patients.request_access")
    assert (event.patient_id, event.detail) == (rosa.pk, {"scopes": ["clinical", "identity"]})


def test_nobody_s_id_is_asked_for_in_the_same_way_and_nobody_is_told(feld, rosa, announced) -> None:
    nobody = uuid.uuid4()
    there, nowhere = asked(feld, rosa.pk), asked(feld, nobody)
    with acting_as(feld):
        own = list_requests(by=feld).own
        events = AuditEvent.objects.filter(action="patients.request_access").order_by("id")
        assert [event.patient_id for event in events] == [rosa.pk, nobody]
    assert [line.request for line in own] == [nowhere, there]
    assert [line.subject for line in own] == [None, None]
    assert (kept(nowhere).patient_id, kept(nowhere).asked_for) == (None, nobody)
    with as_the_system():
        tell_of_request(AccessRequested(nowhere.pk, None))
        assert not Message.objects.filter(template="patients/access_requested").exists()


def test_nobody_asks_for_more_than_the_role_can_hold(rosa) -> None:
    assert asked(staff("pharmacist"), rosa.pk, scopes=list(Scope)).scopes == ["identity", "medication"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": "  "}, "Say why you need it"),
        ({"until": datetime(2020, 1, 1, tzinfo=UTC)}, "a year at most"),
        ({"until": datetime.now(UTC) + 366 * DAY}, "a year at most"),
    ],
)
def test_what_cannot_be_asked(rosa, feld, changes, sentence) -> None:
    with pytest.raises(NotRequested, match=sentence):
        asked(feld, rosa.pk, **changes)


def test_asked_twice_it_is_said_whether_there_is_such_a_patient_or_not(feld, rosa) -> None:
    for patient_id in (rosa.pk, uuid.uuid4()):
        asked(feld, patient_id)
        with pytest.raises(NotRequested, match="You have asked for this already"):
            asked(feld, patient_id)


@pytest.mark.parametrize("role", ["researcher", "administrator", "privacy_officer"])
def test_a_role_that_opens_no_chart_asks_for_none(rosa, role) -> None:
    with pytest.raises(NotAllowed):
        asked(staff(role), rosa.pk)


# == Answer ==
def test_who_cares_for_the_patient_lets_them_in(rosa, doctor, feld, announced) -> None:
    request = asked(feld, rosa.pk, scopes=[Scope.CLINICAL, Scope.BILLING])
    approved(doctor, request, answer="Welcome")
    assert sees(feld, rosa, Scope.CLINICAL)
    assert not sees(feld, rosa, Scope.BILLING), "only what was ticked"
    found = kept(request)
    assert (found.state, found.answered_by, found.answer) == ("approved", doctor, "Welcome")
    opened = found.relationship
    assert (opened.kind, opened.granted_by, opened.source) == ("care_team", doctor, f"request:{request.pk}")
    assert opened.validity.upper == request.until
    assert announced(AccessRequestAnswered) == [AccessRequestAnswered(request.pk)]


def test_the_privacy_officer_lets_them_in_without_reaching_the_chart(rosa, officer, feld) -> None:
    request = asked(feld, rosa.pk)
    approved(officer, request, [Scope.CLINICAL, Scope.BILLING])
    assert sees(feld, rosa, Scope.CLINICAL)
    assert not sees(feld, rosa, Scope.BILLING), "never more than was asked for"
    assert not sees(officer, rosa)
    with acting_as(officer):
        deeds = AuditEvent.objects.filter(actor_id=officer.pk).order_by("id").values_list("action", flat=True)
        assert list(deeds) == ["patients.grant_access", "patients.answer_request"]


def test_a_nurse_gives_no_more_than_a_nurse_sees(rosa, feld) -> None:
    request = asked(feld, rosa.pk, scopes=[Scope.BILLING])
    nurse = staff("nurse", rosa.site)
    with pytest.raises(NotAllowed, match="what you can see yourself"):
        approved(nurse, request, [Scope.BILLING])
    assert kept(request).state == "waiting"


def test_a_refusal_says_why_and_opens_nothing(rosa, doctor, feld) -> None:
    request = asked(feld, rosa.pk)
    with pytest.raises(ValueError, match="says why"):
        refused(doctor, request, " ")
    refused(doctor, request)
    assert not sees(feld, rosa)
    assert (kept(request).state, kept(request).answer) == ("refused", "Not your patient")


def test_of_two_answers_one_is_first(rosa, doctor, officer, feld) -> None:
    request = asked(feld, rosa.pk)
    refused(doctor, request)
    with pytest.raises(AlreadyAnswered, match="does not wait any more"):
        approved(officer, request)
    assert not sees(feld, rosa)


def test_a_request_lapses(rosa, doctor, feld, settings) -> None:
    request = asked(feld, rosa.pk)
    settings.ACCESS_REQUEST_LIVES = timedelta(0)
    with pytest.raises(AlreadyAnswered):
        approved(doctor, request)
    with acting_as(feld):
        line = list_requests(by=feld).own[0]
        assert line.lapsed
    with acting_as(doctor):
        assert count_requests(doctor) == 0


def test_a_patient_who_shut_them_out_is_stronger_than_an_approval(rosa, officer, feld) -> None:
    RestrictionFactory(patient=rosa, user=feld)
    approved(officer, asked(feld, rosa.pk))
    with acting_as(feld):
        assert not passes(check_can_open_chart, feld, rosa.pk)


def test_a_request_is_taken_back_by_whoever_made_it(rosa, doctor, feld) -> None:
    request = asked(feld, rosa.pk)
    with acting_as(doctor):
        assert not withdraw_request(by=doctor, request=request, now=now())
    with acting_as(feld):
        assert withdraw_request(by=feld, request=request, now=now())
        assert not withdraw_request(by=feld, request=request, now=now())
    assert kept(request).state == "withdrawn"
    with pytest.raises(AlreadyAnswered):
        approved(doctor, request)


# == Who may answer ==
def test_strangers_and_whoever_asked_answer_nothing(rosa, feld) -> None:
    request = asked(feld, rosa.pk)
    for other in (staff("doctor"), staff("front_desk", rosa.site), staff("administrator"), feld):
        with acting_as(other):
            assert not can_answer(other, request)
        for verb in (approved, refused):
            with pytest.raises(NotAllowed):
                verb(other, request)
    both = feld.in_role("privacy_officer")
    with pytest.raises(NotAllowed, match="your own request"):
        approved(both, request)


APPROVE = "UPDATE patients_accessrequest SET state = 'refused', answer = 'x', answered_at = now(), answered_by_id = %s"
INSERT = """INSERT INTO patients_carerelationship (id, created_at, updated_at, patient_id, kind, user_id, role, scopes,
validity, reason, source, granted_by_id) VALUES (uuidv7(), now(), now(), %s, 'care_team', %s, 'doctor', %s,
tstzrange(now(), %s), '', %s, %s)"""


def code_of(user, statement, values) -> str:
    try:
        with acting_as(user), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except DatabaseError as refusal:
        return str(refusal.__cause__.sqlstate)  # type: ignore[union-attr]
    return ""


def test_the_second_wall_keeps_answers_and_openings_to_what_was_asked(rosa, officer, feld) -> None:
    request = asked(feld, rosa.pk)
    source, other = f"request:{request.pk}", PatientFactory()
    assert code_of(feld, APPROVE, [feld.pk]) == "42501", "nobody answers themselves"
    good = [rosa.pk, feld.pk, ["identity", "clinical"], request.until, source, officer.pk]
    for place, wrong in (
        (0, other.pk),
        (1, staff("doctor").pk),
        (2, ["identity", "billing"]),
        (3, request.until + DAY),
        (3, None),
        (4, "request:"),
    ):
        values = [*good[:place], wrong, *good[place + 1 :]]
        assert code_of(officer, INSERT, values) == "42501", f"{place}: {wrong}"
    assert code_of(officer, INSERT, good) == ""
    refused(officer, request)
    assert code_of(officer, INSERT, good) == "42501", "what does not wait opens nothing"


def test_nobody_asks_in_another_s_name(rosa, feld) -> None:
    friend = staff("doctor")
    forged = AccessRequest(patient=rosa, asked_for=rosa.pk, user=friend, role="doctor", scopes=[], reason="x")
    forged.until = now() + DAY
    with acting_as(feld), pytest.raises(DatabaseError), transaction.atomic():
        forged.save(force_insert=True)


def test_both_walls_show_the_same_rows(rosa, doctor, officer, feld) -> None:
    asked(feld, rosa.pk)
    asked(feld, uuid.uuid4())
    people = ((feld, 2), (doctor, 1), (officer, 1), (staff("doctor"), 0), (portal_user(rosa), 0))
    for user, seen in people:
        with acting_as(user), connection.cursor() as cursor:
            assert AccessRequest.objects.visible_to(user).count() == seen
            cursor.execute("SELECT count(*) FROM patients_accessrequest")
            assert cursor.fetchone()[0] == seen
    feld.is_active = False
    with acting_as(feld):
        assert not AccessRequest.objects.visible_to(feld).exists()


# == Letters ==
def test_the_privacy_officer_is_told_twice_is_once(rosa, officer, feld) -> None:
    request = asked(feld, rosa.pk)
    letters = deliver_twice(
        tell_of_request,
        AccessRequested(request.pk, rosa.pk),
        lambda: [letter.address for letter in Message.objects.filter(template="patients/access_requested")],
    )
    assert letters == [officer.email]


def test_whoever_asked_is_told_of_the_answer_twice_is_once(rosa, doctor, feld) -> None:
    request = asked(feld, rosa.pk)
    approved(doctor, request)
    answers = Message.objects.filter(template="patients/access_request_answered")
    letters = deliver_twice(
        tell_of_answer,
        AccessRequestAnswered(request.pk),
        lambda: [letter.address for letter in answers.all()],
    )
    assert letters == [feld.email]
    with as_the_system():
        tell_of_answer(AccessRequestAnswered(uuid.uuid4()))
        assert answers.count() == 1


def test_an_opening_by_request_is_an_ordinary_relationship(rosa, doctor, feld) -> None:
    approved(doctor, asked(feld, rosa.pk))
    with as_the_system():
        assert CareRelationship.objects.filter(user=feld, kind="care_team").count() == 1
