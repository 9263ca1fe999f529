from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Site
from healthcare.db.context import acting_as_system
from scheduling import actions
from scheduling.holidays import holidays_of
from scheduling.rules import day_span


class Command(BaseCommand):
    help = (
        "Close sites on the public holidays of the United States that are still to come in a year. What is closed"
        " already stays as it is; visits in it wait at the desks to be moved."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument("--site", action="append", help="a site's short name; again for others; left out: all")
        parser.add_argument("--without", action="append", default=[], help="a holiday on which they work, by its name")
        parser.add_argument("--dry-run", action="store_true", help="say on which days, and change nothing")

    def handle(self, *, year: int, site: list[str] | None, without: list[str], dry_run: bool, **options: Any) -> None:
        if not 2000 <= year <= 2200:
            raise CommandError("Choose a year between 2000 and 2200.")
        days = [(day, str(name)) for day, name in holidays_of(year)]
        if unknown := set(without) - {name for _day, name in days}:
            raise CommandError(f"No holiday is called {min(unknown)}.")
        with acting_as_system("close_for_holidays"):
            places = list(Site.objects.filter(closed_at=None, **({"slug__in": site} if site else {})).order_by("slug"))
            if missing := set(site or ()) - {place.slug for place in places}:
                raise CommandError(f"No site is called {min(missing)}.")
            for place in places:
                for day, name in days:
                    if name not in without:
                        self.stdout.write(f"{place.slug} {day} {name}: {_close(place, day, name, dry_run)}")


def _close(site: Site, day: date, name: str, dry_run: bool) -> str:
    during = TimestamptzRange(*day_span(day, ZoneInfo(site.time_zone)))
    if dry_run:
        return "would close"
    try:
        actions.add_closure(by=None, site=site, during=during, reason=name, now=timezone.now())
    except actions.NotSetUp as problem:
        return str(problem)
    return "closed"
