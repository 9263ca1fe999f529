"""What patients propose, and how it is answered: field by field, with who and when, and the walls round it."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.actions import proposals as actions
from patients.actions.proposals import AnsweredMeanwhile
from patients.events import PatientChanged
from patients.models import Patient, ProposedChange
from tests.factories import PatientFactory, ProposedChangeFactory, portal_user, proxy_of, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(city="Worcester", phone="+15085550177")


@pytest.fixture
def account(rosa):
    return portal_user(rosa)


@pytest.fixture
def desk(rosa):
    return staff("front_desk", rosa.site)


def propose(by, patient, **values) -> tuple[str, ...]:
    with acting_as(by):
        return actions.propose_changes(by=by, patient=patient, values=values, now=NOW)


def states(patient) -> list[tuple[str, str, str]]:
    with as_the_system():
        rows = ProposedChange.objects.filter(patient=patient).order_by("pk")
        return list(rows.values_list("field", "value", "state"))


def only(patient) -> ProposedChange:
    with as_the_system():
        return ProposedChange.objects.get(patient=patient)


def city(patient) -> str:
    with as_the_system():
        return Patient.objects.get(pk=patient.pk).city


# == Proposed ==
def test_nothing_of_the_record_changes_until_it_is_answered(rosa, account, announced) -> None:
    assert propose(account, rosa, city="Boston", phone="+15085550177") == ("city",)
    row = only(rosa)
    assert (row.field, row.was, row.value, row.proposed_by_id) == ("city", "Worcester", "Boston", account.pk)
    assert city(rosa) == "Worcester"
    assert announced() == []
    with acting_as(account):
        assert AuditEvent.objects.get(action="patients.propose_changes").detail == {"fields": ["city"]}


def test_the_same_as_now_is_no_proposal(rosa, account) -> None:
    assert propose(account, rosa, city="Worcester") == ()
    assert states(rosa) == []


def test_a_later_one_takes_the_place_of_what_waits(rosa, account) -> None:
    propose(account, rosa, city="Boston")
    assert propose(account, rosa, city="Boston") == ()
    propose(account, rosa, city="Holden")
    assert states(rosa) == [("city", "Boston", "withdrawn"), ("city", "Holden", "waiting")]
    assert propose(account, rosa, city="Worcester") == ("city",)
    assert [state for _field, _value, state in states(rosa)] == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize("field", ["birth_date", "sex", "mrn", "deceased", "site"])
def test_some_fields_are_not_for_patients_to_propose(rosa, account, field) -> None:
    with pytest.raises(ValueError, match=field):
        propose(account, rosa, **{field: "x"})


def test_who_acts_for_the_patient_proposes_and_a_stranger_does_not(rosa, desk) -> None:
    assert propose(proxy_of(rosa), rosa, city="Boston") == ("city",)
    with pytest.raises(NotInScope):
        propose(portal_user(PatientFactory()), rosa, city="Natick")
    with pytest.raises(NotAllowed):
        propose(desk, rosa, city="Natick")
    assert states(rosa) == [("city", "Boston", "waiting")]


def test_for_the_dead_nothing_is_proposed(account, rosa) -> None:
    with as_the_system():
        rosa.deceased = True
        rosa.save(update_fields=["deceased"])
    with pytest.raises(NotInScope):
        propose(account, rosa, city="Boston")


# == Answered ==
def accept(by, proposal, seen="Worcester") -> None:
    with acting_as(by):
        actions.accept_proposal(by=by, proposal=proposal, seen=seen, now=NOW)


def refuse(by, proposal, reason="It is another Rosa") -> None:
    with acting_as(by):
        actions.refuse_proposal(by=by, proposal=proposal, reason=reason, now=NOW)


def test_accepted_it_is_the_records_with_who_and_when(rosa, account, desk, announced) -> None:
    propose(account, rosa, city="Boston", pronouns="she/her")
    with as_the_system():
        row = ProposedChange.objects.get(field="city")
    accept(desk, row)
    assert city(rosa) == "Boston"
    assert announced() == [PatientChanged(patient_id=rosa.pk, fields=("city",))]
    with as_the_system():
        row.refresh_from_db()
    assert (row.state, row.answered_by_id, row.answered_at) == ("accepted", desk.pk, NOW)
    assert ("pronouns", "she/her", "waiting") in states(rosa), "each field by itself"
    with acting_as(desk):
        assert AuditEvent.objects.get(action="patients.accept_proposal").detail == {"fields": ["city"]}


def test_what_changed_meanwhile_is_looked_at_again(rosa, account, desk) -> None:
    propose(account, rosa, city="Boston")
    with pytest.raises(AnsweredMeanwhile, match="Look at it again"):
        accept(desk, only(rosa), seen="Holden")
    assert city(rosa) == "Worcester"
    assert states(rosa) == [("city", "Boston", "waiting")]


def test_refused_it_says_why_and_changes_nothing(rosa, account, desk) -> None:
    propose(account, rosa, city="Boston")
    with pytest.raises(NotAllowed, match="Say why"):
        refuse(desk, only(rosa), reason="  ")
    refuse(desk, only(rosa))
    assert (only(rosa).state, only(rosa).answer, city(rosa)) == ("refused", "It is another Rosa", "Worcester")


@pytest.mark.parametrize("answer", [accept, refuse])
def test_of_two_who_answer_the_second_learns_it(rosa, account, desk, answer) -> None:
    propose(account, rosa, city="Boston")
    accept(desk, only(rosa))
    with pytest.raises(AnsweredMeanwhile, match="answered already"):
        answer(staff("nurse", rosa.site), only(rosa))


def test_the_patient_takes_it_back_and_twice_is_once(rosa, account, desk) -> None:
    propose(account, rosa, city="Boston")
    for _time in range(2):
        with acting_as(account):
            actions.withdraw_proposal(by=account, proposal=only(rosa), now=NOW)
    assert states(rosa) == [("city", "Boston", "withdrawn")]
    with acting_as(account):
        assert AuditEvent.objects.filter(action="patients.withdraw_proposal").count() == 1
    with pytest.raises(AnsweredMeanwhile):
        accept(desk, only(rosa))
    with acting_as(desk), pytest.raises(NotAllowed):
        actions.withdraw_proposal(by=desk, proposal=only(rosa), now=NOW)


@pytest.mark.parametrize("role", ["billing", "pharmacist"])
def test_a_role_without_the_permission_answers_nothing(rosa, role) -> None:
    row, by = ProposedChangeFactory(patient=rosa), staff(role, rosa.site)
    for answer in (accept, refuse):
        with pytest.raises(NotAllowed):
            answer(by, row)
    with acting_as(by), pytest.raises(NotAllowed):
        actions.list_proposals(by=by)


def test_bob_lists_and_answers_nothing(rosa) -> None:
    row, bob = ProposedChangeFactory(patient=rosa), staff("nurse")
    with acting_as(bob):
        assert actions.list_proposals(by=bob) == []
    for answer in (accept, refuse):
        with pytest.raises(ProposedChange.DoesNotExist):
            answer(bob, row)


def test_the_list_has_each_patient_once_who_waits_longest_first(rosa, desk) -> None:
    other = PatientFactory(site=rosa.site)
    for patient, field in ((rosa, "city"), (other, "city"), (rosa, "line")):
        ProposedChangeFactory(patient=patient, field=field)
    with acting_as(desk):
        assert actions.list_proposals(by=desk) == [rosa, other]


# == The database ==
def test_one_waits_for_a_field(rosa) -> None:
    ProposedChangeFactory(patient=rosa)
    with pytest.raises(IntegrityError, match="one_waits"), transaction.atomic():
        ProposedChangeFactory(patient=rosa)


def test_patients_write_no_answer_and_nobody_proposes_for_another(rosa, account, desk) -> None:
    row = ProposedChangeFactory(patient=rosa)
    row.state, row.answered_at, row.answered_by = "accepted", NOW, account
    with acting_as(account), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        row.save(update_fields=["state", "answered_at", "answered_by"])
    for by, signed in ((account, desk), (desk, desk)):
        forged = ProposedChange(patient=rosa, field="line", value="x", proposed_by=signed)
        with acting_as(by), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            forged.save(force_insert=True)


def test_what_was_proposed_is_not_rewritten(rosa, desk) -> None:
    row = ProposedChangeFactory(patient=rosa)
    row.value = "Elsewhere"
    with acting_as(desk), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        row.save(update_fields=["value"])
