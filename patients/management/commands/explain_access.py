from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.accounts.models.people import has_address
from healthcare.accounts.roles import ROLES
from healthcare.db.context import acting_as_system
from patients.actions.explaining import explain_access

MARKS = {True: "yes", False: "NO", None: "  -"}


class Command(BaseCommand):
    help = (
        "Say rule by rule why a person can or cannot open a patient's chart, in each role they hold or held, and what"
        " would change it. Names no patient; it is noted in the audit, and the patient sees that. Exit code 1 where"
        " no role opens the chart."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address the person signs in with")
        parser.add_argument("patient", help="record number or id")
        parser.add_argument("--role", choices=sorted(ROLES), default="", help="in this role alone")

    def handle(self, *, email: str, patient: str, role: str, **options: Any) -> None:
        with acting_as_system("explain_access"):
            user = User.objects.filter(has_address(email)).first()
            if user is None:
                raise CommandError("No account has this address.")
            explained = explain_access(by=None, user=user, asked=patient, role=role, now=timezone.now())
        for one in explained:
            self.stdout.write(f"{one.role_name}: {'can' if one.can_open else 'cannot'} open the chart")
            for rule in one.rules:
                change = f" -> {rule.change}" if rule.holds is False and rule.change else ""
                self.stdout.write(f"  {MARKS[rule.holds]:>3}  {rule.name}: {rule.found}{change}")
            if one.can_open:
                self.stdout.write(f"       opens {', '.join(one.opened)}; not {', '.join(one.closed) or 'nothing'}")
        if not any(one.can_open for one in explained):
            raise SystemExit(1)
