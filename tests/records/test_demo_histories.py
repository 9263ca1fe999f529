"""What was before in the sample clinic: told once, of adults alone, and nobody operated on before they were born."""

import pytest

from records.demo import histories as demo
from records.models import Entry
from records.queries.histories import HISTORIES
from tests.factories import PatientFactory, SiteFactory, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def told() -> list[Entry]:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return list(Entry.objects.filter(kind__in=HISTORIES).select_related("patient").order_by("id"))


def test_histories_are_told_once_and_of_adults() -> None:
    site = SiteFactory()
    staff("nurse", site)
    rosa = PatientFactory(site=site, family_name="Delgado-Ferreira", given_name="Rosa", birth_date="1968-03-12")
    child = PatientFactory(site=site, birth_date="2024-01-10")
    others = [PatientFactory(site=site, birth_date=f"{1950 + 3 * number}-01-10") for number in range(12)]
    rows = told()
    assert len(told()) == len(rows)
    of_rosa = [row.display for row in rows if row.patient == rosa]
    assert {"Gallbladder removed", "Mother", "Father", "Brother"} <= set(of_rosa)
    asked = {row.patient for row in rows}
    assert child not in asked
    assert 3 < len(asked & set(others)) < len(others)
    assert all(row.effective_at.date() > row.patient.birth_date for row in rows)
    assert {row.code for row in rows} >= {"no-known-operations", "no-known-family-history"}


def test_without_colleagues_nobody_asks() -> None:
    PatientFactory(birth_date="1968-03-12")
    assert told() == []
