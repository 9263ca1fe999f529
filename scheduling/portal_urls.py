from django.urls import path

from scheduling import portal
from scheduling.portal import ahead, groups, waitlist

app_name = "scheduling_portal"
VISIT = "visits/<uuid:appointment_id>"
urlpatterns = [
    path("book", portal.find, name="find"),
    path("book/anyone", portal.anyone, name="anyone"),
    path("book/<uuid:provider_id>", portal.times, name="times"),
    path("book/<uuid:provider_id>/visit", portal.book, name="book"),
    path("book/<uuid:provider_id>/hold", portal.hold, name="hold"),
    path("visits", portal.visits, name="visits"),
    path("visits/waitlist", waitlist.waits, name="waits"),
    path("visits/waitlist/<uuid:wait_id>/leave", waitlist.leave_waitlist, name="leave_waitlist"),
    path("visits/waitlist/<uuid:wait_id>/answer", waitlist.answer_offer, name="answer_offer"),
    path("visits/groups", groups.sessions, name="sessions"),
    path("visits/groups/<uuid:session_id>", groups.take_seat, name="take_seat"),
    path("visits/calendar", portal.own_feed, name="feed"),
    path(VISIT, portal.visit, name="visit"),
    path(f"{VISIT}/check-in", ahead.check_in_ahead, name="check_in_ahead"),
    path(f"{VISIT}/move", portal.move, name="move"),
    path(f"{VISIT}/cancel", portal.cancel, name="cancel"),
    path(f"{VISIT}/confirm", portal.confirm, name="confirm"),
    path(f"{VISIT}/visit.ics", portal.calendar, name="calendar"),
]
