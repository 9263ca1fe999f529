"""A colleague becomes somebody whom patients book; and whose licence ends is told in time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.formats import date_format

from healthcare.accounts.actions import add_provider
from healthcare.accounts.models import Provider, Site, User
from healthcare.messaging.actions import queue_message
from scheduling.actions.setting_up import add_resource
from scheduling.models import Resource
from scheduling.queries.providers import Line, active_providers, administrators, lines_of
from scheduling.rules import OVER, warning_due


@transaction.atomic
def bring_in_provider(*, by: User, user: User, values: Mapping[str, Any], sites: Iterable[Site]) -> Provider:
    """Somebody who works here gets a provider's entry and a schedule, still without hours. The first site says by
    which clock their days begin. `values` are of `accounts.PROVIDER_FIELDS`. Raises NotAllowed.
    """
    places = list(sites)
    provider = add_provider(by=by, values=values, sites=places, user=user)
    add_resource(by=by, kind=Resource.Kind.PROVIDER, provider=provider, site=places[0])
    return provider


@transaction.atomic
def warn_of_licences(*, by: None, now: datetime) -> int:
    """Write to providers and to administrators whose licences end in 60, 30 or 7 days, or are over since yesterday.

    Each letter goes once for a provider, a last day and a step, however often this runs; a renewal ends them. Returns
    for how many providers a letter is due. Runs as the system.
    """
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    told, bosses = 0, administrators(now)
    for line in lines_of(list(active_providers()), today):
        step = None if line.days_left is None else warning_due(line.days_left)
        if step is None:
            continue
        told += 1
        own = [line.provider.user] if line.provider.user and line.provider.user.is_active else []
        for person in {user.pk: user for user in (*own, *bosses)}.values():
            _write(person, line, step)
    return told


def _write(person: User, line: Line, step: int) -> None:
    provider, until = line.provider, line.until
    queue_message(
        by=None,
        channel="email",
        address=person.email,
        template="scheduling/licence_over" if step == OVER else "scheduling/licence_ends",
        parameters={"name": person.full_name, "provider": provider.name, "day": date_format(until) if until else ""},
        dedupe_key=f"scheduling.licence:{provider.pk}:{until}:{step}:{person.pk}",
    )
