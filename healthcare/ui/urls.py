"""The component gallery; mounted where settings say so, never in production."""

from django.conf import settings
from django.urls import URLPattern, path

from healthcare.ui import views

app_name = "ui"


def pages(*, shown: bool) -> list[URLPattern]:
    if not shown:
        return []
    return [
        path("", views.gallery, name="gallery"),
        path("portal/", views.gallery_portal, name="gallery_portal"),
        path("chart/", views.gallery_chart, name="gallery_chart"),
        path("sign-in/", views.gallery_bare, name="gallery_bare"),
    ]


urlpatterns = pages(shown=settings.GALLERY)
