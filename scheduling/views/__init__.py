"""The staff's pages: the day, the flow board, booking, one visit, blocked time."""

from scheduling.views.blocking import block, unblock
from scheduling.views.booking import book, book_whom
from scheduling.views.day import day
from scheduling.views.flow import flow
from scheduling.views.visits import cancel, check_in, confirm, miss, move, room, visit, visits

__all__ = [
    "block",
    "book",
    "book_whom",
    "cancel",
    "check_in",
    "confirm",
    "day",
    "flow",
    "miss",
    "move",
    "room",
    "unblock",
    "visit",
    "visits",
]
