"""Who is asked about what, and how soon who is next: as the clinic arranges it."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from alerts.models import Ladder, Recipients
from alerts.queries.arranging import roles_for
from alerts.rules import Waits, why_no_ladder
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record

WHY_NOT = {
    "order": _lazy("Each step has to come later than the one before, the first after a minute at the earliest."),
    "late": _lazy(
        "The supervisors would learn it too late: within an hour what is urgent, within three days the rest."
    ),
}


class NotArranged(Exception):
    """It cannot be arranged so. The message is a sentence for the administrator."""


@transaction.atomic
def arrange_recipients(*, by: User, kind: str, role: str) -> Recipients:
    """Alerts of this kind that are raised from now on go to the people of this role. Raises NotAllowed, NotArranged."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if role not in roles_for(kind):
        raise NotArranged(_("People of this role cannot see what such an alert is about."))
    arranged, made = Recipients.objects.update_or_create(kind=kind, defaults={"role": role})
    record("alerts.arrange_recipients", by=by, target=arranged, detail={"kind": kind, "role": role, "new": made})
    return arranged


@transaction.atomic
def arrange_ladder(*, by: User, severity: str, waits: Waits) -> Ladder:
    """From the next step of every alert of this severity on, who is next is asked so soon. Raises NotAllowed, and
    NotArranged for steps that do not go up, or end too late."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if why_not := why_no_ladder(severity, waits):
        raise NotArranged(str(WHY_NOT[why_not]))
    values = {"again": waits.again, "team": waits.team, "supervisors": waits.supervisors}
    arranged, made = Ladder.objects.update_or_create(severity=severity, defaults=values)
    record("alerts.arrange_ladder", by=by, target=arranged, detail={"severity": severity, "new": made, **values})
    return arranged
