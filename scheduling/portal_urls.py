from django.urls import path

from scheduling import portal

app_name = "scheduling_portal"
VISIT = "visits/<uuid:appointment_id>"
urlpatterns = [
    path("book", portal.find, name="find"),
    path("book/<uuid:provider_id>", portal.times, name="times"),
    path("book/<uuid:provider_id>/visit", portal.book, name="book"),
    path("visits", portal.visits, name="visits"),
    path(VISIT, portal.visit, name="visit"),
    path(f"{VISIT}/move", portal.move, name="move"),
    path(f"{VISIT}/cancel", portal.cancel, name="cancel"),
    path(f"{VISIT}/confirm", portal.confirm, name="confirm"),
    path(f"{VISIT}/visit.ics", portal.calendar, name="calendar"),
]
