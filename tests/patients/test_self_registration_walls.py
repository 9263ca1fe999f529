"""The walls round those who registered themselves: anybody adds one, the desk of the site reads and answers it."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from healthcare.db.context import acting_as
from patients.actions import registrations as actions
from patients.models import ProposedChange, SelfRegistration
from patients.rules.registrations import as_text
from tests.factories import (
    PatientFactory,
    ProposedChangeFactory,
    RestrictionFactory,
    SelfRegistrationFactory,
    portal_user,
    staff,
)
from tests.patients.registrations import TOLD, confirmed, kept, request, told
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return staff("front_desk")


@pytest.fixture
def site(desk):
    return desk.memberships.get().site


def test_the_desk_of_the_site_reads_it_and_nobody_else(desk, site) -> None:
    here, anywhere = confirmed(site=site), confirmed(told(email="b@mail.example"))
    elsewhere = staff("front_desk")
    for user, seen in ((desk, {here.pk, anywhere.pk}), (elsewhere, {anywhere.pk}), (staff("nurse", site), set())):
        with acting_as(user):
            assert {row.pk for row in SelfRegistration.objects.visible_to(user)} == seen
            with connection.cursor() as cursor:  # the second wall by itself
                cursor.execute("SELECT id FROM patients_selfregistration")
                assert {pk for (pk,) in cursor.fetchall()} == seen
    with acting_as(desk):
        assert [row.pk for row in actions.list_registrations(by=desk)] == [here.pk, anywhere.pk]


def test_the_roles_of_the_database_are_those_of_the_application(site) -> None:
    for role in STAFF_ROLES:
        with acting_as(staff(role, site)), connection.cursor() as cursor:
            cursor.execute("SELECT app.may_review_registrations()")
            assert cursor.fetchone()[0] is (Permission.REVIEW_REGISTRATIONS in ROLES[role].permissions), role


def test_anybody_adds_one_and_reads_and_changes_none(site) -> None:
    row = request(site=site)
    waits = confirmed(told(email="b@mail.example"), site)
    for user in (None, portal_user(PatientFactory(site=site))):
        with acting_as(user):
            assert not SelfRegistration.objects.exists()
            assert SelfRegistration.objects.filter(pk=waits.pk).update(state="refused") == 0
    for changes in ({"state": "waiting", "confirmed_at": timezone.now()}, {"became": site.pk}):
        forged = SelfRegistration(told=as_text(TOLD), **changes)
        with acting_as(None), pytest.raises(ProgrammingError), transaction.atomic():
            forged.save(force_insert=True)
    assert (kept(row).state, kept(waits).state) == ("unconfirmed", "waiting")


def test_the_desk_changes_no_word_and_answers_under_its_own_name(desk, site) -> None:
    row, colleague = confirmed(site=site), staff("front_desk", site)
    now = timezone.now()
    with acting_as(desk):
        rows = SelfRegistration.objects.filter(pk=row.pk)
        for changes in (
            {"told": None},
            {"state": "refused", "answer": "x", "answered_at": now, "answered_by": colleague},
            {"state": "accepted", "answered_at": now, "answered_by": desk, "became": PatientFactory().pk},
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                rows.update(**changes)
    with acting_as(desk):
        actions.refuse_registration(by=desk, registration=row, reason="A joke", now=now)
        assert rows.update(answer="Something else", answered_by=desk) == 0
        with pytest.raises(ProgrammingError), transaction.atomic():
            rows.delete()


def test_what_became_a_record_is_read_by_who_reaches_that_record(desk, site) -> None:
    row, colleague = confirmed(site=site), staff("front_desk", site)
    with acting_as(desk):
        patient = actions.accept_registration(by=desk, registration=row, site=site, seen=[], now=timezone.now())
    RestrictionFactory(patient=patient, user=colleague)
    seen = {desk: 1, staff("nurse", site): 1, colleague: 0, staff("nurse"): 0, portal_user(patient): 0}
    for user, count in seen.items():
        with acting_as(user):
            assert SelfRegistration.objects.visible_to(user).count() == count
            assert SelfRegistration.objects.count() == count
        with as_the_system():
            assert SelfRegistration.objects.visible_to(user).count() == count, "the first wall by itself"


def test_nobody_but_the_desk_proposes_under_no_name(site) -> None:
    patient = PatientFactory(site=site)
    for user in (staff("nurse", site), portal_user(patient)):
        forged = ProposedChange(patient=patient, field="city", value="Boston", told_in=patient.pk)
        with acting_as(user), pytest.raises(ProgrammingError), transaction.atomic():
            forged.save(force_insert=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "waiting", "confirmed_at": None},
        {"state": "refused"},
        {"state": "accepted", "became": None},
        {"told": None},
        {"asked_at": timezone.now()},
    ],
)
def test_the_table_refuses_half_an_answer(changes) -> None:
    rows = SelfRegistration.objects.filter(pk=SelfRegistrationFactory().pk)
    with as_the_system(), pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**changes)


def test_a_proposal_is_somebodys_or_told_online() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ProposedChangeFactory(proposed_by=None)
