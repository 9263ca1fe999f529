"""The map of doors. Apps are named by dotted name, so that the ground floor imports none of them."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLResolver, include, path
from django.utils.module_loading import import_string

from healthcare.api.oauth.views import metadata

JOURNEY = ("scheduling", "records", "prescriptions", "billing", "alerts", "analytics")
WITH_PORTAL = ("patients", "scheduling", "records", "prescriptions", "billing", "alerts")
portal_prefix = import_string("patients.acting.PortalPrefix")()

urlpatterns = [
    path("v1/", include("healthcare.api.urls")),  # first: the shortest way for the busiest door
    path("", include("healthcare.ops.urls")),
    path("", include("healthcare.accounts.home_urls")),
    path("accounts/", include("healthcare.accounts.urls")),
    path("oauth/", include("healthcare.api.oauth.urls")),
    path(".well-known/oauth-authorization-server", metadata),  # RFC 8414 section 3
    path("patients/", include("patients.urls")),
    *(path(f"{app}/", include(f"{app}.urls")) for app in JOURNEY),
    URLResolver(portal_prefix, [path("", include(f"{app}.portal_urls")) for app in WITH_PORTAL]),
    path("live/", include("healthcare.ui.urls")),
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
