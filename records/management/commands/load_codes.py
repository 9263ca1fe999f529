"""Load the codes of ICD-10-CM from the package that carries them."""

import warnings
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from healthcare.db.context import acting_as_system
from records.actions.codes import load_codes
from records.models import DiagnosisCode


class Command(BaseCommand):
    help = "Load the codes of ICD-10-CM, so that diagnoses can be found. Run it as the worker, after each new edition."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="Do nothing where codes are loaded already.")

    def handle(self, *, if_empty: bool = False, **_: Any) -> None:
        if if_empty and DiagnosisCode.objects.exists():
            self.stdout.write("Codes are loaded already.")
            return
        with acting_as_system("load_codes"):
            loaded = load_codes(by=None, codes=published_codes())
        self.stdout.write(f"{loaded} codes loaded.")


def published_codes() -> Iterator[tuple[str, str, bool, list[str]]]:
    """Code, description, that a diagnosis may carry it, and inclusion terms; what only heads others is left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it reads its data by a function that Python is to drop
        import simple_icd_10_cm as published  # 190 MB: in this command alone
    for code in dict.fromkeys(published.get_all_codes(True)):  # a block of one category has that category's name
        if published.is_leaf(code):
            terms = [*published.get_inclusion_term(code), *published.get_includes(code)]
            yield code, published.get_description(code), True, terms
