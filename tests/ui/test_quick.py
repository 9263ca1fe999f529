"""Words, languages, zones and addresses are as Django gives them, and found out once."""

import threading

import pytest
from django.template import Context, Template, engines
from django.test import override_settings
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, trans_real

from healthcare.ui import quick
from healthcare.ui.context import Shell, drawn
from healthcare.ui.quick import Words


@pytest.fixture(autouse=True)
def _no_words_known():
    quick._words.clear()
    yield
    quick._words.clear()


def drawing(text: str, **values: object) -> str:
    return Template("{% load i18n %}" + text).render(Context(values))


# == Words ==
def test_a_word_follows_the_language() -> None:
    assert [gettext("Home"), gettext("Home")] == ["Home", "Home"]
    with translation.override("de"):
        assert gettext("Monday") == "Montag"
    with translation.override("es"):
        assert gettext("Monday") == "lunes"
    assert gettext("Monday") == "Monday"
    assert gettext("") == ""


def test_what_is_safe_stays_safe() -> None:
    assert isinstance(gettext(mark_safe("<b>Monday</b>")), SafeString)
    assert not isinstance(gettext("<b>Monday</b>"), SafeString)


def test_words_are_given_up_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "MOST_WORDS", 3)
    for number in range(10):
        assert gettext(f"word {number}") == f"word {number}"
    assert len(quick._words) <= 3


def test_a_language_is_the_threads_own() -> None:
    seen: list[str] = []
    with translation.override("es"), timezone.override("Asia/Tokyo"):
        other = threading.Thread(target=lambda: seen.extend([gettext("Monday"), timezone.get_current_timezone_name()]))
        other.start()
        other.join()
        assert (gettext("Monday"), timezone.get_current_timezone_name()) == ("lunes", "Asia/Tokyo")
    assert seen == ["Monday", "America/New_York"]


def test_looks_find_nothing_after_a_language_was_put_off() -> None:
    with translation.override("es"):
        translation.deactivate()
        assert gettext("Monday") == "Monday"
    with translation.override(None):
        assert gettext("Monday") == "Monday"
    assert isinstance(trans_real._active, threading.local)


# == The tag ==
@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ('{% translate "Monday" %}', "lunes"),
        ("{% translate 'Monday' %}", "lunes"),
        ('{% trans "Monday" %}', "lunes"),
        ('{% translate "a < b & c" %}', "a < b & c"),
        ('{% translate "100 %" %}', "100 %"),
        ('{% translate "Monday"|upper %}', "LUNES"),
        ('{% translate "Monday" noop %}', "Monday"),
        ('{% translate "Monday" as day %}[{{ day }}]', "[lunes]"),
        ("{% translate day %}", "&lt;i&gt;"),
    ],
)
def test_the_tag_says_what_djangos_says(tag: str, said: str) -> None:
    with translation.override("es"):
        assert drawing(tag, day="<i>") == said


def test_plain_words_have_a_node_of_their_own() -> None:
    engine = engines["django"].engine  # type: ignore[attr-defined]
    nodes = engine.from_string('{% load i18n %}{% translate "Monday" %}{% translate day %}').nodelist
    assert [type(node).__name__ for node in nodes[1:]] == ["Words", "TranslateNode"]
    assert isinstance(nodes[1], Words)


# == Addresses and the frame ==
def test_the_address_of_a_file_follows_the_settings() -> None:
    assert quick.address("css/style.css") == drawing("{% load static %}{% static 'css/style.css' %}")
    with override_settings(STATIC_URL="/elsewhere/"):
        assert quick.address("css/none.css").endswith("css/none.css")


def test_the_frame_is_drawn_once_for_the_same_places(rf, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn.cache_clear()
    pages = [Shell(rf.get("/patients/")) for _each in range(3)]
    assert len({page.navigation for page in pages}) == len({page.key_list for page in pages}) == 1
    assert drawn.cache_info().misses == 2
    with translation.override("es"):
        assert Shell(rf.get("/patients/")).navigation
    assert drawn.cache_info().misses == 3
