"""A patient doubts an opening; a privacy officer looks into it and answers; records may be watched closely."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from healthcare.messaging.models import Message
from patients import actions, queries
from patients.events import PrivacyCaseAnswered, PrivacyCaseOpened
from patients.models import CloseWatch, Patient, PrivacyCase
from tests.accounts.conftest import audited, colleague, sign_in
from tests.factories import (
    CareRelationshipFactory,
    CloseWatchFactory,
    PatientFactory,
    PrivacyCaseFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
OPENINGS, DOUBTS, CASES = reverse("portal:openings"), reverse("portal:doubts"), reverse("patients:privacy_cases")
DOUBT = "I have never met this doctor."


@pytest.fixture
def site() -> Any:
    return SiteFactory()


@pytest.fixture
def patient(site: Any) -> Patient:
    return PatientFactory(site=site)


@pytest.fixture
def rosa(patient: Patient) -> Any:
    return portal_user(patient, full_name="Rosa Delgado")


@pytest.fixture
def doctor(site: Any) -> Any:
    return staff("doctor", site, full_name="Dr. Maren Okafor")


@pytest.fixture
def officer(site: Any) -> Any:
    return colleague("privacy_officer", site=site, full_name="Thomas Byrne")


@pytest.fixture
def event(doctor: Any, patient: Patient) -> UUID:
    return opened(doctor, patient)


def opened(user: Any, patient: Patient) -> UUID:
    with acting_as(user):
        record("patients.open_chart", by=user, patient_id=patient.pk)
        newest = AuditEvent.objects.by_actor(user.pk).first()
        assert newest
        return newest.pk


@pytest.fixture
def case(rosa: Any, patient: Patient, event: UUID) -> PrivacyCase:
    return ask(rosa, patient, event)


def ask(user: Any, patient: Patient, event_id: UUID, doubt: str = DOUBT) -> PrivacyCase:
    with acting_as(user):
        return actions.open_privacy_case(by=user, patient=patient, event_id=event_id, doubt=doubt, now=timezone.now())


# == The verbs ==
def test_a_doubt_opens_a_case_with_a_clock_and_is_announced(case: PrivacyCase, rosa: Any, announced: Any) -> None:
    assert case.due_at - case.opened_at == timedelta(days=30)
    assert announced(PrivacyCaseOpened) == [PrivacyCaseOpened(case_id=case.pk, patient_id=case.patient_id)]
    with as_the_system():
        noted = AuditEvent.objects.get(action="patients.open_privacy_case")
    assert (noted.actor_id, noted.patient_id) == (rosa.pk, case.patient_id)


def test_the_privacy_officers_get_a_letter_without_a_word_of_it(case: PrivacyCase, officer: Any) -> None:
    with as_the_system():
        actions.tell_of_privacy_case(by=None, case_id=case.pk)
        actions.tell_of_privacy_case(by=None, case_id=case.pk)
        actions.tell_of_privacy_case(by=None, case_id=uuid7())
        letter = Message.objects.get(template="patients/privacy_case")
    assert letter.address == officer.email
    assert DOUBT not in letter.parameters


def test_one_event_is_asked_about_once_and_only_ones_own_list(
    case: PrivacyCase, rosa: Any, patient: Patient, event: UUID, doctor: Any
) -> None:
    with pytest.raises(actions.AlreadyDone):
        ask(rosa, patient, event)
    with pytest.raises(actions.NotAccepted):
        ask(rosa, patient, uuid7())
    with pytest.raises(actions.NotAccepted):
        ask(rosa, patient, opened(doctor, PatientFactory(site=patient.site)))
    with pytest.raises(actions.NotAccepted):
        ask(rosa, patient, opened(doctor, patient), doubt="what?")
    with pytest.raises(NotAllowed):
        ask(doctor, patient, event)


def test_an_officer_takes_it_and_answers_once(case: PrivacyCase, officer: Any, announced: Any) -> None:
    now = timezone.now()
    with acting_as(officer):
        actions.take_privacy_case(by=officer, case=case, now=now)
        actions.answer_privacy_case(by=officer, case=case, verdict="in_order", answer="She read your X-ray.", now=now)
        with pytest.raises(actions.AlreadyDone):
            actions.answer_privacy_case(by=officer, case=case, verdict="unclear", answer="Something else.", now=now)
        with pytest.raises(actions.AlreadyDone):
            actions.take_privacy_case(by=officer, case=case, now=now)
        kept = PrivacyCase.objects.get()
    assert (kept.owner, kept.answered_by, kept.verdict) == (officer, officer, "in_order")
    assert announced(PrivacyCaseAnswered) == [PrivacyCaseAnswered(case_id=case.pk, patient_id=case.patient_id)]


@pytest.mark.parametrize(
    ("verdict", "answer"), [("", "Long enough an answer"), ("fine", "Long enough"), ("unclear", "no")]
)
def test_no_answer_without_words(case: PrivacyCase, officer: Any, verdict: str, answer: str) -> None:
    with acting_as(officer), pytest.raises(actions.NotAccepted):
        actions.answer_privacy_case(by=officer, case=case, verdict=verdict, answer=answer, now=timezone.now())


def test_delivered_twice_the_patient_gets_one_letter_about_the_answer(case: PrivacyCase, rosa: Any) -> None:
    from alerts.subscribers import tell_of_privacy_answer

    with as_the_system():
        for _again in range(2):
            tell_of_privacy_answer(PrivacyCaseAnswered(case_id=case.pk, patient_id=case.patient_id))
        letter = Message.objects.get(template="alerts/privacy_answer")
    assert letter.address == rosa.email


def test_delivered_twice_the_officers_get_one_letter(case: PrivacyCase, officer: Any) -> None:
    from patients.subscribers import tell_of_privacy_case

    with as_the_system():
        for _again in range(2):
            tell_of_privacy_case(PrivacyCaseOpened(case_id=case.pk, patient_id=case.patient_id))
        assert Message.objects.filter(template="patients/privacy_case").count() == 1


# == Who sees a case, by both walls ==
def test_a_case_is_seen_by_whoever_asked_and_by_privacy_officers(
    case: PrivacyCase, rosa: Any, officer: Any, doctor: Any, site: Any, patient: Patient
) -> None:
    proxy = CareRelationshipFactory(patient=patient, kind="proxy", role="patient", scopes=["identity"]).user
    others = [doctor, proxy.in_role("patient"), portal_user(PatientFactory(site=site)), staff("administrator", site)]
    for user, sees in [(rosa, True), (officer.in_role("privacy_officer"), True), *((other, False) for other in others)]:
        with acting_as(user):
            assert PrivacyCase.objects.exists() is sees, "the second wall"
            assert PrivacyCase.objects.visible_to(user).exists() is sees, "the first"


def test_nobody_asks_in_anothers_name_nor_answers_their_own(rosa: Any, patient: Patient, doctor: Any) -> None:
    answered = {"verdict": "in_order", "answer": "Fine", "answered_at": timezone.now(), "answered_by": rosa}
    for user, fields in (
        (doctor, {"opened_by": doctor}),
        (rosa, {"opened_by": doctor}),
        (rosa, {"opened_by": rosa, **answered}),
        (rosa, {"opened_by": rosa, "patient": PatientFactory(site=patient.site)}),
    ):
        row = PrivacyCaseFactory.build(**{"patient": patient, **fields})
        with acting_as(user), pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)


def test_other_roles_do_none_of_it(case: PrivacyCase, doctor: Any) -> None:
    now = timezone.now()
    watch = CloseWatchFactory()
    for refused in (
        lambda: actions.take_privacy_case(by=doctor, case=case, now=now),
        lambda: actions.answer_privacy_case(by=doctor, case=case, verdict="in_order", answer="x" * 20, now=now),
        lambda: actions.watch_closely(by=doctor, number="004-81-7726", reason="x"),
        lambda: actions.end_close_watch(by=doctor, watch=watch, now=now),
        lambda: actions.list_privacy_cases(by=doctor),
    ):
        with acting_as(doctor), pytest.raises(NotAllowed):
            refused()


# == The portal ==
def test_each_line_of_others_can_be_doubted_and_the_answer_is_read_there(
    patient: Patient, rosa: Any, event: UUID, officer: Any
) -> None:
    client = sign_in(rosa, role="patient")
    assert "You have not asked" in client.get(DOUBTS).content.decode()
    assert reverse("portal:doubt", args=[event]) in client.get(OPENINGS).content.decode()
    page = reverse("portal:doubt", args=[event])
    assert "Dr. Maren Okafor" in client.get(page).content.decode()
    answer = client.post(page, {"doubt": DOUBT})
    assert answer["Location"] == DOUBTS
    assert DOUBT in client.get(DOUBTS).content.decode()
    assert client.post(page, {"doubt": DOUBT})["Location"] == DOUBTS
    with as_the_system():
        case = PrivacyCase.objects.get()
    with acting_as(officer.in_role("privacy_officer")):
        actions.answer_privacy_case(
            by=officer, case=case, verdict="not_in_order", answer="You were right.", now=timezone.now()
        )
    body = client.get(DOUBTS).content.decode()
    assert "It was not in order" in body
    assert "You were right." in body


def test_too_short_a_doubt_is_said_and_kept(rosa: Any, event: UUID) -> None:
    client = sign_in(rosa, role="patient")
    answer = client.post(reverse("portal:doubt", args=[event]), {"doubt": "odd"})
    assert answer.status_code == 422
    assert "Say in a sentence" in answer.content.decode()
    assert "odd</textarea>" in answer.content.decode()
    assert client.post(reverse("portal:doubt", args=[event]), {}).status_code == 422


def test_what_is_not_in_ones_list_is_not_there(rosa: Any, site: Any, doctor: Any, patient: Patient) -> None:
    client = sign_in(rosa, role="patient")
    foreign = opened(doctor, PatientFactory(site=site))
    for event_id in (foreign, uuid7(), opened(rosa, patient)):
        assert client.get(reverse("portal:doubt", args=[event_id])).status_code == 404


def test_emergency_access_is_marked_in_the_list(rosa: Any, patient: Patient, doctor: Any) -> None:
    CareRelationshipFactory(patient=patient, kind="care_team", role="doctor", user=doctor)
    CareRelationshipFactory(patient=patient, kind="break_glass", role="doctor", user=doctor, reason="x" * 20)
    opened(doctor, patient)
    body = sign_in(rosa, role="patient").get(OPENINGS).content.decode()
    assert "Emergency access" in body
    with acting_as(rosa):
        assert [line.emergency for line in queries.openings_of(patient, besides=rosa)] == [True]


# == The officer's pages ==
def test_the_list_and_the_case_name_the_record_by_its_number(case: PrivacyCase, patient: Patient, officer: Any) -> None:
    client = sign_in(officer)
    body = client.get(CASES).content.decode()
    assert patient.mrn in body
    assert patient.family_name not in body
    assert "Not taken yet" in body
    body = client.get(reverse("patients:privacy_case", args=[case.pk])).content.decode()
    assert DOUBT in body
    assert "Dr. Maren Okafor" in body
    assert audited("patients.list_privacy_cases", actor_id=officer.pk)


def test_the_officer_takes_and_answers_on_the_page(case: PrivacyCase, officer: Any) -> None:
    client = sign_in(officer)
    page, take = reverse("patients:privacy_case", args=[case.pk]), reverse("patients:take_case", args=[case.pk])
    assert client.post(take)["Location"] == page
    assert "Thomas Byrne" in client.get(page).content.decode()
    refused = client.post(page, {"verdict": "in_order", "answer": "short"})
    assert refused.status_code == 422
    assert "Answer in a sentence" in refused.content.decode()
    assert client.post(page, {"verdict": "in_order", "answer": "She read your X-ray."})["Location"] == CASES
    assert "She read your X-ray." in client.get(page).content.decode()
    assert "Thomas Byrne" in client.get(CASES, {"show": "answered"}).content.decode()
    for again in (page, take):
        answer = client.post(again, {"verdict": "in_order", "answer": "Once more, the same."})
        assert "answered meanwhile" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("name", ["privacy_cases", "watched", "breach_scope"])
def test_other_roles_get_no_such_page(name: str) -> None:
    assert sign_in(colleague("doctor")).get(reverse(f"patients:{name}")).status_code == 403


# == Watched closely ==
def test_a_record_is_watched_by_its_number_until_it_is_ended(patient: Patient, officer: Any) -> None:
    client, page = sign_in(officer), reverse("patients:watched")
    assert client.post(page, {"number": patient.mrn.replace("-", ""), "reason": "In the papers"})["Location"] == page
    body = client.get(page).content.decode()
    assert patient.mrn in body
    assert "In the papers" in body
    again = client.post(page, {"number": patient.mrn, "reason": "In the papers"})
    assert "watched already" in again.content.decode()
    with as_the_system():
        watch = CloseWatch.objects.get()
    for said in ("not watched any more", "ended meanwhile"):
        answer = client.post(reverse("patients:end_watch", args=[watch.pk]))
        assert said in client.get(answer["Location"]).content.decode()
    for action in ("patients.watch_closely", "patients.end_close_watch"):
        assert audited(action, patient_id=patient.pk)


@pytest.mark.parametrize(
    ("number", "said"), [("004-81-7727", "no record number"), ("", "required"), ("000-00-0000", "No patient")]
)
def test_an_odd_number_is_said_and_kept(officer: Any, number: str, said: str) -> None:
    answer = sign_in(officer).post(reverse("patients:watched"), {"number": number, "reason": "In the papers"})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_watch_says_why(patient: Patient, officer: Any) -> None:
    with acting_as(officer.in_role("privacy_officer")), pytest.raises(actions.NotAccepted):
        actions.watch_closely(by=officer, number=patient.mrn, reason="  ")


def test_nobody_else_learns_who_is_watched_nor_any_number(patient: Patient, doctor: Any, rosa: Any, site: Any) -> None:
    CloseWatchFactory(patient=patient)
    for user in (doctor, rosa, staff("administrator", site)):
        with acting_as(user):
            assert not CloseWatch.objects.exists()
            assert not CloseWatch.objects.visible_to(user).exists()
            assert queries.numbers_of([patient.pk]) == {}
            assert queries.patients_of_numbers([patient.mrn]) == {}


def test_numbers_are_given_in_portions(officer: Any) -> None:
    with acting_as(officer.in_role("privacy_officer")):
        assert queries.numbers_of([uuid7() for _ in range(20_001)]) == {}
        with pytest.raises(DatabaseError), transaction.atomic():
            queries.patients_of_numbers(["x"] * 101)
