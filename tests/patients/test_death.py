"""The verbs `report_death` and `take_back_death`: said once, with who and when; taken back with a reason."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions import DeathRefused, report_death, take_back_death
from patients.events import DeathTakenBack, PatientDied
from patients.models import DeathReport, Patient
from tests.factories import DeathReportFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 6, 2, tzinfo=UTC)  # still May 5 on the clock in New York
FAMILY = DeathReport.Source.FAMILY


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(birth_date=date(1968, 3, 12))


def report(by, patient, died_on=date(2026, 5, 4), now=NOW) -> DeathReport:
    with acting_as(by):
        return report_death(by=by, patient=patient, died_on=died_on, source=FAMILY, now=now)


def take_back(by, patient, reason="Came to the desk") -> None:
    with acting_as(by):
        take_back_death(by=by, patient=patient, reason=reason, now=NOW)


def known(patient) -> tuple[bool | None, date | None]:
    with as_the_system():
        found = Patient.objects.get(pk=patient.pk)
    return found.deceased, found.deceased_date


# == Said ==
@pytest.mark.parametrize("role", ["front_desk", "nurse", "doctor"])
def test_it_is_kept_audited_and_announced(rosa, role, announced) -> None:
    by = staff(role, rosa.site)
    row = report(by, rosa)
    assert known(rosa) == (True, date(2026, 5, 4))
    assert (row.reported_by, row.source, row.died_on, row.taken_back_at) == (by, "family", date(2026, 5, 4), None)
    assert announced() == [PatientDied(patient_id=rosa.pk)]
    with acting_as(by):
        assert AuditEvent.objects.get(action="patients.report_death").detail == {"source": "family"}


def test_the_day_may_be_unknown(rosa) -> None:
    report(staff("nurse", rosa.site), rosa, died_on=None)
    assert known(rosa) == (True, None)


@pytest.mark.parametrize(
    ("day", "sentence"), [(date(2026, 5, 6), "still to come"), (date(1968, 3, 11), "before the birth")]
)
def test_a_day_that_cannot_be_is_refused_by_the_clock_of_the_site(rosa, day, sentence) -> None:
    with pytest.raises(DeathRefused, match=sentence):
        report(staff("nurse", rosa.site), rosa, died_on=day)
    assert known(rosa) == (None, None)


def test_the_day_of_birth_and_today_are_fine(rosa) -> None:
    nurse = staff("nurse", rosa.site)
    report(nurse, rosa, died_on=date(1968, 3, 12))
    take_back(nurse, rosa)
    report(nurse, rosa, died_on=date(2026, 5, 5))
    assert known(rosa) == (True, date(2026, 5, 5))


def test_who_comes_second_learns_that_it_is_known(rosa, announced) -> None:
    report(staff("nurse", rosa.site), rosa)
    with pytest.raises(DeathRefused, match="known already"):
        report(staff("doctor", rosa.site), rosa)
    assert len(announced(PatientDied)) == 1


def test_the_database_keeps_one_that_stands(rosa) -> None:
    DeathReportFactory(patient=rosa)
    with as_the_system(), pytest.raises(IntegrityError, match="death_reported_once"), transaction.atomic():
        DeathReport(patient=rosa, source="here", reported_by=staff("nurse")).save(force_insert=True)


@pytest.mark.parametrize("role", ["billing", "pharmacist"])
def test_a_role_without_the_permission_says_nothing(rosa, role) -> None:
    with pytest.raises(NotAllowed):
        report(staff(role, rosa.site), rosa)
    assert known(rosa) == (None, None)


def test_bob_and_charlie_say_nothing(rosa) -> None:
    with pytest.raises(Patient.DoesNotExist):
        report(staff("nurse"), rosa)
    with pytest.raises(NotAllowed):
        report(portal_user(rosa), rosa)
    assert known(rosa) == (None, None)


# == Taken back ==
def test_taken_back_it_says_by_whom_when_and_why(rosa, announced) -> None:
    report(staff("front_desk", rosa.site), rosa)
    doctor = staff("doctor", rosa.site)
    take_back(doctor, rosa, "  Came to   the desk ")
    assert known(rosa) == (False, None)
    with as_the_system():
        row = DeathReport.objects.get(patient=rosa)
    assert (row.taken_back_by_id, row.taken_back_at, row.taken_back_reason) == (doctor.pk, NOW, "Came to the desk")
    assert announced(DeathTakenBack) == [DeathTakenBack(patient_id=rosa.pk)]
    with acting_as(doctor):
        assert AuditEvent.objects.filter(action="patients.take_back_death", patient_id=rosa.pk).count() == 1


def test_what_another_system_told_is_taken_back_too() -> None:
    rosa = PatientFactory(deceased=True, deceased_date=date(2020, 1, 1))
    take_back(staff("nurse", rosa.site), rosa)
    assert known(rosa) == (False, None)


def test_after_that_it_can_be_said_again(rosa) -> None:
    nurse = staff("nurse", rosa.site)
    for _time in range(2):
        report(nurse, rosa)
        take_back(nurse, rosa)
    with as_the_system():
        assert DeathReport.objects.filter(patient=rosa).count() == 2


@pytest.mark.parametrize(("reason", "sentence"), [(" ", "Say how"), ("Lives", "Nobody says")])
def test_it_is_not_taken_back_without_reason_nor_where_nobody_said_it(rosa, reason, sentence) -> None:
    with pytest.raises(DeathRefused, match=sentence):
        take_back(staff("nurse", rosa.site), rosa, reason)


def test_the_desk_may_say_it_and_not_take_it_back(rosa) -> None:
    desk = staff("front_desk", rosa.site)
    report(desk, rosa)
    with pytest.raises(NotAllowed):
        take_back(desk, rosa)
    assert known(rosa) == (True, date(2026, 5, 4))


# == The second wall ==
def test_nobody_writes_a_report_in_the_name_of_another(rosa) -> None:
    nurse, other = staff("nurse", rosa.site), staff("nurse", rosa.site)
    with acting_as(nurse), pytest.raises(ProgrammingError, match="row-level security"):
        DeathReport(patient=rosa, source="here", reported_by=other).save(force_insert=True)


def test_a_patient_writes_none_and_reads_their_own(rosa) -> None:
    account = portal_user(rosa)
    DeathReportFactory(patient=rosa)
    DeathReportFactory()
    with acting_as(account):
        assert [row.patient_id for row in DeathReport.objects.visible_to(account)] == [rosa.pk]
        with pytest.raises(ProgrammingError, match="row-level security"):
            DeathReport(patient=rosa, source="here", reported_by=account).save(force_insert=True)


def test_what_was_said_is_not_rewritten(rosa) -> None:
    nurse = staff("nurse", rosa.site)
    row = report(nurse, rosa)
    row.source = "hospital"
    with acting_as(nurse), pytest.raises(ProgrammingError, match="permission denied"):
        row.save(update_fields=["source"])
