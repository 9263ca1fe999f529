import pytest
from playwright.sync_api import Page, expect

from tests.journeys.ui.conftest import HOST, Open

pytestmark = pytest.mark.journey


def add_form(page: Page, attributes: str = "") -> None:
    page.evaluate(
        "attributes => document.querySelector('main').insertAdjacentHTML('beforeend',"
        " `<form id=sent method=post action=/patients/register/ ${attributes}>"
        "<input name=note id=note><button id=send>Send</button></form>`)",
        attributes,
    )


def test_a_refused_form_is_read_from_its_summary(open_page: Open) -> None:
    page, _clinic = open_page("/gallery/sign-in/")
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.title().startswith("Error: Enter your code")
    page.get_by_role("link", name="That code has expired").click()
    expect(page.locator("#id_code")).to_be_focused()


def test_a_form_is_sent_once_however_often_one_presses(open_page: Open) -> None:
    page, clinic = open_page()
    add_form(page)
    page.evaluate("for (let i = 0; i < 3; i++) document.getElementById('send').click()")
    page.wait_for_url(HOST + "/patients/register/")
    assert clinic.times("/patients/register/") == 1


def test_after_the_way_back_the_form_may_be_sent_again(open_page: Open) -> None:
    page, _clinic = open_page()
    add_form(page)
    page.evaluate(
        "const form = document.getElementById('sent'); form.dataset.sending = 'yes';"
        " dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )
    assert page.locator("form[data-sending]").count() == 0


def test_leaving_with_unsaved_words_asks_first(open_page: Open) -> None:
    page, _clinic = open_page()
    add_form(page, "data-unsaved")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator("#note").fill("what I heard")
    page.evaluate("location.href = '/patients/'")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert page.url == HOST + "/gallery/chart/"


def test_sending_is_not_leaving(open_page: Open) -> None:
    page, _clinic = open_page()
    add_form(page, "data-unsaved")
    page.locator("#note").fill("what I heard")
    page.locator("#send").click()
    page.wait_for_url(HOST + "/patients/register/")


def test_a_held_button_is_reached_and_sends_nothing(open_page: Open) -> None:
    page, clinic = open_page()
    add_form(page)
    page.evaluate("document.getElementById('send').setAttribute('aria-disabled', 'true')")
    page.locator("#send").focus()
    page.keyboard.press("Enter")
    page.locator("#note").press("Enter")
    page.wait_for_timeout(200)
    assert clinic.times("/patients/register/") == 0


def test_a_dialog_opens_by_its_button_and_gives_the_focus_back(open_page: Open) -> None:
    page, _clinic = open_page("/gallery/")
    page.get_by_role("button", name="Void…").click()
    expect(page.locator("#void-modal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Void…")).to_be_focused()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, "<html>trouble</html>", "That did not work"),
        (503, '<div class="flash bad" role="alert">Away. Reference: 0197ab</div>', "Reference: 0197ab"),
    ],
)
def test_a_failed_part_says_so_and_leaves_the_page(open_page: Open, status: int, body: str, words: str) -> None:
    page, clinic = open_page()
    clinic.answers["/patients/search/"] = (status, body)
    page.locator("#find").fill("osei")
    expect(page.locator("#toasts")).to_contain_text(words)
    expect(page.locator("#found")).to_be_empty()


def test_trouble_can_be_put_away(open_page: Open) -> None:
    page, clinic = open_page()
    clinic.answers["/patients/search/"] = (500, "")
    with page.expect_response(lambda answer: answer.url.endswith("osei")):  # the last one: the focus asks, too
        page.locator("#find").fill("osei")
    page.locator("#toasts").get_by_role("button", name="Close").click()
    expect(page.locator("#toasts .flash")).to_have_count(0)


def test_a_session_that_ended_meanwhile_brings_the_whole_page_to_the_sign_in(open_page: Open) -> None:
    page, clinic = open_page()
    clinic.answers["/patients/search/"] = (401, "")
    with page.expect_navigation():
        page.locator("#find").fill("osei")
    assert clinic.times("/gallery/chart/") == 2


def test_after_a_swap_the_focus_goes_where_the_answer_says(open_page: Open) -> None:
    page, clinic = open_page()
    clinic.answers["/patients/search/"] = (200, "<h2 data-focus>3 found</h2>")
    page.locator("#find").fill("osei")
    expect(page.locator("#found h2")).to_be_focused()


def test_a_script_in_an_answer_does_not_run(open_page: Open) -> None:
    page, clinic = open_page()
    clinic.answers["/patients/search/"] = (
        200,
        "<p>x</p><script>document.title = 'taken'</script><img src=data:, onerror=taken()>",
    )
    page.locator("#find").fill("osei")
    expect(page.locator("#found")).to_contain_text("x")
    page.wait_for_timeout(200)
    assert "taken" not in page.title()


def test_no_page_of_a_patient_stays_in_the_browsers_storage(open_page: Open) -> None:
    page, _clinic = open_page()
    page.locator("#find").fill("osei")
    expect(page.locator("#found")).to_contain_text("Osei")
    kept = page.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    assert "Delgado" not in kept
    assert "osei" not in kept.lower()
