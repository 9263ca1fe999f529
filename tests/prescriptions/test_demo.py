"""The sample clinic's medicines: told once, quickly, the same each time, with work for everybody."""

from collections import Counter

import pytest

from prescriptions import demo
from prescriptions.models import CollectionDeadline, FavouritePrescription, OrderSet, Prescription, SafetyCheck
from tests.factories import EntryFactory, MembershipFactory, PatientFactory, ProviderFactory, SiteFactory, staff
from tests.prescriptions.conftest import allergy
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
CODES = tuple(demo.HABITS)


def tell() -> None:
    with taking_role("worker"):
        demo.tell()


def suffers(patient, *codes: str) -> None:
    for code in codes:
        EntryFactory(
            patient=patient,
            kind="condition",
            code=code,
            code_system="icd-10-cm",
            display=code,
            clinical_status="active",
            value=None,
            unit="",
        )


@pytest.fixture
def site():
    made = SiteFactory()
    for specialty in ("Dermatology", "Internal medicine", "Family medicine"):
        doctor = staff("doctor", made)
        ProviderFactory(user=doctor, specialty=specialty)
    MembershipFactory(user=staff("pharmacist"), site=made, role="pharmacist")
    for number in range(8):
        patient = PatientFactory(site=made)
        allergy(patient, "none")
        suffers(patient, *CODES[number : number + 3])
    rosa = PatientFactory(site=made, family_name="Delgado-Ferreira", given_name="Rosa")
    suffers(rosa, "I48.91", "I10")
    PatientFactory(site=SiteFactory())
    return made


def rows() -> list[Prescription]:
    with as_the_system():
        return list(Prescription.objects.select_related("prescriber").order_by("id"))


def test_everybody_takes_what_fits_and_everybody_has_work(site) -> None:
    tell()
    told = rows()
    states = Counter(row.status for row in told)
    assert states["picked_up"] > states["ready"] > 0
    assert states["signed"] > 0
    assert states["not_collected"] > 0
    assert states["not_dispensed"] > 0
    assert any(row.is_part for row in told)
    assert {row.medicine for row in told} >= {habit.label for habits in demo.HABITS.values() for habit in habits}
    assert {row.prescriber.specialty for row in told} == {"Internal medicine", "Family medicine"}
    assert all(row.reason and row.sig_text for row in told)
    with as_the_system():
        assert CollectionDeadline.objects.exclude(next_at=None).count() == states["ready"]
        assert SafetyCheck.objects.filter(labels=[], occasion="signing").count() == len(told)


def test_order_sets_are_arranged_and_favourites_kept(site) -> None:
    staff("administrator", site)
    tell()
    with as_the_system():
        told = {one.name: [line.words for line in one.lines.order_by("position")] for one in OrderSet.objects.all()}
        names = set(FavouritePrescription.objects.values_list("name", flat=True))
    assert told.keys() == demo.ORDER_SETS.keys()
    assert told["Hypertension, start with two"] == ["Take 1 tablet by mouth in the morning."] * 2
    assert names == set(demo.FAVOURITES.values())


def test_a_doctor_of_two_sites_keeps_each_favourite_once(site) -> None:
    with as_the_system():
        doctor = demo.doctors_of(site)[0]
        second = SiteFactory()
        for person, role in ((doctor, "doctor"), (staff("pharmacist"), "pharmacist")):
            MembershipFactory(user=person, site=second, role=role)
        for _number in range(4):
            patient = PatientFactory(site=second)
            allergy(patient, "none")
            suffers(patient, "I10")
    tell()
    with as_the_system():
        names = list(FavouritePrescription.objects.filter(user=doctor).values_list("name", flat=True))
    assert len(names) == len(set(names)) > 0


def test_without_an_administrator_no_set_is_arranged(site) -> None:
    tell()
    with as_the_system():
        assert not OrderSet.objects.exists()


def test_one_finding_was_overridden_with_a_reason(site) -> None:
    tell()
    with as_the_system():
        answered = SafetyCheck.objects.filter(prescription__medicine=demo.OVERRIDDEN.label).get()
    assert {finding["other"] for finding in answered.findings} >= {"warfarin 5 mg, tablet"}
    assert answered.overrides


def test_told_twice_it_is_told_once_and_the_same(site) -> None:
    tell()
    first = [(row.medicine, row.status, row.reason) for row in rows()]
    tell()
    assert [(row.medicine, row.status, row.reason) for row in rows()] == first


def test_without_people_there_is_nothing_to_tell() -> None:
    PatientFactory()
    tell()
    assert rows() == []
