"""The page that changes a person's details."""

import pytest

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.models import Patient
from tests.factories import PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado", phone="+15085550177")


def url(patient) -> str:
    return f"/patients/{patient.pk}/change"


def typed(form, **changes) -> dict[str, str]:
    return {field.html_name: field.value() or "" for field in form} | changes


def test_the_form_holds_what_is_known(browser, rosa) -> None:
    text = browser(staff("front_desk", rosa.site)).get(url(rosa)).content.decode()
    for value in ("Delgado", "Rosa", "Mar 12, 1968", "508-555-0177"):
        assert f'value="{value}"' in text
    assert 'autocomplete="off"' in text


def test_what_differs_is_changed_and_named_in_the_audit(browser, rosa) -> None:
    desk = staff("front_desk", rosa.site)
    client = browser(desk)
    form = client.get(url(rosa)).context["form"]
    answer = client.post(url(rosa), typed(form, phone="508-555-0199", preferred_name="Rosie"))
    assert (answer.status_code, answer["Location"]) == (302, f"/patients/{rosa.pk}/")
    with as_the_system():
        rosa.refresh_from_db()
    assert (rosa.phone, rosa.preferred_name, rosa.family_name) == ("+15085550199", "Rosie", "Delgado")
    with acting_as(desk):
        assert AuditEvent.objects.get(action="patients.change").detail == {"fields": ["preferred_name", "phone"]}


def test_nothing_different_changes_nothing(browser, rosa) -> None:
    desk = staff("front_desk", rosa.site)
    client = browser(desk)
    client.post(url(rosa), typed(client.get(url(rosa)).context["form"]))
    assert b"Nothing was different" in client.get(f"/patients/{rosa.pk}/").content
    with acting_as(desk):
        assert not AuditEvent.objects.filter(action="patients.change").exists()


def test_a_mistake_stays_on_the_page(browser, rosa) -> None:
    client = browser(staff("nurse", rosa.site))
    page = client.post(
        url(rosa), typed(client.get(url(rosa)).context["form"], birth_date="Feb 30, 1968", city="Worcester")
    )
    assert page.status_code == 422
    for part in ("February 1968 has no day 30", 'value="Feb 30, 1968"', 'value="Worcester"', "<b>Delgado</b>"):
        assert part in page.content.decode()


def test_bob_changes_nobody(browser, rosa) -> None:
    page = browser(staff("front_desk")).post(url(rosa), {"family_name": "Taken"})
    assert page.status_code == 403
    with as_the_system():
        rosa.refresh_from_db()
    assert rosa.family_name == "Delgado"


def test_a_change_by_somebody_else_meanwhile_is_shown_and_nothing_is_lost(browser, rosa) -> None:
    first, second = browser(staff("front_desk", rosa.site)), browser(staff("nurse", rosa.site))
    opened = first.get(url(rosa)).context["form"]
    second.post(url(rosa), typed(second.get(url(rosa)).context["form"], phone="508-555-0155", sex="unknown"))
    page = first.post(url(rosa), typed(opened, city="Boston"))
    text = page.content.decode()
    assert page.status_code == 422
    assert "Somebody changed these details after you opened them" in text
    for shown in ("Now: 508-555-0155", "Now: Unknown", "Now: nothing", 'value="508-555-0177"', 'value="Boston"'):
        assert shown in text
    with as_the_system():
        rosa.refresh_from_db()
    assert (rosa.phone, rosa.city) == ("+15085550155", "")
    again = first.post(url(rosa), typed(page.context["form"], phone="508-555-0155"))
    assert again.status_code == 302
    with as_the_system():
        rosa.refresh_from_db()
    assert (rosa.phone, rosa.city, rosa.sex) == ("+15085550155", "Boston", "female")
