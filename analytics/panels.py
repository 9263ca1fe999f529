"""What this app adds to pages on its left: the clinic in numbers, on the homes of those who run or study it."""

from datetime import datetime

from analytics.actions import read_dashboard
from analytics.queries import Wanted, newest_count
from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission

AT_HOME = frozenset({"administrator", "researcher"})  # others have more pressing things there


def numbers_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the last four weeks in four numbers; says so before the first night."""
    if user.acting_role not in AT_HOME or not can(user, Permission.READ_DASHBOARD):
        return None
    newest = newest_count()
    board = read_dashboard(by=user, wanted=Wanted("month", *newest)) if newest else None
    return Card("analytics/home_numbers.html", {"board": board}, order=70)
