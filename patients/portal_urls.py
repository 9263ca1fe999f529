from django.urls import path

from patients import portal

app_name = "portal"
urlpatterns = [
    path("", portal.home, name="home"),
    path("record", portal.record, name="record"),
    path("openings", portal.openings, name="openings"),
    path("link", portal.link, name="link"),
]
