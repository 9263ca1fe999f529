from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.core.validators import validate_email

from healthcare.accounts.actions.operators import create_administrator
from healthcare.accounts.actions.people import AlreadyHere
from healthcare.accounts.templatetags.accounts import one_time_link
from healthcare.db.context import acting_as_system


class Command(BaseCommand):
    help = (
        "Make an administrator's account and print the link by which its owner takes it over: works once, within seven"
        " days. The first site is opened when there is none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address the administrator signs in with")
        parser.add_argument("name", help="the full name, in quotes")
        parser.add_argument("--site", default="Main", help="name of the site to open when there is none yet")

    def handle(self, *, email: str, name: str, site: str, **options: Any) -> None:
        try:
            validate_email(email)
            with acting_as_system("create_administrator"):
                link = create_administrator(by=None, email=email, full_name=name, site_name=site)
        except ValidationError as problem:
            raise CommandError(f"{email} is not an e-mail address.") from problem
        except AlreadyHere as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(one_time_link("invitation", str(link.pk)))
