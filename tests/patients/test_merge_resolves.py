"""Both record numbers and addresses lead to the record that was kept; a merge that was undone leads apart again."""

import pytest
from django.urls import reverse

from healthcare.db.context import acting_as
from patients import actions
from tests.factories import AppointmentFactory, InvoiceFactory, PatientFactory, SiteFactory, proxy_of, staff
from tests.patients.merging import merge, undo

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return SiteFactory()


@pytest.fixture
def desk(site):
    return staff("front_desk", site)


@pytest.fixture
def kept(site):
    return PatientFactory(site=site)


@pytest.fixture
def gone(site):
    return PatientFactory(site=site)


def found(by, number) -> list[object]:
    with acting_as(by):
        return [line.id for line in actions.search_patients(by=by, text=number)]


def test_the_search_finds_it_by_either_number(desk, kept, gone):
    merged = merge(desk, kept, gone)
    assert found(desk, gone.mrn) == found(desk, kept.mrn) == [kept.pk]
    undo(desk, merged)
    assert found(desk, gone.mrn) == [gone.pk]


def test_the_search_finds_no_ghost_by_name(desk, kept, gone):
    merge(desk, kept, gone)
    assert gone.pk not in found(desk, f"{gone.family_name} {gone.given_name}")


def test_an_old_address_leads_to_the_same_page_of_the_kept_record(browser, desk, kept, gone):
    merged = merge(desk, kept, gone)
    client = browser(desk)
    for name in ("patients:chart", "patients:access", "scheduling:visits", "billing:account"):
        answer = client.get(reverse(name, args=[gone.pk]))
        assert (answer.status_code, answer.url) == (302, reverse(name, args=[kept.pk]))
    answer = client.get(reverse("patients:chart", args=[gone.pk]) + "?a=1")
    assert answer.url == reverse("patients:chart", args=[kept.pk]) + "?a=1"
    undo(desk, merged)
    assert client.get(reverse("patients:chart", args=[gone.pk])).status_code == 200


def test_what_was_typed_on_a_page_of_the_other_is_not_saved_anywhere(browser, desk, kept, gone):
    merge(desk, kept, gone)
    client = browser(desk)
    answer = client.post(reverse("patients:change", args=[gone.pk]), {"given_name": "Else"}, follow=True)
    assert answer.redirect_chain == [(reverse("patients:chart", args=[kept.pk]), 302)]
    assert "Nothing was saved" in answer.content.decode()


def test_for_who_does_not_reach_it_the_old_address_is_as_any_other(browser, desk, kept, gone):
    merge(desk, kept, gone)
    stranger = staff("front_desk")
    assert browser(stranger).get(reverse("patients:chart", args=[gone.pk])).status_code == 403


def test_programs_read_the_kept_record_by_either_id(api, desk, kept, gone):
    visit, bill = AppointmentFactory(patient=gone), InvoiceFactory(patient=gone)
    merge(desk, kept, gone)
    program = api(desk)
    answer = program.read(f"/patients/{gone.pk}")
    assert (answer.status_code, answer.json()["id"]) == (200, str(kept.pk))
    for path, row in (("appointments", visit), ("invoices", bill)):
        listed = program.read(f"/{path}", {"patient": str(gone.pk)}).json()["items"]
        assert [item["id"] for item in listed] == [str(row.pk)]


def test_who_acts_for_them_is_led_on_in_the_portal(browser, desk, kept, gone):
    """Also where a bookmark holds the id of the record that went; a stranger is told nothing of it."""
    daughter = proxy_of(gone)
    merged = merge(desk, kept, gone)
    client, old, new = browser(daughter), f"/portal/for/{gone.pk}/", f"/portal/for/{kept.pk}/"
    for page in ("", "record", "visits?past=1"):
        answer = client.get(old + page)
        assert (answer.status_code, answer.url) == (302, new + page)
    assert client.get(new).status_code == 200
    answer = client.post(old + "record/change", {"line": "2 Elm Street"}, follow=True)
    assert answer.redirect_chain == [(new, 302)]
    assert "Nothing was saved" in answer.content.decode()
    assert browser(proxy_of(PatientFactory())).get(old).status_code == 404
    undo(desk, merged)
    assert client.get(old).status_code == 200


def test_what_is_not_open_to_who_acts_is_not_led_to_either(browser, desk, kept, gone):
    helper = proxy_of(gone, scopes=("identity", "billing"))
    merge(desk, kept, gone)
    assert browser(helper).get(f"/portal/for/{gone.pk}/results/").status_code == 404
