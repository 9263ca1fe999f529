"""What the audit knows of the request it is in; the middleware of `ops` says it once, at the door."""

from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True)
class RequestFacts:
    """The reference number a person can quote, the client's address, and the sign-in: a browser's session, a program's
    token; empty in jobs and commands."""

    request_id: str = ""
    address: str | None = None
    session_id: UUID | None = None


NONE = RequestFacts()
request_facts: ContextVar[RequestFacts] = ContextVar("request_facts", default=NONE)


def say_session(session_id: UUID) -> None:
    """For whoever finds out, later in the request, by which sign-in it came."""
    request_facts.set(replace(request_facts.get(), session_id=session_id))
