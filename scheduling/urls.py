from django.urls import path

from scheduling import views

app_name = "scheduling"
VISIT = "patients/<uuid:patient_id>/visits/<uuid:appointment_id>"
urlpatterns = [
    path("", views.day, name="day"),
    path("flow", views.flow, name="flow"),
    path("book", views.book_whom, name="book_whom"),
    path("block", views.block, name="block"),
    path("block/<uuid:claim_id>/end", views.unblock, name="unblock"),
    path("own-page", views.own_page, name="own_page"),
    path("own-page/photo", views.own_photo, name="own_photo"),
    path("away", views.away, name="away"),
    path("providers", views.providers, name="providers"),
    path("providers/new", views.bring_in, name="bring_in"),
    path("providers/<uuid:provider_id>", views.provider, name="provider"),
    path("providers/<uuid:provider_id>/photo", views.provider_photo, name="provider_photo"),
    path("providers/<uuid:provider_id>/picture", views.picture, name="picture"),
    path("patients/<uuid:patient_id>/book", views.book, name="book"),
    path("patients/<uuid:patient_id>/visits", views.visits, name="visits"),
    path(VISIT, views.visit, name="visit"),
    path(f"{VISIT}/move", views.move, name="move"),
    path(f"{VISIT}/cancel", views.cancel, name="cancel"),
    path(f"{VISIT}/confirm", views.confirm, name="confirm"),
    path(f"{VISIT}/check-in", views.check_in, name="check_in"),
    path(f"{VISIT}/miss", views.miss, name="miss"),
    path(f"{VISIT}/room", views.room, name="room"),
]
