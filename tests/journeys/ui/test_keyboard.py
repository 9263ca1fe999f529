import pytest
from playwright.sync_api import Page, expect

from tests.journeys.ui.conftest import HOST, Open

pytestmark = pytest.mark.journey
# Types and goes down in the same moment: can the list that stands there not be chosen from, and where is the focus?
TYPED = """() => {
  const field = document.getElementById("find");
  field.value = "osei";
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
  return [document.getElementById("found").inert, document.activeElement.id];
}"""


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.innerText || document.activeElement.id")


def at_rest(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")


@pytest.mark.parametrize("key", ["/", "Control+k"])
def test_one_key_leads_to_the_search(open_page: Open, key: str) -> None:
    page, _clinic = open_page()
    page.keyboard.press(key)
    assert focused(page) == "find"
    assert page.locator("#find").input_value() == ""


def test_what_is_found_is_walked_with_the_arrows_and_put_away_with_escape(open_page: Open) -> None:
    page, _clinic = open_page()
    page.keyboard.press("/")
    page.keyboard.type("osei")
    expect(page.locator("#found[aria-busy=false]")).to_contain_text("Osei, Kofi")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Osei, Grace"
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Osei, Kofi"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert focused(page) == "find"
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    assert focused(page) == "find"
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(HOST + "/patients/a/")


def test_nobody_is_chosen_from_what_answers_an_earlier_word(open_page: Open) -> None:
    """Given a list, when other words are typed, then it cannot be chosen from; an arrow waits for the new one."""
    page, clinic = open_page()
    page.keyboard.press("/")
    found = page.locator("#found")
    expect(found).to_have_attribute("aria-busy", "false")
    assert page.evaluate(TYPED) == [True, "find"]
    expect(found.get_by_role("link").first).to_be_focused()
    assert clinic.times("/patients/search/") == 2
    assert focused(page) == "Osei, Grace"


def test_enter_before_the_answer_goes_to_the_page_of_what_was_typed(open_page: Open) -> None:
    """The list of the charts opened last stands there still; nobody of it is opened."""
    page, _clinic = open_page()
    page.keyboard.press("/")
    expect(page.locator("#found")).to_have_attribute("aria-busy", "false")
    page.keyboard.type("osei")
    page.keyboard.press("Enter")
    page.wait_for_url(HOST + "/patients/search/?q=osei")


def test_what_is_found_goes_away_with_the_focus(open_page: Open) -> None:
    page, _clinic = open_page()
    page.keyboard.press("/")
    expect(page.locator("#found")).to_be_visible()
    page.locator("main").focus()
    expect(page.locator("#found")).to_be_hidden()


def test_g_and_a_letter_go_to_a_place(open_page: Open) -> None:
    page, _clinic = open_page()
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url(HOST + "/patients/")


def test_a_letter_alone_goes_nowhere(open_page: Open) -> None:
    page, _clinic = open_page()
    page.keyboard.press("p")
    page.wait_for_timeout(200)
    assert page.url == HOST + "/gallery/chart/"


def test_j_and_k_walk_the_rows_and_stop_at_the_ends(open_page: Open) -> None:
    page, _clinic = open_page()
    seen = []
    for key in "kjjkkk":
        page.keyboard.press(key)
        seen.append(focused(page))
    assert seen[1:] == [seen[0], seen[0], *seen[3:]]
    at_rest(page)
    page.keyboard.press("j")
    assert focused(page) == "Fontaine, Elise"
    page.keyboard.press("j")
    assert focused(page) == "Delgado-Ferreira, Rosa"
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert focused(page) == "Fontaine, Elise"


def test_question_mark_lists_the_keys_and_the_focus_comes_back(open_page: Open) -> None:
    page, _clinic = open_page()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    assert focused(page) == "Fontaine, Elise"


def test_a_number_opens_a_tab_of_the_chart(open_page: Open) -> None:
    page, _clinic = open_page()
    page.evaluate("document.querySelectorAll('.tabs a')[2].href = '/patients/a/results/'")
    page.keyboard.press("3")
    page.wait_for_url(HOST + "/patients/a/results/")


@pytest.mark.parametrize("field", ["#id_family_name", "#id_fresh-note", "#id_sex"])
def test_single_keys_do_nothing_in_a_field(open_page: Open, field: str) -> None:
    page, _clinic = open_page("/gallery/")
    page.locator(field).focus()
    for key in "/?gj":
        page.keyboard.press(key)
    assert page.locator(f"{field}:focus").count() == 1
    expect(page.locator("#keys")).to_be_hidden()


def test_single_keys_can_be_switched_off_and_ctrl_stays(open_page: Open) -> None:
    page, _clinic = open_page(single_keys=False)
    for key in "/?j":
        page.keyboard.press(key)
    assert page.locator(":focus").count() == 0
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Control+k")
    assert focused(page) == "find"


def test_ctrl_s_and_ctrl_enter_press_the_marked_buttons(open_page: Open) -> None:
    page, _clinic = open_page()
    page.evaluate(
        "for (const [i, key] of ['keySave', 'keySend'].entries()) {"
        " const button = document.querySelectorAll('.savebar button')[i]; button.dataset[key] = '';"
        " button.addEventListener('click', () => { document.title += key; }); }"
    )
    page.keyboard.press("Control+s")
    page.keyboard.press("Control+Enter")
    assert page.title().endswith("keySavekeySend")


def test_x_ticks_the_box_of_its_row(open_page: Open) -> None:
    page, _clinic = open_page("/gallery/")
    page.evaluate(
        "document.querySelector('main .rows > li .end')"
        ".insertAdjacentHTML('afterbegin', '<input type=checkbox id=box>')"
    )
    page.locator("#box").focus()
    page.keyboard.press("x")
    assert page.locator("#box").is_checked()


def test_the_menu_of_a_narrow_page_opens_and_its_key_list_too(open_page: Open) -> None:
    page, _clinic = open_page(width=360)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Keyboard").click()
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#nav")).to_be_hidden()
