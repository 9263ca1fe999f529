"""Two tabs of one browser, two patients, saved in turns: every write lands on the patient whose form it was."""

from typing import Any

import pytest

from patients.models import Patient, PatientIdentifier
from records.models import Entry
from tests.factories import PatientFactory, SiteFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Any:
    return SiteFactory()


@pytest.fixture
def two(site: Any) -> list[Patient]:
    return [PatientFactory(site=site, given_name=name, family_name="Delgado") for name in ("Rosa", "Carmen")]


def test_details_of_both_opened_before_either_is_saved(browser: Any, site: Any, two: list[Patient]) -> None:
    client = browser(staff("nurse", site))
    forms = [client.get(f"/patients/{patient.pk}/change").context["form"] for patient in two]
    for patient, form in zip(reversed(two), reversed(forms), strict=True):
        typed = {name: form[name].value() or "" for name in form.fields} | {"city": f"City of {patient.given_name}"}
        assert client.post(f"/patients/{patient.pk}/change", typed).status_code == 302
    with as_the_system():
        found = {row.given_name: row.city for row in Patient.objects.filter(pk__in=[one.pk for one in two])}
    assert found == {"Rosa": "City of Rosa", "Carmen": "City of Carmen"}


def test_the_form_of_one_sent_to_the_other_changes_nothing(browser: Any, site: Any, two: list[Patient]) -> None:
    """The mark of what was seen belongs to the patient whose page was opened."""
    rosa, carmen = two
    client = browser(staff("nurse", site))
    form = client.get(f"/patients/{rosa.pk}/change").context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    assert client.post(f"/patients/{carmen.pk}/change", typed).status_code == 422
    with as_the_system():
        assert Patient.objects.get(pk=carmen.pk).given_name == "Carmen"


def test_vitals_and_numbers_in_turns(browser: Any, site: Any, two: list[Patient]) -> None:
    client = browser(staff("nurse", site))
    for patient in two:
        client.get(f"/records/{patient.pk}/vitals/record")
    for turn, patient in enumerate([*two, *reversed(two)]):
        weight = {"weight": f"{60 + turn} kg", "system": "metric"}
        assert client.post(f"/records/{patient.pk}/vitals/record", weight).status_code == 302
        number = {"system": "Riverside", "value": f"{patient.given_name} {turn}"}
        assert client.post(f"/patients/{patient.pk}/family/numbers", number).status_code == 302
    with as_the_system():
        for patient, turns in zip(two, ((0, 3), (1, 2)), strict=True):
            weights = Entry.objects.filter(patient=patient, code="29463-7").values_list("value", flat=True)
            assert sorted(map(int, weights)) == [60 + turn for turn in turns]
            numbers = PatientIdentifier.objects.filter(patient=patient).values_list("value", flat=True)
            assert sorted(numbers) == [f"{patient.given_name} {turn}" for turn in turns]
