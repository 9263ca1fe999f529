"""The verbs of scheduling."""

from scheduling.actions.absence import go_away
from scheduling.actions.blocking import block_time, block_time_of_who_left, unblock_time
from scheduling.actions.booking import (
    TimeTaken,
    book_appointment,
    cancel_appointment,
    confirm_appointment,
    move_appointment,
)
from scheduling.actions.claims import Crowded, NotBookable, NotOpen
from scheduling.actions.deaths import cancel_visits_of_the_dead
from scheduling.actions.forgetting import forget_free_times
from scheduling.actions.photos import keep_photo, remove_photo
from scheduling.actions.providers import bring_in_provider, warn_of_licences
from scheduling.actions.qualifications import end_qualification, record_qualification, withdraw_qualification
from scheduling.actions.setting_up import (
    NotSetUp,
    add_exception,
    add_resource,
    add_visit_type,
    change_visit_type,
    end_hours,
    rename_resource,
    set_hours,
    withdraw_exception,
)
from scheduling.actions.visits import (
    check_in,
    finish_visit,
    list_appointments,
    miss_appointment,
    room_patient,
    start_visit,
)

__all__ = [
    "Crowded",
    "NotBookable",
    "NotOpen",
    "NotSetUp",
    "TimeTaken",
    "add_exception",
    "add_resource",
    "add_visit_type",
    "block_time",
    "block_time_of_who_left",
    "book_appointment",
    "bring_in_provider",
    "cancel_appointment",
    "cancel_visits_of_the_dead",
    "change_visit_type",
    "check_in",
    "confirm_appointment",
    "end_hours",
    "end_qualification",
    "finish_visit",
    "forget_free_times",
    "go_away",
    "keep_photo",
    "list_appointments",
    "miss_appointment",
    "move_appointment",
    "record_qualification",
    "remove_photo",
    "rename_resource",
    "room_patient",
    "set_hours",
    "start_visit",
    "unblock_time",
    "warn_of_licences",
    "withdraw_exception",
    "withdraw_qualification",
]
