"""What is asked before a visit begins without an appointment, its record is opened again, or it is marked as wrong."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site
from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone


class StartForm(AboutSomeone):
    """Where, and what for."""

    site = forms.ModelChoiceField(queryset=Site.objects.none(), label=_("Site"), empty_label=None)
    reason = LineField(at_most=200, label=_("Why the patient came"))

    def __init__(self, *args: Any, sites: "QuerySet[Site]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = sites
        field.label_from_instance = lambda site: site.name


class ReopenForm(AboutSomeone):
    """Why."""

    reason = LineField(at_most=200, label=_("Why the record is opened again"))


class VoidVisitForm(AboutSomeone):
    """Why. The patient may read it."""

    reason = LineField(
        at_most=200,
        label=_("What is wrong with this visit"),
        help_text=_("It stays with the visit, and the patient may read it. Name nobody else."),
    )
