"""The tags of every page. `{% load ui %}`; the gallery shows each one in use.

Small words are simple tags; larger components draw templates/ui/components/<name>.html. Those that take
content are block tags: `{% card _("Medicines") %}…{% endcard %}`.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages import constants as levels
from django.forms import BaseForm
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from healthcare.ui import calendars, charts, dates, forms, icons, money, ranges, reading, words
from healthcare.ui.bars import BarChart
from healthcare.ui.quick import address as static

register = template.Library()

MESSAGE_ROLES = {levels.SUCCESS: "ok", levels.WARNING: "warn", levels.ERROR: "bad"}

for function in (words.tag, words.status, words.birth_date, words.moment, words.person_name, words.count, icons.icon):
    register.simple_tag(function)
register.simple_tag(words.keys, name="keys")
register.filter("sentences", forms.sentences)
register.filter("ltr", words.ltr)
register.filter("amount", money.amount)
register.filter("dollars", money.dollars)
register.filter("day", dates.day_text)


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of a table; numbers stand at the end of their cell."""

    label: str
    numeric: bool = False


@register.filter
def phone(number: str) -> SafeString:
    """A kept number as people write it, never turned round."""
    return words.ltr(reading.phone_text(number))


@register.filter
def num(label: str) -> Column:
    """Marks a heading of `{% table %}` as a column of numbers."""
    return Column(label, numeric=True)


@register.simple_tag
def clinic_name() -> str:
    return str(settings.CLINIC_NAME)


@register.simple_tag
def printed_at() -> SafeString:
    """The moment of drawing, for the foot of a printed sheet."""
    return words.moment(timezone.now())


@register.simple_tag(takes_context=True)
def script(context: Context, path: str) -> SafeString:
    """A script file of ours, or htmx, with the request's nonce where the policy has one."""
    nonce = getattr(context.get("request"), "csp_nonce", None)
    kind = "defer" if path.startswith("django_htmx/") else 'type="module"'
    allowed = format_html(' nonce="{}"', str(nonce)) if nonce is not None else ""
    return format_html('<script src="{}" {}{}></script>', static(path), SafeString(kind), allowed)


@register.simple_tag(takes_context=True)
def error_prefix(context: Context) -> str:
    """The start of the page's title when a form on it was refused, so that it is heard first."""
    known = (value for layer in context.dicts for value in layer.values())
    found = (value for value in known if isinstance(value, BaseForm))
    return gettext("Error:") + " " if any(form.is_bound and form.errors for form in found) else ""


# == Components that need no content ==


@register.inclusion_tag("ui/components/errors.html")
def error_summary(*given: BaseForm) -> dict[str, Any]:
    """What is wrong in one or more forms, each linked to its field. Nothing when nothing is wrong."""
    return {"mistakes": [mistake for form in given for mistake in forms.mistakes(form)]}


@register.inclusion_tag("ui/components/messages.html", takes_context=True)
def messages(context: Context) -> dict[str, Any]:
    """The result of what the reader just did."""
    shown = context.get("messages") or ()
    return {"shown": [{"role": MESSAGE_ROLES.get(item.level, "info"), "text": item} for item in shown]}


@register.inclusion_tag("ui/components/tile.html")
def tile(label: str, figure: Any, meta: str = "", url: str = "", role: str = "") -> dict[str, Any]:
    """A count that is also the way to the work; `meta` says its goal or age."""
    return {"label": label, "figure": figure, "meta": meta, "url": url, "role": role and words.role_class(role)}


@register.inclusion_tag("ui/components/empty.html")
def empty(title: str, text: str = "", url: str = "", action: str = "") -> dict[str, Any]:
    """Why there is nothing here, and what next."""
    return {"title": title, "text": text, "url": url, "action": action}


@register.inclusion_tag("ui/components/steps.html")
def steps(names: Sequence[str], current: int, label: str) -> dict[str, Any]:
    """A known path; `current` counts from 1."""
    return {"steps": [(name, place < current, place == current) for place, name in enumerate(names, 1)], "label": label}


@register.inclusion_tag("ui/components/timeline.html")
def timeline(items: Iterable[Any]) -> dict[str, Any]:
    """Events in order: each item has role, title, meta and text."""
    return {"items": items}


@register.inclusion_tag("ui/components/tabs.html")
def tabs(links: Iterable[Any], label: str) -> dict[str, Any]:
    """Sibling pages of one thing: each link has label, url and current."""
    return {"links": links, "label": label}


@register.inclusion_tag("ui/components/facts.html")
def facts(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Short labelled facts in a line: pairs of label and value."""
    return {"items": items}


@register.inclusion_tag("ui/components/pairs.html")
def pairs(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Labelled facts below one another: pairs of label and value."""
    return {"items": items}


@register.inclusion_tag("ui/components/pagination.html")
def pagination(next_url: str = "", first_url: str = "", shown: str = "") -> dict[str, Any]:
    """The way through a long list, by keyset: no page numbers, because rows come and go."""
    return {"next_url": next_url, "first_url": first_url, "shown": shown}


@register.inclusion_tag("ui/components/avatar.html")
def avatar(family: str, given: str = "") -> dict[str, Any]:
    return {"letters": words.initials(family, given)}


@register.inclusion_tag("ui/components/allergy.html")
def allergy(role: str, text: str, url: str = "", action: str = "") -> dict[str, Any]:
    """What is known of allergies: bad for a list, ok for none known, unknown for never asked."""
    return {"role": words.role_class(role), "text": text, "url": url, "action": action}


@register.inclusion_tag("ui/components/chart.html")
def chart(drawn: charts.LineChart) -> dict[str, Any]:
    """A line chart with its key, description and table; says so when there is nothing to draw."""
    return {"chart": drawn, "drawable": bool(drawn.points)}


@register.inclusion_tag("ui/components/range_picture.html")
def range_picture(picture: ranges.RangePicture) -> dict[str, Any]:
    """One value on the line of what is usual, with the value of last time; its words stand beside it."""
    return {"picture": picture}


@register.inclusion_tag("ui/components/bars.html")
def bars(drawn: BarChart) -> dict[str, Any]:
    """A bar chart of counts over days or weeks, with its description and table."""
    return {"chart": drawn}


@register.inclusion_tag("ui/components/sparkline.html")
def sparkline(values: Sequence[float]) -> dict[str, Any]:
    """The way a value went, without axes; decoration, its numbers stand beside it."""
    return {"points": charts.sparkline(values)}


@register.inclusion_tag("ui/components/progress.html")
def progress(label: str, value: int, most: int) -> dict[str, Any]:
    """Work with a known end."""
    share = round(100 * value / most) if most else 0
    return {"label": label, "value": value, "most": most, "share": share, "id": _id("progress", label)}


@register.inclusion_tag("ui/components/acting.html")
def acting(who: str, detail: str = "", back_url: str = "") -> dict[str, Any]:
    """The whole time someone acts for another person."""
    return {"who": who, "detail": detail, "back_url": back_url}


@register.inclusion_tag("ui/components/glass.html")
def glass(minutes: int, end_url: str = "") -> dict[str, Any]:
    """The whole time a chart is open by emergency access."""
    return {"minutes": minutes, "end_url": end_url}


@register.inclusion_tag("ui/components/calendar.html")
def calendar(day: calendars.Calendar) -> dict[str, Any]:
    """A day by columns, such as providers; a list a column where it is narrow."""
    return {"day": day}


@register.inclusion_tag("ui/components/slots.html")
def slots(days: Iterable[calendars.SlotDay], name: str = "", chosen: str = "") -> dict[str, Any]:
    """Free times by day: links, or with a `name` a group of radio buttons. The zone is said once above."""
    return {"days": days, "name": name, "chosen": chosen}


# == Components round content ==


@register.simple_block_tag
def card(
    content: SafeString,
    title: str,
    meta: Any = "",
    url: str = "",
    action: str = "",
    id: str = "",
    lead: bool = False,
    main: bool = False,
) -> SafeString:
    """One subject: title, meta, one action. A `<footer>` in the content says where the facts come from."""
    values = {"title": title, "meta": meta, "url": url, "action": action, "id": id or _id("card", title)}
    return _draw("card", content, values | {"lead": lead, "main": main})


@register.simple_block_tag
def row(
    content: SafeString, title: Any, meta: Any = "", url: str = "", unread: bool = False, role: str = ""
) -> SafeString:
    """A line of an inbox or task list inside `<ul class="rows">`; the content stands at its end.

    With `role` it is an urgent row: edge and tint, and its own links inside the content.
    """
    values = {"title": title, "meta": meta, "url": url, "unread": unread, "role": role and words.role_class(role)}
    return _draw("row", content, values)


@register.simple_block_tag
def table(
    content: SafeString, *columns: str | Column, caption: str, fold: bool = True, seen: bool = False
) -> SafeString:
    """Things compared by column. `fold` makes a list of it where narrow, else it scrolls; `seen` shows the caption."""
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    return _draw("table", content, {"columns": heads, "caption": caption, "fold": fold, "seen": seen})


@register.simple_block_tag
def flash(content: SafeString, role: str) -> SafeString:
    """The result of what was just done; an error is an alert and stays."""
    return _draw("flash", content, {"role": words.role_class(role)})


@register.simple_block_tag
def finding(content: SafeString, role: str, title: str, source: str = "") -> SafeString:
    """One result of a safety check: what happens, this patient, how sure, better; `source` says by which rules."""
    return _draw("finding", content, {"role": words.role_class(role), "title": title, "source": source})


@register.simple_block_tag
def banner(
    content: SafeString,
    family: str,
    given: str = "",
    preferred: str = "",
    born: date | None = None,
    sex: str = "",
    record_number: str = "",
    estimated: bool = False,
) -> SafeString:
    """Who this is, always in sight; the content holds allergies and alerts."""
    values = {"family": family, "given": given, "preferred": preferred, "born": born, "sex": sex}
    return _draw("banner", content, values | {"record_number": record_number, "estimated": estimated})


@register.simple_block_tag
def board(content: SafeString) -> SafeString:
    """Who is where now: stages side by side."""
    return _draw("board", content, {})


@register.simple_block_tag
def stage(content: SafeString, key: str, title: Any, number: int, words: Any) -> SafeString:
    """A stage of a board; `words` say what the number counts, for those who hear the page."""
    return _draw("stage", content, {"key": key, "title": title, "number": number, "words": words})


@register.simple_block_tag
def ticket(content: SafeString, title: Any, meta: Any = "", url: str = "", role: str = "") -> SafeString:
    """Somebody on a board; the content says how long, and holds one button: the next step."""
    values = {"title": title, "meta": meta, "url": url, "role": role and words.role_class(role)}
    return _draw("ticket", content, values)


@register.simple_block_tag
def savebar(content: SafeString, state: Any = "") -> SafeString:
    """Drafts and long forms: state at the start, the buttons in the content at the end."""
    return _draw("savebar", content, {"state": state})


@register.simple_block_tag
def dialog(content: SafeString, title: str, id: str, shown: bool = False) -> SafeString:
    """One decision with at most two fields; opened by a button with `data-opens="<id>"`. Its URL is also a page."""
    return _draw("dialog", content, {"title": title, "id": id, "shown": shown})


def _draw(name: str, content: SafeString, values: dict[str, Any]) -> SafeString:
    return render_to_string(f"ui/components/{name}.html", {"content": content, **values})


def _id(kind: str, title: str) -> str:
    """An id that is the same on each drawing; give your own where two of a kind share a title."""
    return f"{kind}-{zlib.crc32(str(title).encode()):x}"
