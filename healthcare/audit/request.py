"""What the audit knows of the request it is in; the middleware of `ops` says it once, at the door."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestFacts:
    """The reference number a person can quote, and the client's address; empty in jobs and commands."""

    request_id: str = ""
    address: str | None = None


NONE = RequestFacts()
request_facts: ContextVar[RequestFacts] = ContextVar("request_facts", default=NONE)
