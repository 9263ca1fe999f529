"""What the sample clinic shows of papers and of results of nobody sure: told once, and nothing where nobody asks."""

import pytest

from healthcare.accounts.demo import SECOND_PATIENT_EMAIL
from healthcare.db.context import acting_as
from records.actions.unmatched import list_unmatched
from records.demo import arrived as demo
from records.models import Paper, UnmatchedResult
from tests.factories import EntryFactory, PatientFactory, portal_user, staff
from tests.records.papering import made
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def told() -> tuple[list[Paper], list[UnmatchedResult]]:
    with taking_role("worker"):
        demo.tell()
        with as_the_system():
            return list(Paper.objects.all()), list(UnmatchedResult.objects.all())


def test_a_paper_is_asked_for_and_a_result_waits() -> None:
    june = PatientFactory()
    portal_user(june, email=SECOND_PATIENT_EMAIL)
    EntryFactory(patient=june)
    (paper,), (result,) = told()
    assert (paper.patient_id, paper.kind, paper.state) == (june.pk, "chart", "asked")
    assert result.state == "open"
    nurse = staff("nurse", june.site)
    with acting_as(nurse):
        (line,) = list_unmatched(by=nurse)
    assert "Potassium" in str(line)
    assert told() == ([paper], [result]), "once"
    assert made(paper).state == "made"


def test_without_who_asks_there_is_no_paper() -> None:
    assert told()[0] == []
