"""The second wall round merges: who may, asked by the database itself, and what of it anybody reads."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from healthcare.audit import record
from healthcare.audit.changes import bulk_verb
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import queries
from patients.models import Merge
from patients.queries import merging
from patients.queries.privacy import numbers_of, patients_of_numbers
from prescriptions.models import Prescription
from records.models import Entry
from scheduling.models import Appointment
from tests.factories import (
    AppointmentFactory,
    EntryFactory,
    PatientFactory,
    PrescriptionFactory,
    RoleEditFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.patients.merging import call, merge, undo
from tests.roles import taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return SiteFactory()


@pytest.fixture
def desk(site):
    return staff("front_desk", site)


@pytest.fixture
def kept(site):
    return PatientFactory(site=site)


@pytest.fixture
def gone(site):
    return PatientFactory(site=site)


@pytest.mark.parametrize(
    ("model", "factory"),
    [(Entry, EntryFactory), (Prescription, PrescriptionFactory), (Appointment, AppointmentFactory)],
)
def test_whose_a_row_is_changes_in_no_other_way(model, factory, kept, gone):
    row = factory(patient=gone)
    refused = pytest.raises(IntegrityError, match="by a merge")
    with taking_role("owner"), bulk_verb(), refused, transaction.atomic():
        model.objects.filter(pk=row.pk).update(patient=kept)


def test_every_table_that_names_a_patient_has_that_guard():
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tab FROM app.patient_columns() WHERE col = 'patient_id' AND NOT EXISTS (SELECT 1 FROM pg_trigger t"
            " WHERE t.tgrelid = tab::regclass AND t.tgname = 'of_one_patient')"
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("role", [role for role in STAFF_ROLES if role not in ("front_desk", "doctor")])
def test_the_database_asks_for_the_right_itself(role, site, kept, gone):
    with acting_as(staff(role, site)):
        for function, *arguments in (
            ("app.merge_patients", gone.pk, kept.pk, gone.pk, None, "{}", "Because", timezone.now()),
            ("app.unmerge_patients", gone.pk, timezone.now()),
        ):
            with pytest.raises(ProgrammingError, match="not yours"), transaction.atomic():
                call(function, *arguments)
        assert merging.rows_to_merge(kept, gone) == []
        assert merging.rows_to_unmerge(Merge(pk=gone.pk)) == {}


def test_the_database_asks_for_both_records(desk, kept):
    elsewhere = PatientFactory()
    with acting_as(desk):
        for one, other in ((kept, elsewhere), (elsewhere, kept), (kept, kept)):
            with pytest.raises(ProgrammingError, match="not yours"), transaction.atomic():
                call("app.merge_patients", one.pk, one.pk, other.pk, None, "{}", "Because", timezone.now())


def test_nobody_says_that_a_merge_runs(desk, kept, gone):
    merged = merge(desk, kept, gone)
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with acting_as(desk), bulk_verb(), refused, transaction.atomic():
        Merge.objects.filter(pk=merged.pk).update(at_work="1")


def test_the_roles_of_the_database_are_those_of_the_application(site):
    for role in STAFF_ROLES:
        with acting_as(staff(role, site)), connection.cursor() as cursor:
            cursor.execute("SELECT app.may_merge()")
            assert cursor.fetchone()[0] is (Permission.MERGE_PATIENTS in ROLES[role].permissions), role


def test_an_edited_role_may_or_may_not(site, kept, gone):
    RoleEditFactory(role="nurse", permission="patients.merge", held=True)
    RoleEditFactory(role="front_desk", permission="patients.merge", held=False)
    with acting_as(staff("front_desk", site)), pytest.raises(ProgrammingError), transaction.atomic():
        call("app.merge_patients", gone.pk, kept.pk, gone.pk, None, "{}", "Because", timezone.now())
    merge(staff("nurse", site), kept, gone)


# == What is read of it ==
def test_a_merge_is_seen_where_the_kept_record_is(desk, kept, gone):
    merged = merge(desk, kept, gone)
    for user, sees in ((desk, True), (staff("nurse", kept.site), True), (staff("front_desk"), False)):
        with acting_as(user):
            assert Merge.objects.filter(pk=merged.pk).exists() is sees
            assert Merge.objects.visible_to(user).filter(pk=merged.pk).exists() is sees
            assert bool(merging.kept_instead(user, gone.pk)) is sees
    undo(desk, merged)
    with acting_as(desk):
        assert merging.kept_instead(desk, gone.pk) is None
        assert merging.merges_of(desk, kept) == []
        assert [row.pk for row in merging.recent_merges(desk)] == [merged.pk]


def test_both_numbers_lead_to_the_record_for_the_privacy_officer(desk, kept, gone):
    merged = merge(desk, kept, gone)
    with acting_as(staff("privacy_officer")):
        assert patients_of_numbers([gone.mrn, kept.mrn]) == {gone.mrn: kept.pk, kept.mrn: kept.pk}
        assert numbers_of([gone.pk, kept.pk]) == {gone.pk: gone.mrn, kept.pk: kept.mrn}
    undo(desk, merged)
    with acting_as(staff("privacy_officer")):
        assert patients_of_numbers([gone.mrn]) == {gone.mrn: gone.pk}


def test_who_opened_either_record_is_told_to_the_one_patient(desk, kept, gone):
    for patient in (kept, gone):
        with acting_as(desk):
            record("patients.open_chart", by=desk, patient_id=patient.pk)
    user = portal_user(kept)

    def told() -> int:
        with acting_as(user):
            opened = [line for line in queries.openings_of(kept) if line.what == "Opened the record"]
            lines = queries.openings_by_id(kept, [line.event_id for line in opened])
            assert len(lines) == len(opened)
            return sum(line.times for line in opened)

    assert told() == 1
    merged = merge(desk, kept, gone)
    assert told() == 2
    undo(desk, merged)
    assert told() == 1


def test_the_audit_of_the_other_record_is_read_by_nobody_else(desk, kept, gone):
    with acting_as(desk):
        record("patients.open_chart", by=desk, patient_id=gone.pk)
    other = portal_user(PatientFactory(site=kept.site))
    merge(desk, kept, gone)
    with acting_as(other):
        assert not AuditEvent.objects.about_patient(gone.pk, kept.pk).exists()


def test_a_merge_that_was_undone_is_read_where_either_record_is_and_says_nothing_of_them(desk, site, kept, gone):
    merged = merge(desk, kept, gone)
    theirs, stranger = portal_user(kept), portal_user(PatientFactory(site=site))
    undo(desk, merged)
    ours = portal_user(gone)
    for user, sees in ((theirs, True), (ours, True), (stranger, False)):
        with acting_as(user):
            assert Merge.objects.filter(pk=merged.pk).exists() is sees
            assert Merge.objects.visible_to(user).filter(pk=merged.pk).exists() is sees
