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
from alerts.actions.corrections import settle_alerts
from alerts.actions.notices import (
    mark_bounced_address,
    tell_of_appointment,
    tell_of_medicine,
    tell_of_message,
    tell_patient,
    withdraw_letters_to_the_dead,
)
from alerts.actions.occasions import ask_to_move, raise_abnormal_value, report_not_collected, report_picked_up
from alerts.actions.reminders import plan_reminders, send_reminder, withdraw_reminders
from alerts.actions.results import (
    close_read_result,
    raise_corrected_result,
    raise_failed_order,
    raise_unread_result,
)
from alerts.actions.watching import (
    AlreadyReviewed,
    NotReviewed,
    change_watch,
    list_unusual,
    review_anomaly,
    watch_access,
)

__all__ = [
    "AlreadyAnswered",
    "AlreadyReviewed",
    "NotReviewed",
    "acknowledge_alert",
    "ask_to_move",
    "change_watch",
    "close_alerts",
    "close_alerts_of_block",
    "close_read_result",
    "escalate_alert",
    "hasten_alert",
    "list_alerts",
    "list_unusual",
    "mark_bounced_address",
    "plan_reminders",
    "raise_abnormal_value",
    "raise_alert",
    "raise_corrected_result",
    "raise_failed_order",
    "raise_unread_result",
    "report_not_collected",
    "report_picked_up",
    "review_anomaly",
    "send_reminder",
    "settle_alerts",
    "tell_of_appointment",
    "tell_of_medicine",
    "tell_of_message",
    "tell_patient",
    "watch_access",
    "withdraw_letters",
    "withdraw_letters_to_the_dead",
    "withdraw_reminders",
]
