from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UIConfig(AppConfig):
    name = "healthcare.ui"
    label = "ui"
    verbose_name = _("Pages")

    def ready(self) -> None:
        from healthcare.ui import checks, quick  # noqa: F401  registers the checks

        quick.install()
