"""Why somebody can or cannot open a chart: rule by rule, and never otherwise than both walls."""

import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed, passes
from healthcare.accounts.roles import ROLES
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope, check_can_open_chart
from patients.actions.explaining import explain_access, explain_to_oneself
from patients.queries.explaining import Explanation, facts_of
from patients.queries.finding import TooManySearches
from tests.factories import (
    ALWAYS,
    LONG_AGO,
    CareRelationshipFactory,
    ConsentFactory,
    CoverFactory,
    MembershipFactory,
    PatientFactory,
    RestrictionFactory,
    RoleEditFactory,
    SiteFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.patients.emergencies import broken
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def officer():
    return staff("privacy_officer")


@pytest.fixture
def explained(officer):
    def ask(user, patient, role="doctor", by=None) -> Explanation:
        asker = by or officer
        with acting_as(asker):
            asked = str(getattr(patient, "pk", patient))
            return explain_access(by=asker, user=user, asked=asked, role=role, now=now())[0]

    return ask


def broken_rules(explanation: Explanation) -> list[str]:
    return [rule.name for rule in explanation.rules if rule.holds is False]


def said(explanation: Explanation) -> str:
    return "\n".join(f"{rule.name}: {rule.found} {rule.change}" for rule in explanation.rules)


# == Each rule by itself ==
def test_a_colleague_of_the_site_can_and_it_says_what(explained) -> None:
    patient = PatientFactory()
    found = explained(staff("nurse", patient.site), patient, "nurse")
    assert found.can_open
    assert broken_rules(found) == []
    assert f"Site team: they work at {patient.site.name}" in said(found)
    assert set(found.opened) == {"identity", "schedule", "clinical", "medication", "message"}
    assert set(found.closed) == {"billing", "mental_health", "substance_use", "reproductive", "adolescent"}


def test_a_stranger_learns_where_they_would_have_to_work(explained) -> None:
    patient = PatientFactory()
    found = explained(staff("doctor"), patient)
    assert broken_rules(found) == ["Something opens this chart to them"]
    assert f"they work at {patient.site.name}" in said(found)


def test_a_closed_account_a_role_that_ended_and_one_that_begins(explained) -> None:
    patient = PatientFactory()
    gone = staff("doctor", patient.site)
    with as_the_system():
        gone.is_active, gone.deactivated_at = False, now()
        gone.save()
    assert broken_rules(explained(gone, patient)) == ["The account is open"]
    for validity, words in (
        (TimestamptzRange(LONG_AGO, now() - DAY), "It ended on"),
        (TimestamptzRange(now() + DAY, None), "It begins on"),
    ):
        user = MembershipFactory(user=UserFactory(), site=patient.site, validity=validity).user
        found = explained(user, patient)
        assert "They hold the role now" in broken_rules(found)
        assert f"{patient.site.name}: {words}" in said(found)
    assert "They never held it." in said(explained(UserFactory(), patient))


def test_a_role_that_opens_no_chart_and_one_it_was_taken_from(explained) -> None:
    patient = PatientFactory()
    assert "It never does." in said(explained(staff("researcher", patient.site), patient, "researcher"))
    RoleEditFactory(role="doctor", permission="patients.open_chart", held=False)
    found = explained(staff("doctor", patient.site), patient)
    assert broken_rules(found) == ["The role opens charts"]
    assert "An administrator has taken that from it." in said(found)


def test_nobody_s_id(explained) -> None:
    found = explained(staff("doctor"), uuid.uuid4())
    assert "There is such a patient" in broken_rules(found)
    assert (found.patient_id, found.mrn, found.name) == (None, "", "")


def test_one_s_own_chart(explained) -> None:
    patient = PatientFactory()
    doctor = portal_user(patient)
    MembershipFactory(user=doctor, site=patient.site, role="doctor")
    found = explained(doctor, patient)
    assert broken_rules(found) == ["It is not their own chart, in a role of the staff"]
    assert explained(doctor, patient, "patient").can_open


def test_shut_out_by_the_patient(explained) -> None:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site)
    RestrictionFactory(patient=patient, user=doctor)
    found = explained(doctor, patient)
    assert broken_rules(found) == ["The patient has not shut them out"]
    assert "The patient lifts it; an emergency does not." in said(found)


def test_a_relationship_its_end_and_one_to_come(explained) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    CareRelationshipFactory(patient=patient, user=doctor, validity=TimestamptzRange(LONG_AGO, now() - DAY))
    CareRelationshipFactory(
        patient=patient, user=doctor, kind="appointment", validity=TimestamptzRange(now() + DAY, now() + 2 * DAY)
    )
    found = explained(doctor, patient)
    assert not found.can_open
    assert "Care team: It ended on" in said(found)
    assert "Appointment: It begins on" in said(found)
    CareRelationshipFactory(patient=patient, user=doctor, validity=ALWAYS, scopes=["identity"])
    found = explained(doctor, patient)
    assert found.opened == ["identity"]
    assert "It runs without an end. In the role: Doctor." in said(found)


def test_a_share_rests_on_consent(explained) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    CareRelationshipFactory(patient=patient, user=doctor, kind="share")
    assert explained(doctor, patient).can_open
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_consent SET validity = tstzrange(lower(validity), now()), withdrawn_at = now(),"
            " withdrawn_by_id = recorded_by_id"
        )
    found = explained(doctor, patient)
    assert not found.can_open
    assert "what the patient agreed to does not cover it now" in said(found)


def test_somebody_who_stands_in(explained) -> None:
    patient, away = PatientFactory(), staff("doctor", full_name="Maren Okafor")
    cover = staff("doctor")
    CareRelationshipFactory(patient=patient, user=away)
    CoverFactory(absent=away, cover=cover)
    found = explained(cover, patient)
    assert found.can_open
    assert "Care team, standing in for Maren Okafor" in said(found)


def test_an_emergency(explained) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    broken(doctor, patient.pk)
    found = explained(doctor, patient)
    assert found.can_open
    assert "Emergency access" in said(found)
    assert found.closed == [], "in an emergency nothing is kept back"


def test_each_role_that_somebody_holds_is_explained(officer) -> None:
    patient = PatientFactory()
    user = staff("doctor", patient.site)
    MembershipFactory(user=user, site=patient.site, role="billing")
    with acting_as(officer):
        found = explain_access(by=officer, user=user, asked=patient.mrn, now=now())
    assert [(one.role, one.can_open) for one in found] == [("patient", False), ("billing", True), ("doctor", True)]


# == It says what the walls do ==
def test_it_never_says_otherwise_than_both_walls(explained) -> None:
    sites = [SiteFactory(), SiteFactory()]
    patients = [PatientFactory(site=site) for site in sites]
    people = [(staff(role, sites[0]), role) for role in ("doctor", "front_desk", "billing", "pharmacist", "researcher")]
    for kind in ("care_team", "appointment", "share", "break_glass"):
        people.append((CareRelationshipFactory(patient=patients[1], kind=kind, user=staff("doctor")).user, "doctor"))
    own = portal_user(patients[0])
    MembershipFactory(user=own, site=sites[0], role="nurse")
    shut_out = staff("nurse", sites[0])
    RestrictionFactory(patient=patients[0], user=shut_out)
    cover = staff("doctor")
    CoverFactory(absent=people[5][0], cover=cover)
    late = staff("doctor")
    CoverFactory(absent=people[8][0], cover=late)  # of whom an emergency let in: nobody reaches that but they
    people += [
        (own, "patient"),
        (own, "nurse"),
        (shut_out, "nurse"),
        (cover, "doctor"),
        (late, "doctor"),
        (staff("nurse"), "nurse"),
    ]
    opened = 0
    for user, role in people:
        for patient in patients:
            with acting_as(user, role):
                user.in_role(role)
                walls = passes(check_can_open_chart, user, patient.pk)
            said_so = explained(user, patient, role).can_open
            assert said_so == walls, f"{role} {user} on {patient}"
            opened += walls
    assert opened > 8, "a matrix of closed doors proves nothing"


# == Who may ask ==
@pytest.mark.parametrize(
    "role", [role for role in ROLES if role not in ("patient", "privacy_officer", "administrator")]
)
def test_others_may_not_ask_in_either_wall(explained, role) -> None:
    patient, user = PatientFactory(), staff(role)
    with pytest.raises(NotAllowed):
        explained(user, patient, by=user)
    with acting_as(user):
        assert facts_of(user, role, str(patient.pk)) is None


def test_the_right_follows_the_edits_in_both_walls(explained, officer) -> None:
    patient, nurse, administrator = PatientFactory(), staff("nurse"), staff("administrator")
    RoleEditFactory(role="nurse", permission="patients.explain_access", held=True)
    RoleEditFactory(role="administrator", permission="patients.explain_access", held=False)
    assert explained(nurse, patient, by=nurse).name == ""
    with pytest.raises(NotAllowed):
        explained(nurse, patient, by=administrator)
    administrator.role_edits = {"patients.explain_access": True}  # as if the first wall had forgotten
    with pytest.raises(NotInScope):
        explained(nurse, patient, by=administrator)


def test_names_and_consents_are_for_the_officer_alone(explained, officer) -> None:
    patient = PatientFactory(family_name="Delgado", given_name="Rosa")
    ConsentFactory(patient=patient, purpose="substance_use")
    doctor, administrator = staff("doctor"), staff("administrator")
    mine, theirs = explained(doctor, patient), explained(doctor, patient, by=administrator)
    assert (mine.name, theirs.name) == ("Delgado, Rosa", "")
    assert "substance_use" in said(mine)
    assert "substance_use" not in said(theirs)


def test_it_is_audited_and_the_patient_reads_of_it(officer, explained) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    explained(doctor, patient)
    with acting_as(officer, using="audit"):
        event = AuditEvent.objects.using("audit").get(actor_id=officer.pk)
    assert (event.action, event.patient_id, event.target_id) == ("patients.explain_access", patient.pk, doctor.pk)


def test_sixty_questions_a_minute_are_enough(officer) -> None:
    patient, doctor = PatientFactory(), staff("doctor")
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditevent (action, actor_id, actor_role, purpose, target_type, outcome, detail,"
            " request_id) SELECT 'patients.explain_access', %s, 'privacy_officer', '', '', 'ok', '{}', ''"
            " FROM generate_series(1, 61)",
            [officer.pk],
        )
    with acting_as(officer), pytest.raises(TooManySearches):
        explain_access(by=officer, user=doctor, asked=str(patient.pk), role="doctor", now=now())


# == To oneself ==
def test_oneself_is_told_the_same_for_every_id() -> None:
    doctor, patient = staff("doctor"), PatientFactory()
    RestrictionFactory(patient=patient, user=doctor)
    with acting_as(doctor):
        there = explain_to_oneself(by=doctor, patient_id=patient.pk, now=now())
        nowhere = explain_to_oneself(by=doctor, patient_id=uuid.uuid4(), now=now())
    assert there == nowhere
    assert patient.site.name not in str(there)


def test_oneself_is_told_what_named_them() -> None:
    doctor, patient = staff("doctor"), PatientFactory()
    CareRelationshipFactory(patient=patient, user=doctor, validity=TimestamptzRange(LONG_AGO, now() - DAY))
    with acting_as(doctor):
        rules = explain_to_oneself(by=doctor, patient_id=patient.pk, now=now())
    assert [rule.name for rule in rules if rule.holds is None] == ["Care team"]


# == The pages ==
EXPLAIN = reverse("patients:explain")


@pytest.mark.parametrize("role", ["privacy_officer", "administrator"])
def test_the_page_explains_by_record_number(browser, role) -> None:
    patient = PatientFactory(family_name="Canaryson")
    doctor = staff("doctor", patient.site, email="maren@clinic.example")
    client = browser(staff(role))
    assert client.get(EXPLAIN).status_code == 200
    page = client.post(EXPLAIN, {"email": "MAREN@clinic.example", "patient": patient.mrn, "role": ""})
    text = page.content.decode()
    assert page.status_code == 200
    assert "Can open the chart" in text
    assert "Name and details" in text
    assert doctor.full_name in text
    assert ("Canaryson" in text) == (role == "privacy_officer")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "nobody@clinic.example"}, "No account has this address"),
        ({"email": ""}, "Missing: E-mail of the person"),
        ({"patient": ""}, "Missing: Patient"),
        ({"role": "king"}, "Select a valid choice"),
    ],
)
def test_what_does_not_fit_stays_with_a_sentence(browser, officer, changes, sentence) -> None:
    typed = {"email": officer.email, "patient": "004-81-7726", "role": ""} | changes
    page = browser(officer).post(EXPLAIN, typed)
    assert page.status_code == 422
    assert sentence in page.content.decode()


def test_the_page_is_not_for_others(browser) -> None:
    assert browser(staff("doctor")).get(EXPLAIN).status_code == 403


def test_from_the_refusal_one_asks_why(browser) -> None:
    patient, doctor = PatientFactory(family_name="Canaryson"), staff("doctor")
    client = browser(doctor)
    why = reverse("patients:why", args=[patient.pk])
    assert why in client.get(reverse("patients:chart", args=[patient.pk])).content.decode()
    page = client.get(why)
    assert page.status_code == 200
    assert "Nothing does now" in page.content.decode()
    assert b"Canaryson" not in page.content


# == The command ==
def told(*arguments) -> str:
    out = StringIO()
    with taking_role("worker"):
        call_command("explain_access", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_it_in_lines() -> None:
    patient = PatientFactory(family_name="Canaryson")
    doctor = staff("doctor", patient.site)
    text = told(doctor.email, patient.mrn, "--role", "doctor")
    assert "Doctor: can open the chart" in text
    assert "yes  The account is open: It is." in text
    assert "Canaryson" not in text


def test_the_command_exits_with_1_where_nothing_opens_it() -> None:
    with pytest.raises(SystemExit):
        told(staff("doctor").email, str(PatientFactory().pk))


def test_the_command_knows_no_such_address() -> None:
    with pytest.raises(CommandError):
        told("nobody@clinic.example", "004-81-7726")
