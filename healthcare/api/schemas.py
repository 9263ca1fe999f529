"""What goes in and out as JSON: plain pydantic models, which serialise once and in compiled code."""

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, PrivateAttr

Item = TypeVar("Item")
#: A measured number: a string without trailing zeros, since a JSON number is a float to most readers.
Number = Annotated[Decimal, PlainSerializer(lambda value: f"{value.normalize():f}", return_type=str)]


class Given(BaseModel):
    """The body of a request. What is not asked for is refused, so that a misspelt field is never ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Shown(BaseModel):
    """The body of an answer, made from a row or a small dataclass by `X.model_validate(row)` or its own `of`."""

    model_config = ConfigDict(from_attributes=True)
    _etag: str = PrivateAttr(default="")


class Page(Shown, Generic[Item]):
    """One page of a list; `next` is the cursor of the page after, null on the last."""

    items: list[Item]
    next: str | None
