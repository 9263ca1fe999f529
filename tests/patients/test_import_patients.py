"""A FHIR Patient becomes a person of the clinic, with access for the site and all that was told of them kept."""

import json
import uuid
from datetime import UTC, date, datetime

import pytest

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.fhir.resources import Ledger, Unfit
from patients.actions.importing import import_patients
from patients.events import PatientDied
from patients.fhir import PatientResource, newcomer
from patients.importing.run import Import
from patients.models import Patient, PatientOrigin
from patients.rules import state_code
from tests.factories import SiteFactory, staff
from tests.fhir.samples import patient, read, taken, written
from tests.roles import as_the_system, taking_role

FULL = patient(
    name=[
        {"use": "maiden", "given": ["Ada"], "family": "Nowak"},
        {"use": "official", "given": ["Ada", "Maria"], "family": "Kowal", "prefix": ["Dr."]},
    ],
    telecom=[
        {"system": "phone", "value": "555-222-8465", "use": "work"},
        {"system": "phone", "value": "nonsense", "use": "mobile"},
        {"system": "phone", "value": "(508) 555-0177", "use": "home"},
        {"system": "email", "value": "no address"},
        {"system": "email", "value": "ada@mail.example"},
    ],
    address=[
        {"use": "old", "line": ["1 Past Lane"], "city": "Gone"},
        {"line": ["656 Connelly Bridge", "Unit 95"], "city": "Quincy", "state": "Massachusetts", "postalCode": "02169"},
    ],
    identifier=[
        {"system": "urn:ssn", "value": "999-65-9492", "type": {"coding": [{"code": "SS"}]}},
        {"system": "urn:mrn", "value": "A-77", "type": {"coding": [{"code": "MR"}]}},
    ],
    deceasedDateTime="2013-02-18T15:24:23+00:00",
)


def told(tmp_path, resource):
    return newcomer(taken(read(written(tmp_path / "a.json", resource)))[0])


def imported(tmp_path, site, resource):
    run = Import(Ledger(run=uuid.uuid4(), site=site, now=datetime(2026, 5, 1, tzinfo=UTC)))
    with taking_role("worker"):
        run.take_all(read(written(tmp_path / "a.json", resource)))
    return run.report


# == What is read ==
def test_everything_that_a_registration_holds(tmp_path):
    new = told(tmp_path, FULL)
    assert vars(new.demographics) == {
        "given_name": "Ada Maria",
        "family_name": "Kowal",
        "birth_date": date(1971, 4, 9),
        "birth_precision": "day",
        "sex": "female",
        "preferred_name": "",
        "phone": "+15085550177",
        "email": "ada@mail.example",
        "line": "656 Connelly Bridge, Unit 95",
        "city": "Quincy",
        "state": "MA",
        "postal_code": "02169",
    }
    assert (new.deceased, new.deceased_date, new.number) == (True, date(2013, 2, 18), "A-77")


def test_as_little_as_a_registration_needs(tmp_path):
    new = told(tmp_path, {"resourceType": "Patient", "name": [{"text": "Ada Kowal"}], "birthDate": "1971-04-09"})
    assert (new.demographics.given_name, new.demographics.family_name) == ("Ada", "Kowal")
    assert new.demographics.sex == "unknown"
    assert (new.deceased, new.deceased_date, new.number) == (None, None, "")


@pytest.mark.parametrize(
    ("name", "given", "family"),
    [
        ([{"family": "Sukarno"}], "-", "Sukarno"),
        ([{"given": ["Cher"]}], "Cher", "-"),
        ([{"text": "Plato"}], "-", "Plato"),
        ({"given": ["Ada"], "family": "Kowal"}, "Ada", "Kowal"),
        ([{"use": "usual", "given": ["Ada"], "family": "K" * 120}], "Ada", "K" * 100),
        ([{"given": [None, " Ada "], "family": "Kowal"}], "Ada", "Kowal"),
        ([{"given": "Ada", "family": "Kowal"}], "-", "Kowal"),
    ],
)
def test_names(tmp_path, name, given, family):
    found = told(tmp_path, patient(name=name)).demographics
    assert (found.given_name, found.family_name) == (given, family)


@pytest.mark.parametrize(
    ("said", "deceased", "on"),
    [
        ({"deceasedBoolean": True}, True, None),
        ({"deceasedBoolean": False}, False, None),
        ({"deceasedDateTime": "2013"}, True, None),
        ({"deceasedDateTime": "2013-02-18"}, True, date(2013, 2, 18)),
    ],
)
def test_the_dead(tmp_path, said, deceased, on):
    new = told(tmp_path, patient(**said))
    assert (new.deceased, new.deceased_date) == (deceased, on)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"name": []}, "no name"),
        ({"name": "nonsense"}, "no name"),
        ({"birthDate": "1871-04-09"}, "before 1880"),
        ({"birthDate": "1971-02-30"}, "no date"),
        ({"birthDate": "spring 1971"}, "no date"),
        ({"deceasedDateTime": "lately"}, "A date in it is no date"),
    ],
)
def test_who_cannot_be_registered(tmp_path, said, reason):
    with pytest.raises(Unfit, match=reason):
        told(tmp_path, patient(**said))


@pytest.mark.parametrize(
    ("said", "born", "known"),
    [
        ("1971-04-09", date(1971, 4, 9), "day"),
        ("1971-04", date(1971, 4, 15), "month"),
        ("1971", date(1971, 7, 1), "year"),
        (None, None, "unknown"),
    ],
)
def test_as_much_of_a_birth_as_is_told(tmp_path, said, born, known):
    found = told(tmp_path, patient(birthDate=said)).demographics
    assert (found.birth_date, found.birth_precision) == (born, known)


@pytest.mark.parametrize(
    ("said", "code"),
    [("Massachusetts", "MA"), (" new york ", "NY"), ("ma", "MA"), ("Ontario", ""), ("ON", ""), ("", "")],
)
def test_states(said, code):
    assert state_code(said) == code


# == What becomes of it ==
@pytest.mark.django_db
def test_the_teams_of_the_site_see_them_and_nobody_else(tmp_path):
    site = SiteFactory()
    nurse, stranger = staff("nurse", site=site), staff("nurse")
    imported(tmp_path, site, FULL)
    with acting_as(nurse):
        seen = Patient.objects.visible_to(nurse).get()
        origin = PatientOrigin.objects.visible_to(nurse).get()
    assert seen.name == "Ada Maria Kowal"
    assert (origin.number, origin.source_id) == ("A-77", "p1")
    assert json.loads(origin.content) == FULL
    with acting_as(stranger):
        assert not Patient.objects.exists()
        assert not PatientOrigin.objects.exists()


@pytest.mark.django_db
def test_what_was_told_lies_encrypted(tmp_path):
    imported(tmp_path, SiteFactory(), FULL)
    with as_the_system():
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM patients_patientorigin")
            assert "999-65-9492" not in cursor.fetchone()[0]


@pytest.mark.django_db
def test_each_has_a_record_number_and_an_audit_line(tmp_path, announced):
    site = SiteFactory()
    imported(tmp_path, site, {"resourceType": "Bundle", "entry": [{"resource": patient(f"p{n}")} for n in range(3)]})
    with as_the_system():
        people = list(Patient.objects.order_by("mrn"))
        lines = list(AuditEvent.objects.filter(action="patients.import").order_by("id"))
    assert len({one.mrn for one in people}) == 3
    assert {line.patient_id for line in lines} == {one.pk for one in people}
    assert announced() == []


@pytest.mark.django_db
def test_one_who_cannot_be_registered_does_not_stop_the_others(tmp_path):
    entries = [{"resource": patient("a")}, {"resource": patient("b", birthDate="1871")}, {"resource": patient("c")}]
    report = imported(tmp_path, SiteFactory(), {"resourceType": "Bundle", "entry": entries})
    assert report.imported == {"Patient": 2}
    assert [found.resource for found in report.rejected] == ["Patient/b"]


@pytest.mark.django_db
def test_what_changed_there_is_brought_over_and_what_changed_here_stays(tmp_path):
    site = SiteFactory()
    imported(tmp_path, site, FULL)
    with as_the_system():
        known = Patient.objects.get()
        known.phone, known.given_name = "+15085550100", "Adela"
        known.save(update_fields=["phone", "given_name", "updated_at"])
    moved = {**FULL, "address": [{"line": ["3 New Street"], "city": "Worcester", "state": "MA", "postalCode": "01608"}]}
    assert imported(tmp_path, site, moved).imported == {"Patient": 1}
    with as_the_system():
        found = Patient.objects.get()
        line = AuditEvent.objects.get(action="patients.import_correction")
        kept = PatientOrigin.objects.get()
    assert (found.city, found.postal_code) == ("Worcester", "01608")
    assert (found.phone, found.given_name) == ("+15085550100", "Adela")
    assert sorted(line.detail["fields"]) == ["city", "line", "postal_code"]
    assert json.loads(kept.content) == moved


@pytest.mark.django_db
def test_a_change_that_cannot_be_read_is_rejected_and_changes_nothing(tmp_path):
    site = SiteFactory()
    imported(tmp_path, site, FULL)
    report = imported(tmp_path, site, {**FULL, "birthDate": "1871"})
    assert [found.resource for found in report.rejected] == ["Patient/p1"]
    with as_the_system():
        assert Patient.objects.get().birth_date == date(1971, 4, 9)


@pytest.mark.django_db
def test_a_person_whom_a_constraint_refuses_is_not_half_there(tmp_path):
    new = told(tmp_path, FULL)
    with taking_role("worker"), pytest.raises(Exception, match="patient_has_a_name"), as_the_system():
        import_patients(
            by=None, site=SiteFactory(), people=[new, type(new)(**{**vars(new), "demographics": _nameless(new)})]
        )


def _nameless(new):
    return type(new.demographics)(**{**vars(new.demographics), "given_name": ""})


def test_patients_come_before_all_that_speaks_of_them():
    assert PatientResource.order < 20


@pytest.mark.django_db
def test_a_death_told_later_has_its_effects_and_is_announced_once(tmp_path, announced):
    site = SiteFactory()
    alive = {key: value for key, value in FULL.items() if not key.startswith("deceased")}
    imported(tmp_path, site, alive)
    assert announced() == []
    for _time in range(2):
        imported(tmp_path, site, FULL)
    with as_the_system():
        found = Patient.objects.get()
    assert (found.deceased, found.deceased_date) == (True, date(2013, 2, 18))
    assert announced() == [PatientDied(patient_id=found.pk)]
