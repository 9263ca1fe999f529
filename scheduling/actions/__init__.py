"""The verbs of scheduling."""

from scheduling.actions.blocking import block_time, unblock_time
from scheduling.actions.booking import (
    TimeTaken,
    book_appointment,
    cancel_appointment,
    confirm_appointment,
    move_appointment,
)
from scheduling.actions.claims import NotBookable
from scheduling.actions.forgetting import forget_free_times
from scheduling.actions.steps import source_of
from scheduling.actions.visits import check_in, finish_visit, miss_appointment, room_patient, start_visit

__all__ = [
    "NotBookable",
    "TimeTaken",
    "block_time",
    "book_appointment",
    "cancel_appointment",
    "check_in",
    "confirm_appointment",
    "finish_visit",
    "forget_free_times",
    "miss_appointment",
    "move_appointment",
    "room_patient",
    "source_of",
    "start_visit",
    "unblock_time",
]
