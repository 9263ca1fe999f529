"""The verbs `review_emergency`, `list_emergencies` and `tell_of_emergency`: what follows when the glass was broken."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.accounts.access import NotAllowed, passes
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from patients.access import can_review, check_can_open_chart
from patients.actions.emergency import (
    AlreadyReviewed,
    list_emergencies,
    review_emergency,
    show_emergency,
    tell_of_emergency,
)
from patients.events import EmergencyReviewed, GlassBroken
from patients.models import EmergencyAccess
from patients.queries.emergencies import review_counts, reviewers, subjects_of
from patients.subscribers import tell_of_emergency as told
from tests.factories import PatientFactory, portal_user, staff
from tests.patients.emergencies import broken
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
Verdict = EmergencyAccess.Verdict
DAY = timedelta(days=1)
NOTE = "Asked her and the ward: it was so."


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def officer():
    return staff("privacy_officer", full_name="Thomas Byrne")


@pytest.fixture
def doctor():
    return staff("doctor", full_name="Aaron Feld")


@pytest.fixture
def emergency(doctor):
    return broken(doctor, PatientFactory(family_name="Delgado", given_name="Rosa").pk)


def review(by, emergency, verdict=Verdict.JUSTIFIED, note=NOTE) -> None:
    with acting_as(by):
        review_emergency(by=by, emergency=emergency, verdict=verdict, note=note, now=now())


def kept(emergency) -> EmergencyAccess:
    with as_the_system():
        return EmergencyAccess.objects.get(pk=emergency.pk)


# == The review ==
def test_the_officer_says_whether_it_was_justified_and_why(officer, emergency, announced) -> None:
    review(officer, emergency)
    found = kept(emergency)
    assert (found.verdict, found.note, found.reviewed_by) == ("justified", NOTE, officer)
    assert announced(EmergencyReviewed) == [EmergencyReviewed(emergency.patient_id, emergency.pk, "justified")]
    with acting_as(officer):
        event = AuditEvent.objects.get(action="patients.review_emergency")
        assert event.detail == {"verdict": "justified", "user": str(emergency.user_id)}
        assert event.patient_id == emergency.patient_id
        assert list_emergencies(by=officer, now=now()).lines == []


def test_what_was_found_unjustified_is_over_at_once(officer, doctor, emergency) -> None:
    with acting_as(doctor):
        assert passes(check_can_open_chart, doctor, emergency.patient_id)
    review(officer, emergency, Verdict.NOT_JUSTIFIED)
    with acting_as(doctor):
        assert not passes(check_can_open_chart, doctor, emergency.patient_id)
    assert kept(emergency).ended_at is not None


def test_what_was_found_justified_goes_on(officer, doctor, emergency) -> None:
    review(officer, emergency)
    with acting_as(doctor):
        assert passes(check_can_open_chart, doctor, emergency.patient_id)


def test_a_follow_up_stays_in_the_queue_and_takes_another_verdict(officer, emergency) -> None:
    review(officer, emergency, Verdict.FOLLOW_UP, "Talk to her on Monday")
    with acting_as(officer):
        assert [line.emergency for line in list_emergencies(by=officer, now=now()).lines] == [emergency]
    review(officer, emergency, Verdict.NOT_JUSTIFIED, "Talked to her")
    assert kept(emergency).note == "Talk to her on Monday\nTalked to her"


def test_of_two_reviewers_one_is_first(officer, emergency) -> None:
    review(officer, emergency)
    with pytest.raises(AlreadyReviewed, match="Somebody else has reviewed this already"):
        review(staff("privacy_officer"), emergency, Verdict.NOT_JUSTIFIED)
    assert kept(emergency).verdict == "justified"


def test_a_verdict_says_why(officer, emergency) -> None:
    with pytest.raises(ValueError, match="says why"):
        review(officer, emergency, note="  ")


@pytest.mark.parametrize("role", ["doctor", "nurse", "administrator", "front_desk"])
def test_nobody_else_reviews(emergency, role) -> None:
    other = staff(role)
    for verb in (
        lambda: review(other, emergency),
        lambda: list_emergencies(by=other, now=now()),
        lambda: show_emergency(by=other, emergency=emergency, now=now()),
    ):
        with pytest.raises(NotAllowed):
            verb()


def test_nobody_reviews_their_own_in_another_role_either(doctor, emergency) -> None:
    both = doctor.in_role("privacy_officer")
    with pytest.raises(NotAllowed, match="Somebody else has to review it"):
        review(both, emergency)
    assert not can_review(both, emergency)
    change = "UPDATE patients_emergencyaccess SET verdict = 'justified', note = 'x', reviewed_at = now(), "
    change += "reviewed_by_id = %s"
    with acting_as(both), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change, [both.pk])
    doctor.in_role("doctor")
    with acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change, [doctor.pk])


# == The queue ==
def test_the_queue_names_the_patient_and_says_what_is_late(officer, emergency, settings) -> None:
    with acting_as(officer):
        page = list_emergencies(by=officer, now=now())
        line = page.lines[0]
        assert (line.subject.name, line.late, line.runs) == ("Delgado, Rosa", False, True)
        assert line.due_at == emergency.opened_at + 3 * DAY
        later = list_emergencies(by=officer, now=now() + 3 * DAY).lines[0]
        assert (later.late, later.runs) == (True, False)
        assert vars(review_counts(officer, now())) == {"waiting": 1, "late": 0}
        assert vars(review_counts(officer, now() + 3 * DAY)) == {"waiting": 1, "late": 1}
        settings.EMERGENCY_REVIEWED_WITHIN = timedelta(hours=1)
        assert list_emergencies(by=officer, now=now() + timedelta(hours=2)).lines[0].late


def test_reading_the_queue_is_audited_before_it_is_shown(officer, emergency, audited) -> None:
    with acting_as(officer):
        list_emergencies(by=officer, now=now())
        show_emergency(by=officer, emergency=emergency, now=now())
    assert audited(officer) == [("patients.list_emergencies", "ok"), ("patients.show_emergency", "ok")]


def test_what_was_done_meanwhile_stands_beside_the_verdict(officer, doctor, emergency) -> None:
    with acting_as(doctor):
        patient = check_can_open_chart(doctor, emergency.patient_id)
        for _time in range(2):
            record("patients.open_chart", by=doctor, patient_id=patient.pk)
    with acting_as(officer):
        page = show_emergency(by=officer, emergency=emergency, now=now())
    assert ("Opened the record", 2) in page.deeds
    assert ("Opened the record in an emergency", 1) in page.deeds
    assert page.may_review
    assert page.line.subject.mrn == patient.mrn


def test_habits_count_by_person_and_role(officer, doctor) -> None:
    first, second = broken(doctor, PatientFactory().pk), broken(doctor, PatientFactory().pk)
    nurse = staff("nurse", full_name="Priya Raman")
    broken(nurse, PatientFactory().pk)
    review(officer, first, Verdict.NOT_JUSTIFIED)
    review(officer, second)
    with acting_as(officer):
        habits = list_emergencies(by=officer, now=now()).habits
        assert list_emergencies(by=officer, now=now() + 91 * DAY).habits == []
    told_of = [(habit.who, str(habit.role_name), habit.times, habit.patients) for habit in habits]
    assert told_of == [("Aaron Feld", "Doctor", 2, 2), ("Priya Raman", "Nurse", 1, 1)]
    assert [(habit.unjustified, habit.waiting) for habit in habits] == [(1, 0), (0, 1)]


# == Who sees the row ==
def test_the_officer_sees_all_and_others_their_own(officer, doctor, emergency) -> None:
    patient = portal_user(PatientFactory())
    for user, seen in ((officer, 1), (doctor, 1), (staff("doctor"), 0), (staff("administrator"), 0), (patient, 0)):
        with acting_as(user), connection.cursor() as cursor:
            assert EmergencyAccess.objects.visible_to(user).count() == seen
            cursor.execute("SELECT count(*) FROM patients_emergencyaccess")
            assert cursor.fetchone()[0] == seen, "the two walls agree"
    officer.is_active = False
    with acting_as(officer):
        assert not EmergencyAccess.objects.visible_to(officer).exists()


def test_names_come_for_reviews_alone_and_to_the_officer_alone(officer, doctor, emergency) -> None:
    bystander = PatientFactory()
    asked = [emergency.patient_id, bystander.pk, None]
    with acting_as(officer):
        assert set(subjects_of(asked)) == {emergency.patient_id}
        assert subjects_of([bystander.pk] * 3) == {}
    for other in (doctor, staff("administrator")):
        with acting_as(other):
            assert subjects_of(asked) == {}


# == The notice ==
def test_the_privacy_officers_are_told_by_an_urgent_letter_without_a_patient_twice_is_once(
    officer, doctor, emergency
) -> None:
    second = staff("privacy_officer")
    letters = deliver_twice(
        told,
        GlassBroken(emergency.patient_id, emergency.pk),
        lambda: list(Message.objects.filter(template="patients/emergency_opened").order_by("id")),
    )
    assert {letter.address for letter in letters} == {officer.email, second.email}
    assert all(letter.queue == "urgent" for letter in letters)
    assert all("Delgado" not in (letter.parameters or "") for letter in letters)


def test_without_a_privacy_officer_the_administrators_are_told_and_never_who_it_was(doctor, emergency) -> None:
    administrator = staff("administrator")
    with as_the_system():
        assert reviewers(besides=doctor.pk) == [administrator]
        assert reviewers(besides=administrator.pk) == []
        assert tell_of_emergency(by=None, emergency_id=emergency.pk) == 1
        assert tell_of_emergency(by=None, emergency_id=emergency.patient_id) == 0, "no such row: nobody is told"
