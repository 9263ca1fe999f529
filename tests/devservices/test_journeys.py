"""The journeys in the running demo go to one worker; no other opens a demo."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.journeys.sharing import FOLDER, misplaced, scope


@pytest.mark.parametrize("test", ["test_desk.py::test_keys", "test_one_visit.py::test_one_visit[1280]"])
def test_those_of_the_demo_are_one_group(test):
    assert scope(f"{FOLDER}/{test}") == FOLDER


@pytest.mark.parametrize("test", ["ui/test_pages.py::test_one[a::b/c]", "records/test_notes.py::test_other"])
def test_every_other_stands_alone(test):
    assert scope(f"{FOLDER}/{test}") == f"{FOLDER}/{test}"


def test_one_that_asks_for_the_demo_elsewhere_is_named():
    def item(test: str, *fixtures: str) -> Any:
        return SimpleNamespace(nodeid=f"{FOLDER}/{test}", fixturenames=fixtures)

    items = [
        item("test_desk.py::test_keys", "clinic", "signed_in"),
        item("ui/test_pages.py::test_one", "open_page"),
        item("records/test_notes.py::test_other", "clinic"),
        SimpleNamespace(nodeid=f"{FOLDER}/ui/notes.txt::doctest"),
    ]
    assert misplaced(items) == [f"{FOLDER}/records/test_notes.py::test_other"]
