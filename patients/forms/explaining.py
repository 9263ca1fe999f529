"""Whose access is to be explained, and to which chart."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.models.people import has_address
from healthcare.accounts.roles import ROLE_CHOICES
from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone


class ExplainForm(AboutSomeone):
    email = LineField(label=_("E-mail of the person"), at_most=254)
    patient = LineField(label=_("Patient"), at_most=40, help_text=_("Record number, like 004-81-7726, or id"))
    role = forms.ChoiceField(label=_("In the role"), required=False, choices=[("", _("Each they hold")), *ROLE_CHOICES])

    person: User

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        found = User.objects.filter(has_address(email)).first()
        if found is None:
            raise ValidationError(_("No account has this address"), code="unknown")
        self.person = found
        return email
