"""The description of /v1: as OpenAPI 3.1 for programs, and as pages for people. No data is in it, so it is public."""

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import public
from healthcare.api import problems
from healthcare.api.idempotency import KEY
from healthcare.api.root import api
from healthcare.api.tokens import SCOPES

PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457. Some types have members of their own.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "request_id": {"type": "string", "description": "To be quoted when asking for help."},
    },
    "examples": [
        {
            "type": "/v1/problems/not-found",
            "title": "Not found",
            "status": 404,
            "detail": "There is nothing here that is open to you.",
            "request_id": "K7QFP-2M9DX",
        }
    ],
}
FLOW = {"tokenUrl": "/oauth/token/", "scopes": {scope: scope.replace(".", ": ") for scope in SCOPES}}
COMPONENTS: dict[str, Any] = {
    "responses": {
        "Problem": {
            "description": "What went wrong",
            "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    },
    "parameters": {
        "IdempotencyKey": {
            "in": "header",
            "name": "Idempotency-Key",
            "required": False,
            "description": "The same key with the same body has its effect once, and gets the first reply again.",
            "schema": {"type": "string", "pattern": f"^{KEY.pattern}$", "examples": ["0d5f7c3e"]},
        }
    },
    "securitySchemes": {
        "oauth2": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": FLOW | {"authorizationUrl": "/oauth/authorize/", "refreshUrl": "/oauth/token/"},
                "clientCredentials": FLOW,
            },
        }
    },
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """As plain JSON values. What ninja leaves out or writes as OpenAPI 3.0 had it is put right here."""
    made: dict[str, Any] = json.loads(json.dumps(dict(api.get_openapi_schema(path_prefix="v1")), default=str))
    made["components"] |= COMPONENTS
    made["components"]["schemas"] |= {"Problem": PROBLEM}
    made["servers"] = [{"url": "/"}]
    for _path, _method, operation in _operations(made):
        for parameter in operation["parameters"]:
            parameter.pop("examples", None)  # a map in OpenAPI; the schema has them
    return made


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    return ((path, method, found) for path, methods in made["paths"].items() for method, found in methods.items())


# == Pages ==
@public
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(json.dumps(document()), content_type="application/json")


@public
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every operation by its chapter, and every schema with an example."""
    made = document()
    lines = sorted((_line(*found) for found in _operations(made)), key=lambda line: str(line["chapter"]))
    chapters = [(name, list(found)) for name, found in groupby(lines, key=lambda line: line["chapter"])]
    schemas = [_schema(name, schema) for name, schema in sorted(made["components"]["schemas"].items())]
    kinds = sorted(problems.KINDS.values(), key=lambda kind: (kind.status, kind.slug))
    return render(request, "api/reference.html", {"chapters": chapters, "schemas": schemas, "kinds": kinds})


@public
@require_safe
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in problems.KINDS:
        raise Http404
    return render(request, "api/problem.html", {"kind": problems.KINDS[slug]})


def _line(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answers = [
        (status, _type(answer.get("content", {}).get("application/json", {}).get("schema", {})))
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    scopes = [scope for needed in operation.get("security", []) for scope in needed["oauth2"]]
    parameters = [
        {"name": found["name"], "place": found["in"], "type": _type(found["schema"]), "needed": found["required"]}
        | {"says": found.get("description", "")}
        for found in (_resolved(parameter) for parameter in operation["parameters"])
    ]
    names = {"chapter": operation["tags"][0], "method": method.upper(), "path": path, "id": operation["operationId"]}
    said = {"summary": operation["summary"], "says": operation.get("description", "")}
    return names | said | {"parameters": parameters, "body": _type(body), "answers": answers, "scopes": scopes}


def _schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    needed = schema.get("required", [])
    fields = [
        {"name": field, "type": _type(found), "needed": field in needed, "says": found.get("description", "")}
        for field, found in schema.get("properties", {}).items()
    ]
    example = next(iter(schema.get("examples", [])), None)
    text = json.dumps(example, indent=2, ensure_ascii=False) if example is not None else ""
    return {"name": name, "says": schema.get("description", ""), "fields": fields, "example": text}


def _resolved(parameter: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (
        COMPONENTS["parameters"][parameter["$ref"].split("/")[-1]] if "$ref" in parameter else parameter
    )
    return found


def _type(schema: dict[str, Any]) -> str:
    """In a few words: a schema's name, a format, a list of something."""
    if "$ref" in schema:
        return str(schema["$ref"]).split("/")[-1]
    for several in ("anyOf", "allOf"):
        if several in schema:
            return _(" or ").join(_type(one) for one in schema[several])
    if schema.get("type") == "array":
        return _("list of %s") % _type(schema.get("items", {}))
    return str(schema.get("format") or schema.get("type") or "")
