"""Production: refuses to start on a missing secret or address, and speaks TLS alone."""

from django.core.exceptions import ImproperlyConfigured

from healthcare.settings import environment
from healthcare.settings.base import *  # noqa: F403
from healthcare.settings.base import BEHIND_PROXY

for required in (
    "DATABASE_URL",
    "DATABASE_ROLES_FILE",
    "REDIS_URL",
    "BROKER_URL",
    "EMAIL_URL",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
):
    if not environment.text(required):
        raise ImproperlyConfigured(f"{required} is not set; production does not start without it.")

IN_SERVICE = True
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = ["^livez$", "^readyz$", "^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
