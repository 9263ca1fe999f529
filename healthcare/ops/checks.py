"""Settings that would let a wall fall without a sound."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from healthcare.ops.printing import PANGO, pango_present

FIRST = "healthcare.ops.middleware.RequestReference"
LAST = "healthcare.ops.middleware.RequestTransaction"


@register()
def requests_are_wrapped(**_: Any) -> Iterator[CheckMessage]:
    if not settings.MIDDLEWARE or settings.MIDDLEWARE[0] != FIRST:
        yield Error(f"{FIRST} must be first in MIDDLEWARE: what comes before it has no reference.", id="ops.E001")
    if not settings.MIDDLEWARE or settings.MIDDLEWARE[-1] != LAST:
        yield Error(f"{LAST} must be last in MIDDLEWARE: the session is saved outside its transaction.", id="ops.E002")


@register()
def connections_carry_the_context(**_: Any) -> Iterator[CheckMessage]:
    for alias, options in settings.DATABASES.items():
        if not options.get("OPTIONS", {}).get("server_side_binding"):
            yield Error(
                f"The connection {alias} needs server_side_binding: without it pg_stat_activity shows the context.",
                id="ops.E003",
            )
        if options.get("ATOMIC_REQUESTS"):
            yield Error(
                f"The connection {alias} has ATOMIC_REQUESTS: its transaction ends before the page is drawn.",
                id="ops.E004",
            )


@register()
def guardian_only_stores(**_: Any) -> Iterator[CheckMessage]:
    if any(backend.startswith("guardian.") for backend in settings.AUTHENTICATION_BACKENDS):
        yield Error("guardian's backend ignores validity and favours superusers; take it out.", id="ops.E005")


@register(deploy=True)
def documents_can_be_printed(**_: Any) -> Iterator[CheckMessage]:
    if not pango_present():
        yield Warning(f"Documents are offered as pages, not as PDF: install {PANGO}.", id="ops.W001")
