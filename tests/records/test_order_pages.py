"""The pages of orders: chosen and ordered, one with what becomes of it, and the cards that show them."""

from datetime import date

import pytest
from django.utils import timezone

from records.models import Entry, ServiceRequest
from tests.factories import EncounterFactory, EntryFactory, ProviderFactory, ServiceRequestFactory, portal_user
from tests.records.ordering import BASIC, CHEST, LIPIDS, one_order, order_now_is
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(doctor):
    return ProviderFactory(user=doctor)


def said(provider, *codes: str, **more: str) -> dict[str, object]:
    return {"codes": codes or (BASIC, CHEST), "priority": "routine", "provider": str(provider.pk)} | more


def test_a_doctor_orders_several_at_once(rosa, doctor, provider, browser) -> None:
    client, url = browser(doctor), f"/records/{rosa.pk}/orders/new"
    page = client.get(url).content.decode()
    assert "XR Chest 2 Views" in page
    assert "selected" in page.split(provider.name)[0][-60:]
    running = EncounterFactory(patient=rosa, provider=provider, started_at=timezone.now())
    assert client.post(url, said(provider, reason="Dyspnea")).status_code == 302
    with as_the_system():
        rows = list(ServiceRequest.objects.order_by("id"))
    assert {(row.code, row.status, row.encounter_id) for row in rows} == {
        (code, "active", running.pk) for code in (BASIC, CHEST)
    }
    for address in ("orders/", f"visits/{running.pk}/"):
        page = client.get(f"/records/{rosa.pk}/{address}").content.decode()
        assert "Chest X-ray, 2 views" in page, address


def test_what_is_typed_finds_and_what_is_chosen_stays(rosa, doctor, provider, browser) -> None:
    client, url = browser(doctor), f"/records/{rosa.pk}/orders/new"
    part = client.get(url, {"q": "chol", "codes": [CHEST]}, headers={"hx-request": "true"}).content.decode()
    assert "<h1>" not in part
    assert "Lipid panel" in part
    assert f'value="{CHEST}" checked' in part
    assert "Comprehensive" not in part
    nothing = client.get(url, {"q": "no such thing"}).content.decode()
    assert "Nothing else has all of these words." in nothing


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"codes": ()}, "Choose what to order"),
        ({"expected_by": "2001-01-01"}, "cannot be before"),
        ({"expected_by": "2199-01-01"}, "more than a year away"),
        ({"provider": ""}, "Missing: Who reads the answer"),
    ],
)
def test_what_cannot_be_ordered_stays_on_the_page(typed, sentence, rosa, doctor, provider, browser) -> None:
    answer = browser(doctor).post(f"/records/{rosa.pk}/orders/new", said(provider, note="Fasting") | typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "Fasting" in page


def test_the_same_again_takes_a_reason(rosa, doctor, provider, browser) -> None:
    one_order(doctor, rosa, now=timezone.now())
    client, url = browser(doctor), f"/records/{rosa.pk}/orders/new"
    page = client.post(url, said(provider, BASIC)).content.decode()
    assert "is ordered already" in page
    assert "Why it is wanted again" in page
    assert f'value="{BASIC}" checked' in page
    assert client.post(url, said(provider, BASIC, again="Hemolyzed")).status_code == 302


def test_a_nurse_prepares_takes_and_notes_and_a_doctor_decides(rosa, doctor, nurse, provider, browser) -> None:
    nurses, doctors = browser(nurse), browser(doctor)
    assert "Prepare an order" in nurses.get(f"/records/{rosa.pk}/orders/new").content.decode()
    assert nurses.post(f"/records/{rosa.pk}/orders/new", said(provider, LIPIDS)).status_code == 302
    with as_the_system():
        draft = ServiceRequest.objects.get()
    page = f"/records/{rosa.pk}/orders/{draft.pk}/"
    assert "Order it" not in nurses.get(page).content.decode()
    assert nurses.post(f"{page}place").status_code == 403
    assert "Order it" in doctors.get(page).content.decode()
    assert doctors.post(f"{page}place").status_code == 302
    assert order_now_is(draft).status == "active"
    assert "stands at: Ordered" in doctors.post(f"{page}place", follow=True).content.decode()
    assert nurses.post(f"{page}collect").status_code == 302
    assert "Specimen taken" in nurses.get(page).content.decode()
    assert "Missing: Why" in nurses.post(f"{page}fail", {"fail-reason": ""}).content.decode()
    assert nurses.post(f"{page}fail", {"fail-reason": "Hemolyzed"}).status_code == 302
    assert (order_now_is(draft).status, order_now_is(draft).end_reason) == ("failed", "Hemolyzed")
    late = nurses.post(f"{page}fail", {"fail-reason": "Again"})
    assert late.status_code == 422


def test_a_doctor_waits_longer_or_revokes(rosa, doctor, provider, browser) -> None:
    request = ServiceRequestFactory(patient=rosa, provider=provider, expected_by=date(2020, 1, 1))
    client, page = browser(doctor), f"/records/{rosa.pk}/orders/{request.pk}/"
    assert "The answer is overdue" in client.get(page).content.decode()
    assert client.post(f"{page}extend", {"extend-expected_by": "2199-01-01"}).status_code == 422
    assert client.post(f"{page}extend", {"extend-expected_by": str(timezone.localdate())}).status_code == 302
    assert order_now_is(request).expected_by == timezone.localdate()
    assert client.post(f"{page}revoke", {"revoke-reason": ""}).status_code == 422
    assert client.post(f"{page}revoke", {"revoke-reason": "Done elsewhere"}).status_code == 302
    assert "Done elsewhere" in client.get(f"/records/{rosa.pk}/orders/").content.decode()
    assert client.post(f"{page}revoke", {"revoke-reason": "Again"}).status_code == 422
    assert client.post(f"{page}extend", {"extend-expected_by": str(timezone.localdate())}).status_code == 422


def test_a_favourite_is_found_first(rosa, doctor, provider, browser) -> None:
    request = ServiceRequestFactory(patient=rosa, provider=provider, code=CHEST, category="imaging")
    client, page = browser(doctor), f"/records/{rosa.pk}/orders/{request.pk}/"
    client.post(f"{page}favourite", {"kept": "1"})
    new = client.get(f"/records/{rosa.pk}/orders/new").content.decode()
    assert new.index("XR Chest") < new.index("CBC panel")
    assert "No longer find it first" in client.get(page).content.decode()
    client.post(f"{page}favourite")
    new = client.get(f"/records/{rosa.pk}/orders/new").content.decode()
    assert new.index("CBC panel") < new.index("XR Chest")


# == What answers it ==
def test_a_nurse_writes_down_a_panel_number_by_number(rosa, doctor, nurse, provider, browser) -> None:
    request = one_order(doctor, rosa, LIPIDS, now=timezone.now())
    client, page = browser(nurse), f"/records/{rosa.pk}/orders/{request.pk}/"
    typed = {"code": "2093-3", "value": "180", "taken_on": str(timezone.localdate())}
    assert "Cholesterol" in client.get(f"{page}answer").content.decode()
    again = client.post(f"{page}answer", typed | {"again": "1"})
    assert again["Location"].endswith("/answer")
    rest = client.get(f"{page}answer").content.decode()
    assert 'value="2093-3"' not in rest
    assert client.post(f"{page}answer", typed).status_code == 422
    for code in ("2571-8", "18262-6", "2085-9"):
        assert client.post(f"{page}answer", typed | {"code": code, "value": "60"}).status_code == 302
    assert order_now_is(request).status == "final"
    shown = browser(doctor).get(page).content.decode()
    assert "180 mg/dL" in shown
    assert "Write down what came" not in shown


def test_a_report_goes_from_the_page_to_the_doctor_to_the_patient(rosa, doctor, nurse, provider, browser) -> None:
    request = one_order(doctor, rosa, CHEST, now=timezone.now())
    nurses, doctors, page = browser(nurse), browser(doctor), f"/records/{rosa.pk}/orders/{request.pk}/"
    typed = {"text": "Clear lungs.", "conclusion": "No pneumonia.", "taken_on": str(timezone.localdate())}
    assert nurses.post(f"{page}answer", typed | {"text": ""}).status_code == 422
    assert nurses.post(f"{page}answer", typed | {"laboratory": "Bay Imaging"}).status_code == 302
    assert nurses.post(f"{page}answer", typed).status_code == 422
    with as_the_system():
        entry = Entry.objects.get(patient=rosa, kind="diagnostic_report")
    assert "XR Chest 2 Views" in doctors.get("/records/results-to-read").content.decode()
    release = f"/records/{rosa.pk}/entries/{entry.pk}/release"
    assert "Clear lungs." in doctors.get(release).content.decode()
    assert doctors.post(release, {"comment": "All well."}).status_code == 302
    patients = browser(portal_user(rosa))
    assert "XR Chest 2 Views" in patients.get("/portal/results/").content.decode()
    told = patients.get(f"/portal/results/{entry.pk}/").content.decode()
    assert "No pneumonia." in told
    assert "All well." in told
    assert "was corrected" not in told


def test_a_corrected_report_is_flagged_to_staff_and_patient(rosa, doctor, nurse, provider, browser) -> None:
    entry = EntryFactory(
        patient=rosa, kind="diagnostic_report", display="CT Head", value=None, unit="", data={"text": "Clear."}
    )
    nurses, doctors = browser(nurse), browser(doctor)
    url = f"/records/{rosa.pk}/entries/{entry.pk}/correct-report"
    assert "Correct it" in nurses.get(f"/records/{rosa.pk}/entries/{entry.pk}/").content.decode()
    assert "Clear." in nurses.get(url).content.decode()
    assert nurses.post(url, {"text": " "}).status_code == 422
    assert nurses.post(url, {"text": "A small bleed."}).status_code == 302
    assert nurses.post(url, {"text": "Twice."}).status_code == 422
    with as_the_system():
        right = Entry.objects.get(patient=rosa, supersedes=entry)
    assert "Corrected" in doctors.get("/records/results-to-read").content.decode()
    doctors.post(f"/records/{rosa.pk}/entries/{right.pk}/release", {"comment": "Come in today."})
    patients = browser(portal_user(rosa))
    assert "Corrected" in patients.get("/portal/results/").content.decode()
    assert "This result was corrected." in patients.get(f"/portal/results/{right.pk}/").content.decode()
    other = EntryFactory(patient=rosa)
    assert nurses.get(f"/records/{rosa.pk}/entries/{other.pk}/correct-report").status_code == 404
    assert nurses.get(f"/records/{rosa.pk}/entries/{right.pk}/correct-result").status_code == 404
