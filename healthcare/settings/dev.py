"""Development and demo: embedded servers unless addresses are given."""

from healthcare.settings import environment

environment.use_embedded_services()

from healthcare.settings.base import *  # noqa: E402, F403

DEBUG = environment.flag("HC_DEBUG")
DEMO = environment.flag("HC_DEMO")
