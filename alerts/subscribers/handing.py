"""Alerts that somebody handed on: whoever has them now is asked."""

from django.utils import timezone

from alerts import actions
from alerts.events import AlertHandedOn
from healthcare.events import after


@after(AlertHandedOn, queue="urgent")
def ask_anew(fact: AlertHandedOn) -> None:
    actions.ask_anew(by=None, alert_id=fact.alert_id, turn=fact.turn, now=timezone.now())
