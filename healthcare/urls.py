"""The map of doors. Apps are named by dotted name, so that the ground floor imports none of them."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

JOURNEY = ("scheduling", "records", "prescriptions", "billing", "alerts", "analytics")
WITH_PORTAL = ("scheduling", "records", "prescriptions", "billing", "alerts")

urlpatterns = [
    path("", include("healthcare.ops.urls")),
    path("", include("healthcare.accounts.home_urls")),
    path("accounts/", include("healthcare.accounts.urls")),
    path("patients/", include("patients.urls")),
    *(path(f"{app}/", include(f"{app}.urls")) for app in JOURNEY),
    path("portal/", include("patients.portal_urls")),
    *(path("portal/", include(f"{app}.portal_urls")) for app in WITH_PORTAL),
    path("messaging/", include("healthcare.messaging.urls")),
    path("storage/", include("healthcare.storage.urls")),
    path("admin/", admin.site.urls),
]
if settings.GALLERY:
    urlpatterns.append(path("gallery/", include("healthcare.devservices.gallery.urls")))
if settings.DEMO:
    urlpatterns.append(path("demo/", include("healthcare.devservices.urls")))

handler400 = "healthcare.ops.errors.bad_request"
handler403 = "healthcare.ops.errors.forbidden"
handler404 = "healthcare.ops.errors.not_found"
handler500 = "healthcare.ops.errors.internal_error"
