"""Querysets that pages ask again and again: put together once for all, then bound anew to each request's values.

    @prepared
    def _threads(user: User, patient: Patient) -> "QuerySet[Thread]":
        return Thread.objects.visible_to(user).filter(patient=patient).order_by("-last_at")

    _threads(user, patient)  # a list of threads

The first call of a kind runs the function with a `Place` for each value and keeps what Django compiles; the others send
that text with their own values. What a function may decide by (None, flags, numbers, words, lengths) makes another
kind. What is bound (keys, moments, a row by its key) is not there yet, and must only be handed on: the tests prove each
use against the same queryset made afresh.
Words and numbers of the code stand in the text as they are, so that the database sees which partial index fits.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import singledispatch, update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Func, Model, QuerySet, Value
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from psycopg.sql import Literal
from psycopg.types.range import Range

Asked = ParamSpec("Asked")
Row = TypeVar("Row")
Rows = Sequence[Sequence[Any]]
MOST_KINDS = 200  # of one function; somebody who prepares by what people typed starts anew, and leaks nothing
PLACEHOLDER = re.compile("%[s%]")


class Place(Value):
    """Where a value goes; as a row, it has a key and nothing else."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def pk(self) -> "Place":
        return self

    id = pk

    def _resolve_output_field(self) -> None:
        return None

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class AnyOf(Value):
    """`field=AnyOf(values)`: as `field__in=values`, in one text however many there are in a list.

    Of a tuple each value has its place, by which the database picks partitions: give it `in_steps`.
    """

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if isinstance(self.value, tuple):
            return f"ANY(ARRAY[{', '.join(['%s'] * len(self.value))}])", list(self.value)
        return "ANY(%s)", [self.value]

    def _resolve_output_field(self) -> None:
        return None


def in_steps(values: Sequence[Any]) -> tuple[Any, ...]:
    """The same, the last again and again until there are 1, 2, 4, 8 …: few texts for many lengths."""
    missing = (1 << (len(values) - 1).bit_length()) - len(values) if values else 0
    return (*values, *[values[-1] for _again in range(missing)])


class Whole(Func):
    """`values_list(Whole(Sum("amount")))`: one row, of all. `aggregate` asks at once and cannot be prepared."""

    template = "%(expressions)s"
    arity = 1
    contains_aggregate = False  # so that Django does not group by row


@dataclass(frozen=True, slots=True)
class Bound:
    """Hands a word or a number over to be bound, such as one that somebody typed."""

    value: Any


@dataclass(frozen=True, slots=True)
class Described:
    """An argument: the kind it belongs to, what is bound of it, and what stands for it while none is there."""

    kind: Hashable
    values: tuple[Any, ...]
    stand_in: Callable[[Iterator[Place]], Any]


@singledispatch
def described(value: Any) -> Described:
    """Register what else may be an argument. Raises TypeError."""
    raise TypeError(f"A prepared queryset cannot take a {type(value).__name__}.")


@described.register
def _word(value: bool | int | str | None) -> Described:
    return Described((type(value), value), (), lambda places: value)


@described.register
def _bound(value: UUID | date | Range) -> Described:
    return Described(type(value).__name__, (value,), next)


@described.register
def _row(value: Model) -> Described:
    return Described(type(value), (value.pk,), next)


@described.register
def _handed_over(value: Bound) -> Described:
    return Described(Bound, (value.value,), next)


@described.register
def _list(value: list) -> Described:
    return Described(list, (value,), next)


@described.register
def _tuple(value: tuple) -> Described:
    each = [described(one) for one in value]
    values = tuple(bound for one in each for bound in one.values)
    return Described(tuple(one.kind for one in each), values, lambda places: tuple(o.stand_in(places) for o in each))


class prepared(Generic[Asked, Row]):
    """Makes of a function that returns a queryset one that returns its rows as a list."""

    def __init__(self, function: Callable[Asked, "QuerySet[Any, Row]"]) -> None:
        self.function = function
        self.statements: dict[Hashable, Statement] = {}
        update_wrapper(self, function)

    def __call__(self, *args: Asked.args, **kwargs: Asked.kwargs) -> list[Row]:
        found = [described(value) for value in (*args, *kwargs.values())]
        kind = (*[one.kind for one in found], *kwargs)
        statement = self.statements.get(kind) or self._prepare(kind, found, list(kwargs))
        values = [value for one in found for value in one.values]
        if settings.PREPARED_IS_PROVED:
            real: Any = [value.value if isinstance(value, Bound) else value for value in args]
            statement.prove(self.function(*real, **kwargs), values)
        return statement.rows(values)

    def _prepare(self, kind: Hashable, found: list[Described], names: list[str]) -> "Statement":
        if len(self.statements) >= MOST_KINDS:
            self.statements.clear()
        places = iter([Place(number) for number in range(sum(len(one.values) for one in found))])
        stand_ins = [one.stand_in(places) for one in found]
        plain = len(stand_ins) - len(names)
        queryset: Any = self.function(*stand_ins[:plain], **dict(zip(names, stand_ins[plain:], strict=True)))
        return self.statements.setdefault(kind, Statement(queryset))


class Statement:
    """The text of a queryset, the order of its values, and how its rows are made."""

    def __init__(self, queryset: Any) -> None:
        if queryset._iterable_class not in MAKERS or queryset._prefetch_related_lookups:
            raise TypeError("Only rows, with what they select along, and lists of values are prepared.")
        compiler: Any = queryset.query.get_compiler("default")
        self.compiled = compiled(compiler)
        if self.compiled is None:
            return
        fields = [column[0] for column in compiler.select[: compiler.col_count]]
        self.text, left = spelled_out(*self.compiled)
        self.same, self.order = ordered(left)
        self.converters = compiler.get_converters(fields)
        self.make = MAKERS[queryset._iterable_class](compiler)

    def rows(self, values: list[Any]) -> list[Any]:
        if self.compiled is None:
            return []
        with connection.cursor() as cursor:
            known = [*self.same, *values]
            cursor.execute(self.text, [known[n] if type(n) is int else [known[m] for m in n] for n in self.order])
            rows = cursor.fetchall()
        if self.converters:
            rows = [self._converted(row) for row in rows]
        return self.make(rows)

    def _converted(self, row: tuple[Any, ...]) -> list[Any]:
        changed = list(row)
        for place, (converters, expression) in self.converters.items():
            for converter in converters:
                changed[place] = converter(changed[place], expression, connection)
        return changed

    def prove(self, queryset: "QuerySet[Any, Any]", values: list[Any]) -> None:
        """Raises AssertionError unless the queryset of these very values says the same. For tests."""
        afresh = compiled(queryset.query.get_compiler("default"))
        here = self.compiled and (self.compiled[0], tuple(filled(self.compiled[1], values)))
        if here != (afresh and (afresh[0], tuple(afresh[1]))):
            raise AssertionError(f"Prepared: {here}\nAfresh: {afresh}")


# == Text ==
def compiled(compiler: SQLCompiler) -> tuple[str, tuple[Any, ...]] | None:
    """Text and values as Django makes them; None where nothing can be found."""
    try:
        return compiler.as_sql()
    except EmptyResultSet:
        return None


def spelled_out(text: str, bound: Iterable[Any]) -> tuple[str, list[Any]]:
    """The text with plain words and numbers in it, and what is left to bind."""
    left: list[Any] = []
    waiting = iter(bound)

    def spell(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%%"
        value = next(waiting)
        if isinstance(value, str | int):
            plain = value if isinstance(value, bool) else int(value) if isinstance(value, int) else str.__str__(value)
            return Literal(plain).as_string(connection.connection).replace("%", "%%")
        left.append(value)
        return "%s"

    return PLACEHOLDER.sub(spell, text), left


def ordered(left: list[Any]) -> tuple[list[Any], list[Any]]:
    """What is the same each time, and where of that and the values behind it each one is found; a list has several."""
    same = [one for one in left if not isinstance(one, Place) and not _holds_places(one)]
    again = iter(range(len(same)))
    order: list[Any] = []
    for one in left:
        if isinstance(one, Place):
            order.append(len(same) + one.number)
        elif _holds_places(one):
            order.append([len(same) + place.number for place in one])
        else:
            order.append(next(again))
    return same, order


def _holds_places(one: Any) -> bool:
    return isinstance(one, list) and any(isinstance(each, Place) for each in one)


def filled(bound: Iterable[Any], values: list[Any]) -> list[Any]:
    """What is bound, with the values in their places; a list may hold places, too."""
    return [
        values[one.number] if isinstance(one, Place) else filled(one, values) if isinstance(one, list) else one
        for one in bound
    ]


# == Rows ==
def _models(compiler: Any) -> Callable[[Rows], list[Any]]:
    """As ModelIterable does, with what is the same for every answer found once."""
    info: Any = compiler.klass_info
    first, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in compiler.select[first:end]]
    along = get_related_populators(info, compiler.select, "default")  # type: ignore[call-arg]  # of Django 6 in stubs
    added = list((compiler.annotation_col_map or {}).items())
    from_db = info["model"].from_db

    def make(rows: Rows) -> list[Any]:
        made = []
        for row in rows:
            one = from_db("default", names, row[first:end])
            for populator in along:
                populator.populate(row, one)
            for name, column in added:
                setattr(one, name, row[column])
            made.append(one)
        return made

    return make


def _tuples(compiler: Any) -> Callable[[Rows], list[Any]]:
    width = compiler.col_count
    return lambda rows: [tuple(row[:width]) for row in rows]


def _first(compiler: Any) -> Callable[[Rows], list[Any]]:
    return lambda rows: [row[0] for row in rows]


Maker = Callable[[Any], Callable[[Rows], list[Any]]]
MAKERS: dict[Any, Maker] = {ModelIterable: _models, ValuesListIterable: _tuples, FlatValuesListIterable: _first}
