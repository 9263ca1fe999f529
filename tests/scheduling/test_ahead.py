"""Before the visit: what the clinic knows is shown, and the patient says whether it is right."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.kinds.allergy import NONE_KNOWN
from scheduling import actions
from scheduling.access import can_answer_ahead
from scheduling.actions import NotOpen
from scheduling.events import AnsweredAhead
from scheduling.models import AheadAnswer
from scheduling.queries.ahead import answers_ahead
from scheduling.rules import AHEAD, may_answer_ahead
from scheduling.words import ahead_words
from tests.factories import (
    CoverageFactory,
    EntryFactory,
    MedicationStatementFactory,
    PatientFactory,
    PrescriptionFactory,
    portal_user,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db


def answer(clinic, visit, *, by=None, now=NOW, **answers):
    by = by or clinic.rosa
    with acting_as(by):
        return actions.answer_ahead(by=by, appointment=visit, answers=answers, now=now)


def answered(clinic, visit, user=None):
    user = user or clinic.desk
    with acting_as(user):
        return [(row.item, row.right) for row in answers_ahead(user, visit)]


def page_of(visit) -> str:
    return f"/portal/visits/{visit.pk}/check-in"


# == The verb ==
def test_the_last_answer_counts_and_the_desk_reads_it(clinic, announced):
    visit = clinic.book()
    answer(clinic, visit, details=True, allergies=False)
    answer(clinic, visit, allergies=True)
    assert answered(clinic, visit) == [("details", True), ("allergies", True)]
    facts = announced(AnsweredAhead)
    assert facts == [
        AnsweredAhead(visit.pk, clinic.patient.pk, different=1),
        AnsweredAhead(visit.pk, clinic.patient.pk, different=0),
    ]
    with as_the_system():
        lines = AuditEvent.objects.filter(action="scheduling.answer_ahead").order_by("id")
        assert [line.detail for line in lines] == [{"items": 2, "different": 1}, {"items": 1, "different": 0}]


@pytest.mark.parametrize("now", [NINE - AHEAD - timedelta(minutes=1), NINE, NINE + timedelta(minutes=1)])
def test_only_in_the_week_before(clinic, now):
    visit = clinic.book()
    with pytest.raises(NotOpen, match="in the week before"):
        answer(clinic, visit, now=now, details=True)


@given(minutes=st.integers(-20_000, 20_000))
def test_the_week_before_ends_with_the_visit(minutes):
    now = NINE + timedelta(minutes=minutes)
    assert may_answer_ahead(NINE, now) == (-7 * 24 * 60 <= minutes < 0)


def test_not_for_a_visit_that_is_called_off(clinic):
    visit = clinic.book()
    with acting_as(clinic.rosa):
        actions.cancel_appointment(by=clinic.rosa, appointment=visit, reason="", now=NOW)
    with pytest.raises(NotOpen):
        answer(clinic, visit, details=True)


def test_the_patients_side_alone(clinic):
    visit = clinic.book()
    stranger = portal_user(PatientFactory(site=clinic.site))
    for user, refusal in ((clinic.desk, NotAllowed), (stranger, NotInScope)):
        with pytest.raises(refusal):
            answer(clinic, visit, by=user, details=True)
        with acting_as(user):
            assert not can_answer_ahead(user, visit)
    with acting_as(clinic.rosa):
        assert can_answer_ahead(clinic.rosa, visit)
    assert answered(clinic, visit, stranger) == []


def test_words_of_answers_and_of_parts_to_come():
    rows = [AheadAnswer(item="details", right=True), AheadAnswer(item="glasses", right=False)]
    assert ahead_words(rows) == [("Details", "ok", "right"), ("glasses", "warn", "something is different")]


# == The page ==
@pytest.fixture
def soon(clinic):
    return visit_at(clinic, at(9))


def test_what_the_clinic_knows_is_shown_and_answered_with_one_press_each(browser, clinic, soon):
    EntryFactory(patient=clinic.patient, kind="allergy", display="Penicillin", clinical_status="active")
    PrescriptionFactory(patient=clinic.patient, status="picked_up", medicine="Salbutamol", sig_text="two puffs")
    MedicationStatementFactory(patient=clinic.patient, medicine="Ibuprofen", status="active")
    CoverageFactory(patient=clinic.patient)
    rosa = browser(clinic.rosa)
    assert "Check in from home" in text(rosa.get(f"/portal/visits/{soon.pk}"))
    page = text(rosa.get(page_of(soon)))
    for said in (clinic.patient.name, "Penicillin", "Salbutamol: two puffs", "Ibuprofen", "Read and answer them"):
        assert said in page
    form = {"details": "right", "allergies": "different", "medicines": "right", "coverage": "right"}
    page = text(rosa.post(page_of(soon), form, follow=True))
    assert "The clinic knows before you come." in page
    assert page.count("/portal/messages/write") == 1, "the way to say what is different"
    staff_page = text(browser(clinic.desk).get(f"/scheduling/patients/{clinic.patient.pk}/visits/{soon.pk}"))
    assert staff_page.count('id="ahead"') == 1
    assert "something is different" in staff_page


def test_what_was_not_said_is_asked_for_and_the_rest_stays(browser, clinic, soon):
    page = text(browser(clinic.rosa).post(page_of(soon), {"details": "different"}), 422)
    assert page.count("Say whether this is right") >= 3
    assert 'value="different"' in page
    assert page.count(" checked") == 1
    assert answered(clinic, soon) == []


def test_nothing_known_is_said_in_words(browser, clinic, soon):
    page = text(browser(clinic.rosa).get(page_of(soon)))
    for said in ("We have not asked you yet.", "We know of none that you take.", "We know of no insurance."):
        assert said in page
    EntryFactory(patient=clinic.patient, kind="allergy", code=NONE_KNOWN, display="None", clinical_status="active")
    assert "You told us that you have none." in text(browser(clinic.rosa).get(page_of(soon)))


def test_a_part_that_fails_leaves_the_others(browser, clinic, soon, monkeypatch):
    def fails(*_asked):
        raise ValueError("no list")

    monkeypatch.setattr("records.panels.check_in.active_entries", fails)
    page = text(browser(clinic.rosa).get(page_of(soon)))
    assert "could not be shown" in page
    assert 'name="medicines"' in page
    assert 'name="allergies"' not in page


def test_too_early_it_is_not_offered_and_says_when(browser, clinic):
    later = visit_at(clinic, at(9, days=30))
    rosa = browser(clinic.rosa)
    assert "Check in from home" not in text(rosa.get(f"/portal/visits/{later.pk}"))
    form = {"details": "right", "allergies": "right", "medicines": "right", "coverage": "right"}
    assert "in the week before" in text(rosa.post(page_of(later), form), 422)
