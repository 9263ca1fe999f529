"""The map of doors. Apps are named by dotted name, so that the ground floor imports none of them."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("healthcare.ops.urls")),
    path("", include("healthcare.accounts.home_urls")),
    path("accounts/", include("healthcare.accounts.urls")),
    path("patients/", include("patients.urls")),
    path("portal/", include("patients.portal_urls")),
    path("messaging/", include("healthcare.messaging.urls")),
    path("storage/", include("healthcare.storage.urls")),
    path("gallery/", include("healthcare.ui.urls")),
    path("admin/", admin.site.urls),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("healthcare.devservices.urls")))

handler400 = "healthcare.ops.errors.bad_request"
handler403 = "healthcare.ops.errors.forbidden"
handler404 = "healthcare.ops.errors.not_found"
handler500 = "healthcare.ops.errors.internal_error"
