from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone

from tests.ui import places

Draw = Callable[..., str]


@pytest.fixture(autouse=True)
def _alone(settings: Any) -> Any:
    """The frame without the other apps, in one zone."""
    settings.ROOT_URLCONF = "tests.ui.places"
    settings.NAVIGATION = ["tests.ui.places.CLINIC"]
    settings.PORTAL_NAVIGATION = ["tests.ui.places.PORTAL"]
    settings.PATIENT_SEARCH = "tests.ui.places.SEARCH"
    with timezone.override("America/New_York"):
        yield


@pytest.fixture
def draw() -> Draw:
    """Draw a piece of template: `draw("{% tag role word %}", role="ok", word="Done")`."""

    def drawn(source: str, **values: Any) -> str:
        return engines["django"].from_string("{% load ui %}" + source).render(values)

    return drawn


@pytest.fixture
def ask() -> Callable[..., HttpRequest]:
    """A request by somebody, a doctor when not said."""

    def asked(path: str = "/gallery/", user: Any = None) -> HttpRequest:
        request = RequestFactory().get(path)
        request.user = user or places.person()
        return request

    return asked
