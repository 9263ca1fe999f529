"""A line of the waitlist in words: what for, when it would fit, and what is kept at the moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from healthcare.ui.dates import day_text, moment_text
from scheduling.models import Wait, WaitOffer
from scheduling.rules.waitlist import Part
from scheduling.words import provider_name, when_words

WEEKDAYS: dict[int, Promise] = {
    1: _("Monday"),
    2: _("Tuesday"),
    3: _("Wednesday"),
    4: _("Thursday"),
    5: _("Friday"),
    6: _("Saturday"),
    7: _("Sunday"),
}
PARTS: dict[Part, Promise] = {
    Part.MORNING: _("Morning, before noon"),
    Part.AFTERNOON: _("Afternoon, noon to 5 pm"),
    Part.EVENING: _("Evening, from 5 pm"),
}
ROLES: dict[str, str] = {
    WaitOffer.State.OFFERED: "wait",
    WaitOffer.State.ACCEPTED: "info",
    WaitOffer.State.BOOKED: "ok",
    WaitOffer.State.DECLINED: "off",
    WaitOffer.State.EXPIRED: "off",
    WaitOffer.State.WITHDRAWN: "off",
    WaitOffer.State.UNREACHED: "warn",
    WaitOffer.State.LOST: "warn",
}


@dataclass(frozen=True)
class OfferRow:
    """`when` and `until` with their zone, on the clock at the site."""

    offer: WaitOffer
    when: str
    until: str
    role: str
    state: str


@dataclass(frozen=True)
class WaitRow:
    """`wanted` is for what, with whom and where, `days` when it would fit; `open` is what is kept now."""

    wait: Wait
    wanted: str
    days: str
    offers: tuple[OfferRow, ...]

    @property
    def open(self) -> OfferRow | None:
        return next((row for row in self.offers if row.offer.is_offered), None)


def rows_of(waits: Iterable[Wait], now: datetime) -> list[WaitRow]:
    """With the offers that were read along."""
    return [WaitRow(wait, _wanted(wait), _days(wait), _offers(wait, now)) for wait in waits]


def _wanted(wait: Wait) -> str:
    whom = provider_name(wait.provider) if wait.provider else _now("anybody")
    said = {"kind": wait.visit_type.name, "whom": whom, "site": wait.site.name}
    return _now("%(kind)s with %(whom)s, %(site)s") % said


def _days(wait: Wait) -> str:
    span = _now("%(first)s to %(last)s") % {"first": day_text(wait.first_day), "last": day_text(wait.last_day)}
    weekdays = [str(WEEKDAYS[day]) for day in wait.isodows]
    parts = [str(PARTS[Part(part)]) for part in PARTS if part in wait.parts]
    return "; ".join([span, *(", ".join(words) for words in (weekdays, parts) if words)])


def _offers(wait: Wait, now: datetime) -> tuple[OfferRow, ...]:
    return tuple(_offer(offer, now) for offer in wait.offered)  # type: ignore[attr-defined]


def _offer(offer: WaitOffer, now: datetime) -> OfferRow:
    with timezone.override(offer.time_zone):
        when, until = when_words(offer.starts_at, now), moment_text(offer.until)
    return OfferRow(offer, when, until, ROLES[offer.state], str(offer.get_state_display()))
