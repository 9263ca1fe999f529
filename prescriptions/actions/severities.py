"""What a clinic decides about a rule of the safety check: how bad it is, or from how much on."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from prescriptions.models import OFF, SafetyRule

SEVERITIES = ("", OFF, *SafetyRule.Severity.values)
CHOSEN = ("chosen_severity", "chosen_limits", "chosen_because", "chosen_by", "chosen_at", "updated_at")


class NotSet(Exception):
    """The message is a sentence for whoever typed it."""


@transaction.atomic
def set_rule(
    *, by: User, rule: SafetyRule, severity: str, limits: Mapping[str, Decimal], because: str, now: datetime
) -> SafetyRule:
    """Give a rule another severity or other limits, from the next check on; "" and no limits: as delivered.

    A limit is one that the rule has. Raises NotAllowed, and NotSet without a reason or for what the rule cannot be.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    row = SafetyRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if severity not in SEVERITIES:
        raise NotSet(_("This is not one of the choices."))
    if any(type(row.limits.get(name)) not in (int, float) or limit <= 0 for name, limit in limits.items()):
        raise NotSet(_("A limit is a number above 0, and one that this rule has."))
    back = not severity and not limits
    if not back and not because.strip():
        raise NotSet(_("Say why this clinic does otherwise."))
    before = _said(row)
    row.chosen_severity, row.chosen_limits = severity, {name: float(limit) for name, limit in limits.items()}
    row.chosen_because = "" if back else because.strip()
    row.chosen_by, row.chosen_at = (None, None) if back else (by, now)
    row.save(update_fields=[*CHOSEN])
    record("prescriptions.set_rule", by=by, target=row, detail={"rule": row.code, "from": before, "to": _said(row)})
    return row


def _said(row: SafetyRule) -> list[str]:
    """How bad, and from how much on, in the words of the audit."""
    limits = row.limits | row.chosen_limits
    return [row.chosen_severity or row.severity, *(f"{name}:{limit}" for name, limit in sorted(limits.items()))]
