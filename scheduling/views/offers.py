"""Free times as the desk asks for them: with whom, for what, where, and from which day on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site
from healthcare.ui.calendars import SlotDay
from patients.models import Patient
from patients.queries import own_sites
from scheduling.forms import TimesForm
from scheduling.models import VisitType
from scheduling.queries import free_times, pages
from scheduling.queries.anyone import who_qualifies
from scheduling.queries.times import each_start_once
from scheduling.rules import day_span
from scheduling.words import days_of, zones_of

SHOWN = timedelta(days=7)


class Anyone:
    """Among the providers of a choice: whoever is free and next in turn."""

    pk, name = "anyone", _("Anyone who is free")


@dataclass
class Wanted:
    """What was asked for; where nothing was, or nothing that fits, the given first choice."""

    form: TimesForm
    provider: Any  # of the model, Anyone, or None
    visit_type: VisitType | None
    site: Site | None
    day: date
    now: datetime
    moving: UUID | None = None
    patient: Patient | None = None
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
        patient: Patient | None = None,
        moving: UUID | None = None,
        anyone: bool = False,
    ) -> "Wanted":
        """From the address of a reading request, or from the hidden fields of a form that was sent.

        The own site of `patient` comes first where one works there; `moving` is the visit to be moved;
        with `anyone` nobody has to be named.
        """
        sites, kinds = own_sites(user), list(pages.visit_types())
        home = patient.site if patient else None
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
        people = [*([Anyone()] if anyone else ()), *providers]
        form = TimesForm(given, provider=people, visit_type=kinds, site=sites)
        if visit_type:
            del form.fields["visit_type"]  # what a visit is for does not change with its time
        form.is_valid()
        chosen: dict[str, Any] = {name: form.cleaned_data.get(name) or value for name, value in first.items()}
        return cls(form=form, now=now, moving=moving, patient=patient, **chosen)

    @property
    def is_whole(self) -> bool:
        return None not in (self.provider, self.visit_type, self.site)

    @property
    def anyone(self) -> bool:
        return isinstance(self.provider, Anyone)

    def chosen(self) -> dict[str, Any]:
        """As the verbs take it; without a provider where anybody will do."""
        named = {} if self.anyone else {"provider": self.provider}
        return {**named, "visit_type": self.visit_type, "site": self.site}

    @property
    def zone(self) -> str:
        return self.site.time_zone if self.site else timezone.get_current_timezone_name()

    @property
    def clock(self) -> str:
        """What the clock there is called in the week that is shown; in the zone of the site."""
        return zones_of(self.day, self.later - timedelta(days=1))

    def days(self) -> Sequence[SlotDay]:
        """A week of free times from the day on."""
        if self.provider is None or self.visit_type is None or self.site is None:
            return []
        zone = ZoneInfo(self.zone)
        between = day_span(self.day, zone)[0], day_span(self.later, zone)[0]
        if isinstance(self.provider, Anyone):
            people = who_qualifies(self.visit_type, self.site, self.patient)
        else:
            people = [self.provider]
        times = free_times(
            providers=people,
            visit_type=self.visit_type,
            between=between,
            now=self.now,
            by_patient=False,
            site=self.site,
            patient=self.patient,
            besides=self.moving,
        )
        return days_of(each_start_once(times), self.now)
