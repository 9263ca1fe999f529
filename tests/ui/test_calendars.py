"""A day in columns: places by the clock, cut to the day, never shorter than a row."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from healthcare.ui.calendars import Calendar, Column, Entry, in_grids, within_day

NINE = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # nine in the morning in New York


@pytest.fixture(autouse=True)
def _new_york():
    with timezone.override("America/New_York"):
        yield


def entry(after: int = 0, length: int = 20, **fields) -> Entry:
    start = NINE + timedelta(minutes=after)
    return Entry(start, start + timedelta(minutes=length), fields.pop("title", "Osei, G."), **fields)


@pytest.mark.parametrize(
    ("after", "length", "place"),
    [
        (0, 20, "h9 m0 dh0 dm20"),
        (43, 20, "h9 m40 dh0 dm20"),
        (60, 90, "h10 m0 dh1 dm30"),
        (0, 2, "h9 m0 dh0 dm5"),
        (0, 3000, "h9 m0 dh11 dm55"),
    ],
)
def test_an_entry_stands_on_the_grid_of_five_minutes(after, length, place) -> None:
    assert entry(after, length).place == place


def test_the_clock_is_that_of_the_current_zone() -> None:
    with timezone.override("America/Los_Angeles"):
        assert entry().place == "h6 m0 dh0 dm20"


def test_the_frame_grows_with_what_stands_early_or_late() -> None:
    assert Calendar(NINE, [Column("a", "A")]).frame == "p1 from8 n9"
    early = Column("a", "A", entries=[entry(-120)])
    late = Column("b", "B", entries=[entry(11 * 60, 45)])
    assert Calendar(NINE, [early, late]).frame == "p2 from7 n14"
    until_midnight = Column("a", "A", entries=[entry(14 * 60, 60)])
    assert Calendar(NINE, [until_midnight]).frame == "p1 from8 n16"


def test_the_hours_are_said_in_the_readers_words() -> None:
    assert [hour.text for hour in Calendar(NINE, []).hours][:2] == ["8:00 am", "9:00 am"]


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (None, False),
        (NINE, True),
        (NINE - timedelta(hours=4), False),
        (NINE + timedelta(hours=10), False),
        (NINE + timedelta(days=1), False),
    ],
)
def test_the_present_has_a_line_on_its_own_day(now, shown) -> None:
    present = Calendar(NINE, [], now=now).present
    assert (present is not None) is shown
    if present:
        assert present.title == "9:00 am"


def test_a_calendar_is_drawn_with_links_words_and_classes(draw) -> None:
    day = Calendar(
        NINE,
        [
            Column("x", "Dr. Okafor", "1 booked", [entry(url="/visit/", role="wait", state="Arrived", text="Check")]),
            Column("y", "Dr. Lindqvist", entries=[entry(kind="shut", title="Lunch"), entry(40, kind="free")]),
            Column("z", "Dr. Feld"),
        ],
        now=NINE,
    )
    html = draw("{% calendar day %}", day=day)
    assert '<div class="cal p3 from8 n9">' in html
    assert '<a class="slot visit wait" href="/visit/">' in html
    assert '<span class="status wait">Arrived</span>' in html
    assert '<span class="slot shut">' in html
    assert "Nothing on this day" in html
    assert 'aria-labelledby="column-x"' in html
    assert "style=" not in html


def test_entries_are_cut_to_the_day_and_ordered() -> None:
    hour = timedelta(hours=1)
    kept = within_day([entry(30), entry(-30, 60, title="Early"), entry(300)], NINE, NINE + hour)
    assert [(cut.title, cut.start) for cut in kept] == [("Early", NINE), ("Osei, G.", NINE + timedelta(minutes=30))]


@pytest.mark.parametrize(
    ("columns", "sizes"), [(0, []), (3, [3]), (6, [6]), (7, [4, 3]), (12, [6, 6]), (13, [5, 5, 3])]
)
def test_many_columns_stand_in_grids_that_fit(columns, sizes) -> None:
    found = in_grids([Column(str(number), "") for number in range(columns)])
    assert [len(grid) for grid in found] == sizes


def test_slots_are_links_or_a_group_of_choices(draw) -> None:
    from healthcare.devservices.gallery.samples import slot_days

    links = draw("{% slots days %}", days=slot_days())
    assert '<a href="#main">10:40 am</a>' in links
    assert "<input" not in links
    radios = draw("{% slots days name='start' chosen='1040' %}", days=slot_days())
    assert radios.count('type="radio" name="start"') == 3
    assert 'value="1040" checked' in radios


def test_a_ticket_says_who_and_carries_its_button(draw) -> None:
    html = draw("{% ticket 'Osei, G.' 'Room 3' '/visit/' 'warn' %}<button>Next</button>{% endticket %}")
    assert html.strip() == (
        '<article class="ticket warn"><b><a href="/visit/">Osei, G.</a></b>'
        '<span class="small">Room 3</span><button>Next</button></article>'
    )
    assert "<a " not in draw("{% ticket 'Osei, G.' %}{% endticket %}")


def test_a_stage_is_a_named_part_of_the_board(draw) -> None:
    html = draw("{% board %}{% stage 'wait' 'Waiting' 2 'waiting' %}<p>x</p>{% endstage %}{% endboard %}")
    assert '<section aria-labelledby="stage-wait"><h2 id="stage-wait">Waiting' in html
    assert '<span class="vh"> waiting</span>' in html
