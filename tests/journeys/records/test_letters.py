"""A letter goes with a message and waits for the scanner; an answer is begun with a text of the clinic; both widths."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from records.models import Attachment
from records.tasks import scan_attachment
from tests.factories import MessageTemplateFactory, PatientFactory, SiteFactory, portal_user, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine, follow
from tests.patients.conftest import sign_in
from tests.roles import as_the_system, taking_role
from tests.storage.clamd import EICAR, Clamd, clamd

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PDF = b"%PDF-1.7\n" + b"synthetic " * 50
QUESTION = "This came from the eye center. Do I have to do something?"


@pytest.fixture
def scanner(settings: Any) -> Any:
    with clamd() as served:
        settings.STORAGE_SCANNER, settings.CLAMAV_ADDRESS = "healthcare.storage.clamav.scan", served.address
        yield served


def chosen(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def scan_all() -> None:
    with as_the_system():
        keys = list(Attachment.objects.filter(state="pending").values_list("pk", flat=True))
    with taking_role("worker"):
        for key in keys:
            scan_attachment(key)


@pytest.mark.parametrize("width", [1280, 360])
def test_a_letter_is_sent_checked_and_answered(width: int, scanner: Clamd, open_page: Open) -> None:
    """Given a scanner, when Rosa sends two files, then none opens before it is found clean, and the nurse answers."""
    site = SiteFactory(name="Alder Street", phone="+15085550110")
    rosa = PatientFactory(site=site, given_name="Rosa", family_name="Delgado-Ferreira", language="es")
    nurse = staff("nurse", site, full_name="Priya Raman")
    MessageTemplateFactory(name="Please call us", body="Dear {patient}, please call {telephone}.")
    MessageTemplateFactory(
        language="es", name="Llame", body="Hola {patient}: llámenos al {telephone} por ***. {writer}"
    )

    portal = open_page("/portal/messages/write", client=sign_in(portal_user(rosa)), width=width)
    portal.get_by_label("A form or letter").check()
    portal.get_by_label("Your message").fill(QUESTION)
    portal.get_by_label("Files").set_input_files([chosen("letter.pdf", PDF), chosen("game.pdf", PDF + EICAR)])
    fine(portal)
    follow(portal.get_by_role("button", name="Send"))
    expect(portal.get_by_text("Being checked for viruses")).to_have_count(2)
    fine(portal)

    scan_all()
    portal.reload()
    expect(portal.get_by_text("Removed: something harmful was found in it")).to_be_visible()
    with portal.expect_download() as download:
        portal.get_by_role("link", name="letter.pdf").click()
    assert download.value.suggested_filename == "letter.pdf"
    fine(portal)

    desk = open_page(f"/records/{rosa.pk}/messages/", client=sign_in(nurse), width=width)
    follow(desk.get_by_role("link", name="Form or letter").first)
    expect(desk.get_by_role("link", name="letter.pdf")).to_be_visible()
    expect(desk.get_by_text("Removed: something harmful was found in it")).to_be_visible()
    answers(desk)


def answers(desk: Page) -> None:
    """By the keyboard alone: the text of the patient's language, its blank filled, sent."""
    field = desk.get_by_label("Answer", exact=True)
    field.fill("Buenos días.")
    choice = desk.get_by_label("A text of the clinic")
    choice.focus()
    desk.keyboard.type("Llame")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    put = "Buenos días.\n\nHola Rosa: llámenos al 508-555-0110 por ***. Priya Raman"
    expect(field).to_have_value(put)
    fine(desk)
    follow(desk.get_by_role("button", name="Send"))
    expect(desk.get_by_text("*** is still open").first).to_be_visible()
    expect(field).to_have_value(put)
    desk.errors.clear()  # type: ignore[attr-defined]  # the browser says that the form was refused
    fine(desk)
    field.fill(put.replace("***", "la carta"))
    follow(desk.get_by_role("button", name="Send"))
    expect(desk.locator("main")).to_contain_text("por la carta. Priya Raman")
    fine(desk)
