"""The three tables that decide who must know: kinds of alerts, who is asked next, and which fact sends which letter.

Plain Python, without database or clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# == Severity ==
URGENT, HIGH, INFO = "urgent", "high", "info"
SEVERITIES = (URGENT, HIGH, INFO)

# == Which part of the chart a row belongs to, and so who may see it: the names of `accounts.permissions.Scope` ==
CLINICAL, MEDICATION, SCHEDULE, MESSAGE, BILLING = "clinical", "medication", "schedule", "message", "billing"


@dataclass(frozen=True)
class Kind:
    """`team` is the role whose people at the site are asked where nobody in particular is, and who may answer."""

    area: str
    team: str


#: Kinds of alerts.
KINDS = {
    "abnormal_value": Kind(CLINICAL, "doctor"),
    "unread_result": Kind(CLINICAL, "doctor"),
    "corrected_result": Kind(CLINICAL, "doctor"),
    "failed_order": Kind(CLINICAL, "doctor"),
    "not_collected": Kind(MEDICATION, "doctor"),
    "picked_up": Kind(MEDICATION, "doctor"),
    "blocked_time": Kind(SCHEDULE, "front_desk"),
}

#: What was only out of range and was taken longer ago than this is history that was entered late: it alarms nobody.
HISTORY = timedelta(hours=72)


def is_history(severity: str, taken_at: datetime, now: datetime) -> bool:
    """An urgent value is never history: whoever learns of it late has to know all the more."""
    return severity != URGENT and now - taken_at > HISTORY


# == Escalation ==
OWNER, TEAM, SUPERVISORS = "owner", "team", "supervisors"


@dataclass(frozen=True)
class Step:
    """`after` counts from the moment the alert was raised. The last step also puts it on the red board."""

    after: timedelta
    asks: str


#: Who is told at once (step 0), and who is asked next while nobody has acknowledged, by severity.
LADDERS = {
    URGENT: (
        Step(timedelta(0), OWNER),
        Step(timedelta(minutes=5), OWNER),
        Step(timedelta(minutes=10), TEAM),
        Step(timedelta(minutes=15), SUPERVISORS),
    ),
    HIGH: (
        Step(timedelta(0), OWNER),
        Step(timedelta(hours=1), OWNER),
        Step(timedelta(hours=4), TEAM),
        Step(timedelta(hours=24), SUPERVISORS),
    ),
    INFO: (Step(timedelta(0), OWNER),),
}


def next_step(severity: str, level: int) -> Step | None:
    """What follows after this level; None when nobody is left to ask."""
    ladder = LADDERS[severity]
    return ladder[level + 1] if level + 1 < len(ladder) else None


def next_at(severity: str, level: int, raised_at: datetime) -> datetime | None:
    step = next_step(severity, level)
    return raised_at + step.after if step else None


def last_level(severity: str) -> int:
    return len(LADDERS[severity]) - 1


def is_exhausted(severity: str, level: int) -> bool:
    """Everybody was asked, and it still waits: it belongs on the red board. What only informs never gets there."""
    return severity != INFO and level >= last_level(severity)


#: States of an alert. `closed`: its occasion is gone (the value was an error, the visit was moved).
STATES = {
    "open": frozenset({"acknowledged", "closed"}),
    "acknowledged": frozenset(),
    "closed": frozenset(),
}


# == Letters ==
PATIENT, ACCOUNT, STAFF = "patient", "account", "staff"


@dataclass(frozen=True)
class Letter:
    """One line of: which fact sends which template to whom.

    `to`: ACCOUNT is the patient's portal account, where the answer stands behind a sign-in; PATIENT is that account or,
    without one, the address the patient left; STAFF is a colleague. `urgent` letters overtake others.
    """

    fact: str
    template: str
    to: str
    area: str
    urgent: bool = False
    calendar: bool = False

    @property
    def purpose(self) -> str:
        """What the patient was asked about it: `patients.models.ContactPreference.Purpose`."""
        return {SCHEDULE: "visits", BILLING: "bills"}.get(self.area, "health")


LETTERS = {
    "appointment_booked": Letter(
        "scheduling.AppointmentBooked", "alerts/appointment_booked", PATIENT, SCHEDULE, calendar=True
    ),
    "appointment_moved": Letter(
        "scheduling.AppointmentMoved", "alerts/appointment_moved", PATIENT, SCHEDULE, calendar=True
    ),
    "appointment_cancelled": Letter(
        "scheduling.AppointmentCancelled", "alerts/appointment_cancelled", PATIENT, SCHEDULE, calendar=True
    ),
    "reminder": Letter("scheduling.AppointmentBooked", "alerts/reminder", PATIENT, SCHEDULE),
    "new_message": Letter("records.MessageSent", "alerts/new_message", ACCOUNT, MESSAGE),
    "message_to_answer": Letter("records.MessageSent", "alerts/message_to_answer", STAFF, MESSAGE),
    "result_released": Letter("records.ResultReleased", "alerts/result_released", ACCOUNT, CLINICAL),
    "prescription_ready": Letter("prescriptions.PrescriptionReady", "alerts/prescription_ready", PATIENT, MEDICATION),
    "privacy_answer": Letter("patients.PrivacyCaseAnswered", "alerts/privacy_answer", ACCOUNT, MESSAGE),
    "invoice_issued": Letter("billing.InvoiceIssued", "alerts/invoice_issued", ACCOUNT, BILLING),
    "urgent_alert": Letter("alerts.AlertRaised", "alerts/urgent_alert", STAFF, CLINICAL, urgent=True),
    "alert": Letter("alerts.AlertRaised", "alerts/alert", STAFF, CLINICAL),
    "unanswered_alert": Letter("alerts.AlertEscalated", "alerts/unanswered_alert", STAFF, CLINICAL, urgent=True),
}


#: Replies of a mail server that name the address, not the message (RFC 5321 section 4.2.3).
BOUNCES = frozenset({"smtp-550", "smtp-551", "smtp-553"})


def is_bounce(status: str, error: str) -> bool:
    """Whether a message failed because nobody takes mail at its address."""
    return status == "failed" and error in BOUNCES


def why_not_tell(letter: str, *, status: str, sequence: int, told: int, starts_at: datetime, now: datetime) -> str:
    """ "" when a letter about a visit still tells the truth; else the reason why it must not go."""
    is_cancelled = status in {"cancelled", "no_show", "left"}
    if sequence != told or is_cancelled != (letter == "appointment_cancelled"):
        return "outdated"
    return "visit_past" if starts_at <= now else ""


# == Reminders ==
#: Stage and how many days before the visit, at the same time on the clock at the site.
STAGES = {"day_before": 1}
#: A visit in one of these may still be reminded of.
REMINDED = frozenset({"booked", "confirmed"})


def due_at(starts_at: datetime, zone: str, stage: str) -> datetime:
    """The same time on the site's clock so many days before: over a change of the clock that is not 24 hours."""
    local = starts_at.astimezone(ZoneInfo(zone))
    return (local - timedelta(days=STAGES[stage])).astimezone(starts_at.tzinfo)


def why_not_plan(starts_at: datetime, due: datetime, now: datetime) -> str:
    """ "" to plan the reminder; else why none is needed: the confirmation has only just gone out."""
    if starts_at <= now:
        return "visit_past"
    return "booked_late" if due <= now else ""


def why_not_send(*, status: str, sequence: int, planned: int, starts_at: datetime, now: datetime) -> str:
    """ "" when the reminder still tells the truth; else the reason why it must not go."""
    if status not in REMINDED:
        return "visit_not_open"
    if sequence != planned:
        return "visit_moved"
    return "visit_past" if starts_at <= now else ""
