"""Development and demo: embedded servers unless addresses are given."""

from healthcare.settings import environment

environment.use_embedded_services()

from healthcare.settings.base import *  # noqa: E402, F403
from healthcare.settings.base import INSTALLED_APPS  # noqa: E402

DEBUG = environment.flag("HC_DEBUG")
GALLERY = True
OUTBOUND_LOOPBACK = True
DEMO = environment.flag("HC_DEMO")
INSTALLED_APPS = [*INSTALLED_APPS, "healthcare.devservices"]

if DEMO:  # hashed, compressed files, as in production; a developer's own runserver finds them where they lie
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
