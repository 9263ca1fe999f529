"""What a patient agrees to: given, refused, taken back, run out; and from the next statement on it counts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.permissions import Sensitivity
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import actions, queries
from patients.access import NotInScope, can_consent
from patients.models import Consent, Patient
from patients.texts import current_text
from tests.factories import (
    CareRelationshipFactory,
    ConsentFactory,
    EntryFactory,
    PatientFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
Purpose, Decision, Method = Consent.Purpose, Consent.Decision, Consent.Method
HOUR = timedelta(hours=1)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(family_name="Delgado")


@pytest.fixture
def desk(rosa):
    return staff("front_desk", rosa.site)


def now() -> datetime:
    return datetime.now(UTC)


def answer(by, patient, purpose=Purpose.TREATMENT, decision=Decision.PERMIT, **said) -> Consent:
    common = {
        "shown": current_text(purpose.value).digest,
        "method": Method.PORTAL if by.acting_role == "patient" else Method.PAPER,
        "now": now(),
    } | said
    with acting_as(by):
        return actions.give_consent(by=by, patient=patient, purpose=purpose, decision=decision, **common)


def take_back(by, patient, purpose=Purpose.TREATMENT, at=None) -> int:
    with acting_as(by):
        return actions.withdraw_consent(by=by, patient=patient, purpose=purpose, now=at or now())


def state(by, patient, purpose=Purpose.TREATMENT) -> str:
    with acting_as(by):
        line = queries.consent_line(by, patient, purpose.value, now())
    assert line is not None
    return line.state


def audits(patient) -> list[tuple[str, dict]]:
    with taking_role("owner"):
        found = AuditEvent.objects.filter(patient_id=patient.pk, action__endswith="_consent").order_by("id")
        return list(found.values_list("action", "detail"))


# == Give and refuse ==
def test_the_patient_agrees_in_the_portal_to_the_words_of_today(rosa) -> None:
    given = answer(portal_user(rosa), rosa)
    text = current_text("treatment")
    assert (given.text_version, given.text_hash, given.method) == (text.version, text.digest, "portal")
    assert given.validity.upper is None
    assert audits(rosa) == [
        (
            "patients.give_consent",
            {"purpose": "treatment", "decision": "permit", "version": text.version, "method": "portal"},
        )
    ]


def test_the_front_desk_keeps_what_the_patient_says_there(rosa, desk) -> None:
    given = answer(desk, rosa, method=Method.IN_PERSON, until=now() + HOUR)
    assert (given.recorded_by, given.method) == (desk, "in_person")
    assert state(desk, rosa) == queries.consents.YES


@pytest.mark.parametrize(("purpose", "days"), [(Purpose.RESEARCH, 5 * 365), (Purpose.SUBSTANCE_USE, 365)])
def test_a_yes_ends_when_its_text_says_so_or_earlier(rosa, desk, purpose, days) -> None:
    at = now()
    assert answer(desk, rosa, purpose, now=at).validity.upper == at + timedelta(days=days)
    assert answer(desk, rosa, purpose, now=at, until=at + HOUR).validity.upper == at + HOUR
    assert answer(desk, rosa, purpose, now=at, until=at + timedelta(days=9999)).validity.upper == at + timedelta(
        days=days
    )
    assert answer(desk, rosa, purpose, Decision.DENY, now=at, until=at + HOUR).validity.upper is None


def test_a_later_answer_replaces_the_one_before(rosa, desk) -> None:
    first = answer(desk, rosa)
    second = answer(portal_user(rosa), rosa, decision=Decision.DENY)
    assert state(desk, rosa) == queries.consents.NO
    with as_the_system():
        kept = Consent.objects.get(pk=first.pk)
    assert kept.withdrawn_by_id == second.recorded_by_id
    assert kept.validity.upper == second.given_at


REFUSED = {
    "words that changed": ({"shown": "0" * 64}, "changed meanwhile"),
    "an end that has come": ({"until": datetime(2026, 1, 1, tzinfo=UTC)}, "has come"),
    "the portal by somebody else": ({"method": Method.PORTAL}, "how the patient told"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_is_refused_and_nothing_is_kept(rosa, desk, case) -> None:
    said, why = REFUSED[case]
    answer(desk, rosa)
    with pytest.raises(actions.NotGiven, match=why):
        answer(desk, rosa, **said)
    assert state(desk, rosa) == queries.consents.YES


@pytest.mark.parametrize("method", [Method.IN_PERSON, Method.PHONE])
def test_substance_use_wants_a_yes_in_writing_and_no_writing_for_a_no(rosa, desk, method) -> None:
    with pytest.raises(actions.NotGiven, match="in writing"):
        answer(desk, rosa, Purpose.SUBSTANCE_USE, method=method)
    answer(desk, rosa, Purpose.SUBSTANCE_USE, Decision.DENY, method=method)
    assert answer(portal_user(rosa), rosa, Purpose.SUBSTANCE_USE).method == "portal"


# == Who ==
def test_nobody_agrees_for_somebody_else(rosa, desk) -> None:
    mother = CareRelationshipFactory(patient=rosa, kind="proxy", role="patient").user.in_role("patient")
    other = portal_user(PatientFactory())
    for user in (mother, other):
        with pytest.raises(NotAllowed, match="Only the patient"):
            answer(user, rosa)
        with acting_as(user):
            assert not can_consent(user, rosa)
    with pytest.raises(NotInScope):
        answer(staff("front_desk"), rosa)
    with pytest.raises(NotAllowed):
        answer(staff("billing", rosa.site), rosa)
    with acting_as(desk):
        assert can_consent(desk, rosa)


# == Take back ==
def test_taking_back_is_as_easy_and_counts_as_no(rosa, desk) -> None:
    patient = portal_user(rosa)
    answer(desk, rosa)
    assert take_back(patient, rosa) == 1
    assert state(desk, rosa) == queries.consents.WITHDRAWN
    assert take_back(patient, rosa) == 0
    assert [action for action, _detail in audits(rosa)] == ["patients.give_consent", "patients.withdraw_consent"]
    assert answer(patient, rosa).withdrawn_at is None
    assert state(desk, rosa) == queries.consents.YES


def test_a_yes_that_ran_out_or_begins_later_is_cut_as_it_is(rosa, desk) -> None:
    at = now()
    over = ConsentFactory(patient=rosa, purpose="research", validity=TimestamptzRange(at - 2 * HOUR, at - HOUR))
    later = ConsentFactory(patient=rosa, purpose="treatment", validity=TimestamptzRange(at + HOUR, None))
    assert state(desk, rosa, Purpose.RESEARCH) == state(desk, rosa) == queries.consents.OVER
    assert take_back(desk, rosa, Purpose.RESEARCH) == take_back(desk, rosa) == 1
    with as_the_system():
        assert Consent.objects.get(pk=over.pk).validity.upper == at - HOUR
        assert Consent.objects.get(pk=later.pk).validity.isempty


# == It counts ==
def sees(user, entry) -> bool:
    with acting_as(user):
        first = type(entry).objects.visible_to(user).filter(pk=entry.pk).exists()
        second = type(entry).objects.filter(pk=entry.pk).exists()
    assert first == second
    return first


def test_substance_use_opens_with_a_yes_and_closes_in_the_next_statement(rosa, desk) -> None:
    entry = EntryFactory(patient=rosa, sensitivity="substance_use")
    labels = [Sensitivity.SUBSTANCE_USE.value]
    doctor = CareRelationshipFactory(patient=rosa, labels=labels).user.in_role("doctor")
    assert not sees(doctor, entry), "Nobody has asked, and absent means no."
    answer(desk, rosa, Purpose.SUBSTANCE_USE)
    assert sees(doctor, entry)
    take_back(desk, rosa, Purpose.SUBSTANCE_USE)
    assert not sees(doctor, entry)
    answer(desk, rosa, Purpose.SUBSTANCE_USE, Decision.DENY)
    assert not sees(doctor, entry)
    assert sees(portal_user(rosa), entry), "One's own record is one's own."


def test_substance_use_closes_when_the_yes_runs_out(rosa) -> None:
    entry = EntryFactory(patient=rosa, sensitivity="substance_use")
    doctor = CareRelationshipFactory(patient=rosa, labels=["substance_use"]).user.in_role("doctor")
    at = now()
    ConsentFactory(patient=rosa, purpose="substance_use", validity=TimestamptzRange(at - 2 * HOUR, at - HOUR))
    assert not sees(doctor, entry)


def test_a_share_rests_on_the_yes_to_sharing(rosa, desk) -> None:
    doctor = staff("doctor", rosa.site)
    colleague = staff("doctor")
    share = {
        "patient": rosa,
        "user": colleague,
        "role": "doctor",
        "scopes": ["identity", "clinical"],
        "kind": "share",
        "granted_by": doctor,
    }
    CareRelationshipFactory(**share)
    entry = EntryFactory(patient=rosa)
    assert sees(colleague, entry), "The factory has the patient agree."
    take_back(desk, rosa)
    assert not sees(colleague, entry)
    answer(desk, rosa)
    assert sees(colleague, entry)
    answer(desk, rosa, decision=Decision.DENY)
    assert not sees(colleague, entry)


# == Walls ==
def test_one_answer_a_purpose_stands_at_a_time_whatever_writes(rosa) -> None:
    ConsentFactory(patient=rosa, decision="permit")
    with pytest.raises(DatabaseError):
        ConsentFactory(patient=rosa, decision="deny")


def test_nobody_writes_a_consent_in_anothers_name_or_makes_it_longer(rosa, desk) -> None:
    given = answer(desk, rosa, until=now() + HOUR)
    statements = [
        ("UPDATE patients_consent SET validity = tstzrange(lower(validity), NULL) WHERE id = %s", [given.pk]),
        ("UPDATE patients_consent SET decision = 'deny' WHERE id = %s", [given.pk]),
        ("UPDATE patients_consent SET withdrawn_at = now(), withdrawn_by_id = %s", [UserFactory().pk]),
        ("DELETE FROM patients_consent", []),
    ]
    for statement, values in statements:
        with pytest.raises(DatabaseError), acting_as(desk), connection.cursor() as cursor:
            cursor.execute(statement, values)
    with pytest.raises(DatabaseError), acting_as(desk):
        Consent(
            patient=rosa,
            purpose="research",
            decision="permit",
            text_version="x",
            text_hash="0" * 64,
            method="paper",
            given_at=now(),
            recorded_by=UserFactory(),
            validity=TimestamptzRange(now(), None),
        ).save(force_insert=True)


# == What pages show ==
def test_every_purpose_is_told_asked_or_not_with_what_was_said_before(rosa, desk) -> None:
    answer(desk, rosa, decision=Decision.DENY)
    answer(desk, rosa)
    with acting_as(desk):
        lines = {line.purpose: line for line in queries.consents_of(desk, rosa, now())}
    assert lines.keys() == set(Purpose.values)
    assert lines["research"].state == queries.consents.NEVER
    assert lines["research"].until is None
    assert not lines["research"].has_new_words
    line = lines["treatment"]
    assert line.counts
    assert not line.has_new_words
    assert line.agreed == line.text
    assert [row.decision for row in line.history] == ["deny"]


def test_words_that_changed_since_are_said_to_be_new(rosa, desk) -> None:
    ConsentFactory(patient=rosa, text_hash="0" * 64)
    with acting_as(desk):
        line = queries.consent_line(desk, rosa, "treatment", now())
        assert queries.consent_line(desk, rosa, "marketing", now()) is None
    assert line is not None
    assert line.has_new_words
    assert line.agreed is None
