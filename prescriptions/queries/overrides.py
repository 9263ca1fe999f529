"""How often the rules of the safety check spoke, and what prescribers answered: numbers, nobody's names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from prescriptions.models import SafetyRule

UNCHECKED = "unchecked"  # what stands for the rule where something could not be checked
NO_CHECK = "problem"  # and where the check did not run


@dataclass(frozen=True)
class OverriddenRule:
    """`answered` by reason; what needed no answer and got none is `spoke` alone."""

    code: str
    severity: str
    spoke: int
    answered: Mapping[str, int] = field(default_factory=dict)
    title: str = ""

    @property
    def overridden(self) -> int:
        return sum(self.answered.values())

    @property
    def share(self) -> int:
        """Percent of the times it spoke."""
        return round(100 * self.overridden / self.spoke)


def overrides_since(since: datetime) -> list[OverriddenRule]:
    """The most often overridden first. Asked of the database, which counts past the walls for who reviews the rules."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rule, severity, reason, times FROM app.overrides_by_rule(%s)", [since])
        rows = cursor.fetchall()
    spoke: dict[tuple[str, str], int] = {}
    answered: dict[tuple[str, str], dict[str, int]] = {}
    for rule, severity, reason, times in rows:
        key = (rule, severity)
        spoke[key] = spoke.get(key, 0) + times
        if reason:
            answered.setdefault(key, {})[reason] = times
    titles = dict(SafetyRule.objects.filter(code__in=[rule for rule, _severity in spoke]).values_list("code", "title"))
    found = [
        OverriddenRule(rule, severity, times, answered.get((rule, severity), {}), titles.get(rule, ""))
        for (rule, severity), times in spoke.items()
    ]
    return sorted(found, key=lambda one: (-one.overridden, -one.spoke, one.code))
