"""Write audit events: one INSERT each, by hand, with ids and categories alone."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import Error, connections, models, transaction

from healthcare.audit.request import request_facts
from healthcare.db.context import Actor, current_actor, sign
from healthcare.events.parts import WholeAnswerRefused

OUTCOMES = ("ok", "denied", "failed")
ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
CATEGORY = re.compile(r"[\w.:+\-]{0,64}", re.ASCII)
CHUNK = 2_000

#: What a login may say; key, time, transaction and epoch are the database's own.
COLUMNS = (
    "action, actor_id, actor_role, purpose, patient_id, target_type, target_id, outcome, detail, request_id, address,"
    " session_id"
)
VALUES = (
    "%s::text, %s::uuid, %s::text, %s::text, %s::uuid, %s::text, %s::uuid, %s::text, %s::jsonb, %s::text, %s::inet,"
    " %s::uuid"
)
# Never through the ORM, which would name the other columns and ask for RETURNING.
INSERT = f"INSERT INTO audit_auditevent ({COLUMNS}) VALUES ({VALUES})"  # noqa: S608
_waiting: ContextVar[list[list[Any]] | None] = ContextVar("audit_lines", default=None)
# The context and the row in one statement and one round trip: the row is made from the statement that sets it, and
# the policy is asked when the row is there. It ends with the statement's own transaction.
INSERT_NOW = f"""
WITH context AS MATERIALIZED (SELECT set_config('app.context', %s, true))
INSERT INTO audit_auditevent ({COLUMNS}) SELECT {VALUES} FROM context
"""  # noqa: S608
INSERT_MANY = f"""
INSERT INTO audit_auditevent ({COLUMNS})
SELECT %s::text, %s::uuid, %s::text, %s::text, row.patient_id, row.target_type, row.target_id, %s::text,
       row.detail::jsonb, %s::text, %s::inet, %s::uuid
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[]) AS row (patient_id, target_type, target_id, detail)
"""  # noqa: S608


class AuditUnavailable(WholeAnswerRefused):
    """The event could not be written, so the answer must not leave: 503, and no patient data."""


class WrongActor(Exception):
    """`by` is not who the signed context says is acting: nobody signs for another."""


class OutsideTransaction(Exception):
    """A change and its audit line belong in one transaction, and there is none."""


@dataclass(frozen=True)
class About:
    """One line of a bulk verb. `target` is a model instance or `(type, id)`."""

    patient_id: UUID | None = None
    target: "models.Model | tuple[str, UUID] | None" = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def record(
    action: str,
    *,
    by: Any,
    patient_id: UUID | None = None,
    target: "models.Model | tuple[str, UUID] | None" = None,
    outcome: str = "ok",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Insert the event in the running transaction of the change; it rolls back with the change.

    `by` is the acting user or None; who is recorded is whom the signed context names. `detail` holds ids and
    categories. Raises OutsideTransaction, WrongActor, and ValueError for a detail that looks like a value.
    """
    _check_in_transaction()
    values, waiting = _values(action, _actor_for(by), About(patient_id, target, detail or {}), outcome), _waiting.get()
    if waiting is None:
        _insert([values])
    else:
        waiting.append(values)


@contextmanager
def in_one_insert() -> Iterator[None]:
    """What `record` is told inside is written at the end, as one statement, in the same transaction and context. A
    block that raises writes nothing: its change does not stand either. Inside another one it changes nothing."""
    if _waiting.get() is not None:
        yield
        return
    lines: list[list[Any]] = []
    token = _waiting.set(lines)
    try:
        yield
    finally:
        _waiting.reset(token)
    if lines:
        _insert(lines)


def _insert(lines: list[list[Any]]) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(INSERT + f", ({VALUES})" * (len(lines) - 1), [value for line in lines for value in line])


def record_many(action: str, *, by: Any, about: Iterable[About], outcome: str = "ok") -> int:
    """As `record`, for bulk verbs: one event per `About`, in few statements. Returns how many."""
    _check_in_transaction()
    actor, facts = _actor_for(by), request_facts.get()
    _check_words(action, outcome)
    lines = [(line.patient_id, *_target(line.target), _detail(line.detail)) for line in about]
    with connections["default"].cursor() as cursor:
        for start in range(0, len(lines), CHUNK):
            columns = [list(column) for column in zip(*lines[start : start + CHUNK], strict=True)]
            head = [action, actor.user_id, actor.role, actor.purpose, outcome]
            head += [facts.request_id, facts.address, facts.session_id]
            cursor.execute(INSERT_MANY, [*head, *columns])
    return len(lines)


def record_now(
    action: str,
    *,
    by: Any,
    patient_id: UUID | None = None,
    target: "models.Model | tuple[str, UUID] | None" = None,
    outcome: str = "ok",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Insert the event on the `audit` connection and commit it at once: reads, denials, sign-ins.

    It stands whatever becomes of the request's own transaction. Raises AuditUnavailable when the database refuses or
    cannot be reached, and WrongActor.
    """
    actor = _actor_for(by)
    values = _values(action, actor, About(patient_id, target, detail or {}), outcome)
    connection = connections["audit"]
    try:
        # Only a test has a transaction open here; its savepoint keeps a refusal from spoiling the rest.
        savepoint = transaction.atomic(using="audit") if connection.in_atomic_block else nullcontext()
        with savepoint, connection.cursor() as cursor:
            cursor.execute(INSERT_NOW, [sign(actor), *values])
    except Error as problem:
        raise AuditUnavailable(f"The audit event {action} could not be written.") from problem


def _check_in_transaction() -> None:
    if not connections["default"].in_atomic_block:
        raise OutsideTransaction("record() belongs in the transaction of the change; for reads there is record_now().")


def _actor_for(by: Any) -> Actor:
    actor = current_actor()
    if by is not None and by.pk != actor.user_id:
        raise WrongActor("The user given as `by` is not the one who acts in this context.")
    return actor


def _values(action: str, actor: Actor, about: About, outcome: str) -> list[Any]:
    _check_words(action, outcome)
    facts = request_facts.get()
    return [
        action,
        actor.user_id,
        actor.role,
        actor.purpose,
        about.patient_id,
        *_target(about.target),
        outcome,
        _detail(about.detail),
        facts.request_id,
        facts.address,
        facts.session_id,
    ]


def _check_words(action: str, outcome: str) -> None:
    if not ACTION.fullmatch(action):
        raise ValueError(f"An action is dotted lower-case words such as patients.register, not {action!r}.")
    if outcome not in OUTCOMES:
        raise ValueError(f"The outcome is one of {', '.join(OUTCOMES)}.")


def _target(target: "models.Model | tuple[str, UUID] | None") -> tuple[str, UUID | None]:
    if target is None:
        return "", None
    if isinstance(target, tuple):
        return target
    return target._meta.label_lower, target.pk


def _detail(detail: Mapping[str, Any]) -> str:
    return json.dumps({_category(key): _category(value) for key, value in detail.items()})


def _category(value: Any) -> Any:
    """An id, a number or a slug, or a list of them; free text is a value, and values have no place here."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_category(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    text = str(value)
    if not CATEGORY.fullmatch(text):
        raise ValueError("An audit detail holds ids and categories: words of letters, digits and _ . : + - alone.")
    return text
