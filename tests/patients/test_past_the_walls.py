"""What pages ask past the walls (`healthcare/db/purposes.py`), asked by itself: each shows no more than it says."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.audit.changes import bulk_verb
from healthcare.db.context import acting_as
from patients.actions import hash_code
from patients.models import Patient
from tests.factories import (
    AccessRequestFactory,
    EntryFactory,
    PatientFactory,
    RoleEditFactory,
    SiteFactory,
    UserFactory,
    staff,
)
from tests.patients.emergencies import broken
from tests.patients.merging import merge, undo
from tests.patients.test_link import issue
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
BORN = date(1968, 3, 12)


def told(statement: str, *given: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return sorted(cursor.fetchall())


def refused(deed: Callable[[], Any]) -> str:
    with pytest.raises(DatabaseError) as problem, transaction.atomic():
        deed()
    return str(getattr(problem.value.__cause__, "sqlstate", ""))


# == A code for the portal ==
def claimed(user: User | None, code: str, born: date = BORN) -> Any:
    statement = "SELECT app.claim_portal_code(%s, %s)", hash_code(code), born
    if user is None:
        return told(*statement)[0][0]
    with acting_as(user, "patient"):
        return told(*statement)[0][0]


def test_a_code_opens_with_the_birth_date_of_its_own_patient_alone() -> None:
    other, patient = PatientFactory(birth_date=date(1950, 1, 1)), PatientFactory(birth_date=BORN)
    others, code = issue(other), issue(patient)
    assert claimed(UserFactory(), code, date(1950, 1, 1)) is None
    assert claimed(UserFactory(), code) == patient.pk
    assert claimed(UserFactory(), others, date(1950, 1, 1)) == other.pk, "another's code was not used up"


@pytest.mark.parametrize("precision", ["month", "year"])
def test_a_birth_date_that_is_not_known_to_the_day_opens_nothing(precision: str) -> None:
    """Known less well after the code was given: before, none is given."""
    patient = PatientFactory(birth_date=date(1968, 1, 1))
    code = issue(patient)
    with taking_role("owner"), bulk_verb():
        Patient.objects.filter(pk=patient.pk).update(birth_precision=precision)
    assert claimed(UserFactory(), code, date(1968, 1, 1)) is None


def test_a_code_is_claimed_by_somebody() -> None:
    code = issue(PatientFactory(birth_date=BORN))
    assert refused(lambda: claimed(None, code)) == "28000"


def tries(by: User, *, action: str = "patients.link_portal", outcome: str = "denied", earlier: bool = False) -> None:
    """Ten of them; earlier ones as histories are loaded."""
    if earlier:
        with taking_role("owner"):
            told("SELECT set_config('app.audit_loader', 'on', true)")
            told(
                "INSERT INTO audit_auditevent (id, action, actor_id, actor_role, purpose, target_type, outcome, detail,"
                " request_id) SELECT uuidv7(interval '-61 minutes'), %s, %s, 'patient', '', '', %s, '{}', ''"
                " FROM generate_series(1, 10) RETURNING action",
                *(action, by.pk, outcome),
            )
        return
    with acting_as(by, "patient"):
        for _try in range(10):
            record(action, by=by, outcome=outcome)


@pytest.mark.parametrize(
    "before",
    [{"action": "accounts.sign_in"}, {"outcome": "ok"}, {"earlier": True}, {"by": "somebody else"}],
    ids=lambda before: next(iter(before)),
)
def test_ten_refusals_within_an_hour_stop_whoever_had_them(before: dict[str, Any]) -> None:
    code, user = issue(PatientFactory(birth_date=BORN)), UserFactory()
    tries(UserFactory() if "by" in before else user, **{name: before[name] for name in before if name != "by"})
    assert claimed(user, code, date(1950, 1, 1)) is None, "a wrong one, and not too many"
    tries(user)
    assert refused(lambda: claimed(user, code)) == "HC429"


# == Numbers and names ==
def test_a_number_leads_to_the_records_that_bear_it_now() -> None:
    site = SiteFactory()
    desk, officer = staff("front_desk", site), staff("privacy_officer")
    kept, gone, other, others = (PatientFactory(site=site) for _each in range(4))
    merged = merge(desk, kept, gone)
    merge(desk, other, others)

    def numbers(ids: list[Patient], wanted: list[str]) -> list[Any]:
        with acting_as(officer):
            return told(
                "SELECT patient_id, number FROM app.record_numbers(%s::uuid[], %s)", [p.pk for p in ids], wanted
            )

    assert numbers([gone], []) == [(gone.pk, gone.mrn)]
    assert numbers([kept], []) == [(kept.pk, kept.mrn)]
    assert numbers([], [gone.mrn]) == [(kept.pk, gone.mrn)]
    undo(desk, merged)
    assert numbers([gone], []) == [(gone.pk, gone.mrn)]
    assert numbers([], [gone.mrn]) == [(gone.pk, gone.mrn)]
    with acting_as(officer):
        for ids, wanted in (([kept.pk] * 20_001, []), ([], ["1"] * 101)):
            ask = "SELECT number FROM app.record_numbers(%s::uuid[], %s)", ids, wanted
            assert refused(lambda ask=ask: told(*ask)) == "HC429"
    for user in (desk, staff("administrator")):
        with acting_as(user):
            assert told("SELECT number FROM app.record_numbers(%s::uuid[], '{}')", [kept.pk]) == []


def test_names_for_a_review_are_of_whom_it_speaks_and_at_most_a_hundred() -> None:
    emergency = broken(staff("doctor"), PatientFactory().pk)
    request, bystander = AccessRequestFactory(), PatientFactory()
    ids = [emergency.patient_id, request.patient_id, bystander.pk]
    ask = "SELECT id FROM app.names_for_review(%s::uuid[])"
    with acting_as(staff("privacy_officer")):
        assert told(ask, ids) == sorted([(emergency.patient_id,), (request.patient_id,)])
        assert told(ask, [bystander.pk]) == []
        assert told(ask, [request.patient_id] * 101) == []
    with acting_as(staff("doctor")):
        assert told(ask, ids) == []


# == Merges ==
def test_what_a_merge_would_move_is_counted_for_who_reaches_both() -> None:
    site = SiteFactory()
    kept, gone, elsewhere = PatientFactory(site=site), PatientFactory(site=site), PatientFactory()
    for patient in (kept, gone, elsewhere):
        EntryFactory(patient=patient)
    ask = "SELECT tab, rows FROM app.rows_to_merge(%s, %s)"
    with acting_as(staff("front_desk", site)):
        assert ("records_entry", 1) in told(ask, kept.pk, gone.pk)
        assert told(ask, kept.pk, elsewhere.pk) == told(ask, elsewhere.pk, kept.pk) == []


def test_what_an_undoing_would_move_is_counted_for_this_one_and_for_who_reaches_it() -> None:
    site = SiteFactory()
    desk = staff("front_desk", site)
    pairs = [(PatientFactory(site=site), PatientFactory(site=site)) for _each in range(2)]
    EntryFactory(patient=pairs[1][1])
    EntryFactory(patient=pairs[1][0])  # is of the kept one, and stays uncounted
    plain, full = (merge(desk, kept, gone) for kept, gone in pairs)
    EntryFactory(patient=pairs[0][0])  # since then

    def entries(by: User, key: Any) -> list[Any]:
        with acting_as(by):
            return told("SELECT what, rows FROM app.rows_to_unmerge(%s) WHERE tab = 'records_entry'", key)

    assert entries(desk, plain.pk) == [("stays", 1)]
    assert entries(desk, full.pk) == [("back", 1)]
    assert entries(staff("front_desk"), full.pk) == []
    assert entries(desk, pairs[0][0].pk) == []
    undo(desk, full)
    EntryFactory(patient=pairs[1][0])
    assert entries(desk, full.pk) == []


# == Allergies ==
def test_allergies_are_told_without_anything_else_of_the_chart() -> None:
    doctor = staff("doctor")
    site = doctor.memberships.get().site
    allergic, asked, never = (PatientFactory(site=site) for _each in range(3))
    for patient in (allergic, asked, never):
        EntryFactory(patient=patient)
    for patient in (allergic, asked):
        EntryFactory(patient=patient, kind="allergy", code="no-known-allergies", code_system="", value=None, unit="")
    latex = EntryFactory(patient=allergic, kind="allergy", clinical_status="active", code="1", value=None, unit="")
    ask = "SELECT patient_id, state, entries FROM app.allergies_of(%s::uuid[])"
    with acting_as(doctor):
        found = {pk: (state, entries) for pk, state, entries in told(ask, [allergic.pk, asked.pk, never.pk])}
        assert refused(lambda: told(ask, [never.pk] * 201)) == "22023"
    assert (found[never.pk][0], found[asked.pk][0], found[allergic.pk][0]) == ("never_asked", "none_known", "list")
    assert str(latex.pk) in str(found[allergic.pk][1])
    assert "4548-4" not in str(found)


# == Broken glass ==
def test_what_is_edited_of_another_right_or_role_leaves_this_one_as_it_is() -> None:
    RoleEditFactory(role="doctor", permission="patients.register", held=False)
    RoleEditFactory(role="nurse", permission="patients.break_glass", held=False)
    RoleEditFactory(role="pharmacist", permission="patients.register", held=True)
    may = {}
    for role in ("doctor", "nurse", "pharmacist", "front_desk"):
        with acting_as(staff(role)):
            may[role] = told("SELECT app.may_break_glass()") == [(True,)]
    assert may == {"doctor": True, "nurse": False, "pharmacist": False, "front_desk": False}
