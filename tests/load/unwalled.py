"""The product with both walls and the audit of reading taken down: what `bench walls` holds beside the real one.

Nothing in the product can do this. It is done from outside, to functions that stand in the way of every door, and only
under settings that say so; a clinic in service refuses.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import django
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q, TextField, Value


class StillStanding(ImproperlyConfigured):
    """These settings are not those of the bench, or serve a clinic."""


def served() -> Any:
    """For gunicorn, which calls it once in each worker. Raises StillStanding."""
    django.setup()
    take_down()
    from healthcare.wsgi import application

    return application


def take_down() -> None:
    """No audit event of what is read, and no condition of the first wall. Raises StillStanding."""
    if settings.IN_SERVICE or not getattr(settings, "WALLS_ARE_DOWN", False):
        raise StillStanding("The walls come down for the bench alone, never where a clinic is served.")
    from healthcare.audit.recording import record_now
    from patients.models.reach import held_on, marks_open_to, reach_of, within_reach, within_scope_of_each

    replace(record_now, _no_event)
    replace(within_reach, _everything)
    replace(within_scope_of_each, _everything)
    replace(marks_open_to, _everything)
    replace(held_on, _no_scope)
    replace(reach_of, _brings_nothing)


def replace(function: Callable[..., Any], by: Callable[..., Any]) -> None:
    """Under all names by which it was imported anywhere."""
    assert isinstance(function, FunctionType)
    assert isinstance(by, FunctionType)
    function.__globals__.update({name: value for name, value in by.__globals__.items() if name in by.__code__.co_names})
    function.__code__ = by.__code__


def _no_event(*_what: Any, **_more: Any) -> None:
    return None


def _everything(*_who: Any, **_more: Any) -> Q:
    return ~Q(pk__in=[])  # not Q(): beside another condition, in an OR, that would be nothing at all


def _no_scope(*_who: Any, **_more: Any) -> Value:
    return Value([], output_field=ArrayField(TextField()))


def _brings_nothing(user: Any) -> Any:
    from patients.models.reach import Reach

    return Reach(role=user.acting_role or "", people=(user.pk,), groups=(), closed=())
