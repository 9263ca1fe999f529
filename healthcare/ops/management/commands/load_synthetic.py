import secrets
from argparse import BooleanOptionalAction
from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from healthcare.accounts.models.factors import new_key
from healthcare.ops import loading

NOON = time(15, tzinfo=UTC)  # about noon at the sites
SIZES = {"patients": 50_000, "providers": 2_000, "appointments": 1_000_000, "entries": 2_000_000, "audit": 10_000_000}


class Command(BaseCommand):
    help = "Fill an empty database with invented patients and a year of their visits, by COPY. Needs HC_PROCESS=owner."

    def add_arguments(self, parser: CommandParser) -> None:
        for name, size in SIZES.items():
            parser.add_argument(f"--{name}", type=int, default=size, help=f"how many; {size:,} by default")
        parser.add_argument("--seed", type=int, default=1, help="the same seed and day make the same load")
        parser.add_argument(
            "--today", type=date.fromisoformat, help="YYYY-MM-DD that it is told from; today by default"
        )
        parser.add_argument("--password", default="", help="of every account; made up and printed by default")
        parser.add_argument("--seal", action=BooleanOptionalAction, default=True, help="seal the audit afterwards")
        parser.add_argument("--dry-run", action="store_true", help="say what would be loaded, and load nothing")
        parser.add_argument("--quiet", action="store_true", help="no progress bars")
        parser.add_argument(
            "--yes-this-is-not-production", action="store_true", help="needed with the settings of production"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password, today = options["password"] or secrets.token_urlsafe(12), options["today"]
        plan = loading.plan(
            **{name: options[name] for name in (*SIZES, "seed", "quiet")},
            now=datetime.combine(today, NOON) if today else timezone.now().replace(second=0, microsecond=0),
            password=password,
            password_hash=make_password(password),
            totp_key=new_key(),
        )
        if refusal := plan.refusal():
            raise CommandError(refusal)
        try:
            loading.check_may_load(plan.mark, yes=options["yes_this_is_not_production"])
        except loading.LoadRefused as problem:
            raise CommandError(str(problem)) from problem
        self._say_plan(plan)
        if not options["dry_run"]:
            self._load(plan, seal=options["seal"])

    def _load(self, plan: Any, *, seal: bool) -> None:
        try:
            seconds = loading.load(plan, seal=seal)
        except (loading.LoadRefused, ValueError, Error) as problem:
            raise CommandError(f"Nothing was loaded. {problem}") from problem
        found = list(loading.findings(plan))
        self._report(plan, seconds)
        for part, what, held in found:
            self.stdout.write(f"{'ok' if held else 'FAILED':<8} {part}: {what}")
        said = loading.told()
        self.stdout.write(f"Every account's password: {plan.password}, authenticator secret: {plan.totp_key}")
        self.stdout.write(f"Kept in {loading.keep_note(plan, **said)}: {said}")
        if not all(held for _part, _what, held in found):
            raise CommandError("Something does not hold.", returncode=1)

    def _say_plan(self, plan: Any) -> None:
        sizes = ", ".join(f"{getattr(plan, name):,} {name}" for name in SIZES)
        self.stdout.write(f"{plan.sites} sites, {plan.staff} staff, {sizes}; seed {plan.seed}, told on {plan.now:%F}.")

    def _report(self, plan: Any, seconds: dict[str, float]) -> None:
        for table, (rows, spent) in sorted(plan.tally.items()):
            rate = f"{rows / spent:>12,.0f}/s" if spent else ""
            self.stdout.write(f"{table:<34}{rows:>12,.0f} rows {spent:>8.1f} s{rate}")
        for part, spent in seconds.items():
            self.stdout.write(f"{part:<34}{spent:>26.1f} s")
        self.stdout.write(f"{'all':<34}{sum(seconds.values()):>26.1f} s on {loading.machine()}")
