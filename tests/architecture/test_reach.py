"""Views, portal, api and fhir reach a patient's rows through `visible_to` alone (read on the syntax tree)."""

import ast
from collections.abc import Iterator

import pytest
from django.apps import apps

from tests.architecture.test_models import on_the_graph
from tests.architecture.tree import DOORS, ROOT, name, parsed, rooms, sources

MANAGERS = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404"}
PAST_THE_RULE = {"cursor", "raw", "acting_as_system"}
# file and line's text → why it may reach rows otherwise
ALLOWED: dict[tuple[str, str], str] = {}
OWNED = {model.__name__ for model in on_the_graph()} | {"AuditEvent", "Change"}


def unscoped(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Call | ast.Assign) and reaches(node):
            yield node.lineno, ast.unparse(node)


def reaches(node: ast.Attribute | ast.Call | ast.Assign) -> bool:
    if isinstance(node, ast.Attribute):
        return through_a_manager(node)
    if isinstance(node, ast.Call):
        called = last(node.func)
        return called in PAST_THE_RULE or (called in SHORTCUTS and bool(node.args) and last(node.args[0]) in OWNED)
    names = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
    return any(ast.unparse(target) in {"model", "queryset"} for target in node.targets) and bool(names & OWNED)


def through_a_manager(node: ast.Attribute) -> bool:
    manager = node.value
    if not (isinstance(manager, ast.Attribute) and manager.attr in MANAGERS and last(manager.value) in OWNED):
        return False
    return node.attr != "visible_to"


def last(node: ast.AST) -> str:
    return ast.unparse(node).split(".")[-1]


# The frame of /v1 knows no patient: its operations stand in the apps.
KNOWING = [path for path in rooms(*DOORS) if not path.is_relative_to(ROOT / "healthcare" / "api")]


@pytest.mark.parametrize("path", KNOWING, ids=name)
def test_doors_reach_patients_through_visible_to(path):
    found = [(line, text) for line, text in unscoped(parsed(path)) if (name(path), text) not in ALLOWED]
    assert not found, f"{name(path)}: start from visible_to(user), or add to ALLOWED with a reason: {found}"


def test_the_frame_of_the_api_names_no_model_of_a_patient():
    for path in sources("healthcare/api"):
        named = {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)} & OWNED
        assert not named, f"{name(path)}: {named} belong to operations, which stand in the apps."


@pytest.mark.parametrize(
    "code",
    [
        "Patient.objects.all()",
        "models.Patient.objects.get(pk=1)",
        "Patient._default_manager.filter()",
        "get_object_or_404(Patient, pk=1)",
        "connection.cursor()",
        "Patient.objects.raw('SELECT 1')",
        "class Chart:\n    model = Patient",
        "with acting_as_system('x'): pass",
    ],
)
def test_this_test_sees_what_it_is_for(code):
    assert list(unscoped(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "Patient.objects.visible_to(user).get(pk=1)",
        "get_object_or_404(Patient.objects.visible_to(user), pk=1)",
        "Site.objects.all()",
    ],
)
def test_and_lets_pass_what_is_right(code):
    assert not list(unscoped(ast.parse(code)))


def test_a_view_with_its_filter_removed_still_has_the_second_wall():
    """That it shows nothing is tried in tests/patients/test_walls.py; here, that the model is one of those walled."""
    assert apps.get_model("patients", "Patient") in on_the_graph()
