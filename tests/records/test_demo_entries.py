"""The histories of the sample clinic: told once, with trends, and with work that is open."""

import pytest

from healthcare.accounts.models import User
from patients.models import Patient
from records.demo import entries as demo
from records.events import AbnormalValueRecorded
from records.models import Entry
from tests.factories import DiagnosisCodeFactory, PatientFactory, ProviderFactory, SiteFactory, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
PEOPLE = (("Delgado-Ferreira", "Rosa", 58), ("Hollis", "Edmund", 75), ("Young", "Ann", 30), ("Park", "Min-jun", 2))


@pytest.fixture
def rosa() -> Patient:
    site = SiteFactory()
    staff("nurse", site)
    doctor: User = staff("doctor", site)
    ProviderFactory(user=doctor)
    for code in {code for story in (demo.ROSA, *demo.OLDER, *demo.YOUNGER) for code, _since in story.problems}:
        DiagnosisCodeFactory(code=code, display=f"Disease {code}")
    made = [
        PatientFactory(site=site, family_name=family, given_name=given, birth_date=f"{2026 - age}-01-10")
        for family, given, age in PEOPLE
    ]
    return made[0]


def told() -> int:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return Entry.objects.count()


def test_histories_are_told_once(rosa, announced) -> None:
    number = told()
    assert number > 100
    assert told() == number
    with as_the_system():
        assert Entry.objects.values("patient").distinct().count() == len(PEOPLE)
        sugars = list(Entry.objects.filter(patient=rosa, code=demo.SUGAR).order_by("effective_at"))
        unread = Entry.objects.unread().count()
    assert [float(row.value or 0) for row in sugars] == sorted((float(row.value or 0) for row in sugars), reverse=True)
    assert all(row.released_at for row in sugars)
    assert unread == 1
    assert len(announced(AbnormalValueRecorded)) == 1


def test_without_people_there_is_nothing_to_tell() -> None:
    SiteFactory()
    DiagnosisCodeFactory()
    assert told() == 0
