"""Free times as the desk asks for them: with whom, for what, where, and from which day on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from healthcare.accounts.models import Provider, Site
from healthcare.ui.calendars import SlotDay
from patients.queries import own_sites
from scheduling.forms import TimesForm
from scheduling.models import VisitType
from scheduling.queries import free_times, pages
from scheduling.rules import day_span
from scheduling.words import days_of

SHOWN = timedelta(days=7)


@dataclass
class Wanted:
    """What was asked for; where nothing was, or nothing that fits, the given first choice."""

    form: TimesForm
    provider: Provider | None
    visit_type: VisitType | None
    site: Site | None
    day: date
    now: datetime
    later: date = field(init=False)

    def __post_init__(self) -> None:
        self.later = self.day + SHOWN

    @classmethod
    def of(
        cls,
        request: HttpRequest,
        user: Any,
        *,
        now: datetime,
        provider: Provider | None = None,
        visit_type: VisitType | None = None,
        site: Site | None = None,
        home: Site | None = None,
    ) -> "Wanted":
        """From the address of a reading request, or from the hidden fields of a form that was sent.

        `home` is the patient's own site, which comes first where one works there.
        """
        sites, kinds = own_sites(user), list(pages.visit_types())
        site = site or (home if home in sites else next(iter(sites), None))
        providers = list(pages.bookable_providers(sites).prefetch_related("sites"))
        there = (one for one in providers if site in one.sites.all())
        first = {
            "provider": provider or next(there, None) or next(iter(providers), None),
            "visit_type": visit_type or next(iter(kinds), None),
            "site": site,
            "day": timezone.localdate(),
        }
        typed = request.POST if request.method == "POST" else request.GET
        given = {name: typed.get(name) or getattr(value, "pk", value) for name, value in first.items()}
        form = TimesForm(given, provider=providers, visit_type=kinds, site=sites)
        if visit_type:
            del form.fields["visit_type"]  # what a visit is for does not change with its time
        form.is_valid()
        chosen: dict[str, Any] = {name: form.cleaned_data.get(name) or value for name, value in first.items()}
        return cls(form=form, now=now, **chosen)

    @property
    def is_whole(self) -> bool:
        return None not in (self.provider, self.visit_type, self.site)

    def chosen(self) -> dict[str, Any]:
        """As the verb takes it."""
        return {"provider": self.provider, "visit_type": self.visit_type, "site": self.site}

    @property
    def zone(self) -> str:
        return self.site.time_zone if self.site else timezone.get_current_timezone_name()

    def days(self) -> Sequence[SlotDay]:
        """A week of free times from the day on."""
        if self.provider is None or self.visit_type is None or self.site is None:
            return []
        zone = ZoneInfo(self.zone)
        between = day_span(self.day, zone)[0], day_span(self.later, zone)[0]
        times = free_times(
            providers=[self.provider],
            visit_type=self.visit_type,
            between=between,
            now=self.now,
            by_patient=False,
            site=self.site,
        )
        return days_of(times, self.now)
