"""The words of a choice come from a table made once, in the reader's language, as Django's own come."""

import pytest
from django.utils import translation

from healthcare.db.models import labels_of
from patients.models import Patient
from scheduling.models import Appointment


@pytest.mark.parametrize("status", Appointment.Status)
def test_a_choice_is_told_in_words(status: Appointment.Status) -> None:
    assert Appointment(status=status).get_status_display() == str(status.label)


@pytest.mark.parametrize("value", ["unheard of", "", None])
def test_what_is_no_choice_is_told_as_it_is(value: str | None) -> None:
    assert Patient(sex=value).get_sex_display() == value


def test_the_words_follow_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table keeps promises of words, not the words of whoever asked first."""
    field = Patient._meta.get_field("sex")
    assert labels_of(field) is labels_of(field)
    before = Patient(sex="female").get_sex_display()
    catalog = {"Female": "Femenino"}
    monkeypatch.setattr("django.utils.translation._trans.gettext", lambda text: catalog.get(text, text))
    with translation.override("es"):
        assert Patient(sex="female").get_sex_display() == "Femenino"
    monkeypatch.undo()
    assert Patient(sex="female").get_sex_display() == before
