"""Kinds of due work: the model whose rows wait, and the function that does one of them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps

Function = TypeVar("Function", bound=Callable[[UUID], None])


@dataclass(frozen=True)
class Kind:
    """`model` is an `app.Model` label of a DueWork; `run` takes a row's key and tolerates unknown or finished ones.

    `run_together` takes as many as `at_once`, which one worker gets as one task.
    """

    model: str
    run: Callable[[UUID], None]
    run_together: Callable[[Collection[UUID]], None] | None = None
    at_once: int = 1

    def run_all(self, keys: Collection[UUID]) -> None:
        if self.run_together is not None and len(keys) > 1:
            return self.run_together(keys)
        for key in keys:
            self.run(key)
        return None

    @property
    def rows(self) -> Any:
        return apps.get_model(self.model)._default_manager


_kinds: dict[str, Kind] = {}


def carries_out(
    model: str, together: Callable[[Collection[UUID]], None] | None = None, at_once: int = 1
) -> Callable[[Function], Function]:
    """Name the function that does one due row of this model. It opens its own transactions and claims the row itself:
    it may be called twice for the same key, at the same time. `together` does up to `at_once` of them for less."""

    def register(function: Function) -> Function:
        if model in _kinds:
            raise ValueError(f"{model} is carried out by {_kinds[model].run.__name__} already.")
        _kinds[model] = Kind(model, function, together, at_once)
        return function

    return register


def all_kinds() -> Sequence[Kind]:
    return list(_kinds.values())


def kind_of(model: str) -> Kind:
    """Raises LookupError for a model that nobody carries out."""
    return _kinds[model]
