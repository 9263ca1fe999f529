"""The verbs of the profile: said by whom, changed, ended and kept; the walls round the rows."""

from datetime import UTC, datetime, time

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.actions import profile as actions
from patients.actions.profile import DetailRefused
from patients.events import PatientChanged
from patients.models import Address, Consent, ContactPoint, ContactPreference, Patient, PatientName, RelatedPerson
from patients.queries.profile import patients_with_bad_contacts, profile_of
from patients.rules.profile import Profile
from tests.factories import (
    AddressFactory,
    ContactPointFactory,
    ContactPreferenceFactory,
    PatientFactory,
    PatientNameFactory,
    RelatedPersonFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)
FULL = Profile("female", "non_binary", "they/them", "pt", True, time(21), time(8))
KINDS = [
    (PatientName, {"use": "maiden", "given_name": "Rosa", "family_name": "Ferreira", "until": None}),
    (Address, {"use": "work", "line": "3 Mill Street", "city": "Worcester", "state": "MA", "postal_code": "01608"}),
    (ContactPoint, {"system": "phone", "use": "work", "value": "+15085550199"}),
    (RelatedPerson, {"name": "Ana", "relation": "sibling", "phone": "+15085550188", "emergency": True}),
]
FACTORIES = [PatientNameFactory, AddressFactory, ContactPointFactory, RelatedPersonFactory, ContactPreferenceFactory]


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(phone="+15085550177", email="rosa@mail.example")


@pytest.fixture
def desk(rosa):
    return staff("front_desk", rosa.site)


def lines(by, action) -> list[dict]:
    with acting_as(by):
        return [event.detail for event in AuditEvent.objects.filter(action=action).order_by("id")]


# == Who somebody is ==
def test_what_differs_is_changed_audited_and_announced_once(rosa, desk, announced) -> None:
    with acting_as(desk):
        changed = actions.change_profile(by=desk, patient=rosa, profile=FULL)
        assert actions.change_profile(by=desk, patient=rosa, profile=FULL) == ()
    assert set(changed) == set(vars(FULL))
    assert announced() == [PatientChanged(patient_id=rosa.pk, fields=changed)]
    assert lines(desk, "patients.change") == [{"fields": list(changed)}]
    with as_the_system():
        kept = Patient.objects.get(pk=rosa.pk)
    assert (kept.pronouns, kept.language, kept.interpreter, kept.quiet_until) == ("they/them", "pt", True, time(8))


def test_quiet_hours_have_both_ends(rosa) -> None:
    rosa.quiet_from = time(21)
    with as_the_system(), pytest.raises(IntegrityError, match="both_ends"), transaction.atomic():
        rosa.save(update_fields=["quiet_from"])


@pytest.mark.parametrize("role", ["billing", "pharmacist"])
def test_a_role_without_the_permission_changes_nothing(rosa, role) -> None:
    by = staff(role, rosa.site)
    with acting_as(by):
        for act in (
            lambda: actions.change_profile(by=by, patient=rosa, profile=FULL),
            lambda: actions.add_detail(by=by, patient=rosa, kind=PatientName, values=KINDS[0][1]),
            lambda: actions.mark_contact(
                by=by, patient_id=rosa.pk, system="phone", value="1", bad=ContactPoint.Bad.WRONG, now=NOW
            ),
            lambda: actions.list_bad_contacts(by=by),
            lambda: actions.set_preferences(by=by, patient=rosa, answers={}, method=Consent.Method.PHONE, now=NOW),
        ):
            with pytest.raises(NotAllowed):
                act()


# == Rows ==
@pytest.mark.parametrize(("kind", "values"), KINDS, ids=[kind.__name__ for kind, _values in KINDS])
def test_a_row_is_added_corrected_and_ended_and_stays(rosa, desk, kind, values, announced) -> None:
    with acting_as(desk):
        row = actions.add_detail(by=desk, patient=rosa, kind=kind, values=values)
        name = kind._meta.model_name
        assert row.added_by == desk
        field = next(field for field in ("city", "family_name", "name", "use") if field in values)
        new = "home" if field == "use" else "Other"
        assert actions.change_detail(by=desk, detail=row, values=values | {field: new}) == (field,)
        assert actions.change_detail(by=desk, detail=row, values=values | {field: new}) == ()
        for _time in range(2):
            actions.end_detail(by=desk, detail=row, now=NOW)
        kept = kind.objects.visible_to(desk).get(pk=row.pk)
        assert (kept.ended_at, kept.ended_by_id, getattr(kept, field)) == (NOW, desk.pk, new)
        with pytest.raises(DetailRefused, match="ended"):
            actions.change_detail(by=desk, detail=row, values=values)
    assert [fact.fields for fact in announced()] == [(name,), (field,), (name,)]
    for action, fields in (("add", [name]), ("change", [field]), ("end", [name])):
        assert lines(desk, f"patients.{action}_detail") == [{"fields": fields}], "names of fields, never values"


@pytest.mark.parametrize("make", FACTORIES)
def test_bob_reaches_no_row_and_charlie_writes_none(rosa, make) -> None:
    row, bob, charlie = make(patient=rosa), staff("nurse"), portal_user(rosa)
    with acting_as(bob):
        assert not type(row).objects.visible_to(bob).exists()
        assert not type(row).objects.exists(), "the second wall"
        with pytest.raises(type(row).DoesNotExist):
            actions.end_detail(by=bob, detail=row, now=NOW)
    with acting_as(charlie):
        assert type(row).objects.visible_to(charlie).get() == row
        with pytest.raises(NotAllowed):
            actions.end_detail(by=charlie, detail=row, now=NOW)


@pytest.mark.parametrize("make", FACTORIES[:4])
def test_the_second_wall_takes_no_row_of_a_patient_nor_one_signed_for_another(rosa, desk, make) -> None:
    charlie, values = portal_user(rosa), make.build(patient=rosa, added_by=None)
    for by, signed in ((charlie, charlie), (desk, staff("nurse", rosa.site))):
        values.added_by = signed
        with acting_as(by), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            values.save(force_insert=True)


def test_an_address_has_the_place_of_its_zip_code(rosa, desk) -> None:
    with acting_as(desk):
        row = actions.add_detail(by=desk, patient=rosa, kind=Address, values=KINDS[1][1])
        assert (row.latitude, row.longitude) == pytest.approx((42.26, -71.80), abs=0.02)
        actions.change_detail(by=desk, detail=row, values={"postal_code": ""})
        row.refresh_from_db()
    assert (row.latitude, row.longitude) == (None, None)


def test_the_same_number_is_kept_once(rosa, desk) -> None:
    number = KINDS[2][1]
    with acting_as(desk):
        row = actions.add_detail(by=desk, patient=rosa, kind=ContactPoint, values=number)
        with pytest.raises(DetailRefused, match="kept already"):
            actions.add_detail(by=desk, patient=rosa, kind=ContactPoint, values=number)
        other = actions.add_detail(by=desk, patient=rosa, kind=ContactPoint, values=number | {"value": "+15085550100"})
        with pytest.raises(DetailRefused, match="kept already"):
            actions.change_detail(by=desk, detail=other, values=number)
        actions.end_detail(by=desk, detail=row, now=NOW)
        assert actions.change_detail(by=desk, detail=other, values=number) == ("value",)


def test_whom_to_call_has_a_number(rosa) -> None:
    with pytest.raises(IntegrityError, match="called_has_a_phone"), transaction.atomic():
        RelatedPersonFactory(patient=rosa, phone="", emergency=True)


# == What does not arrive ==
def mark(by, patient, value, bad, system="email") -> bool:
    with acting_as(by):
        return actions.mark_contact(by=by, patient_id=patient.pk, system=system, value=value, bad=bad, now=NOW)


def test_a_first_address_gets_a_row_for_its_mark_and_loses_the_mark(rosa, desk) -> None:
    wrong = ContactPoint.Bad.WRONG
    assert mark(desk, rosa, "rosa@mail.example", wrong)
    assert not mark(desk, rosa, "rosa@mail.example", wrong)
    with acting_as(desk):
        assert patients_with_bad_contacts(desk) == [rosa]
        assert actions.list_bad_contacts(by=desk) == [rosa]
        ways = profile_of(desk, rosa).contacts
    assert [(way.system, way.first, str(way.bad)) for way in ways] == [
        ("phone", True, ""),
        ("email", True, "Belongs to somebody else"),
    ]
    assert mark(desk, rosa, "rosa@mail.example", None)
    assert not mark(desk, rosa, "rosa@mail.example", None)
    with acting_as(desk):
        assert actions.list_bad_contacts(by=desk) == []
    assert lines(desk, "patients.mark_contact") == [
        {"bad": "wrong", "system": "email"},
        {"bad": "", "system": "email"},
    ]


def test_another_number_is_marked_where_it_stands(rosa, desk) -> None:
    row = ContactPointFactory(patient=rosa, value="+15085550199")
    assert mark(desk, rosa, "+15085550199", ContactPoint.Bad.SILENT, system="phone")
    with as_the_system():
        assert ContactPoint.objects.get(patient=rosa).pk == row.pk
        with pytest.raises(IntegrityError, match="says_since_when"), transaction.atomic():
            _unmark_the_time(row)


def _unmark_the_time(row) -> None:
    again = ContactPoint.objects.get(pk=row.pk)
    again.bad_at = None
    again.save(update_fields=["bad_at"])


# == What they want to hear ==
def answer(by, patient, method=Consent.Method.PHONE, **answers) -> int:
    said = {tuple(key.split("_")): value for key, value in answers.items()}
    with acting_as(by):
        return actions.set_preferences(by=by, patient=patient, answers=said, method=method, now=NOW)


def standing(patient) -> dict[str, bool]:
    with as_the_system():
        rows = ContactPreference.objects.current().filter(patient=patient)
        return {f"{row.channel}_{row.purpose}": row.allowed for row in rows}


def test_one_answer_stands_and_the_earlier_ones_stay(rosa, desk) -> None:
    assert answer(desk, rosa, sms_visits=True, email_bills=False) == 2
    assert answer(desk, rosa, sms_visits=False, email_bills=False, phone_news=None) == 1
    assert standing(rosa) == {"sms_visits": False, "email_bills": False}
    assert answer(desk, rosa, sms_visits=None) == 1
    assert answer(desk, rosa, sms_visits=None) == 0
    assert standing(rosa) == {"email_bills": False}
    with as_the_system():
        assert ContactPreference.objects.filter(patient=rosa).count() == 3
    assert [line["answers"] for line in lines(desk, "patients.set_preferences")] == [2, 1, 1]


def test_patients_say_it_themselves_and_for_nobody_else(rosa) -> None:
    charlie, other = portal_user(rosa), PatientFactory()
    assert answer(charlie, rosa, Consent.Method.PORTAL, email_news=True) == 1
    with pytest.raises((NotAllowed, NotInScope)):
        answer(charlie, other, Consent.Method.PORTAL, email_news=True)
    assert standing(rosa) == {"email_news": True}
    assert standing(other) == {}


def test_the_database_keeps_one_that_stands(rosa) -> None:
    ContactPreferenceFactory(patient=rosa)
    with pytest.raises(IntegrityError, match="one_stands"), transaction.atomic():
        ContactPreferenceFactory(patient=rosa)
