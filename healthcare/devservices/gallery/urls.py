"""Mounted where settings say so, never in production."""

from django.urls import path

from healthcare.devservices.gallery import views

app_name = "gallery"
urlpatterns = [
    path("", views.gallery, name="clinic"),
    path("portal/", views.gallery_portal, name="portal"),
    path("chart/", views.gallery_chart, name="chart"),
    path("sign-in/", views.gallery_bare, name="bare"),
]
