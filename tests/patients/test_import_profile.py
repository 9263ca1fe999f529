"""What another system says of a person besides the registration comes in, once; who seems to be here already waits."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from healthcare.audit.models import AuditEvent
from healthcare.fhir.resources import Ledger
from patients.importing.profile import details_told, profile_told
from patients.importing.run import Import, Report
from patients.models import ContactPoint, DuplicatePair, Patient, PatientName, RelatedPerson
from patients.rules import Demographics
from patients.rules.profile import Profile
from tests.factories import PatientFactory, SiteFactory, staff
from tests.fhir.samples import bundle, patient, read, written
from tests.roles import as_the_system, taking_role

CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
R4 = "http://hl7.org/fhir/StructureDefinition/"
ADA = Demographics(given_name="Ada", family_name="Kowal", birth_date=None, sex="female", phone="+15085550177")


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


FULL = patient(
    name=[
        {"use": "official", "given": ["Ada"], "family": "Kowal"},
        {"use": "maiden", "family": "Nowak"},
        {"use": "old", "given": ["Ada"], "family": "Lind"},
        {"use": "nickname", "given": ["Adda"]},
        {"use": "old", "given": ["Ada"], "family": "Kowal"},
        {"use": "old"},
    ],
    telecom=[
        {"system": "phone", "value": "508-555-0177", "use": "mobile"},
        {"system": "phone", "value": "508-555-0178", "use": "work"},
        {"system": "phone", "value": "(508) 555 0178"},
        {"system": "phone", "value": "nonsense"},
        {"system": "phone", "value": "508-555-0179", "use": "old"},
        {"system": "email", "value": "ada@mail.example"},
        {"system": "email", "value": "ada@work.example", "use": "work"},
        {"system": "email", "value": "nonsense"},
        {"system": "fax", "value": "508-555-0180"},
    ],
    contact=[
        {
            "relationship": [coded("C"), coded("SPS")],
            "name": {"given": ["Jan"], "family": "Kowal"},
            "telecom": [{"system": "phone", "value": "5085550181"}, {"system": "email", "value": "jan@mail.example"}],
        },
        {"relationship": [coded("C")], "name": {"text": "Ewa Nowak"}},
        {"relationship": [coded("N")]},
    ],
    communication=[
        {"language": coded("xx")},
        {"language": coded("en-US")},
        {"language": coded("pl"), "preferred": True},
    ],
    extension=[
        {"url": f"{CORE}birthsex", "valueCode": "F"},
        {"url": f"{CORE}genderIdentity", "valueCodeableConcept": coded("446131000124102")},
        {"url": f"{CORE}interpreter-needed", "valueCoding": {"code": "373066001"}},
        {
            "url": f"{R4}individual-pronouns",
            "extension": [{"url": "value", "valueCodeableConcept": coded("LA29520-6")}],
        },
    ],
)


# == What is read ==
def test_what_is_said_of_the_person() -> None:
    assert profile_told(FULL) == Profile("female", "non_binary", "they/them", "pl", True)
    assert profile_told(patient()) == Profile()


@pytest.mark.parametrize(
    ("extension", "field", "value"),
    [
        ({"url": f"{CORE}birthsex", "valueCode": "ASKU"}, "sex_at_birth", "not_said"),
        ({"url": f"{CORE}birthsex", "valueCode": "UNK"}, "sex_at_birth", ""),
        ({"url": f"{CORE}birthsex"}, "sex_at_birth", ""),
        ({"url": f"{CORE}interpreter-needed", "valueCoding": {"code": "373067005"}}, "interpreter", False),
        ({"url": f"{R4}patient-interpreterRequired", "valueBoolean": True}, "interpreter", True),
        ({"url": f"{R4}patient-genderIdentity", "valueCodeableConcept": coded("female")}, "gender_identity", "female"),
        ({"url": f"{R4}individual-pronouns", "valueCodeableConcept": {"text": "ze/zir"}}, "pronouns", "ze/zir"),
        (
            {
                "url": f"{R4}individual-genderIdentity",
                "extension": [{"url": "value", "valueCodeableConcept": coded("OTH")}],
            },
            "gender_identity",
            "other",
        ),
    ],
)
def test_each_extension_as_sources_write_it(extension: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(profile_told(patient(extension=[extension])), field) == value


@pytest.mark.parametrize("odd", ["nonsense", [None], [{"url": 5}], [{}], {"url": None}])
def test_odd_shapes_say_nothing(odd: Any) -> None:
    said = patient(extension=odd, communication=odd, contact=odd, telecom=odd)
    assert profile_told(said) == Profile()
    assert details_told(said, ADA) == ()


def test_names_contacts_and_people() -> None:
    told = [(said.kind, dict(said.values)) for said in details_told(FULL, ADA)]
    names = [(said["use"], said["given_name"], said["family_name"]) for kind, said in told if kind == "PatientName"]
    assert names == [("maiden", "Ada", "Nowak"), ("old", "Ada", "Lind"), ("nickname", "Adda", "Kowal")]
    reached = [(said["use"], said["value"]) for kind, said in told if kind == "ContactPoint"]
    assert reached == [("work", "+15085550178"), ("home", "ada@mail.example"), ("work", "ada@work.example")]
    people = [said for kind, said in told if kind == "RelatedPerson"]
    assert [(one["name"], one["relation"], one["emergency"]) for one in people] == [
        ("Jan Kowal", "partner", True),
        ("Ewa Nowak", "other", False),  # nobody can be called without a number
    ]
    assert (people[0]["phone"], people[0]["email"]) == ("+15085550181", "jan@mail.example")


# == What becomes of it ==
def imported(tmp_path: Any, resource: dict[str, Any], site: Any = None) -> Report:
    run = Import(Ledger(run=uuid.uuid4(), site=site or SiteFactory(), now=datetime(2026, 5, 1, tzinfo=UTC)))
    with taking_role("worker"):
        run.take_all(read(written(tmp_path / "a.json", resource)))
    return run.report


def counts() -> tuple[int, int, int]:
    with as_the_system():
        return PatientName.objects.count(), ContactPoint.objects.count(), RelatedPerson.objects.count()


@pytest.mark.django_db
def test_it_comes_in_once_and_is_read_in_v1(tmp_path: Any, api: Any) -> None:
    site = SiteFactory()
    assert imported(tmp_path, FULL, site).imported == {"Patient": 1}
    assert counts() == (3, 2, 2)
    assert imported(tmp_path, FULL, site).unchanged == 1
    assert counts() == (3, 2, 2)
    with as_the_system():
        ada = Patient.objects.get()
    program = api(staff("doctor", site))
    person = program.read(f"/patients/{ada.pk}").json()
    assert (person["sex_at_birth"], person["gender_identity"], person["pronouns"]) == (
        "female",
        "non_binary",
        "they/them",
    )
    assert (person["language"], person["interpreter"], person["email"]) == ("pl", True, "ada@mail.example")
    profile = program.read(f"/patients/{ada.pk}/profile").json()
    assert {name["family_name"] for name in profile["names"]} == {"Nowak", "Lind", "Kowal"}
    assert {one["name"]: one["emergency"] for one in profile["people"]} == {"Jan Kowal": True, "Ewa Nowak": False}


@pytest.mark.django_db
def test_what_is_new_is_added_and_what_was_changed_here_stays(tmp_path: Any) -> None:
    site = SiteFactory()
    imported(tmp_path, FULL, site)
    with as_the_system():
        ada = Patient.objects.get()
        ada.pronouns = "she/they"
        ada.save(update_fields=["pronouns"])
    more = [*FULL["name"], {"use": "old", "given": ["Ada"], "family": "Berg"}]
    phones = [*FULL["telecom"], {"system": "phone", "value": "5085550199", "use": "temp"}]
    assert imported(tmp_path, FULL | {"name": more, "telecom": phones, "contact": []}, site).imported == {"Patient": 1}
    assert counts() == (4, 3, 2), "who is named no more stays, until somebody here says that it is over"
    with as_the_system():
        assert Patient.objects.get().pronouns == "she/they"


@pytest.mark.django_db
def test_who_seems_to_be_here_already_waits_for_somebody_to_look(tmp_path: Any) -> None:
    site = SiteFactory()
    here = PatientFactory(
        site=site, given_name="Ada", family_name="Kowall", birth_date=datetime(1971, 4, 9, tzinfo=UTC).date()
    )
    twin = patient("p2", name=[{"given": ["Edmund"], "family": "Kowal"}], gender="male")
    imported(tmp_path, bundle(patient("p1"), twin, patient("p3", birthDate="1980-01-02")), site)
    with as_the_system():
        pair = DuplicatePair.objects.get()
        assert (pair.other_id, pair.patient.family_name, pair.verdict) == (here.pk, "Kowal", "")
        assert pair.weight >= 6
        assert AuditEvent.objects.filter(action="patients.import").count() == 3


@pytest.mark.django_db
def test_two_of_one_import_make_one_pair(tmp_path: Any) -> None:
    imported(tmp_path, bundle(patient("p1"), patient("p2")))
    with as_the_system():
        assert DuplicatePair.objects.count() == 1
