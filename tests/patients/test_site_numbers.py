"""A site gives numbers of its own: with its letters, a check digit over both, on the label, found by the search."""

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients import actions
from patients.actions.identifiers import IdentifierRefused, begin_number_series
from patients.models import Patient, PatientIdentifier, SiteNumbers
from patients.rules import Demographics, is_site_number, site_number
from tests.factories import SiteFactory, SiteNumbersFactory, staff
from tests.patients.merging import merge
from tests.roles import as_the_system, taking_role

PREFIXES = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=4)


# == The number ==
@given(PREFIXES, st.integers(0, 999_999))
def test_a_number_checks_itself(prefix: str, number: int) -> None:
    written = site_number(prefix, number)
    assert is_site_number(written)
    assert is_site_number(written.replace("-", ""))
    wrong = str((int(written[-1]) + 1) % 10)
    assert not is_site_number(written[:-1] + wrong)


@given(PREFIXES, st.integers(0, 999_999), st.integers(0, 5))
def test_a_wrong_digit_is_noticed(prefix: str, number: int, place: int) -> None:
    written = site_number(prefix, number)
    at = len(prefix) + 1 + place
    other = str((int(written[at]) + 1) % 10)
    assert not is_site_number(written[:at] + other + written[at + 1 :])


@pytest.mark.parametrize("text", ["", "WOR", "WOR-00123-4", "wor-000123-4", "ABCDE-000123-4", "004-81-7726"])
def test_what_is_no_number_of_a_site(text: str) -> None:
    assert not is_site_number(text)


# == Given ==
@pytest.fixture
def desk() -> Any:
    return staff("front_desk")


@pytest.fixture
def series(desk: Any) -> Any:
    return SiteNumbersFactory(site=desk.memberships.get().site)


def register(desk: Any, given_name: str = "Rosa", family_name: str = "Delgado") -> Patient:
    who = Demographics(given_name=given_name, family_name=family_name, birth_date=date(1968, 3, 12), sex="female")
    with acting_as(desk):
        site = desk.memberships.get().site
        return actions.register_patient(by=desk, site=site, demographics=who, now=timezone.now())


def numbers(patient: Patient) -> list[tuple[str, str]]:
    with as_the_system():
        return list(PatientIdentifier.objects.filter(patient=patient).order_by("pk").values_list("system", "value"))


@pytest.mark.django_db
def test_whoever_is_registered_gets_the_next(desk: Any, series: Any) -> None:
    first, second = register(desk), register(desk, "Edmund", "Hollis")
    assert numbers(first) == [(series.site.name, site_number("WOR", 1))]
    assert numbers(second) == [(series.site.name, site_number("WOR", 2))]


@pytest.mark.django_db
def test_without_a_series_nobody_gets_one(desk: Any) -> None:
    assert numbers(register(desk)) == []


@pytest.mark.django_db
def test_it_is_on_the_label_and_found_by_the_search(browser: Any, desk: Any, series: Any) -> None:
    patient = register(desk)
    [(_system, number)] = numbers(patient)
    page = browser(desk).get(f"/patients/{patient.pk}/label").content.decode()
    assert f"Barcode of {number}" in page
    assert patient.mrn in page
    for typed in (number, number.replace("-", ""), patient.mrn):
        with acting_as(desk):
            assert [line.id for line in actions.search_patients(by=desk, text=typed)] == [patient.pk]


@pytest.mark.django_db
def test_who_was_there_before_the_series_has_the_clinics_on_the_label(browser: Any, desk: Any) -> None:
    patient = register(desk)
    SiteNumbersFactory(site=patient.site)
    assert f"Barcode of {patient.mrn}" in browser(desk).get(f"/patients/{patient.pk}/label").content.decode()


@pytest.mark.django_db
def test_after_a_merge_both_numbers_lead_to_the_one_record(desk: Any, series: Any) -> None:
    kept, gone = register(desk), register(desk, "Edmund", "Hollis")
    merge(desk, kept, gone)
    assert len(numbers(kept)) == 2
    with acting_as(desk):
        for _system, number in numbers(kept):
            assert [line.id for line in actions.search_patients(by=desk, text=number)] == [kept.pk]


@pytest.mark.django_db
def test_a_number_typed_by_hand_has_to_check(desk: Any, series: Any) -> None:
    patient = register(desk)
    good = site_number("WOR", 77)
    bad = good[:-1] + str((int(good[-1]) + 1) % 10)
    with acting_as(desk):
        with pytest.raises(IdentifierRefused, match="check digit"):
            actions.add_identifier(by=desk, patient=patient, system="Worcester", value=bad)
        actions.add_identifier(by=desk, patient=patient, system="Worcester", value=good)
        actions.add_identifier(by=desk, patient=patient, system="Elsewhere", value=bad.replace("WOR", "ABC"))


# == Series ==
@pytest.mark.django_db
def test_the_command_begins_a_series_and_says_what_cannot_be() -> None:
    site, other, out = SiteFactory(), SiteFactory(), StringIO()
    with taking_role("worker"):
        call_command("number_series", site.slug, "WOR", stdout=out)
        assert "begin with WOR" in out.getvalue()
        for slug, letters in ((site.slug, "ABC"), (other.slug, "WOR"), (other.slug, "W"), ("nowhere", "ABC")):
            with pytest.raises(CommandError), transaction.atomic():
                call_command("number_series", slug, letters)
    assert SiteNumbers.objects.get().site == site


@pytest.mark.django_db
def test_a_desk_begins_no_series(desk: Any) -> None:
    with acting_as(desk), pytest.raises(NotAllowed):
        begin_number_series(by=desk, site=desk.memberships.get().site, prefix="WOR")
