"""The one page that stands above all apps; included at the root, without a namespace."""

from django.urls import path

from healthcare.accounts.views.home import home

urlpatterns = [path("", home, name="home")]
