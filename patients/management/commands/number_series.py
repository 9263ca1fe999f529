from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from healthcare.accounts.models import Site
from healthcare.db.context import acting_as_system
from patients.actions.identifiers import IdentifierRefused, begin_number_series


class Command(BaseCommand):
    help = "Begin a series of record numbers for a site: from then on whoever is registered there gets one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", help="the site's short name, such as alder-street")
        parser.add_argument("letters", help="two to four capitals before each number, such as ALD")

    def handle(self, *, site: str, letters: str, **options: Any) -> None:
        with acting_as_system("number_series"):
            place = Site.objects.filter(slug=site).first()
            if place is None:
                raise CommandError(f"No site is called {site}.")
            try:
                series = begin_number_series(by=None, site=place, prefix=letters)
            except IdentifierRefused as problem:
                raise CommandError(str(problem)) from problem
        self.stdout.write(f"{place.name} gives numbers that begin with {series.prefix}.")
