"""The verbs: raise, acknowledge, escalate and close alerts; plan and send reminders; tell people what has happened."""

from alerts.actions.alerts import (
    AlreadyAnswered,
    acknowledge_alert,
    close_alerts,
    close_alerts_of_block,
    escalate_alert,
    hasten_alert,
    list_alerts,
    raise_alert,
    withdraw_letters,
)
from alerts.actions.notices import tell_of_appointment, tell_of_medicine, tell_of_message, tell_patient
from alerts.actions.occasions import ask_to_move, raise_abnormal_value, report_not_collected, report_picked_up
from alerts.actions.reminders import plan_reminders, send_reminder, withdraw_reminders

__all__ = [
    "AlreadyAnswered",
    "acknowledge_alert",
    "ask_to_move",
    "close_alerts",
    "close_alerts_of_block",
    "escalate_alert",
    "hasten_alert",
    "list_alerts",
    "plan_reminders",
    "raise_abnormal_value",
    "raise_alert",
    "report_not_collected",
    "report_picked_up",
    "send_reminder",
    "tell_of_appointment",
    "tell_of_medicine",
    "tell_of_message",
    "tell_patient",
    "withdraw_letters",
    "withdraw_reminders",
]
