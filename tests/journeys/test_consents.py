"""What a patient decides: agree and take it back, keep somebody out; and what is marked stays with few."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import NARROW, LooksRight, SignedIn
from tests.journeys.looking import follow
from tests.journeys.test_scope import open_chart

pytestmark = pytest.mark.journey


def test_a_patient_agrees_and_takes_it_back_in_one_press(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a yes to research, when she takes it back, then it counts as no, and she can say yes again."""
    rosa = signed_in("rosa.delgado", "/portal/consents", viewport=NARROW)
    looks_right(rosa)
    rosa.get_by_role("main").get_by_role("link", name=re.compile("research")).click()
    expect(rosa.get_by_role("heading", level=1)).to_have_text("Use for research")
    looks_right(rosa)
    rosa.get_by_role("button", name="Take my yes back").click()
    expect(rosa.locator("#messages")).to_contain_text("From now on it counts as no")
    follow(rosa.get_by_role("main").get_by_role("link", name=re.compile("research")))
    looks_right(rosa)
    rosa.get_by_role("button", name="Yes, I agree").click()
    expect(rosa.locator("#messages")).to_contain_text("You said yes")


def test_a_nurse_keeps_an_answer_and_keeps_somebody_out(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a patient at the desk, when the answer is kept, then her name and the words stand with it."""
    nurse = signed_in("priya.raman")
    chart = open_chart(nurse, "Fontaine, Elise")
    nurse.goto(f"{chart}consents/")
    looks_right(nurse)
    nurse.get_by_role("main").get_by_role("link", name=re.compile("Sharing")).click()
    nurse.get_by_role("button", name="Keep the answer").click()
    expect(nurse.get_by_role("main")).to_contain_text("Show the text to the patient first")
    looks_right(nurse)
    nurse.get_by_label("Agreed").check()
    nurse.get_by_label("The patient has read this text").check()
    nurse.get_by_role("button", name="Keep the answer").click()
    expect(nurse.locator("#messages")).to_contain_text("It counts from now on")
    nurse.goto(f"{chart}access/kept-out")
    nurse.get_by_label("Who must not see it").fill("Nobody Atall")
    nurse.get_by_label("What was agreed").fill("They are cousins")
    nurse.get_by_role("button", name="Keep them out").click()
    expect(nurse.get_by_label("What was agreed")).to_have_value("They are cousins")
    looks_right(nurse)


def test_a_doctor_marks_what_he_wrote_and_a_nurse_no_longer_sees_it(
    signed_in: SignedIn, looks_right: LooksRight
) -> None:
    """Given a diagnosis that he put on the list, when the doctor marks it, then it is not there for the nurse."""
    doctor = signed_in("maren.okafor")
    chart = open_chart(doctor, "Fontaine, Elise").replace("/patients/", "/records/")
    doctor.goto(f"{chart}problems/add?code=Z63.5")
    doctor.get_by_label("Sensitive").select_option("mental_health")
    looks_right(doctor)
    doctor.get_by_role("button", name="Put it on the list").click()
    expect(doctor.get_by_role("main")).to_contain_text("Sensitive: Mental health")
    looks_right(doctor)
    doctor.get_by_role("main").get_by_role("link", name=re.compile("separation")).first.click()
    follow(doctor.get_by_role("link", name="Change the mark"))
    looks_right(doctor)
    nurse = signed_in("priya.raman", f"{chart}problems/")
    expect(nurse.get_by_role("main")).not_to_contain_text("separation")
