"""Every deed that a patient may find in "who opened my record" has words, of the app whose deed it is."""

import ast
from collections.abc import Iterator

import pytest

from healthcare.audit import record
from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from patients.queries import DEEDS, openings_of
from tests.architecture.tree import parsed, sources
from tests.factories import PatientFactory, portal_user, staff
from tests.roles import as_the_system

HANDING_ON = ("_say_of_patient",)


def lines_about_patients() -> Iterator[ast.Call]:
    """Where the sources audit something with a patient's id; what passes a name on is left out for its callers."""
    for path in sources(migrations=True):
        tree = parsed(path)
        handing_on = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in HANDING_ON]
        inside = {id(node) for function in handing_on for node in ast.walk(function)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and id(node) not in inside:
                alone = node.func.id in ("record", "record_now")
                about = alone and any(given.arg == "patient_id" for given in node.keywords)
                if about or node.func.id in ("record_many", *HANDING_ON):
                    yield node


def audited_about_patients() -> set[str]:
    """The actions of those lines. One that is put together elsewhere would go without words, unnoticed."""
    found = set()
    for line in lines_about_patients():
        assert isinstance(line.args[0], ast.Constant), f"Write the action as it is read: {ast.unparse(line)}"
        found.add(str(line.args[0].value))
    return found


def test_every_deed_has_words() -> None:
    known = {action for words in (DEEDS, *parts_of("patients.Deeds")) for action in words}
    actions = audited_about_patients()
    assert {"patients.open_chart", "records.sign_note", "billing.take_payment"} <= actions
    assert actions - known == set(), "Name them in the app's part patients.Deeds."
    assert known - actions == set(), "Nobody does this any more."


@pytest.mark.parametrize("words", parts_of("patients.Deeds"))
def test_words_are_of_the_app_s_own_deeds_and_end_without_a_stop(words) -> None:
    assert len({action.partition(".")[0] for action in words}) == 1
    assert not [text for text in map(str, words.values()) if text.endswith(".") or not text[0].isupper()]


@pytest.mark.django_db
def test_the_patient_reads_what_was_done_in_plain_words() -> None:
    patient = PatientFactory()
    nurse, rosa = staff("nurse", patient.site), portal_user(patient)
    for action in ("records.record_vitals", "scheduling.room", "elsewhere.unheard_of"):
        with acting_as(nurse):
            record(action, by=nurse, patient_id=patient.pk)
    with as_the_system():
        record("alerts.raise", by=None, patient_id=patient.pk)
    with acting_as(rosa):
        done = [line.what for line in openings_of(patient, besides=rosa)]
    assert set(done) >= {
        "Recorded vital signs",
        "Took the patient to a room",
        "Used the record",
        "Asked the clinic's team to look at something",
    }
