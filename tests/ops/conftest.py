import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from healthcare.ops.logs import JsonLines


@pytest.fixture
def visitor() -> Client:
    """Somebody with a browser, who sees error pages as people see them."""
    return Client(raise_request_exception=False)


class Lines(list[dict[str, Any]]):
    """What was logged, as an operator reads it; `text` is all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""


@pytest.fixture
def log() -> Iterator[Lines]:
    stream, lines = io.StringIO(), Lines()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = handler.format(record)
            lines.text += text + "\n"
            lines.append(json.loads(text))

    keeping = Keeping()
    root = logging.getLogger()
    root.addHandler(keeping)
    yield lines
    root.removeHandler(keeping)
