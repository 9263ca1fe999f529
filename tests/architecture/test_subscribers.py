"""Every fact has a test of each subscriber: delivered twice has the effect of once."""

import ast
import importlib
from dataclasses import fields, is_dataclass
from uuid import UUID

import pytest

from healthcare.events.registry import all_subscribers
from tests.architecture.tree import PACKAGES, ROOT, files, functions, module, name, parsed, rooms

OURS = [found for found in all_subscribers() if found.name.split(".")[0] in PACKAGES]
# Ids and categories. Names, texts and results stay in the rows that the ids lead to.
VALUES_NEVER = {"name", "given_name", "family_name", "birth_date", "email", "phone", "text", "body", "note", "value"}


@pytest.mark.parametrize("subscriber", OURS, ids=lambda found: found.name)
def test_each_is_tried_twice(subscriber):
    function = subscriber.name.rsplit(".", 1)[1]
    tried = [
        f"{name(path)}:{node.lineno}"
        for path in files("tests", suffix=".py")
        if path.name.startswith("test_") and function in path.read_text()
        for node in functions(parsed(path))
        if "twice" in node.name or "repeated" in node.name
    ]
    assert tried, (
        f"Write a test with `twice` in its name that delivers {subscriber.fact.__name__} to {function} twice;"
        " tests/twice.py helps."
    )


@pytest.mark.parametrize("path", [path for path in rooms("events") if module(path).count(".events") == 1], ids=name)
def test_facts_are_frozen_named_in_the_past_tense_and_hold_ids(path):
    if path.is_relative_to(ROOT / "healthcare" / "events"):
        return  # the machinery
    loaded = importlib.import_module(module(path))
    for node in parsed(path).body:
        if isinstance(node, ast.ClassDef):
            fact = getattr(loaded, node.name)
            assert is_dataclass(fact), f"{node.name}: a fact is a frozen dataclass."
            assert fact.__dataclass_params__.frozen, f"{node.name}: a fact is frozen."
            assert not {field.name for field in fields(fact)} & VALUES_NEVER, f"{node.name}: ids, never values."
            assert any(field.type is UUID or "UUID" in str(field.type) for field in fields(fact)), f"{node.name}: ids."


def test_subscribers_stand_in_their_room():
    for found in OURS:
        assert ".subscribers." in found.name or ".sending." in found.name, f"{found.name} belongs into subscribers.py."
