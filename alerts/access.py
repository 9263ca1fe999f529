"""Who may answer an alert. Which alerts somebody sees at all is `Alert.objects.visible_to`."""

from django.utils.translation import gettext as _

from alerts.models import Alert, Anomaly
from alerts.rules.handing import asks_everybody
from healthcare.accounts.access import NotAllowed, can, check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import ROLES
from patients.models import reach_of


def check_can_acknowledge(user: User, alert: Alert) -> None:
    """Raises NotAllowed: who measured a value does not answer for it, but the role that is asked."""
    check_can(user, Permission.RECEIVE_ALERTS)
    if user.acting_role != alert.team_role:
        asked = str(ROLES[alert.team_role].name)
        raise NotAllowed(_("This alert is for another role to acknowledge: %(role)s.") % {"role": asked.lower()})


def can_acknowledge(user: User, alert: Alert) -> bool:
    return can(user, Permission.RECEIVE_ALERTS) and user.acting_role == alert.team_role


def check_can_hand_on(user: User, alert: Alert) -> None:
    """Raises NotAllowed: what is one person's to answer, they or who stands in for them give away, until others are
    asked too. A colleague acknowledges it instead."""
    check_can_acknowledge(user, alert)
    if not _is_asked(user, alert):
        name = alert.owner.full_name if alert.owner else ""
        raise NotAllowed(_("This alert is for %(name)s to hand on. You can acknowledge it.") % {"name": name})


def can_hand_on(user: User, alert: Alert) -> bool:
    return can_acknowledge(user, alert) and _is_asked(user, alert)


def _is_asked(user: User, alert: Alert) -> bool:
    return alert.owner_id in (None, *reach_of(user).people) or asks_everybody(alert.severity, alert.level)


def check_can_review(user: User, anomaly: Anomaly) -> None:
    """Raises NotAllowed: nobody judges what they did themselves."""
    check_can(user, Permission.REVIEW_ACCESS)
    if anomaly.person_id == user.pk:
        raise NotAllowed(_("Somebody else must review what concerns yourself."))


def can_review(user: User, anomaly: Anomaly) -> bool:
    return can(user, Permission.REVIEW_ACCESS) and anomaly.person_id != user.pk
