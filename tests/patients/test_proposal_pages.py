"""The pages on which patients propose and the staff answer."""

import pytest

from patients.models import Patient, ProposedChange
from tests.factories import PatientFactory, ProposedChangeFactory, portal_user, proxy_of, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HERE = "/portal/record/change"


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado", city="Worcester", phone="+15085550177")


def typed(form, **changes) -> dict[str, str]:
    return {field.html_name: field.value() or "" for field in form} | changes


def rows() -> list[ProposedChange]:
    with as_the_system():
        return list(ProposedChange.objects.order_by("pk"))


# == The portal ==
def test_a_patient_sends_it_sees_it_wait_and_takes_it_back(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    assert HERE in client.get("/portal/record").content.decode()
    form = client.get(HERE).context["form"]
    assert form["phone"].value() == "508-555-0177"
    page = client.post(HERE, typed(form, city="Boston", phone="508-555-0199"), follow=True)
    text = page.content.decode()
    assert "Sent. The front desk looks at it." in text
    assert "Now: Worcester. To be: Boston" in text
    assert "508-555-0199" in text
    (row,) = [row for row in rows() if row.field == "city"]
    assert page.context["form"]["city"].value() == "Boston", "what waits stands in the field"
    client.post(f"{HERE}/{row.pk}/withdraw")
    assert "To be: Boston" not in client.get(HERE).content.decode()


def test_nothing_different_sends_nothing(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    page = client.post(HERE, typed(client.get(HERE).context["form"]), follow=True)
    assert "Nothing was different" in page.content.decode()
    assert rows() == []


def test_the_answer_is_read_in_the_portal(browser, rosa) -> None:
    done = {"answered_at": "2026-05-06T12:00Z", "answered_by": staff("front_desk", rosa.site)}
    ProposedChangeFactory(patient=rosa, state="refused", answer="Bring an ID, please", **done)
    ProposedChangeFactory(patient=rosa, field="language", value="pt", state="accepted", **done)
    text = browser(portal_user(rosa)).get(HERE).content.decode()
    for part in ("Bring an ID, please", "Not taken over", "Language: Portuguese", "Taken over"):
        assert part in text


def test_a_proxy_proposes_for_whom_they_act(browser, rosa) -> None:
    client = browser(proxy_of(rosa))
    there = f"/portal/for/{rosa.pk}/record/change"
    form = client.get(there).context["form"]
    assert client.post(there, typed(form, city="Boston"))["Location"] == there
    assert [row.patient_id for row in rows()] == [rosa.pk]


def test_a_proposal_of_somebody_else_is_not_found(browser, rosa) -> None:
    other = ProposedChangeFactory()
    assert browser(portal_user(rosa)).post(f"{HERE}/{other.pk}/withdraw").status_code == 404
    assert [row.state for row in rows()] == ["waiting"]


# == The staff ==
def test_the_desk_finds_it_and_answers_field_by_field(browser, rosa) -> None:
    city = ProposedChangeFactory(patient=rosa, was="Worcester", proposed_by__full_name="Ana Roe")
    line = ProposedChangeFactory(patient=rosa, field="line", value="3 Mill Street")
    client = browser(staff("front_desk", rosa.site))
    lines = client.get("/patients/to-put-right").content.decode()
    assert "Changes that patients propose" in lines
    assert 'href="/patients/proposals"' in lines
    assert "Rosa Delgado" in client.get("/patients/proposals").content.decode()
    here = f"/patients/{rosa.pk}/proposals"
    text = client.get(here).content.decode()
    for part in ("Worcester", "Boston", "Ana Roe", "3 Mill Street"):
        assert part in text
    client.post(f"{here}/{city.pk}", {"verdict": "accept", "seen": "Worcester"})
    client.post(f"{here}/{line.pk}", {"verdict": "refuse", "reason": "No such street"})
    assert [row.state for row in rows()] == ["accepted", "refused"]
    with as_the_system():
        found = Patient.objects.get(pk=rosa.pk)
    assert (found.city, found.line) == ("Boston", "")
    text = client.get(here).content.decode()
    assert "Nothing waits" in text
    assert "No such street" in text
    assert "Nothing waits" in client.get("/patients/proposals").content.decode()
    assert "Changes that patients" not in client.get("/patients/to-put-right").content.decode()


def test_a_refusal_without_a_reason_is_said_beside_the_field(browser, rosa) -> None:
    row = ProposedChangeFactory(patient=rosa)
    other = ProposedChangeFactory(patient=rosa, field="line", value="3 Mill Street")
    page = browser(staff("nurse", rosa.site)).post(f"/patients/{rosa.pk}/proposals/{row.pk}", {"verdict": "refuse"})
    assert page.status_code == 422
    assert page.content.decode().count("Say why: the patient reads it") == 1
    assert {found.state for found in rows()} == {"waiting"}, other


def test_what_changed_meanwhile_is_told(browser, rosa) -> None:
    row = ProposedChangeFactory(patient=rosa)
    client = browser(staff("nurse", rosa.site))
    said = {"verdict": "accept", "seen": "Holden"}
    page = client.post(f"/patients/{rosa.pk}/proposals/{row.pk}", said, follow=True)
    assert "Somebody changed this field" in page.content.decode()
    assert [found.state for found in rows()] == ["waiting"]


def test_a_proposal_of_another_patient_in_the_address_is_not_found(browser, rosa) -> None:
    near = ProposedChangeFactory(patient=PatientFactory(site=rosa.site))
    client = browser(staff("nurse", rosa.site))
    said = {"verdict": "accept", "seen": ""}
    assert client.post(f"/patients/{rosa.pk}/proposals/{near.pk}", said).status_code == 404
    assert [found.state for found in rows()] == ["waiting"]


def test_who_opened_the_record_reads_who_answered(browser, rosa) -> None:
    row = ProposedChangeFactory(patient=rosa)
    client, account = browser(staff("front_desk", rosa.site)), portal_user(rosa)
    client.post(f"/patients/{rosa.pk}/proposals/{row.pk}", {"verdict": "accept", "seen": "Worcester"})
    assert "Took a proposed change over" in browser(account).get("/portal/openings").content.decode()
