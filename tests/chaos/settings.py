"""The settings of the processes that the tests start, and kill: those of development, and the tests' subscribers."""

from healthcare.settings.dev import *  # noqa: F403
from healthcare.settings.dev import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.listeners"]
