"""The web process: HC_PROCESS=web before settings are read."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcare.settings.dev")
os.environ["HC_PROCESS"] = "web"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
