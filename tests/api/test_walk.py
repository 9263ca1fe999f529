"""Along every operation of the document with a token of no scope: it opens nothing of anybody.

The operations are those of /v1/openapi.json, so one that is written tomorrow is walked along tomorrow. Who gets in with
a token of every scope is walked in tests/access.
"""

import json
import re
from typing import Any

import pytest
from django.test import Client

from healthcare.api.document import document
from patients.models import Patient
from tests.api.world import ASKED_OF_A, CANARY, OF_A, OF_NOBODY, everything_of
from tests.factories import PatientFactory, portal_user
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
]
NAMES = [f"{method} {path}" for method, path, _operation in OPERATIONS]


@pytest.fixture
def of_a() -> dict[str, Any]:
    """Ids of rows of a patient A, who has an account, and a word that is in all of them."""
    return everything_of(PatientFactory(family_name=CANARY, given_name="Wilhelmina"))


def address(path: str, ids: dict[str, Any]) -> str:
    return re.sub(r"{(\w+)}", lambda found: str(ids[found[1]]), path)


def query_of(operation: dict[str, Any], ids: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Each query that can name a patient names A; what is required besides gets something well-formed."""
    query: dict[str, Any] = {}
    for parameter in operation["parameters"]:
        if parameter.get("in") == "query" and parameter["name"] in ASKED_OF_A:
            query[parameter["name"]] = ids["patient_id"]
    return query | given


def body_of(operation: dict[str, Any], ids: dict[str, Any]) -> dict[str, Any]:
    """The example of the body, about A's patient; so that it is refused for whose it is and not for its form."""
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    while "allOf" in schema or "anyOf" in schema:
        schema = (schema.get("allOf") or schema["anyOf"])[0]
    if "$ref" not in schema:
        return {}
    found = document()["components"]["schemas"][schema["$ref"].split("/")[-1]]
    fields = {name: field["examples"][0] for name, field in found["properties"].items() if "examples" in field}
    example = fields | dict(next(iter(found.get("examples", [])), {}))
    if "patient" in found.get("properties", {}):
        example["patient"] = str(ids["patient_id"])
    return example


def knock(client: Client, method: str, path: str, operation: dict[str, Any], ids: dict[str, Any]) -> Any:
    if method == "GET":
        return client.get(address(path, ids), query_of(operation, ids, {}))
    return client.generic(
        method, address(path, ids), data=json.dumps(body_of(operation, ids)), content_type="application/json"
    )


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_every_name_in_an_address_has_a_row_of_a(method, path, operation) -> None:
    for name in re.findall(r"{(\w+)}", path):
        assert name in OF_A, f"{method} {path}: say in tests/api/world.py how to make a {name} of a patient."
    for parameter in operation["parameters"]:
        if "uuid" in str(parameter.get("schema", {})) and parameter.get("in") == "query":
            assert parameter["name"] in ASKED_OF_A or parameter["name"] in OF_NOBODY, (
                f"{method} {path}: say in tests/api/world.py what {parameter['name']} is an id of."
            )


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_a_token_without_scopes_opens_nothing_of_anybody(method, path, operation, api) -> None:
    if not [scope for needed in operation["security"] for scope in needed["oauth2"]]:
        return
    own = PatientFactory()
    ids = everything_of(own)
    answer = knock(api(portal_user(own), ""), method, path, operation, ids)
    assert answer.status_code == 403, f"{method} {path} answers {answer.status_code} without a scope."


def test_the_walk_is_no_walk_of_closed_doors(api, of_a) -> None:
    """The same knocks by A themselves are answered: what refuses B above is whose it is."""
    with as_the_system():
        a = Patient.objects.get(pk=of_a["patient_id"])
    own = api(portal_user(a))
    opened = [
        path
        for method, path, operation in OPERATIONS
        if method == "GET" and knock(own, method, path, operation, of_a).status_code == 200
    ]
    assert {"/v1/patients/{patient_id}", "/v1/patients", "/v1/appointments/{appointment_id}"} <= set(opened), opened
