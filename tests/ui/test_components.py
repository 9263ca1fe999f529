import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.messages import constants as levels
from django.template import TemplateSyntaxError

from healthcare.ui.words import NoSuchRole

Draw = Callable[..., str]


def flat(html: str) -> str:
    return re.sub(r">\s+<", "><", html.strip())


def test_a_card_is_a_named_section_with_one_action(draw: Draw) -> None:
    html = flat(draw("{% card 'Medicines' '7 current' '/all/' 'All 7' id='meds' %}<p>Body</p>{% endcard %}"))
    assert html == (
        '<section class="card" aria-labelledby="meds"><header><h2 id="meds">Medicines</h2>'
        '<span class="soft small">7 current</span><a href="/all/">All 7</a></header><p>Body</p></section>'
    )


def test_a_cards_name_gives_it_the_same_id_each_time(draw: Draw) -> None:
    first, again = (draw("{% card 'Medicines' %}{% endcard %}") for _ in range(2))
    other = draw("{% card 'Problems' %}{% endcard %}")
    assert first == again
    assert re.search('id="(.*?)"', first).group(1) != re.search('id="(.*?)"', other).group(1)


def test_the_lead_card_and_its_main_action(draw: Draw) -> None:
    html = draw("{% card 'Next visit' url='/in/' action='Check in' lead=True main=True %}{% endcard %}")
    assert 'class="card lead"' in html
    assert '<a class="btn main" href="/in/">Check in</a>' in html


def test_a_table_has_headings_a_name_and_folds(draw: Draw) -> None:
    html = flat(draw("{% table 'Test' 'Value'|num caption='Results' %}<tbody></tbody>{% endtable %}"))
    assert '<table class="table fold"><caption class="vh">Results</caption>' in html
    assert '<th scope="col">Test</th><th scope="col" class="num">Value</th>' in html


def test_a_grid_scrolls_by_keyboard_and_shows_its_name(draw: Draw) -> None:
    html = flat(draw("{% table 'Test' caption='Results' fold=False seen=True %}{% endtable %}"))
    assert html.startswith('<div class="scroll" tabindex="0" role="group" aria-label="Results">')
    assert "<caption>Results</caption>" in html


def test_a_table_without_a_name_is_refused(draw: Draw) -> None:
    with pytest.raises(TemplateSyntaxError, match="caption"):
        draw("{% table 'Test' %}{% endtable %}")


def test_a_row_is_one_link_when_it_leads_somewhere(draw: Draw) -> None:
    html = flat(draw("{% row 'Refill' 'Osei, Grace' url='/r/' unread=True %}<b>now</b>{% endrow %}"))
    assert html.startswith('<li><a class="row unread" href="/r/">')
    assert html.count("<a ") == 1
    assert '<span class="end"><b>now</b></span>' in html


def test_a_row_that_leads_nowhere_is_no_link(draw: Draw) -> None:
    assert "<a " not in draw("{% row 'Refill' %}{% endrow %}")


def test_an_urgent_row_keeps_its_buttons_outside_a_link(draw: Draw) -> None:
    html = flat(draw("{% row 'Potassium 6.3' role='bad' %}<button>I have it</button>{% endrow %}"))
    assert html.startswith('<li class="row alert bad">')
    assert "<a " not in html


@pytest.mark.parametrize(
    ("role", "spoken"), [("ok", "status"), ("info", "status"), ("warn", "status"), ("bad", "alert")]
)
def test_only_an_error_interrupts(draw: Draw, role: str, spoken: str) -> None:
    html = draw("{% flash role %}<span>Done</span>{% endflash %}", role=role)
    assert f'class="flash {role}" role="{spoken}"' in html


@pytest.mark.parametrize(
    ("level", "role"),
    [
        (levels.SUCCESS, "ok"),
        (levels.INFO, "info"),
        (levels.DEBUG, "info"),
        (levels.WARNING, "warn"),
        (levels.ERROR, "bad"),
    ],
)
def test_messages_speak_by_their_level(draw: Draw, level: int, role: str) -> None:
    class Message(str):
        __slots__ = ("level",)

    message = Message("Saved <now>")
    message.level = level
    html = draw("{% messages %}", messages=[message])
    assert f'class="flash {role}"' in html
    assert "Saved &lt;now&gt;" in html


def test_no_messages_no_marks(draw: Draw) -> None:
    assert draw("{% messages %}").strip() == ""


def test_a_tile_with_a_way_to_the_work_and_one_without(draw: Draw) -> None:
    assert draw("{% tile 'Unsigned' 17 'Goal 0' '/n/' 'warn' %}").strip().startswith('<a class="tile warn" href="/n/">')
    plain = draw("{% tile 'Did not come' '6.4 %' %}").strip()
    assert plain.startswith('<div class="tile">')
    assert plain.endswith("</div>")


def test_empty_says_why_and_what_next(draw: Draw) -> None:
    html = draw("{% empty 'No results' 'All are read' '/all/' 'Show them' %}")
    assert "All are read" in html
    assert '<a class="btn" href="/all/">Show them</a>' in html
    assert "<a" not in draw("{% empty 'No results' %}")


def test_steps_say_where_one_is(draw: Draw) -> None:
    html = draw("{% steps names 2 'Check-in' %}", names=["You", "Insurance", "Sign"])
    assert '<li class="done">You</li><li aria-current="step">Insurance</li><li>Sign</li>' in html


def test_a_timeline_tells_events_in_order(draw: Draw) -> None:
    items = [{"role": "ok", "title": "INR 2.6", "meta": "Nov 9", "text": "Read"}, {"role": "bad", "title": "Voided"}]
    items[1] |= {"meta": "", "text": ""}
    html = draw("{% timeline items %}", items=items)
    assert html.index("INR 2.6") < html.index("Voided")
    assert '<li class="ok"><b>INR 2.6</b> <span class="soft small">Nov 9</span><br>Read</li>' in html


def test_tabs_are_links_and_mark_the_page(draw: Draw) -> None:
    links = [SimpleNamespace(label="Notes", url="/n/", current=True), SimpleNamespace(label="X", url="/x/", current="")]
    html = draw("{% tabs links 'Chart' %}", links=links)
    assert '<a href="/n/" aria-current="page">Notes</a><a href="/x/">X</a>' in html
    assert 'aria-label="Chart"' in html


@pytest.mark.parametrize(("tag", "kind"), [("facts", "facts"), ("pairs", "kv")])
def test_labelled_facts(draw: Draw, tag: str, kind: str) -> None:
    html = draw("{% " + tag + " items %}", items=[("Pulse", "72")])
    assert f'<dl class="{kind}">' in html
    assert "<dt>Pulse</dt><dd>72</dd>" in html


def test_the_way_through_a_long_list(draw: Draw) -> None:
    html = draw("{% pagination '/?after=x' '/' '25 shown' %}")
    assert 'href="/?after=x" rel="next"' in html
    assert "25 shown" in html
    assert draw("{% pagination %}").strip() == ""
    assert 'rel="next"' not in draw("{% pagination '' '/' %}")


@pytest.mark.parametrize("role", ["bad", "ok", "unknown"])
def test_allergies_have_a_word_in_every_case(draw: Draw, role: str) -> None:
    html = draw("{% allergy role 'Allergies never asked.' '/ask/' 'Ask now' %}", role=role)
    assert f'<p class="allergy {role}">' in html
    assert '<a href="/ask/">Ask now</a>' in html


def test_the_banner_says_who_this_is(draw: Draw) -> None:
    html = draw("{% banner 'Osei' 'Grace' born=None record_number='006-55-0183' %}<p>Asked</p>{% endbanner %}")
    assert "<b>Osei</b>, Grace" in html
    assert "Date of birth not known" in html
    assert '<bdi dir="ltr">006-55-0183</bdi>' in html
    assert "<p>Asked</p>" in html
    assert "Sex" not in html


def test_a_finding_names_its_rules(draw: Draw) -> None:
    html = draw("{% finding 'unknown' 'Not checked: cranberry' 'Rule set 7' %}<p>x</p>{% endfinding %}")
    assert '<article class="finding unknown"><h3>Not checked: cranberry</h3>' in html
    assert "Rule set 7" in html


def test_the_save_bar_says_when_the_draft_was_kept(draw: Draw) -> None:
    html = draw("{% savebar 'Draft kept 9:58 am' %}<button>Keep</button>{% endsavebar %}")
    assert 'role="status">Draft kept 9:58 am' in html
    assert "role" not in draw("{% savebar %}<button>Keep</button>{% endsavebar %}")


def test_a_dialog_is_closed_until_it_is_opened(draw: Draw) -> None:
    assert " open" not in draw("{% dialog 'Void?' 'void' %}{% enddialog %}")
    assert ' id="void" aria-labelledby="void-title" open' in draw(
        "{% dialog 'Void?' 'void' shown=True %}{% enddialog %}"
    )


def test_progress_has_its_words_and_survives_no_work(draw: Draw) -> None:
    html = draw("{% progress 'Export' 640 1000 %}")
    assert 'max="1000" value="640">64 %</progress>' in html
    assert "0 %" in draw("{% progress 'Export' 0 0 %}")


def test_whose_shoes(draw: Draw) -> None:
    acting = draw("{% acting who 'your grandson' '/me/' %}", who="Theo <Delgado>")
    assert "You are acting for <b>Theo &lt;Delgado&gt;</b>, your grandson" in flat(acting)
    assert 'href="/me/"' in acting
    assert "1 minute left" in draw("{% glass 1 %}")
    assert "52 minutes left" in draw("{% glass 52 '/end/' %}")


@pytest.mark.parametrize(
    "source",
    [
        "{% tile 'a' 1 role='green' %}",
        "{% flash 'green' %}{% endflash %}",
        "{% row 'a' role='green' %}{% endrow %}",
        "{% allergy 'green' 'a' %}",
        "{% finding 'green' 'a' %}{% endfinding %}",
    ],
)
def test_no_component_takes_a_role_that_does_not_exist(draw: Draw, source: str) -> None:
    with pytest.raises(NoSuchRole):
        draw(source)


def test_what_people_wrote_is_escaped_in_every_title(draw: Draw) -> None:
    bad: Any = "<script>"
    source = (
        "{% card bad bad bad bad %}{% endcard %}{% row bad bad bad %}{% endrow %}{% tile bad bad bad bad %}"
        "{% empty bad bad bad bad %}{% table bad caption=bad %}{% endtable %}{% dialog bad 'd' %}{% enddialog %}"
        "{% banner bad bad preferred=bad sex=bad record_number=bad %}{% endbanner %}{% savebar bad %}{% endsavebar %}"
    )
    assert "<script>" not in draw(source, bad=bad)
