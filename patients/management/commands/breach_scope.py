import csv
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from healthcare.accounts.queries import account_meant
from healthcare.audit.report import AuditFilter
from healthcare.db.context import acting_as_system
from patients import actions


def moment(text: str) -> date | datetime:
    """A day, or a moment with its offset from UTC; without one it is of the clinic's zone. Raises ValueError."""
    if len(text) <= 10:
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)


class Command(BaseCommand):
    help = "Print, as CSV, whose records were touched by an account, in a sign-in, from an address or within a time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", help="e-mail or id of an account")
        parser.add_argument("--session", type=UUID, help="id of a sign-in or a token, as the audit shows it")
        parser.add_argument("--address", help="network address")
        parser.add_argument("--reference", help="reference of one request")
        parser.add_argument("--since", type=moment, help="from this day or moment (ISO 8601)")
        parser.add_argument("--until", type=moment, help="to the end of this day, or before this moment (ISO 8601)")

    def handle(self, *, account: str | None, **options: Any) -> None:
        names = ("session", "address", "reference", "since", "until")
        said = {name: options[name] for name in names if options[name]}
        with acting_as_system("breach_scope"):
            if account:
                said["actor"] = account_meant(account)
                if said["actor"] is None:
                    raise CommandError(f"No account is called {account}.")
            if not said:
                raise CommandError("Say by whom, in which sign-in, from where or when: --account, --session, …")
            found = actions.tell_breach_scope(by=None, wanted=AuditFilter(**said))
        csv.writer(self.stdout).writerows(found.rows())
        self.stderr.write(f"{len(found.touched):,} patients; {found.refused:,} refused events touched nobody.")
        for action, count in found.unnamed.items():
            self.stderr.write(f"{count:,} times {action}: whom that showed is not in the audit.")
