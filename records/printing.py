"""Papers as HTML, for the worker that makes a PDF of them: what a paper says, and the sheet around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from healthcare.accounts.models import User
from healthcare.ui.dates import day_text, month_text
from patients.models import Patient
from records.models import Paper
from records.queries.papers import Holds, chart_paper, summary_paper, vaccines_paper
from records.rules.papers import days_of

Kind = Paper.Kind
TEMPLATES = {
    Kind.SUMMARY: "records/paper_summary.html",
    Kind.SICK_NOTE: "records/paper_sick_note.html",
    Kind.IMMUNIZATIONS: "records/paper_immunizations.html",
    Kind.CHART: "records/paper_chart.html",
}


class NothingToPrint(Exception):
    """What was asked for is not there any more for who asked."""


@dataclass(frozen=True)
class Body:
    """What a paper says, without when it was made, and the rows that stand in it."""

    html: str
    holds: Holds


def body_of(paper: Paper, user: User, now: datetime) -> Body:
    """For the eyes of this user, who acts. The clock is the site's. Raises NothingToPrint."""
    with _as_asked(paper):
        context, holds = _content(paper, user, now)
        context |= {"paper": paper, "patient": paper.patient, "born": born(paper.patient), "site": _site(paper)}
        return Body(render_to_string(TEMPLATES[Kind(paper.kind)], context), holds)


def sheet_of(paper: Paper, body: Body, *, version: int, made_at: datetime) -> str:
    """The whole document, with the foot of its pages."""
    context = {"paper": paper, "patient": paper.patient, "body": body.html, "version": version, "made_at": made_at}
    with _as_asked(paper):
        return render_to_string("records/paper_sheet.html", context)


def name_of(paper: Paper) -> str:
    """What the file is called; nobody's name stands in it."""
    return f"{paper.kind.replace('_', '-')}-{paper.asked_at:%Y-%m-%d}.pdf"


def born(patient: Patient) -> str:
    """The day of birth as far as it is known, without an age: that would be another on another day."""
    if patient.birth_date is None:
        return ""
    if patient.birth_precision == "day":
        return day_text(patient.birth_date)
    if patient.birth_precision == "month":
        return month_text(patient.birth_date, with_day=False)
    year = str(patient.birth_date.year)
    return gettext("about %s") % year if patient.birth_precision == "estimated" else year


def _content(paper: Paper, user: User, now: datetime) -> tuple[dict[str, Any], Holds]:
    if paper.kind == Kind.SICK_NOTE:
        first, last = (date.fromisoformat(paper.data[name]) for name in ("first_day", "last_day"))
        return {"first": first, "last": last, "days": days_of(first, last)}, {}
    found: Any
    if paper.kind == Kind.SUMMARY and paper.encounter is not None:
        found = summary_paper(user, paper.encounter, now)
        if found is None:
            raise NothingToPrint
    elif paper.kind == Kind.IMMUNIZATIONS:
        found = vaccines_paper(user, paper.patient)
    else:
        found = chart_paper(user, paper.patient, now)
    return {"found": found}, found.holds()


def _site(paper: Paper) -> Any:
    return paper.encounter.site if paper.encounter and paper.encounter.site else paper.patient.site


@contextmanager
def _as_asked(paper: Paper) -> Iterator[None]:
    """In the language of who asked, on the clock of the site."""
    with translation.override(paper.language), timezone.override(_site(paper).time_zone):
        yield
