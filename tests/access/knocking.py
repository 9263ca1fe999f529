"""How one knocks at a door, and what the answer is: one word for each kind of refusal."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from healthcare.api.document import document
from healthcare.audit.models import AuditEvent
from tests.access.world import Ids, World
from tests.architecture.urls import Door, Operation, operations, own_doors
from tests.conftest import ALIASES
from tests.roles import taking_role

OPENS = "opens"
NO_ROLE, NO_SCOPE, NOTHING = "the role does not hold it", "not in scope", "not there"
SIGN_IN, NO_TOKEN, NO_RECORD = "sign in", "no token", "no record of one's own"
NO_METHOD = "no such method"
REFUSALS = {NO_ROLE, NO_SCOPE, NOTHING, SIGN_IN, NO_TOKEN, NO_RECORD}
#: How a place begins or ends, name in its address → the row it means there, where the name alone does not say it.
MEANS = {
    ("/accounts/sessions/", "pk"): "session",
    ("/accounts/staff/", "pk"): "account",
    ("/accounts/teams/", "pk"): "team_id",
    ("/oauth/programs/", "pk"): "account",
    ("/reverse", "entry_id"): "payment_id",
    ("/reverse", "invoice_id"): "paid_invoice_id",
    ("/correct-vital", "entry_id"): "vital_id",
    ("/correct-report", "entry_id"): "report_id",
    ("/change-condition", "entry_id"): "condition_id",
    ("/change-allergy", "entry_id"): "allergy_id",
    ("/change-history", "entry_id"): "operation_id",
    ("/place", "order_id"): "draft_order_id",
    ("/correct", "entry_id"): "plan_id",
    ("/change-status", "entry_id"): "plan_id",
    ("/cosign", "entry_id"): "note_id",
    ("/note/addendum", "encounter_id"): "signed_encounter_id",
    ("/note/amend", "encounter_id"): "signed_encounter_id",
    ("/portal/summaries/", "encounter_id"): "signed_encounter_id",
}
#: What stands in an address as a word.
WORDS = {
    "table": "days",
    "purpose": "treatment",
    "subject": "surgery",
    "kind": "names",
    "entry_kind": "plan_item",
    "paper_kind": "chart",
    "packet": "desk",
    "code": "8867-4",
}
SLUGS = {"/v1/problems/": "unauthorized", "/accounts/roles/": "nurse"}
#: What a place asks besides its address.
QUERIES = {
    "/portal/book/": "site={site}&visit_type={visit_type}",
    "GET /v1/slots": "provider={bookable}&visit_type={visit_type_id}",
    "GET /v1/": "patient={patient_id}",
}


@dataclass(frozen=True)
class Place:
    """A door of the pages or an operation of /v1, as the table names it."""

    name: str
    of: Door | Operation

    @property
    def is_operation(self) -> bool:
        return isinstance(self.of, Operation)

    @property
    def methods(self) -> tuple[str, ...]:
        return (self.of.method,) if isinstance(self.of, Operation) else ("GET", "POST")

    @property
    def variables(self) -> list[str]:
        """Names of what stands in the address as an id."""
        if isinstance(self.of, Operation):
            return re.findall(r"{uuid\w*:(\w+)}", self.of.path)
        return re.findall(r"<uuid\w*:(\w+)>", self.of.route)

    @property
    def is_public(self) -> bool:
        return isinstance(self.of, Door) and getattr(self.of.view, "is_public", False)

    @property
    def asks_of_a_patient(self) -> bool:
        """In its address, its query or its body."""
        return bool(self.variables) or (self.is_operation and "patient" in f"{self.query}{self.example}")

    def meaning(self, variable: str) -> str:
        for (part, name), row in MEANS.items():
            if name == variable and (self.name.startswith(part) or self.name.endswith(part)):
                return row
        return variable

    @property
    def query(self) -> str:
        wanted = [query for start, query in QUERIES.items() if self.name.startswith(start)]
        if not wanted or not self.is_operation:
            return "".join(wanted[:1])
        known = {parameter["name"] for parameter in self._documented.get("parameters", []) if "name" in parameter}
        return "&".join(part for part in wanted[0].split("&") if part.split("=")[0] in known)

    @property
    def _documented(self) -> dict[str, Any]:
        path = "/v1" + re.sub(r"{\w+:(\w+)}", r"{\1}", self.of.path)  # type: ignore[union-attr]
        found: dict[str, Any] = DOCUMENT["paths"][path][self.methods[0].lower()]
        return found

    @property
    def example(self) -> dict[str, Any]:
        """The body that the document gives as an example, so that a refusal is not one of its form."""
        if not self.is_operation:
            return {}
        schema = (
            self._documented.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        while "allOf" in schema or "anyOf" in schema:
            schema = (schema.get("allOf") or schema["anyOf"])[0]
        if "$ref" not in schema:
            return {}
        found = DOCUMENT["components"]["schemas"][schema["$ref"].split("/")[-1]]
        known = {name: field["examples"][0] for name, field in found["properties"].items() if "examples" in field}
        example = known | dict(next(iter(found.get("examples", [])), {}))
        return example | ({"patient": ""} if "patient" in found["properties"] else {})

    def address(self, ids: Ids) -> str:
        slugs = [slug for start, slug in SLUGS.items() if self.name.startswith(start)]
        words = WORDS | {"slug": "".join(slugs)}
        path = self.of.address(**words, **{variable: ids[self.meaning(variable)] for variable in self.variables})
        return f"{path}?{self.query.format(**ids)}" if self.query else path

    def body(self, ids: Ids) -> str:
        """The example, about what belongs to this patient and at a time to come."""
        example = self.example
        told = {"patient": ids["patient_id"], "provider": ids["bookable"], "visit_type": ids["visit_type_id"]}
        told["start"] = (timezone.now() + timedelta(days=2)).replace(minute=0, second=0, microsecond=0).isoformat()
        return json.dumps(example | {name: str(value) for name, value in told.items() if name in example})


DOCUMENT = document()


def places() -> list[Place]:
    """Every page of our own and every operation, as the resolver and the routers know them."""
    pages = [Place("/" + door.route, door) for door in own_doors() if not is_an_operation(door)]
    return pages + [Place(f"{found.method} /v1{found.path}", found) for found in operations()]


def is_an_operation(door: Door) -> bool:
    return type(getattr(door.view, "__self__", None)).__name__ == "PathView" or "PathView." in door.view.__qualname__


def knock(
    world: World, actor: str, place: Place, method: str, ids: Ids, then: Callable[[Any], None] | None = None
) -> Any:
    """One request, and `then` whatever looks at what it did; both are taken back. Cookies are as before."""
    with undone():
        if place.is_operation:
            client = world.programs[actor]
            response = client.generic(method, place.address(ids), place.body(ids), "application/json")
        else:
            client = world.browsers[actor]
            cookies = client.cookies.copy()
            response = client.generic(method, place.address(ids), "", "application/x-www-form-urlencoded")
            client.cookies = cookies
        if then is not None:
            then(response)
    return response


@contextmanager
def undone() -> Iterator[None]:
    """Whatever a request writes is rolled back, so that the next one finds the world as it was built."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def outcome(response: Any) -> str:
    status = response.status_code
    if status == 302:
        path = urlsplit(response["Location"]).path
        if path == "/portal/people" and not response.wsgi_request.path.startswith(path):
            return NO_RECORD  # to the people one acts for
        return {"/accounts/sign-in/": SIGN_IN, "/portal/link": NO_RECORD}.get(path, OPENS)
    if status == 403:
        drawn = {template.name for template in getattr(response, "templates", [])}
        return NO_SCOPE if "patients/not_in_scope.html" in drawn else NO_ROLE
    return {401: NO_TOKEN, 404: NOTHING, 405: NO_METHOD}.get(status, OPENS)


CHANGING = re.compile(
    rb'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|[0-9A-Z]{5}-[0-9A-Z]{5}|data-[a-z-]+="\d+"'
    rb'|<time datetime="[^"]+">[^<]*</time>'  # when it was printed
)
ANY_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def said(response: Any) -> bytes:
    """The answer without what changes from one request to the next, and without the ids that were asked for."""
    return b"" if response.streaming else ANY_ID.sub(b"ID", CHANGING.sub(b"", response.content))


def events_of(user_id: Any, since: UUID) -> list[tuple[str, str, Any]]:
    """What the audit holds of this person since then, on both connections: action, outcome, patient."""
    found: list[tuple[str, str, Any]] = []
    for alias in ALIASES:
        with taking_role("owner", alias):
            rows = AuditEvent.objects.using(alias).filter(actor_id=user_id, id__gt=since)
            found += list(rows.values_list("action", "outcome", "patient_id"))
    return found
