"""The verbs of scheduling."""

from scheduling.actions.absence import go_away
from scheduling.actions.ahead import answer_ahead
from scheduling.actions.anyone import book_with_anyone
from scheduling.actions.blocking import block_time, block_time_of_who_left, unblock_time
from scheduling.actions.booking import (
    book_appointment,
    cancel_appointment,
    confirm_appointment,
    move_appointment,
)
from scheduling.actions.claims import Crowded, NotBookable, NotOpen
from scheduling.actions.closing import add_closure, withdraw_closure
from scheduling.actions.deaths import cancel_visits_of_the_dead
from scheduling.actions.desk import mark_late, undo_late, undo_miss, write_note
from scheduling.actions.downtime import (
    NoPacket,
    renew_downtime_words,
    show_downtime_words,
    take_downtime_packet,
    write_downtime_packets,
)
from scheduling.actions.feeds import (
    end_feeds_of_who_left,
    end_patient_feed,
    end_provider_feed,
    make_patient_feed,
    make_provider_feed,
    read_feed,
)
from scheduling.actions.forgetting import forget_free_times
from scheduling.actions.holds import hold_time
from scheduling.actions.linked import ask_to_cancel, ask_to_confirm, cancel_by_link, confirm_by_link, open_link
from scheduling.actions.offers import (
    accept_offer,
    answer_by_link,
    decline_offer,
    end_unreached_offer,
    offer_freed_time,
    offer_opening,
    settle_offer,
)
from scheduling.actions.photos import keep_photo, remove_photo
from scheduling.actions.providers import bring_in_provider, warn_of_licences
from scheduling.actions.qualifications import end_qualification, record_qualification, withdraw_qualification
from scheduling.actions.requests import accept_request, decline_request, expire_requests
from scheduling.actions.seats import SessionFull, give_seat
from scheduling.actions.series import (
    SeriesConflict,
    SeriesDate,
    Shift,
    book_series,
    cancel_series,
    check_series,
    check_series_move,
    move_series,
)
from scheduling.actions.sessions import cancel_session, move_session, plan_session
from scheduling.actions.setting_up import (
    NotSetUp,
    add_exception,
    add_resource,
    add_visit_type,
    change_resource,
    change_visit_type,
    end_hours,
    set_hours,
    withdraw_exception,
)
from scheduling.actions.taken import TimeTaken
from scheduling.actions.visits import (
    check_in,
    finish_visit,
    list_appointments,
    miss_appointment,
    room_patient,
    start_visit,
    undo_start,
)
from scheduling.actions.waitlist import end_waitlist, join_waitlist, leave_waitlist, rank_waitlist
from scheduling.actions.walk_ins import take_walk_in

__all__ = [
    "Crowded",
    "NoPacket",
    "NotBookable",
    "NotOpen",
    "NotSetUp",
    "SeriesConflict",
    "SeriesDate",
    "SessionFull",
    "Shift",
    "TimeTaken",
    "accept_offer",
    "accept_request",
    "add_closure",
    "add_exception",
    "add_resource",
    "add_visit_type",
    "answer_ahead",
    "answer_by_link",
    "ask_to_cancel",
    "ask_to_confirm",
    "block_time",
    "block_time_of_who_left",
    "book_appointment",
    "book_series",
    "book_with_anyone",
    "bring_in_provider",
    "cancel_appointment",
    "cancel_by_link",
    "cancel_series",
    "cancel_session",
    "cancel_visits_of_the_dead",
    "change_resource",
    "change_visit_type",
    "check_in",
    "check_series",
    "check_series_move",
    "confirm_appointment",
    "confirm_by_link",
    "decline_offer",
    "decline_request",
    "end_feeds_of_who_left",
    "end_hours",
    "end_patient_feed",
    "end_provider_feed",
    "end_qualification",
    "end_unreached_offer",
    "end_waitlist",
    "expire_requests",
    "finish_visit",
    "forget_free_times",
    "give_seat",
    "go_away",
    "hold_time",
    "join_waitlist",
    "keep_photo",
    "leave_waitlist",
    "list_appointments",
    "make_patient_feed",
    "make_provider_feed",
    "mark_late",
    "miss_appointment",
    "move_appointment",
    "move_series",
    "move_session",
    "offer_freed_time",
    "offer_opening",
    "open_link",
    "plan_session",
    "rank_waitlist",
    "read_feed",
    "record_qualification",
    "remove_photo",
    "renew_downtime_words",
    "room_patient",
    "set_hours",
    "settle_offer",
    "show_downtime_words",
    "start_visit",
    "take_downtime_packet",
    "take_walk_in",
    "unblock_time",
    "undo_late",
    "undo_miss",
    "undo_start",
    "warn_of_licences",
    "withdraw_closure",
    "withdraw_exception",
    "withdraw_qualification",
    "write_downtime_packets",
    "write_note",
]
