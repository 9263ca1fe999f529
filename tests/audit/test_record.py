"""What an event says, in whose name, and in which transaction."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from healthcare.audit import About, AuditUnavailable, in_one_insert, record, record_many, record_now
from healthcare.audit.models import AuditEvent
from healthcare.audit.recording import OutsideTransaction, WrongActor
from healthcare.audit.request import RequestFacts, request_facts
from healthcare.db.context import acting_as, acting_as_system
from healthcare.db.uuids import moment_of
from tests.audit.conftest import person
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
PATIENT = uuid.UUID("01a1fc65-0e78-706d-83ab-3d0f7f0d08a9")


def test_an_event_says_who_what_about_whom_and_from_where():
    alice, target = person("nurse"), uuid.uuid4()
    token = request_facts.set(RequestFacts("K7QFP-2M9DX", "2001:db8::7"))
    with acting_as(alice):
        record(
            "patients.open_chart",
            by=alice,
            patient_id=PATIENT,
            target=("records.entry", target),
            outcome="denied",
            detail={"scopes": ["clinical", "identity"], "count": 3, "grant": target, "first": None},
        )
        event = AuditEvent.objects.by_actor(alice.pk).get()
    request_facts.reset(token)
    assert (event.action, event.actor_id, event.actor_role, event.purpose) == (
        "patients.open_chart",
        alice.pk,
        "nurse",
        "",
    )
    assert (event.patient_id, event.target_type, event.target_id) == (PATIENT, "records.entry", target)
    assert event.detail == {"scopes": ["clinical", "identity"], "count": 3, "grant": str(target), "first": None}
    assert (event.outcome, event.request_id, event.address) == ("denied", "K7QFP-2M9DX", "2001:db8::7")
    assert abs((moment_of(event.id) - event.at).total_seconds()) < 1
    assert str(event) == f"patients.open_chart {str(event.id)[-8:]}"


def test_a_model_instance_can_be_the_target():
    alice = person()
    with acting_as(alice):
        record("a.first", by=alice)
        first = AuditEvent.objects.get(action="a.first")
        record("a.second", by=alice, target=first)
        assert AuditEvent.objects.get(action="a.second").target_id == first.id
        assert AuditEvent.objects.get(action="a.second").target_type == "audit.auditevent"


def test_nobody_signs_for_another():
    alice, bob = person(), person()
    with acting_as(alice), pytest.raises(WrongActor):
        record("a.b", by=bob)
    with pytest.raises(WrongActor), transaction.atomic():
        record("a.b", by=alice)
    with acting_as(alice), pytest.raises(WrongActor):
        record_now("a.b", by=bob)


@pytest.mark.parametrize(
    ("actor", "role", "purpose"),
    [("other", "nurse", ""), ("me", "privacy_officer", ""), ("me", "nurse", "seal_audit"), (None, "", "")],
)
def test_the_database_refuses_another_name_too(actor, role, purpose):
    alice = person("nurse")
    ids = {"other": uuid.uuid4(), "me": alice.pk, None: None}
    with acting_as(alice), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        insert(actor_id=ids[actor], actor_role=role, purpose=purpose)


def test_without_a_context_an_event_has_no_actor_and_nobody_reads_it_back():
    with transaction.atomic():
        record("accounts.sign_in", by=None, outcome="failed")
        assert AuditEvent.objects.count() == 0
    with taking_role("worker"), acting_as_system("test"):
        event = AuditEvent.objects.get(action="accounts.sign_in")
    assert (event.actor_id, event.actor_role, event.purpose) == (None, "", "")


def test_the_system_writes_its_purpose_and_not_in_the_name_of_a_person():
    with taking_role("worker"), acting_as_system("close_day"):
        record("billing.close", by=None)
        assert AuditEvent.objects.get().purpose == "close_day"
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            insert(actor_id=uuid.uuid4(), actor_role="doctor", purpose="")


@pytest.mark.parametrize(
    "column",
    [
        {"id": uuid.uuid4()},
        {"xid": "7"},
        {"epoch": 9},
        {"at": "2020-01-01T00:00Z"},
    ],
)
@pytest.mark.parametrize("login", ["web", "worker"])
def test_no_login_chooses_key_time_or_place(login, column):
    with (
        taking_role(login),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        insert(**column)


@pytest.mark.parametrize(
    "detail",
    [{"reason": "seen in the corridor"}, {"e": "ana@clinic.example"}, {"long": "x" * 65}, {"n": ["Ana Lopez"]}],
)
def test_a_detail_that_looks_like_a_value_is_refused(detail):
    with transaction.atomic(), pytest.raises(ValueError, match="ids and categories"):
        record("a.b", by=None, detail=detail)


def test_sets_are_written_in_order():
    alice = person()
    with acting_as(alice):
        record("a.b", by=alice, detail={"scopes": {"message", "billing"}, "urgent": True})
        assert AuditEvent.objects.get().detail == {"scopes": ["billing", "message"], "urgent": True}


@pytest.mark.parametrize("action", ["", "open", "Open.chart", "patients.open chart", "patients.", ".x"])
def test_an_action_is_dotted_lower_case(action):
    with transaction.atomic(), pytest.raises(ValueError, match="dotted"):
        record(action, by=None)


def test_an_outcome_is_one_of_three():
    with transaction.atomic(), pytest.raises(ValueError, match="ok, denied, failed"):
        record("a.b", by=None, outcome="maybe")


def test_bulk_verbs_write_one_event_for_each(django_assert_num_queries):
    alice, patients = person(), [uuid.uuid4() for _ in range(2_500)]
    with acting_as(alice):
        about = [
            About(patient_id=patient, target=("t.t", patient), detail={"row": n}) for n, patient in enumerate(patients)
        ]
        with django_assert_num_queries(2):
            assert record_many("patients.load", by=alice, about=about) == 2_500
        events = AuditEvent.objects.by_actor(alice.pk)
        assert events.count() == 2_500
        assert events.get(patient_id=patients[7]).detail == {"row": 7}
        assert events.get(patient_id=patients[7]).target_id == patients[7]
        assert record_many("patients.load", by=alice, about=[]) == 0


def test_who_saw_this_record_and_what_this_person_did_newest_first():
    alice, bob = person("privacy_officer"), person("privacy_officer")
    for user, action in [(alice, "a.one"), (bob, "a.two"), (alice, "a.three")]:
        with acting_as(user):
            record(action, by=user, patient_id=PATIENT)
    with acting_as(alice):
        record("a.other", by=alice, patient_id=uuid.uuid4())
        assert [event.action for event in AuditEvent.objects.about_patient(PATIENT)] == ["a.three", "a.two", "a.one"]
        assert [event.action for event in AuditEvent.objects.by_actor(alice.pk)] == ["a.other", "a.three", "a.one"]


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    """On two real connections, with nothing rolled back at the end."""

    def actions(self, user) -> set[str]:
        with acting_as(user):
            return set(AuditEvent.objects.by_actor(user.pk).values_list("action", flat=True))

    def test_a_change_vanishes_with_its_rollback_and_a_denial_stays(self):
        alice = person()
        with acting_as(alice):
            record("patients.register", by=alice)
            record_now("patients.register", by=alice, outcome="denied")
            transaction.set_rollback(True)
        with acting_as(alice):
            assert AuditEvent.objects.get().outcome == "denied"

    def test_a_read_is_recorded_from_within_a_read_only_transaction(self):
        alice = person()
        with acting_as(alice, read_only=True):
            record_now("patients.open_chart", by=alice)
        assert self.actions(alice) == {"patients.open_chart"}

    def test_the_context_does_not_outlive_the_statement(self):
        with acting_as(person()) as actor:
            record_now("a.b", by=None)
        with transaction.atomic(using="audit"):
            assert AuditEvent.objects.using("audit").filter(actor_id=actor.user_id).count() == 0

    def test_record_needs_the_transaction_of_a_change(self):
        with pytest.raises(OutsideTransaction):
            record("a.b", by=None)
        with pytest.raises(OutsideTransaction):
            record_many("a.b", by=None, about=[])

    def test_without_the_privilege_the_audit_is_unavailable(self, superuser):
        superuser.execute("REVOKE INSERT ON audit_auditevent FROM web")
        try:
            with acting_as(person()), pytest.raises(AuditUnavailable, match="open_chart"):
                record_now("patients.open_chart", by=None)
        finally:
            with taking_role("owner"):
                from healthcare.db.privileges import converge

                converge()
        with acting_as(person()) as actor:
            record_now("patients.open_chart", by=None)
        assert actor.user_id

    def test_a_connection_that_is_gone_makes_the_audit_unavailable(self, superuser):
        from django.db import connections

        record_now("a.before", by=None)
        with connections["audit"].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        superuser.execute("SELECT pg_terminate_backend(%s)", [pid])
        with pytest.raises(AuditUnavailable):
            record_now("a.during", by=None)
        connections["audit"].close()
        record_now("a.after", by=None)


def test_a_refusal_in_a_test_spoils_nothing_else(monkeypatch):
    from healthcare.audit import recording

    monkeypatch.setattr(recording, "INSERT_NOW", "SELECT 1 / 0")
    with pytest.raises(AuditUnavailable):
        record_now("a.b", by=None)
    monkeypatch.undo()
    record_now("a.b", by=None)


def insert(**columns) -> None:
    row = {
        "action": "a.b",
        "actor_id": None,
        "actor_role": "",
        "purpose": "",
        "target_type": "",
        "outcome": "ok",
        "detail": "{}",
        "request_id": "",
    } | columns
    marks = ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_auditevent ({', '.join(row)}) VALUES ({marks})", list(row.values()))


# == Several lines of one verb ==
def test_lines_of_one_verb_are_written_together_and_in_their_order():
    alice, about = person(), uuid.uuid4()
    with acting_as(alice):
        with in_one_insert(), CaptureQueriesContext(connection) as asked:
            record("a.first", by=alice, patient_id=PATIENT)
            with in_one_insert():  # of a verb that this one calls
                record("a.second", by=alice, target=("a.thing", about), detail={"count": 2})
            record("a.third", by=alice, outcome="denied")
            assert asked.captured_queries == [], "nothing yet"
        events = list(AuditEvent.objects.by_actor(alice.pk))
    assert [event.action for event in events] == ["a.third", "a.second", "a.first"]
    assert [event.outcome for event in events] == ["denied", "ok", "ok"]
    assert (events[2].patient_id, events[1].target_id, events[1].detail) == (PATIENT, about, {"count": 2})
    assert {event.actor_id for event in events} == {alice.pk}


def test_one_statement_writes_them():
    alice = person()
    with acting_as(alice), CaptureQueriesContext(connection) as asked:
        with in_one_insert():
            for number in range(3):
                record("a.line", by=alice, detail={"number": number})
        with in_one_insert():
            pass
        assert len(asked.captured_queries) == 1


def test_a_verb_that_fails_leaves_no_line_and_the_next_begins_anew():
    alice = person()
    with acting_as(alice):
        with pytest.raises(WrongActor), in_one_insert():
            assert record("a.line", by=alice) or record("a.line", by=person())
        record("a.other", by=alice)
        assert [event.action for event in AuditEvent.objects.by_actor(alice.pk)] == ["a.other"]


def test_a_line_that_cannot_be_is_refused_where_it_is_said():
    alice, bob = person(), person()
    with acting_as(alice), in_one_insert():
        with pytest.raises(WrongActor):
            record("a.line", by=bob)
        with pytest.raises(ValueError, match="detail"):
            record("a.line", by=alice, detail={"note": "free text, with words"})
