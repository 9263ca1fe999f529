from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management import BaseCommand, CommandError

from healthcare.accounts.roles import ROLES
from healthcare.api.actions import NotIssued, issue_token
from healthcare.db.context import acting_as_system


class Command(BaseCommand):
    help = "Print an access token for a person's account, for operators and tests. It is noted in the audit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address the person signs in with")
        parser.add_argument("--scopes", required=True, help='such as "read" or "clinical.read schedule.write"')
        parser.add_argument("--minutes", type=int, default=30, help="how long it lasts, 1440 at most")
        parser.add_argument("--role", choices=sorted(ROLES), default="", help="where the person holds several")
        parser.add_argument(
            "--signed-in-now", action="store_true", help="as if the person had just signed in; signing needs that"
        )

    def handle(self, *, email: str, scopes: str, minutes: int, role: str, signed_in_now: bool, **options: Any) -> None:
        lifetime = timedelta(minutes=minutes)
        try:
            with acting_as_system("issue_token"):
                token, _claims = issue_token(
                    email=email, scopes=scopes, role=role, lifetime=lifetime, signed_in=signed_in_now
                )
        except NotIssued as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(token)
