"""Lists a page at a time, by key and not by number: no gap and no doublet while rows come and go."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from ninja import Query

from healthcare.api.problems import invalid
from healthcare.db.fields import UnreadableValue, decrypt, encrypt

Row = TypeVar("Row", bound=Model)
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.", examples=[25])]
Cursor = Annotated[str, Query(max_length=1000, description="`next` of the page before; empty for the first.")]


@dataclass(frozen=True)
class Rows(Generic[Row]):
    items: Sequence[Row]
    next: str | None


def page(
    queryset: QuerySet[Row],
    *,
    cursor: str,
    limit: int,
    key: Sequence[str] = ("created_at", "id"),
    descending: bool = True,
) -> Rows[Row]:
    """Up to `limit` rows behind the cursor, in the order of `key`: columns that are never null, the last one unique.

    The cursor holds the last row's key, encrypted, since a key may be a name and a cursor stands in addresses. It fits
    this list alone. Raises Problem 422 for one that does not.
    """
    binding = f"cursor.{queryset.model._meta.label_lower}.{'.'.join(key)}.{descending}"
    if cursor:
        queryset = queryset.filter(_behind(key, _opened(queryset.model, cursor, binding, key), descending))
    rows = list(queryset.order_by(*(f"-{name}" if descending else name for name in key))[: limit + 1])
    more = len(rows) > limit
    return Rows(items=rows[:limit], next=_sealed(rows[limit - 1], binding, key) if more else None)


def _behind(key: Sequence[str], values: Sequence[Any], descending: bool) -> Q:
    """Rows behind these values in the order; the first condition repeats part of the rest, for the index."""
    beyond = "lt" if descending else "gt"
    found = Q()
    for place, name in enumerate(key):
        same = Q(**dict(zip(key[:place], values[:place], strict=True)))
        found |= same & Q(**{f"{name}__{beyond}": values[place]})
    return Q(**{f"{key[0]}__{beyond}e": values[0]}) & found


def _sealed(row: Model, binding: str, key: Sequence[str]) -> str:
    values = [getattr(row, name) for name in key]
    return encrypt(
        json.dumps([value.isoformat() if hasattr(value, "isoformat") else str(value) for value in values]), binding
    )


def _opened(model: type[Model], cursor: str, binding: str, key: Sequence[str]) -> list[Any]:
    try:
        texts = json.loads(decrypt(cursor, binding))
        fields: list[Any] = [model._meta.get_field(name) for name in key]
        return [field.to_python(text) for field, text in zip(fields, texts, strict=True)]
    except (ValueError, UnreadableValue, ValidationError) as problem:
        raise invalid("cursor", _("This is not a cursor of this list. Begin again without one.")) from problem
