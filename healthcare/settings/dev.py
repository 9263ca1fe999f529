"""Development and demo: embedded servers unless addresses are given."""

from healthcare.settings import environment

environment.use_embedded_services()

from healthcare.settings.base import *  # noqa: E402, F403
from healthcare.settings.base import (  # noqa: E402
    BACKUP_KEY_FILE,
    BOOTSTRAP_DATABASE_URL,
    INSTALLED_APPS,
    POSTGRES_BIN,
    PROCESS,
)

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

if PROCESS == "backup":  # the commands that copy and restore; no other process is told who the superuser is
    programs, superuser, key = environment.embedded_programs()
    POSTGRES_BIN = POSTGRES_BIN or programs
    BOOTSTRAP_DATABASE_URL = BOOTSTRAP_DATABASE_URL or superuser
    BACKUP_KEY_FILE = BACKUP_KEY_FILE or key
