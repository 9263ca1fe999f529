"""The staff's pages: the day, the week, the flow board, booking, one visit, blocked time."""

from scheduling.views.blocking import block, unblock
from scheduling.views.booking import book, book_whom
from scheduling.views.day import day
from scheduling.views.desk import late, not_missed, note, on_time
from scheduling.views.downtime import downtime, downtime_words, take_downtime
from scheduling.views.feeds import feed, own_feed
from scheduling.views.flow import flow
from scheduling.views.groups import cancel_session, give_seat, move_session, plan_session, session, sessions
from scheduling.views.linked import cancel_by_link, confirm_by_link, offer
from scheduling.views.next_free import next_free
from scheduling.views.own_page import away, own_page
from scheduling.views.photos import own_photo, picture, provider_photo
from scheduling.views.providers import bring_in, provider, providers
from scheduling.views.requests import accept, decline, requests
from scheduling.views.series import book_series, cancel_series, move_series
from scheduling.views.sheets import day_sheet, numbers
from scheduling.views.visits import cancel, check_in, confirm, miss, move, room, visit, visits
from scheduling.views.waitlist import answer_offer, leave_waitlist, wait, waitlist, waits
from scheduling.views.walk_ins import walk_in
from scheduling.views.week import week

__all__ = [
    "accept",
    "answer_offer",
    "away",
    "block",
    "book",
    "book_series",
    "book_whom",
    "bring_in",
    "cancel",
    "cancel_by_link",
    "cancel_series",
    "cancel_session",
    "check_in",
    "confirm",
    "confirm_by_link",
    "day",
    "day_sheet",
    "decline",
    "downtime",
    "downtime_words",
    "feed",
    "flow",
    "give_seat",
    "late",
    "leave_waitlist",
    "miss",
    "move",
    "move_series",
    "move_session",
    "next_free",
    "not_missed",
    "note",
    "numbers",
    "offer",
    "on_time",
    "own_feed",
    "own_page",
    "own_photo",
    "picture",
    "plan_session",
    "provider",
    "provider_photo",
    "providers",
    "requests",
    "room",
    "session",
    "sessions",
    "take_downtime",
    "unblock",
    "visit",
    "visits",
    "wait",
    "waitlist",
    "waits",
    "walk_in",
    "week",
]
