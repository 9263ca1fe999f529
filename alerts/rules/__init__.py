"""The three tables that decide who must know: kinds of alerts, who is asked next, and which fact sends which letter.

Plain Python, without database or clock.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
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
    "amendment": Kind(CLINICAL, "doctor"),
    "amendment_due": Kind(CLINICAL, "doctor"),
    "recall_due": Kind(SCHEDULE, "front_desk"),
    "not_collected": Kind(MEDICATION, "doctor"),
    "not_dispensed": Kind(MEDICATION, "doctor"),
    "picked_up": Kind(MEDICATION, "doctor"),
    "later_conflict": Kind(MEDICATION, "doctor"),
    "refill_request": Kind(MEDICATION, "doctor"),
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


@dataclass(frozen=True)
class Waits:
    """Minutes from when it was raised until its owner is asked again, then the team, then the supervisors."""

    again: int
    team: int
    supervisors: int


#: What a clinic may arrange at most: minutes until supervisors know, by severity.
LATEST = {URGENT: 60, HIGH: 72 * 60}


def usual_waits(severity: str) -> Waits:
    """As it is delivered."""
    return Waits(*(int(step.after.total_seconds() // 60) for step in LADDERS[severity][1:]))


def why_no_ladder(severity: str, waits: Waits) -> str:
    """ "" for one that goes up in time; else "order" or "late"."""
    if not 1 <= waits.again < waits.team < waits.supervisors:
        return "order"
    return "late" if waits.supervisors > LATEST[severity] else ""


def next_step(severity: str, level: int) -> Step | None:
    """What follows after this level; None when nobody is left to ask."""
    ladder = LADDERS[severity]
    return ladder[level + 1] if level + 1 < len(ladder) else None


def next_at(severity: str, level: int, raised_at: datetime, waits: Waits | None = None) -> datetime | None:
    """When the next ones are asked, by what the clinic arranged; as it is delivered where it arranged nothing."""
    step = next_step(severity, level)
    if step is None or waits is None:
        return raised_at + step.after if step else None
    return raised_at + timedelta(minutes=(waits.again, waits.team, waits.supervisors)[level])


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
EMAIL, SMS = "email", "sms"
#: Ways of a letter to a patient: the first that they allow; the next where that one certainly failed.
MAIL_FIRST, TEXT_FIRST = (EMAIL, SMS), (SMS, EMAIL)


@dataclass(frozen=True)
class Letter:
    """One line of: which fact sends which template to whom.

    `to`: ACCOUNT is the patient's portal account, where the answer stands behind a sign-in; PATIENT is that account or,
    without one, the address the patient left; STAFF is a colleague. `urgent` letters overtake others. `ways` are the
    channels it can go by, in their order. `soon` ones are of use in their hour alone, or bring a file, and are never
    kept for a mail of the day.
    """

    fact: str
    template: str
    to: str
    area: str
    urgent: bool = False
    calendar: bool = False
    ways: tuple[str, ...] = (EMAIL,)
    soon: bool = False

    @property
    def purpose(self) -> str:
        """What the patient was asked about it: `patients.models.ContactPreference.Purpose`."""
        return {SCHEDULE: "visits", BILLING: "bills"}.get(self.area, "health")

    @property
    def topic(self) -> str:
        """What it is about, in the words of `patients.models.LetterWish.Topic`."""
        return {SCHEDULE: "visits", MESSAGE: "messages", MEDICATION: "medicines", BILLING: "bills"}.get(
            self.area, "results"
        )

    @property
    def gathers(self) -> bool:
        """Whether who wants to hear once a day hears of it then."""
        return self.to != STAFF and not (self.urgent or self.soon)


LETTERS = {
    "appointment_booked": Letter(
        "scheduling.AppointmentBooked", "alerts/appointment_booked", PATIENT, SCHEDULE, calendar=True, ways=MAIL_FIRST
    ),
    "appointment_moved": Letter(
        "scheduling.AppointmentMoved", "alerts/appointment_moved", PATIENT, SCHEDULE, calendar=True, ways=MAIL_FIRST
    ),
    "appointment_cancelled": Letter(
        "scheduling.AppointmentCancelled",
        "alerts/appointment_cancelled",
        PATIENT,
        SCHEDULE,
        calendar=True,
        ways=MAIL_FIRST,
    ),
    "series_booked": Letter(
        "scheduling.SeriesBooked", "alerts/series_booked", PATIENT, SCHEDULE, calendar=True, soon=True
    ),
    "series_moved": Letter(
        "scheduling.SeriesMoved", "alerts/series_moved", PATIENT, SCHEDULE, calendar=True, soon=True
    ),
    "series_cancelled": Letter(
        "scheduling.SeriesCancelled", "alerts/series_cancelled", PATIENT, SCHEDULE, calendar=True, soon=True
    ),
    "appointment_requested": Letter(
        "scheduling.AppointmentRequested", "alerts/appointment_requested", PATIENT, SCHEDULE
    ),
    "request_declined": Letter("scheduling.RequestDeclined", "alerts/request_declined", PATIENT, SCHEDULE),
    "request_expired": Letter("scheduling.RequestExpired", "alerts/request_expired", PATIENT, SCHEDULE),
    "wait_offered": Letter(
        "scheduling.WaitOffered", "alerts/wait_offered", PATIENT, SCHEDULE, ways=TEXT_FIRST, soon=True
    ),
    "offer_lost": Letter("scheduling.OfferLost", "alerts/offer_lost", PATIENT, SCHEDULE, ways=TEXT_FIRST, soon=True),
    "reminder": Letter(
        "scheduling.AppointmentBooked", "alerts/reminder", PATIENT, SCHEDULE, ways=TEXT_FIRST, soon=True
    ),
    **{
        answer: Letter("messaging.ReplyAnswers", f"alerts/{answer}", PATIENT, SCHEDULE, urgent=True, ways=(SMS,))
        for answer in ("text_confirmed", "text_cancelled", "text_too_late")
    },
    "new_message": Letter("records.MessageSent", "alerts/new_message", ACCOUNT, MESSAGE, ways=MAIL_FIRST),
    "message_to_answer": Letter("records.MessageSent", "alerts/message_to_answer", STAFF, MESSAGE),
    "urgent_message": Letter("records.MessageSent", "alerts/urgent_message", STAFF, MESSAGE, urgent=True),
    "message_overdue": Letter("records.ThreadOverdue", "alerts/message_overdue", STAFF, MESSAGE),
    "result_released": Letter("records.ResultReleased", "alerts/result_released", ACCOUNT, CLINICAL, ways=MAIL_FIRST),
    "prescription_ready": Letter(
        "prescriptions.PrescriptionReady", "alerts/prescription_ready", PATIENT, MEDICATION, ways=TEXT_FIRST
    ),
    "privacy_answer": Letter("patients.PrivacyCaseAnswered", "alerts/privacy_answer", ACCOUNT, MESSAGE),
    "amendment_answer": Letter("records.AmendmentAnswered", "alerts/amendment_answer", ACCOUNT, CLINICAL),
    "refill_answer": Letter("prescriptions.RefillAnswered", "alerts/refill_answer", ACCOUNT, MEDICATION),
    "invoice_issued": Letter("billing.InvoiceIssued", "alerts/invoice_issued", ACCOUNT, BILLING),
    "urgent_alert": Letter("alerts.AlertRaised", "alerts/urgent_alert", STAFF, CLINICAL, urgent=True),
    "alert": Letter("alerts.AlertRaised", "alerts/alert", STAFF, CLINICAL),
    "unanswered_alert": Letter("alerts.AlertEscalated", "alerts/unanswered_alert", STAFF, CLINICAL, urgent=True),
}


#: Letters about visits that do not take place, and about times that somebody asked for.
TELLS_THE_END = frozenset(
    {"appointment_cancelled", "series_cancelled", "request_declined", "request_expired", "text_cancelled"}
)
TELLS_OF_REQUESTS = frozenset({"appointment_requested"})

#: Replies of a mail server that name the address, not the message (RFC 5321 section 4.2.3); and Twilio's errors that
#: say there is no such number (21211, 30005). A number that takes calls alone is none of these.
BOUNCES = frozenset({"smtp-550", "smtp-551", "smtp-553", "twilio-21211", "twilio-30005"})


def is_bounce(status: str, error: str) -> bool:
    """Whether a message failed because nobody gets anything at its address."""
    return status == "failed" and error in BOUNCES


def why_not_tell(letter: str, *, status: str, sequence: int, told: int, starts_at: datetime, now: datetime) -> str:
    """ "" when a letter about a visit still tells the truth; else the reason why it must not go."""
    if sequence != told or not _is_so(letter, status):
        return "outdated"
    return "visit_past" if starts_at <= now else ""


def is_still_true(letter: str, *, status: str, starts_at: datetime, now: datetime) -> bool:
    """Whether a letter about several visits still tells the truth of this one."""
    return starts_at > now and _is_so(letter, status)


def _is_so(letter: str, status: str) -> bool:
    is_cancelled = status in {"cancelled", "no_show", "left"}
    is_requested = status == "requested"
    return is_cancelled == (letter in TELLS_THE_END) and is_requested == (letter in TELLS_OF_REQUESTS)


# == Reminders ==
#: Stage and how many days before the visit, at the same time on the clock at the site; or how many hours.
STAGES: dict[str, timedelta] = {
    "three_days": timedelta(days=3),
    "day_before": timedelta(days=1),
    "two_hours": timedelta(hours=2),
}
#: Of kinds of visits of which nobody has said otherwise.
USUAL_STAGES = tuple(STAGES)
#: Nothing is planned for the night, whoever it is for; who has quiet hours of their own is asked of when it is due.
NIGHT, MORNING, EVENING = time(21), time(8), time(20, 30)
IN_TIME = timedelta(hours=1)  # before the visit: what would come later is of no use
SOON = timedelta(hours=4)  # a stage that is late gives way to one that is due so soon
#: A visit in one of these may still be reminded of.
REMINDED = frozenset({"booked", "confirmed"})


def due_at(starts_at: datetime, zone: str, stage: str) -> datetime:
    """The same time on the site's clock so many days before: over a change of the clock that is not 24 hours."""
    before = STAGES[stage]
    if before < timedelta(days=1):
        return starts_at - before
    local = starts_at.astimezone(ZoneInfo(zone))
    return (local - before).astimezone(starts_at.tzinfo)


def by_day(due: datetime, starts_at: datetime, zone: str) -> datetime:
    """Not at night by the site's clock: in the morning, or where that is too late for the visit, the evening before."""
    local = due.astimezone(ZoneInfo(zone))
    if MORNING <= local.time() < NIGHT:
        return due
    evening_of = local.date() if local.time() >= NIGHT else local.date() - timedelta(days=1)
    morning = datetime.combine(evening_of + timedelta(days=1), MORNING, local.tzinfo)
    if morning <= starts_at - IN_TIME:
        return morning.astimezone(due.tzinfo)
    return datetime.combine(evening_of, EVENING, local.tzinfo).astimezone(due.tzinfo)


def why_not_plan(starts_at: datetime, due: datetime, now: datetime) -> str:
    """ "" to plan the reminder; else why none is needed: the confirmation has only just gone out."""
    if starts_at <= now:
        return "visit_past"
    return "booked_late" if due <= now else ""


def why_not_send(
    *, status: str, sequence: int, planned: int, starts_at: datetime, now: datetime, next_due: datetime | None = None
) -> str:
    """ "" when the reminder still tells the truth; else the reason why it must not go.

    `next_due` is when a later reminder of the same visit is due: of those that wait after an outage, the last goes.
    """
    if status not in REMINDED:
        return "visit_not_open"
    if sequence != planned:
        return "visit_moved"
    if starts_at <= now:
        return "visit_past"
    return "later_one_due" if next_due is not None and next_due <= now + SOON else ""
