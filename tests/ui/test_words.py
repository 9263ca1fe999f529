from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import translation

from healthcare.ui import words

Draw = Callable[..., str]
NOV_23 = datetime(2026, 11, 23, 14, 52, tzinfo=UTC)


@pytest.mark.parametrize("role", words.ROLES)
def test_a_state_has_its_role_and_its_word(draw: Draw, role: str) -> None:
    assert draw("{% tag role word %}", role=role, word="Done") == f'<span class="tag {role}">Done</span>'
    assert draw("{% status role word %}", role=role, word="Done") == f'<span class="status {role}">Done</span>'


def test_a_role_that_does_not_exist_is_refused(draw: Draw) -> None:
    with pytest.raises(words.NoSuchRole, match="'green' is no status role"):
        draw("{% tag 'green' 'Done' %}")


def test_words_are_escaped(draw: Draw) -> None:
    html = draw("{% tag 'ok' word %}{% person_name word word other %}{{ word|ltr }}", word="<i>", other="<i>x")
    assert "<i>" not in html
    assert html.count("&lt;i&gt;") == 5


def test_a_dose_does_not_turn_round(draw: Draw) -> None:
    assert draw("{{ dose|ltr }}", dose="5 mg") == '<bdi dir="ltr">5 mg</bdi>'


def test_a_phone_number_is_shown_in_our_writing(draw: Draw) -> None:
    assert draw("{{ number|phone }}", number="+15085550177") == '<bdi dir="ltr">508-555-0177</bdi>'


@pytest.mark.parametrize(
    ("names", "html"),
    [
        (("Osei", "Grace", ""), "<bdi><b>Osei</b>, Grace</bdi>"),
        (("Osei", "", ""), "<bdi><b>Osei</b></bdi>"),
        (("Osei", "Grace", "Grace"), "<bdi><b>Osei</b>, Grace</bdi>"),
        (
            ("Delgado", "Rosa", "Rosie"),
            '<bdi><b>Delgado</b>, Rosa</bdi> <span class="soft">goes by</span> <bdi>Rosie</bdi>',
        ),
    ],
)
def test_family_name_first_and_bold(names: tuple[str, str, str], html: str) -> None:
    assert words.person_name(*names) == html


@pytest.mark.parametrize(
    ("family", "given", "letters"), [("Delgado", "Rosa", "RD"), ("osei", "", "O"), ("", "", ""), ("Østby", "Åse", "ÅØ")]
)
def test_initials(family: str, given: str, letters: str) -> None:
    assert words.initials(family, given) == letters


def test_a_birth_shows_its_age_on_the_day_asked_for(draw: Draw) -> None:
    html = draw("{% birth_date born on=day %}", born=date(1968, 3, 12), day=date(2026, 11, 23))
    assert html == '<time datetime="1968-03-12">Mar 12, 1968 (58 y)</time>'


@time_machine.travel("2026-03-12T04:30:00Z")
def test_the_age_of_today_is_counted_in_the_clinics_zone(draw: Draw) -> None:
    assert "(58 y)" in draw("{% birth_date born %}", born=date(1968, 3, 12))
    assert "(57 y)" in draw("{% birth_date born %}", born=date(1968, 3, 13))


def test_a_guessed_birth_says_so(draw: Draw) -> None:
    html = draw("{% birth_date born on=day estimated=True %}", born=date(1968, 1, 1), day=date(2026, 11, 23))
    assert "about 1968 (about 58 y)" in html


def test_an_unknown_birth_is_a_word_not_a_blank(draw: Draw) -> None:
    assert draw("{% birth_date None %}") == '<span class="status unknown">Date of birth not known</span>'


def test_a_birth_in_the_future_has_no_age(draw: Draw) -> None:
    assert draw("{% birth_date born on=day %}", born=date(2027, 1, 1), day=date(2026, 1, 1)).endswith("2027</time>")


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("{% moment at %}", "Nov 23, 2026, 9:52 am EST"),
        ("{% moment at zone=False %}", "Nov 23, 2026, 9:52 am"),
        ("{% moment at show='time' %}", "9:52 am EST"),
        ("{% moment at show='day' %}", "Nov 23, 2026"),
    ],
)
def test_a_moment_carries_its_machine_time(draw: Draw, tag: str, text: str) -> None:
    assert draw(tag, at=NOV_23) == f'<time datetime="2026-11-23T09:52:00-05:00">{text}</time>'


def test_a_day_is_no_moment(draw: Draw) -> None:
    assert draw("{% moment at %}", at=date(2026, 11, 23)) == '<time datetime="2026-11-23">Nov 23, 2026</time>'
    assert draw("{{ at|day }}", at=date(2026, 11, 23)) == "Nov 23, 2026"


def test_nothing_is_nothing(draw: Draw) -> None:
    assert draw("{% moment at %}", at=None) == ""


def test_keys_to_press_in_turn(draw: Draw) -> None:
    assert draw("{% keys 'g h' %}") == "<kbd>g</kbd> <kbd>h</kbd>"


def test_a_number_says_what_it_counts(draw: Draw) -> None:
    assert draw("{% count 7 'waiting' %}") == '<span class="count">7<span class="vh"> waiting</span></span>'
    assert '<span class="count bad">' in draw("{% count 2 'urgent' 'bad' %}")


def test_machine_time_is_the_same_in_every_language(draw: Draw) -> None:
    with translation.override("ar"):
        assert 'datetime="2026-11-23T09:52:00-05:00"' in draw("{% moment at %}", at=NOV_23)
