"""Figures in Prometheus' text format (version 0.0.4): of this process, counted here; of the clinic, asked for.

Labels are routes, methods, statuses and part names; never an id, an address or a name.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db import Error
from django.http import HttpRequest
from django.utils.module_loading import import_string

from healthcare.ops.logs import logger, route_of

BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # seconds
#: Each names a function without arguments that returns figures by name; `ops` stands right of all of them.
SOURCES = (
    "healthcare.ops.figures.session_figures",
    "healthcare.events.figures.outbox_figures",
    "healthcare.messaging.figures.messages_figures",
    "healthcare.audit.figures.audit_figures",
)
Key = tuple[str, str, str]
STARTED = time.time()


@dataclass
class Tally:
    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))


_tallies: dict[Key, Tally] = {}
_lock = threading.Lock()


def observe(request: HttpRequest, status: int, seconds: float) -> None:
    """Count one answered request; routes are patterns, so their number is bounded by the URL map."""
    method = request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "other"
    with _lock:
        tally = _tallies.setdefault((route_of(request), str(method), str(status)), Tally())
        tally.count += 1
        tally.seconds += seconds
        for index, bound in enumerate(BUCKETS):
            tally.buckets[index] += seconds <= bound


def exposition() -> str:
    """Everything, as one text; a source that fails is itself a figure, and the rest is still told."""
    return "\n".join([*_requests(), *_process(), *_clinic()]) + "\n"


def _requests() -> Iterator[str]:
    with _lock:
        tallies = {key: Tally(tally.count, tally.seconds, list(tally.buckets)) for key, tally in _tallies.items()}
    yield "# TYPE healthcare_request_seconds histogram"
    for key in sorted(tallies):
        tally, labels = tallies[key], _labels(key)
        for bound, count in zip(BUCKETS, tally.buckets, strict=True):
            yield f'healthcare_request_seconds_bucket{{{labels},le="{bound}"}} {count}'
        yield f'healthcare_request_seconds_bucket{{{labels},le="+Inf"}} {tally.count}'
        yield f"healthcare_request_seconds_sum{{{labels}}} {tally.seconds:.6f}"
        yield f"healthcare_request_seconds_count{{{labels}}} {tally.count}"


def _process() -> Iterator[str]:
    yield "# TYPE healthcare_process_start_time_seconds gauge"
    yield f'healthcare_process_start_time_seconds{{process="{os.getpid()}"}} {STARTED:.0f}'


def _clinic() -> Iterator[str]:
    yield "# TYPE healthcare_source_failed gauge"
    for source in SOURCES:
        part = source.split(".")[1]
        figures = figures_of(import_string(source), part)
        yield f'healthcare_source_failed{{part="{part}"}} {int(figures is None)}'
        for name, value in sorted((figures or {}).items()):
            yield f"# TYPE healthcare_{part}_{name} gauge"
            yield f"healthcare_{part}_{name} {value}"


def figures_of(source: Callable[[], Mapping[str, float]], part: str) -> Mapping[str, float] | None:
    """None when the database refused or is away: monitoring must still get the rest."""
    try:
        return source()
    except Error:
        logger.exception("figures failed", extra={"part": part})
        return None


def _labels(key: Key) -> str:
    route, method, status = key
    return f'process="{os.getpid()}",route="{_escaped(route)}",method="{method}",status="{status}"'


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
