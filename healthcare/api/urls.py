from django.urls import path

from healthcare.api import document
from healthcare.api.root import api

app_name = "v1"
urlpatterns = [
    *(entry for entry in api.urls[0] if getattr(entry, "name", "") != "api-root"),
    path("docs", document.reference, name="docs"),
    path("openapi.json", document.openapi, name="openapi"),
    path("problems/<slug:slug>", document.problem, name="problem"),
]
