"""What a row of the chart may be marked with."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import SENSITIVITY_CHOICES

MARKS = [("", _("Not marked")), *SENSITIVITY_CHOICES]
