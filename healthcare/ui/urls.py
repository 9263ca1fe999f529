"""What open pages ask for by themselves. `live/stream` beside it is a process of its own: see `streaming.py`."""

from django.urls import path

from healthcare.ui import views

app_name = "ui"
urlpatterns = [path("places", views.places, name="places")]
