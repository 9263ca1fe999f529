"""Code 128: what a reader needs to read a record number."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.barcodes import QUIET, START_B, STOP, WIDTHS, bars, values_of

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)


def read(found: list[tuple[int, int]], width: int) -> str:
    """As a reader does: bars and spaces back to symbols, checked."""
    edges = [edge for start, wide in found for edge in (start, start + wide)]
    widths = [after - before for before, after in itertools.pairwise(edges)]
    assert edges[0] == QUIET == width - edges[-1]
    symbols, place = [], 0
    while place < len(widths):
        count = 7 if len(widths) - place == 7 else 6
        symbols.append(WIDTHS.index("".join(map(str, widths[place : place + count]))))
        place += count
    start, *text, check, stop = symbols
    assert (start, stop) == (START_B, STOP)
    assert check == (start + sum(place * symbol for place, symbol in enumerate(text, 1))) % 103
    return "".join(chr(symbol + 32) for symbol in text)


@given(PRINTABLE)
def test_what_is_written_is_read(text: str) -> None:
    assert read(*bars(text)) == text


def test_the_symbols_are_those_of_the_standard() -> None:
    assert len(WIDTHS) == len(set(WIDTHS)) == 107
    assert all(sum(map(int, one)) == 11 for one in WIDTHS[:-1])
    assert sum(map(int, WIDTHS[STOP])) == 13
    assert values_of("PJJ123C") == [104, 48, 42, 42, 17, 18, 19, 35, 55, 106]


@pytest.mark.parametrize("text", ["", "é", "\n"])
def test_what_has_no_bars_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        bars(text)
