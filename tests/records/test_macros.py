"""Phrases and templates for notes: kept by administrators, called up by who writes, favourites first."""

from dataclasses import asdict

import pytest
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from records.actions.macros import FIELDS, NotKept, favour_macro, keep_macro
from records.models import Favourite, Macro
from records.queries.macros import filled, macros_for, template_of
from records.rules.notes import NoteText
from tests.factories import FavouriteFactory, MacroFactory, VisitTypeFactory, staff
from tests.patients.conftest import sign_in
from tests.records.visits import TEXT, Visit, visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
PARTS = {"objective": "Heart regular. Lungs clear.", "plan": "Come back in 3 months."}


@pytest.fixture
def boss(running):
    return staff("administrator", running.patient.site)


def given(**changes):
    empty = {"specialty": "", "visit_type": None, "text": "", "parts": {}, "active": True}
    return empty | {"shortcut": "lungs", "name": "Lungs clear", "text": "Lungs clear."} | changes


def keep(boss, macro=None, **changes) -> Macro:
    with acting_as(boss):
        return keep_macro(by=boss, values=given(**changes), macro=macro)


# == Kept ==
def test_a_phrase_and_a_template_are_kept_and_changed(boss) -> None:
    phrase = keep(boss)
    assert {name: getattr(phrase, name) for name in FIELDS} == given()
    assert str(phrase) == "macro lungs"
    template = keep(boss, shortcut="check", text="", parts=PARTS)
    assert template.parts == PARTS
    assert keep(boss, template, shortcut="check", text="", parts={"plan": "Rest."}).parts == {"plan": "Rest."}


@pytest.mark.parametrize("changes", [{"text": ""}, {"parts": PARTS}, {"text": "", "parts": {"other": "x"}}])
def test_what_is_neither_or_both_is_refused(boss, changes) -> None:
    with pytest.raises(NotKept):
        keep(boss, **changes)


def test_a_word_means_one_thing(boss) -> None:
    keep(boss)
    with pytest.raises(NotKept, match="another text"):
        keep(boss)
    assert keep(boss, specialty="Cardiology").specialty == "Cardiology"


def test_nobody_else_keeps_them(running) -> None:
    with acting_as(running.doctor), pytest.raises(NotAllowed):
        keep_macro(by=running.doctor, values=given())


# == Called up ==
def names(running: Visit) -> list[str]:
    with acting_as(running.doctor):
        return [row.shortcut for row in macros_for(running.doctor, running.encounter)]


def test_those_that_fit_are_offered_favourites_first(running) -> None:
    MacroFactory(shortcut="all", name="A")
    MacroFactory(shortcut="hearts", specialty="Another specialty")
    MacroFactory(shortcut="gone", active=False)
    MacroFactory(shortcut="of-a-kind", visit_type=VisitTypeFactory())
    liked = MacroFactory(shortcut="liked", name="Z")
    assert names(running) == ["all", "liked"]
    FavouriteFactory(user=running.doctor, macro=liked)
    FavouriteFactory(user=running.colleague, macro=MacroFactory(shortcut="theirs", name="B"))
    assert names(running) == ["liked", "all", "theirs"]


def test_a_template_goes_behind_what_stands_there() -> None:
    both = filled(NoteText(plan="Rest."), Macro(parts=PARTS))
    assert (both.plan, both.objective) == ("Rest.\nCome back in 3 months.", PARTS["objective"])


def test_only_a_template_that_fits_is_used(running) -> None:
    phrase, template = Macro(text="x"), Macro(parts=PARTS)
    assert template_of([phrase, template], str(template.pk)) == template
    assert template_of([phrase, template], str(phrase.pk)) is None
    assert template_of([phrase, template], "nonsense") is None


def test_a_favourite_is_ones_own(running) -> None:
    macro = MacroFactory()
    with acting_as(running.doctor):
        favour_macro(by=running.doctor, macro=macro, wanted=True)
        favour_macro(by=running.doctor, macro=macro, wanted=True)
        assert str(Favourite.objects.get()).startswith("favourite ")
    with acting_as(running.colleague):
        assert not Favourite.objects.exists()
    with acting_as(running.doctor):
        favour_macro(by=running.doctor, macro=macro, wanted=False)
        favour_macro(by=running.doctor, macro=macro, wanted=False)
        assert not Favourite.objects.exists()
    with acting_as(running.nurse), pytest.raises(NotAllowed):
        favour_macro(by=running.nurse, macro=macro, wanted=True)


# == On the pages ==
def test_the_page_of_the_note_offers_fills_and_favours(running) -> None:
    template = MacroFactory(shortcut="check", name="Check-up", text="", parts=PARTS)
    doctor = sign_in(running.doctor)
    note = reverse("records:note", args=[running.patient.pk, running.encounter.pk])
    page = doctor.get(note).text
    assert "/check" in page
    assert "Make it a favourite" in page
    running.saves(NoteText(**asdict(TEXT) | {"plan": "Rest."}))
    page = doctor.get(note, {"template": template.pk}).text
    assert "Rest.\nCome back in 3 months." in page
    assert "data-unkept" in page
    favour = reverse("records:favour_macro", args=[running.patient.pk, running.encounter.pk, template.pk])
    assert 'aria-pressed="true"' in doctor.post(favour, {"wanted": "1"}, follow=True).text
    assert 'aria-pressed="false"' in doctor.post(favour, {"wanted": "0"}, follow=True).text


def test_the_admin_keeps_them(boss) -> None:
    page = sign_in(boss)
    add = reverse("admin:records_macro_add")
    assert page.get(add).status_code == 200
    form = {"shortcut": "check", "name": "Check-up", "active": "on", "plan": "Rest.", "_confirmed": "1"}
    assert page.post(add, form).status_code == 302
    with as_the_system():
        row = Macro.objects.get(shortcut="check")
    assert row.parts == {"plan": "Rest."}
    change = reverse("admin:records_macro_change", args=[row.pk])
    assert "Rest." in page.get(change).text
    page.post(change, form | {"plan": "More rest."})
    with as_the_system():
        assert Macro.objects.get().parts == {"plan": "More rest."}
    assert "both" in page.post(change, form | {"text": "And this"}, follow=True).text
    assert page.post(change, form | {"shortcut": "Not a word"}).status_code == 200
    assert page.get(reverse("admin:records_macro_changelist")).status_code == 200


def test_two_visits_are_two(running) -> None:
    MacroFactory(shortcut="all")
    assert names(visit()) == ["all"]
