"""Papers in tests: asked for, made as a worker does, read back, opened, and a sick note signed."""

from datetime import date, timedelta
from typing import Any

from healthcare.db.context import acting_as
from healthcare.storage.objects import open_object
from records.actions.papers import ask_paper, make_paper, open_paper, sign_sick_note
from records.models import Paper
from tests.records.reading import text_of
from tests.records.visits import NOW, Visit, visit
from tests.roles import as_the_system

Kind = Paper.Kind
LATER = NOW + timedelta(hours=2)
DAYS = {"first_day": date(2026, 11, 19), "last_day": date(2026, 11, 21), "off": "work", "today": date(2026, 11, 19)}


def signed_visit() -> Visit:
    running = visit()
    running.signs()
    return running


def asks(user, patient, kind=Kind.CHART, encounter=None, now=LATER) -> Paper:
    with acting_as(user):
        return ask_paper(by=user, patient=patient, kind=kind, encounter=encounter, now=now)


def made(paper: Paper, now=LATER) -> Paper:
    with as_the_system():
        make_paper(by=None, paper_id=paper.pk, now=now)
        return Paper.objects.get(pk=paper.pk)


def printed(paper: Paper) -> str:
    with as_the_system():
        return text_of(open_object(made(paper).document).content)


def opens(user, paper) -> Any:
    with acting_as(user):
        return open_paper(by=user, paper=Paper.objects.get(pk=paper.pk))


def signs(running, **days) -> Paper:
    user = running.doctor
    with acting_as(user):
        return sign_sick_note(by=user, encounter=running.encounter, **(DAYS | days), now=LATER)
