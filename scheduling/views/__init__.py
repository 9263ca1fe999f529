"""The staff's pages: the day, the flow board, booking, one visit, blocked time."""

from scheduling.views.blocking import block, unblock
from scheduling.views.booking import book, book_whom
from scheduling.views.day import day
from scheduling.views.flow import flow
from scheduling.views.own_page import away, own_page
from scheduling.views.photos import own_photo, picture, provider_photo
from scheduling.views.providers import bring_in, provider, providers
from scheduling.views.visits import cancel, check_in, confirm, miss, move, room, visit, visits

__all__ = [
    "away",
    "block",
    "book",
    "book_whom",
    "bring_in",
    "cancel",
    "check_in",
    "confirm",
    "day",
    "flow",
    "miss",
    "move",
    "own_page",
    "own_photo",
    "picture",
    "provider",
    "provider_photo",
    "providers",
    "room",
    "unblock",
    "visit",
    "visits",
]
