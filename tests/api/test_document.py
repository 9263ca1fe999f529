"""The description of /v1: OpenAPI 3.1 with an example of everything, and pages that need nobody else's host."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from healthcare.api import problems
from healthcare.api.document import document
from healthcare.api.tokens import SCOPES

pytestmark = pytest.mark.django_db
DOCUMENT = document()
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_it_is_served_to_everybody() -> None:
    answer = Client().get("/v1/openapi.json")
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == DOCUMENT
    assert answer.json()["openapi"].startswith("3.1.")


@pytest.mark.parametrize(("_name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_each_operation_says_what_it_is_and_which_scope_it_takes(_name, operation) -> None:
    assert operation["summary"][0].isupper(), "a summary in words for people"
    assert len(operation["tags"]) == 1, "one chapter"
    scopes = [scope for needed in operation["security"] for scope in needed["oauth2"]]
    assert set(scopes) <= set(SCOPES)
    assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    for status, response in operation["responses"].items():
        if status.startswith("2") and status != "204":
            assert response["content"]["application/json"]["schema"], status


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _name, operation in OPERATIONS]
    assert len(names) == len(set(names))


def shown_by_another(name: str) -> bool:
    """Part of a body that has an example as a whole."""
    return any(f"schemas/{name}'" in str(other) and other.get("examples") for other in SCHEMAS.values())


def shown_by_its_fields(name: str) -> bool:
    return all("examples" in field or "$ref" in str(field) for field in SCHEMAS[name]["properties"].values())


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_schema_has_an_example(name) -> None:
    if "enum" in SCHEMAS[name] or name.startswith("Page_"):
        return
    assert SCHEMAS[name].get("examples") or shown_by_another(name) or shown_by_its_fields(name), (
        f"Give {name} an example in its json_schema_extra."
    )
    for example in SCHEMAS[name].get("examples", []):
        assert set(SCHEMAS[name].get("required", [])) <= set(example), f"The example of {name} leaves something out."
        assert set(example) <= set(SCHEMAS[name]["properties"]), f"The example of {name} has a field too many."


def test_every_reference_leads_somewhere() -> None:
    def references(part):
        if isinstance(part, dict):
            yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    for reference in references(DOCUMENT):
        found = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


# == Pages ==
def test_the_reference_shows_every_operation_and_schema_and_loads_nothing_from_elsewhere() -> None:
    answer = Client().get(reverse("v1:docs"))
    page = answer.content.decode()
    for name, operation in OPERATIONS:
        assert f'id="{operation["operationId"]}"' in page, name
        assert name.split()[1] in page
    for name in SCHEMAS:
        assert f'id="schema-{name}"' in page
    assert "http://" not in page.replace("http://testserver", "")
    assert "https://" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("slug", sorted(problems.KINDS))
def test_every_type_of_problem_can_be_looked_up(slug) -> None:
    kind = problems.KINDS[slug]
    answer = Client().get(kind.type)
    assert answer.status_code == 200
    assert str(kind.title) in answer.content.decode().replace("&#x27;", "'")


def test_a_type_that_there_is_not_is_not_found() -> None:
    assert Client(raise_request_exception=False).get("/v1/problems/none").status_code == 404


def test_nothing_is_written_through_the_documentation() -> None:
    for path in ("/v1/docs", "/v1/openapi.json", "/v1/problems/invalid"):
        assert Client().post(path).status_code in {403, 405}


def test_the_document_is_plain_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
