"""Procedures and vaccines: what was done, what was given from which lot, and what was not, and why."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from records.actions.immunizations import record_immunization
from records.actions.writing import NotRecorded
from records.fhir import ImmunizationResource
from records.rules.said import Dose
from records.telling.by_kind import resource_of
from tests.records.arriving import CVX, concept, entries, incoming, take

pytestmark = pytest.mark.django_db
DONE = {
    "name": "Suture of the hand",
    "state": "completed",
    "by": "Dr. Okafor",
    "outcome": "closed",
    "body_site": "left hand",
}


def test_a_procedure_is_typed_shown_and_corrected(rosa, doctor, browser) -> None:
    client, door = browser(doctor), f"/records/{rosa.pk}/record/procedure"
    half = client.post(door, DONE | {"code": "288086009"})
    assert half.status_code == 422
    assert "belong together" in half.content.decode()
    shown = client.post(door, DONE | {"code": "288086009", "system": "snomed", "day": "2024-05-06"}).headers["Location"]
    page = client.get(shown).content.decode()
    for words in ("Suture of the hand", "Dr. Okafor", "closed", "left hand", "288086009"):
        assert words in page
    assert 'value="Suture of the hand"' in client.get(f"{shown}correct").content.decode()
    client.post(f"{shown}correct", DONE | {"state": "stopped"})
    first, second = entries(rosa, kind="procedure")
    assert (first.code, first.code_system, first.effective_at.date()) == ("288086009", "snomed", date(2024, 5, 6))
    assert (second.clinical_status, second.code, second.effective_at) == ("stopped", "", first.effective_at)


def test_a_vaccine_not_given_says_why_and_is_no_immunization(rosa, nurse, browser) -> None:
    client, door = browser(nurse), f"/records/{rosa.pk}/record/vaccine_declined"
    assert client.post(door, {"code": "140"}).status_code == 422
    shown = client.post(door, {"code": "140", "why": "PATOBJ", "note": "asks again in spring"}).headers["Location"]
    page = client.get(shown).content.decode()
    assert "Not given: Influenza" in page
    assert "does not want it" in page
    assert "selected" in client.get(f"{shown}correct").content.decode()
    assert entries(rosa, kind="immunization") == []
    assert "Influenza" not in client.get(f"/records/{rosa.pk}/immunizations/").content.decode()
    told = resource_of(entries(rosa, kind="vaccine_declined")[0])
    assert told is not None
    assert (told["status"], told["statusReason"]["coding"][0]["code"]) == ("not-done", "PATOBJ")


@pytest.mark.parametrize(("why", "state"), [("PATOBJ", "imported"), ("SOMETHING", "kept"), ("", "kept")])
def test_what_another_system_says_was_not_given(why, state, rosa) -> None:
    resource = {
        "resourceType": "Immunization",
        "status": "not-done",
        "vaccineCode": concept("Influenza", "140", CVX),
        "statusReason": concept("", why) if why else None,
        "occurrenceDateTime": "2024-10-01",
    }
    (outcome,) = take(ImmunizationResource(), incoming(rosa, resource))
    assert outcome.state == state
    assert len(entries(rosa, kind="vaccine_declined")) == (state == "imported")


def test_a_dose_says_its_lot_where_and_how(rosa, nurse, browser, api) -> None:
    client = browser(nurse)
    typed = {
        "vaccine": "140",
        "given_on": "2024-10-01",
        "lot": "A7",
        "site": "LA",
        "route": "IM",
        "expires": "2025-01-31",
    }
    assert client.post(f"/records/{rosa.pk}/immunizations/add", typed).status_code == 302
    (row,) = entries(rosa, kind="immunization")
    assert {name: row.data[name] for name in ("site", "route", "expires")} == {
        "site": "LA",
        "route": "IM",
        "expires": "2025-01-31",
    }
    page = client.get(f"/records/{rosa.pk}/entries/{row.pk}/").content.decode()
    assert "Left arm" in page
    assert "Into the muscle" in page
    late = client.post(f"/records/{rosa.pk}/immunizations/add", typed | {"expires": "2024-09-30"})
    assert late.status_code == 422
    assert "had expired" in late.content.decode()
    body = {
        "patient": str(rosa.pk),
        "kind": "immunization",
        "code": "140",
        "data": {"site": "RA", "expires": "2999-01-01"},
    }
    assert api(nurse).write("/records", body).status_code == 201
    assert api(nurse).write("/records", body | {"data": {"route": "by air"}}).status_code == 422


@pytest.mark.parametrize("hours", [0, 9, 23])
def test_the_last_day_of_a_lot_is_a_day_on_which_it_is_good(hours, rosa, nurse) -> None:
    at = timezone.now() - timedelta(days=2, hours=hours)
    day = timezone.localdate(at, timezone=ZoneInfo(rosa.site.time_zone))
    with acting_as(nurse):
        record_immunization(by=nurse, patient=rosa, dose=Dose("140", expires=day), effective_at=at, now=timezone.now())
        with pytest.raises(NotRecorded, match="expired"):
            record_immunization(
                by=nurse,
                patient=rosa,
                dose=Dose("140", expires=day - timedelta(days=1)),
                effective_at=at,
                now=timezone.now(),
            )
