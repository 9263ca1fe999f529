"""What is prescribed: chosen by its line of the formulary, in words, as a favourite, with a set, or once more."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from prescriptions.models import FavouritePrescription


class ChooseForm(forms.Form):
    """A line of the formulary, a favourite, an order set, or the medicine in words."""

    medication = forms.UUIDField(required=False, widget=forms.HiddenInput)
    favourite = forms.UUIDField(required=False, widget=forms.HiddenInput)
    order_set = forms.UUIDField(required=False, widget=forms.HiddenInput)
    medicine = forms.CharField(label=gettext_lazy("Medicine, in words"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not any(cleaned.get(name) for name in ("medication", "favourite", "order_set", "medicine")):
            self.add_error("medicine", _("Say which medicine."))
        return cleaned


class AgainForm(forms.Form):
    """One prescription; none stands for all that is taken."""

    prescription = forms.UUIDField(required=False, widget=forms.HiddenInput)


class FavouriteForm(AboutSomeone):
    name = LineField(
        at_most=FavouritePrescription.LONGEST_NAME,
        label=gettext_lazy("Short name"),
        error_messages={"required": gettext_lazy("Give it a short name")},
    )
