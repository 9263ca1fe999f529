"""One visit through all eight apps, as everybody in it lives it: from the search for a doctor to the paid bill.

The eleven steps follow each other in one test, since each stands on what the one before left behind. Every page is
looked at (axe, nothing sideways) at the width at which the whole story is told.
"""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from tests.journeys.clinic import Clinic, eventually
from tests.journeys.conftest import NARROW, WIDE, SignedIn
from tests.journeys.looking import follow, look
from tests.journeys.story import Story

pytestmark = pytest.mark.journey
NEW_TO_HER = {True: ("hypertensive urg", "I16.0"), False: ("headache unsp", "R51.9")}  # by width: each once
ROSA = "rosa.delgado@mail.example"


@pytest.fixture(params=[WIDE, NARROW], ids=["1280", "360"])
def story(request: pytest.FixtureRequest, clinic: Clinic, signed_in: SignedIn) -> Story:
    viewport: ViewportSize = request.param
    return Story(clinic, lambda name, address: signed_in(name, address, viewport=viewport))


def test_one_visit(story: Story) -> None:
    """Given a patient with raised blood pressure, when she is seen, then all who must know do, and it is paid."""
    she_finds_a_doctor_and_books(story)
    the_confirmation_comes_and_a_reminder_waits(story)
    the_desk_keeps_the_day(story)
    the_nurse_measures_and_the_doctor_is_alerted(story)
    the_doctor_writes_and_signs(story)
    the_prescription_is_checked_before_it_is_signed(story)
    the_medicine_is_handed_out_and_the_doctor_hears_of_it(story)
    the_visit_is_billed_and_paid(story)
    they_write_to_each_other(story)
    the_clinic_counts(story)
    she_reads_what_was_found(story)


# == 1 ==
def she_finds_a_doctor_and_books(story: Story) -> None:
    """Given a specialty and a ZIP, when she takes the nearest doctor's next time, then it is hers after four taps."""
    page = story.page("rosa.delgado", "/portal/book")
    page.get_by_label("Near", exact=True).fill("01608")
    page.get_by_label("Specialty").select_option(label="Internal medicine")
    page.get_by_role("button", name="Search").click()
    story.picture(page, "find", NARROW)
    nearest = page.get_by_role("region", name="Providers").get_by_role("listitem").first
    expect(nearest).to_contain_text("Maren Okafor")
    expect(nearest).to_contain_text("0.0 miles")
    nearest.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    expect(page.get_by_role("main")).to_contain_text("12 Alder Street")
    page.get_by_label("What is it about?").fill("Headaches, and my pressure is up")
    look(page)
    follow(page.get_by_role("button", name="Book this visit"))
    if (instead := page.get_by_role("alert").get_by_role("button")).count():  # she may be elsewhere then, by night
        follow(instead.first)
    expect(page.locator("#messages")).to_contain_text("Your visit is booked.")
    expect(page.get_by_role("link", name="Add to my calendar")).to_be_visible()
    look(page)
    story.visit_id = page.url.rstrip("/").rsplit("/", 1)[-1]
    found = story.clinic.rows("SELECT patient_id FROM scheduling_appointment WHERE id = %s", story.visit_id)
    story.patient_id = str(found[0][0])


# == 2 ==
def the_confirmation_comes_and_a_reminder_waits(story: Story) -> None:
    """Given the booking, when the worker runs, then a mail says when and where, and the reminder is a row already."""
    mail = eventually(lambda: story.clinic.mail_about(ROSA, story.visit_id))
    assert "12 Alder Street" in mail["text"]
    assert "headaches" not in (mail["subject"] + mail["text"]).lower()
    stages = story.clinic.rows(
        "SELECT sequence FROM alerts_reminder WHERE appointment_id = %s AND patient_id = %s",
        story.visit_id,
        story.patient_id,
    )
    assert stages == [(0,)] * 3


# == 3 ==
def the_desk_keeps_the_day(story: Story) -> None:
    """Given the visit on the day's page, when she comes, then she is checked in and the board shows her waiting."""
    desk = story.page("jodie.parrish", "/scheduling/")
    expect(desk.get_by_role("link", name=re.compile("Delgado-Ferreira, R")).first).to_be_visible()
    another_visit_is_moved_and_called_off(story, desk)
    story.page("jodie.parrish", story.visit)
    desk.get_by_role("button", name="Check in").click()
    expect(desk.locator("#messages")).to_contain_text("Checked in.")
    story.page("jodie.parrish", "/scheduling/flow")
    expect(desk.get_by_role("main")).to_contain_text("Delgado-Ferreira")
    story.picture(desk, "flow", WIDE)
    story.page("jodie.parrish", "/scheduling/week")
    doctor = story.page("maren.okafor", "/scheduling/block")
    doctor.get_by_role("textbox", name="Day").fill((timezone.localdate() + timedelta(days=20)).isoformat())
    doctor.get_by_role("textbox", name="From", exact=True).fill("9:00 am")
    doctor.get_by_role("textbox", name="To", exact=True).fill("9:30 am")
    doctor.get_by_label("Reason").fill("Rounds")
    doctor.get_by_role("button", name="Block this time").click()
    expect(doctor.locator("#messages")).to_contain_text("The time is blocked.")
    story.page("maren.okafor", "/scheduling/block")
    follow(doctor.get_by_role("button", name=re.compile("^Open again.*Maren Okafor")).last)
    look(doctor)


def another_visit_is_moved_and_called_off(story: Story, desk: Page) -> None:
    """Given another visit, when the desk moves it and then cancels it, then its reminder follows and is withdrawn."""
    story.page("jodie.parrish", f"/scheduling/patients/{story.patient_id}/book")
    take_the_last_time(desk)
    desk.get_by_role("button", name=re.compile("^Book")).click()
    expect(desk.locator("#messages")).to_contain_text("Booked")
    other = desk.url.rstrip("/").rsplit("/", 1)[-1]
    follow(desk.get_by_role("link", name="Move", exact=True))
    look(desk)
    take_the_last_time(desk, but=1)
    desk.get_by_role("button", name=re.compile("^Move")).click()
    expect(desk.locator("#messages")).to_contain_text("Moved.")
    early = {(0, "skipped"), (1, "skipped")}  # the stage of three days before, where the visit is sooner
    assert reminders(story, other) - early == {(0, "superseded"), (1, "due")}
    follow(desk.get_by_role("link", name="Cancel the visit"))
    look(desk)
    desk.get_by_role("main").get_by_role("textbox").last.fill("She is travelling")
    desk.get_by_role("button", name="Cancel this visit").click()
    expect(desk.locator("#messages")).to_contain_text("ancelled")
    assert {state for _sequence, state in reminders(story, other)} <= {"superseded", "skipped"}


def take_the_last_time(desk: Page, *, but: int = 0) -> None:
    """Or one before it: the last may be the visit's own, where the list is some seconds old."""
    desk.get_by_role("main").get_by_role("radio", name=re.compile(r"\d:\d\d")).nth(-1 - but).check()


def reminders(story: Story, visit_id: str) -> set[tuple[int, str]]:
    return set(story.clinic.rows("SELECT sequence, state FROM alerts_reminder WHERE appointment_id = %s", visit_id))


# == 4 ==
def the_nurse_measures_and_the_doctor_is_alerted(story: Story) -> None:
    """Given the patient in a room, when a value is dangerous, then a doctor hears of it on the page that is open, and
    is asked until one acknowledges it."""
    doctor = story.page("maren.okafor", "/patients/")  # at work on something else
    nurse = story.page("priya.raman", story.visit)
    nurse.get_by_role("combobox", name="Room").select_option(index=int(story.visit_id[-1], 16) % 6)
    nurse.get_by_role("button", name="Take to the room").click()
    story.page("priya.raman", f"/records/{story.patient_id}/vitals/record")
    nurse.get_by_label("Blood pressure").focus()
    for typed in ("188/124", "96", "18", "98.6 F", "97", "180 lb"):
        nurse.keyboard.type(typed)
        nurse.keyboard.press("Tab")
    story.picture(nurse, "vitals", WIDE)
    nurse.get_by_role("button", name="Record", exact=True).click()
    expect(nurse.get_by_role("main")).to_contain_text("Critically high")
    expect(nurse.get_by_role("main")).to_contain_text("37 °C")
    look(nurse)
    expect(doctor.locator("#toasts")).to_contain_text("Something urgent came in for you.")
    expect(doctor.locator("#nav [data-go=a]")).to_contain_text(re.compile(r"\d"))
    look(doctor)
    story.page("priya.raman", f"/records/{story.patient_id}/results/enter")
    nurse.get_by_role("combobox", name="Test").select_option(label="Potassium (mmol/L)")
    nurse.get_by_role("textbox", name="Value").fill("5.4")
    nurse.get_by_label("Who reads it").select_option(label="Maren Okafor")
    nurse.get_by_role("button", name="Record", exact=True).click()
    expect(nurse.locator("#messages")).to_contain_text("Recorded.")
    the_doctor_acknowledges_and_releases(story)


def the_doctor_acknowledges_and_releases(story: Story) -> None:
    eventually(lambda: story.open_alert("abnormal_value", "urgent"))
    doctor = story.page("maren.okafor", "/alerts/")
    alert = doctor.get_by_role("listitem").filter(has_text="188/124").first
    expect(alert).to_contain_text("Urgent")
    alert.get_by_role("button", name="Acknowledge").click()
    expect(doctor.locator("#messages")).to_contain_text("You have acknowledged this alert.")
    look(doctor)
    assert story.open_alert("abnormal_value", "urgent") is None
    story.page("maren.okafor", "/records/results-to-read")
    follow(doctor.get_by_role("row", name=re.compile("Delgado-Ferreira.*Potassium")).get_by_role("link"))
    look(doctor)
    doctor.get_by_label("To the patient").fill("A little high. Please have it measured again next week.")
    doctor.get_by_role("button", name=re.compile("^(Release|Send) to the patient$")).click()  # it may be out already
    expect(doctor.locator("#messages")).to_contain_text("Released.")


# == 5 ==
def the_doctor_writes_and_signs(story: Story) -> None:
    """Given the chart, when the doctor writes, then it is kept while typed, signed once, and only added to after."""
    doctor = story.page("maren.okafor", f"/patients/{story.patient_id}/")
    expect(doctor.locator(".banner")).to_contain_text("penicillin (anaphylaxis)")
    begin_the_visit(story, doctor)
    expect(doctor.get_by_role("heading", level=1)).to_have_text("Note for this visit")
    story.encounter = doctor.url.removesuffix("note")
    look(doctor)
    doctor.get_by_label("What the patient tells").fill("Headaches for a week.")
    doctor.get_by_label("Your view").fill("Pressure far too high, no sign of damage.")
    doctor.get_by_label("Plan").fill("More lisinopril. See again in two weeks.")
    expect(doctor.locator("#save-state")).to_contain_text("Draft saved", timeout=20_000)
    doctor.get_by_role("link", name="Add a diagnosis").click()
    typed, code = NEW_TO_HER[doctor.viewport_size == WIDE]
    doctor.get_by_role("main").get_by_role("searchbox").fill(typed)
    follow(doctor.get_by_role("link", name=re.compile(code)))
    look(doctor)
    doctor.get_by_role("button", name="Put it on the list").click()
    expect(doctor.get_by_label("What the patient tells")).to_have_value("Headaches for a week.")
    story.picture(doctor, "note", WIDE)
    sign(story, doctor)
    expect(doctor.locator("#messages")).to_contain_text("Signed.")
    look(doctor)
    doctor.get_by_role("link", name="Add to it").click()
    doctor.get_by_label("What is to be added").fill("She was told the signs of danger.")
    sign(story, doctor, button=re.compile("Sign|Add"))
    expect(doctor.get_by_role("main")).to_contain_text("She was told the signs of danger.")
    assert doctor.goto(f"{story.encounter}note") is not None
    expect(doctor.get_by_label("Your view")).to_have_count(0)


def begin_the_visit(story: Story, doctor: Page) -> None:
    story.page("maren.okafor", story.visit)
    doctor.get_by_role("button", name="Begin the visit").click()


def sign(story: Story, doctor: Page, *, button: re.Pattern[str] = re.compile("^Sign…$")) -> None:
    """With the identity proven anew, since the last proof is over five minutes old."""
    story.clinic.let_pass(story.clinic.account("maren.okafor").email, 6, "stepped_up_at")
    doctor.get_by_role("main").get_by_role("button", name=button).last.click()
    expect(doctor.get_by_role("heading", level=1)).to_contain_text("you")
    look(doctor)
    account = story.clinic.account("maren.okafor")
    doctor.get_by_role("textbox").last.fill(story.clinic.code(account.totp_secret))
    doctor.get_by_role("main").get_by_role("button").first.click()


# == 6 ==
def the_prescription_is_checked_before_it_is_signed(story: Story) -> None:
    """Given an allergy and a medicine, when the next is chosen, then both rules speak before anything is signed."""
    new = f"/prescriptions/patients/{story.patient_id}/new"
    doctor = choose_medicine(story, new, "amoxicillin", "amoxicillin 500 mg capsule")
    expect(doctor.get_by_role("main")).to_contain_text("Contraindicated: Allergic to a penicillin")
    expect(doctor.get_by_role("main")).to_contain_text("rules 20")
    look(doctor)
    story.picture(doctor, "prescribe", WIDE)
    fill_directions(doctor, "capsules")
    doctor.get_by_role("button", name="Sign…").click()
    expect(doctor.locator("[data-errors]")).to_be_visible()
    look(doctor)
    doctor.get_by_role("link", name="Throw this draft away").click()
    doctor.get_by_role("main").get_by_role("button").first.click()
    choose_medicine(story, new, "ibuprofen 400", "ibuprofen 400 mg tablet")
    expect(doctor.get_by_role("main")).to_contain_text("with warfarin")
    fill_directions(doctor, "tablets")
    for reason in doctor.get_by_label("Reason").all():
        reason.select_option(label="The benefit is greater, and it is monitored")
    doctor.get_by_role("button", name="Sign…").click()
    expect(doctor.locator("#messages")).to_contain_text("Signed. The dispensary has it")
    look(doctor)
    story.prescription = str(story.clinic.rows(NEWEST_PRESCRIPTION, story.patient_id)[0][0])


NEWEST_PRESCRIPTION = """SELECT id FROM prescriptions_prescription
WHERE patient_id = %s AND status = 'signed' ORDER BY signed_at DESC LIMIT 1"""


def choose_medicine(story: Story, address: str, typed: str, name: str) -> Page:
    doctor = story.page("maren.okafor", address)
    doctor.get_by_role("main").get_by_role("searchbox").fill(typed)
    doctor.get_by_role("button", name=name).click()
    expect(doctor.get_by_role("heading", level=1)).to_have_text("New prescription")
    return doctor


def fill_directions(doctor: Page, unit: str) -> None:
    doctor.get_by_label(f"Dose, in {unit}").fill("1")
    doctor.get_by_label("How often").select_option(label="Twice a day")
    doctor.get_by_label("For how many days").fill("5")


# == 7 ==
def the_medicine_is_handed_out_and_the_doctor_hears_of_it(story: Story) -> None:
    """Given the signed prescription, when it is handed out, then it says to whom, and the prescriber is told."""
    prescription = f"/prescriptions/patients/{story.patient_id}/{story.prescription}"
    pharmacist = story.page("nadia.haddad", "/prescriptions/dispensary")
    story.page("nadia.haddad", prescription)
    pharmacist.get_by_role("button", name="Ready").click()
    expect(pharmacist.locator("#messages")).to_contain_text("Ready")
    story.page("nadia.haddad", f"{prescription}/pick-up")
    pharmacist.get_by_label("Name, as on the ID").fill("Theo Delgado")
    pharmacist.get_by_label("Who it is").select_option(label="Son or daughter")
    pharmacist.get_by_label("I have seen an ID").check()
    pharmacist.get_by_role("button", name="Hand it out").click()
    expect(pharmacist.locator("#messages")).to_be_visible()
    look(pharmacist)
    eventually(lambda: story.open_alert("picked_up", "info"))
    doctor = story.page("maren.okafor", "/alerts/")
    expect(doctor.get_by_role("main")).to_contain_text("Medicine picked up")


# == 8 ==
def the_visit_is_billed_and_paid(story: Story) -> None:
    """Given the finished visit, when the worker has made bill and document, then a payment settles it."""
    doctor = story.page("maren.okafor", f"{story.encounter}finish")
    doctor.get_by_role("button", name="Finish now").click()
    expect(doctor.locator("#messages")).to_contain_text("The visit is finished.")
    encounter_id = story.encounter.rstrip("/").rsplit("/", 1)[-1]
    rows = "SELECT id FROM billing_invoice WHERE encounter_id = %s AND document IS NOT NULL"
    made = eventually(lambda: next(iter(story.clinic.rows(rows, encounter_id)), None), seconds=120)
    story.invoice = str(made[0])
    desk = story.page("jodie.parrish", f"/billing/{story.patient_id}/{story.invoice}/")
    expect(desk.get_by_role("heading", level=1)).to_have_text(re.compile(r"Invoice \d{4}-\d{6}"))
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Download the PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    desk.get_by_label("Card at the desk").check()
    desk.get_by_role("button", name="Take payment").click()
    expect(desk.get_by_role("main")).to_contain_text("Paid")
    look(desk)
    story.picture(desk, "invoice", WIDE)
    total, booked = story.clinic.rows(
        "SELECT (SELECT sum(amount) FROM billing_ledgerentry WHERE invoice_id = %s), (SELECT count(*)"
        " FROM billing_ledgerentry WHERE invoice_id = %s)",
        story.invoice,
        story.invoice,
    )[0]
    assert (total, booked) == (0, 2)


# == 9 ==
def they_write_to_each_other(story: Story) -> None:
    """Given a question, when she writes and the nurse answers, then each hears that there is something, not what."""
    rosa = story.page("rosa.delgado", "/portal/messages/write")
    rosa.get_by_label("A medicine, or more of it").check()
    rosa.get_by_label("Your message").fill("May I take it before meals?")
    follow(rosa.get_by_role("button", name="Send"))
    look(rosa)
    thread = rosa.url.rstrip("/").rsplit("/", 1)[-1]
    nurse = story.page("priya.raman", "/records/messages/")
    story.page("priya.raman", f"/records/{story.patient_id}/messages/{thread}/")
    expect(nurse.get_by_role("main")).to_contain_text("May I take it before meals?")
    nurse.get_by_role("main").get_by_role("textbox").last.fill("After meals, please.")
    follow(nurse.get_by_role("button", name=re.compile("^Send|^Answer")))
    look(nurse)
    mail = eventually(lambda: story.clinic.mail_about(ROSA, "message"))
    assert "meals" not in mail["subject"] + mail["text"]
    story.page("rosa.delgado", f"/portal/messages/{thread}/")
    expect(rosa.get_by_role("main")).to_contain_text("After meals, please.")


# == 10 ==
def the_clinic_counts(story: Story) -> None:
    """Given the night's count, when the administrator looks, then each number says what it is and of when."""
    page = story.page("alice.moreau", "/analytics/")
    visits = page.get_by_role("region", name="Visits done")
    expect(visits.locator("svg").first).to_be_visible()
    expect(visits).to_contain_text("As of")
    expect(visits).to_contain_text("A visit counts on the day")
    story.picture(page, "dashboard", WIDE)
    visits.get_by_text("As a table").click()
    expect(visits.get_by_role("table")).to_be_visible()
    look(page)


# == 11 ==
def she_reads_what_was_found(story: Story) -> None:
    """Given all that, when she signs in again, then she reads summary, result, bill, and who opened her record."""
    encounter_id = story.encounter.rstrip("/").rsplit("/", 1)[-1]
    rosa = story.page("rosa.delgado", f"/portal/summaries/{encounter_id}/")
    expect(rosa.get_by_role("main")).to_contain_text("More lisinopril. See again in two weeks.")
    expect(rosa.get_by_role("main")).to_contain_text("188/124")
    story.page("rosa.delgado", "/portal/results/")
    rosa.get_by_role("main").get_by_role("link", name=re.compile("Potassium.*5.4")).first.click()
    expect(rosa.get_by_role("main")).to_contain_text("A little high.")
    look(rosa)
    story.picture(rosa, "result", NARROW)
    story.page("rosa.delgado", f"/portal/bills/{story.invoice}/")
    expect(rosa.get_by_role("main")).to_contain_text("paid")
    story.page("rosa.delgado", "/portal/openings")
    for name in ("Priya Raman", "Maren Okafor", "Nadia Haddad", "Jodie Parrish"):
        expect(rosa.get_by_role("main")).to_contain_text(name)
