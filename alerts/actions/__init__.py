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
from alerts.actions.amendments import (
    close_amendment,
    raise_amendment,
    raise_amendment_due,
    raise_dispute,
    tell_of_amendment,
)
from alerts.actions.answers import answer_by_text, try_another_way, withdraw_outdated
from alerts.actions.arranging import WHY_NOT, NotArranged, arrange_ladder, arrange_recipients
from alerts.actions.corrections import settle_alerts
from alerts.actions.digests import send_digest
from alerts.actions.handing import NotHandedOn, ask_anew, hand_on_alert
from alerts.actions.notices import (
    mark_bounced_address,
    tell_of_appointment,
    tell_of_medicine,
    tell_of_message,
    tell_of_thread,
    tell_patient,
    withdraw_letters_to_the_dead,
)
from alerts.actions.occasions import (
    ask_to_move,
    ask_to_move_out,
    raise_abnormal_value,
    report_later_conflict,
    report_not_collected,
    report_not_dispensed,
    report_picked_up,
)
from alerts.actions.offers import tell_of_lost_offer, tell_of_offer
from alerts.actions.plans import plan_kind
from alerts.actions.posting import resend_letter
from alerts.actions.putting_off import NotPutOff, put_off_line, take_back_line
from alerts.actions.recalls import close_recall, raise_recall
from alerts.actions.refills import close_refill, raise_refill, tell_of_refill
from alerts.actions.reminders import plan_reminders, send_reminder, withdraw_reminders
from alerts.actions.results import (
    close_read_result,
    raise_corrected_result,
    raise_failed_order,
    raise_unread_result,
)
from alerts.actions.series import tell_of_series
from alerts.actions.watching import (
    AlreadyReviewed,
    NotReviewed,
    change_watch,
    list_unusual,
    review_anomaly,
    watch_access,
)

__all__ = [
    "WHY_NOT",
    "AlreadyAnswered",
    "AlreadyReviewed",
    "NotArranged",
    "NotHandedOn",
    "NotPutOff",
    "NotReviewed",
    "acknowledge_alert",
    "answer_by_text",
    "arrange_ladder",
    "arrange_recipients",
    "ask_anew",
    "ask_to_move",
    "ask_to_move_out",
    "change_watch",
    "close_alerts",
    "close_alerts_of_block",
    "close_amendment",
    "close_read_result",
    "close_recall",
    "close_refill",
    "escalate_alert",
    "hand_on_alert",
    "hasten_alert",
    "list_alerts",
    "list_unusual",
    "mark_bounced_address",
    "plan_kind",
    "plan_reminders",
    "put_off_line",
    "raise_abnormal_value",
    "raise_alert",
    "raise_amendment",
    "raise_amendment_due",
    "raise_corrected_result",
    "raise_dispute",
    "raise_failed_order",
    "raise_recall",
    "raise_refill",
    "raise_unread_result",
    "report_later_conflict",
    "report_not_collected",
    "report_not_dispensed",
    "report_picked_up",
    "resend_letter",
    "review_anomaly",
    "send_digest",
    "send_reminder",
    "settle_alerts",
    "take_back_line",
    "tell_of_amendment",
    "tell_of_appointment",
    "tell_of_lost_offer",
    "tell_of_medicine",
    "tell_of_message",
    "tell_of_offer",
    "tell_of_refill",
    "tell_of_series",
    "tell_of_thread",
    "tell_patient",
    "try_another_way",
    "watch_access",
    "withdraw_letters",
    "withdraw_letters_to_the_dead",
    "withdraw_outdated",
    "withdraw_reminders",
]
