from collections.abc import Callable

import pytest

from healthcare.ui.icons import IconMissing, icon


def test_an_icon_is_hidden_from_those_who_hear_the_page() -> None:
    drawn = icon("house")
    assert drawn.startswith('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path')
    assert drawn.endswith("</svg>")


def test_an_icon_that_stands_alone_has_a_label() -> None:
    assert 'role="img" aria-label="Urgent &amp; new"' in icon("siren", "Urgent & new")


def test_an_icon_paints_by_class_and_names_no_other_host() -> None:
    drawn = icon("house") + icon("triangle-alert") + icon("users")
    for unwanted in ("style=", "xmlns", "http", "ns0", "stroke="):
        assert unwanted not in drawn


def test_an_icon_that_does_not_exist_is_refused() -> None:
    with pytest.raises(IconMissing, match="no-such-icon"):
        icon("no-such-icon")


def test_an_icon_in_a_template(draw: Callable[..., str]) -> None:
    assert draw("{% icon 'house' %}") == icon("house")
