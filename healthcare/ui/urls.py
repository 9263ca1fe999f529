"""The component gallery; mounted where settings say so, never in production."""

from django.conf import settings
from django.urls import path

from healthcare.ui import views

app_name = "ui"
urlpatterns = (
    [
        path("", views.gallery, name="gallery"),
        path("portal/", views.gallery_portal, name="gallery_portal"),
        path("chart/", views.gallery_chart, name="gallery_chart"),
        path("sign-in/", views.gallery_bare, name="gallery_bare"),
    ]
    if settings.GALLERY
    else []
)
