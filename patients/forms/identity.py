"""Whom nobody knows yet, newborns, families and further numbers, as they are typed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.ui.fields import DateOfBirthField, LineField
from healthcare.ui.forms import AboutSomeone
from patients.forms.births import BirthField
from patients.forms.people import SiteField
from patients.models import Patient, PatientLink
from patients.queries import find_patients
from patients.rules import parse_search


class AtSite(AboutSomeone):
    """Somebody who is registered, at one of the sites where the registrar works."""

    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[("", _("Choose")), *Patient.Sex.choices],
        error_messages={"required": _("Choose the sex. Unknown is a good answer, a guess is not")},
    )
    site = SiteField(label=_("Registered at"), queryset=Site.objects.none(), empty_label=_("Choose"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].offer(by)  # type: ignore[attr-defined]


class UnidentifiedForm(AtSite):
    birth = BirthField(label=_("Age or birth"), help_text=_("As it looks, like about 40; or unknown"))
    field_order = ("sex", "birth", "site")


class NewbornForm(AtSite):
    birth_date = DateOfBirthField(help_text=_("Day of birth, like Nov 22, 2026"))
    field_order = ("birth_date", "sex", "site")

    def clean_birth_date(self) -> Any:
        born = self.cleaned_data["birth_date"]
        if (timezone.localdate() - born).days > 366:
            raise ValidationError(_("A newborn is at most a year old. Register an older child by name"), code="old")
        return born


class LinkForm(AboutSomeone):
    """Somebody of the family, by their record number, which both of a namesake do not share."""

    number = LineField(label=_("Record number of the other"), at_most=40)
    relation = forms.ChoiceField(label=_("The other is the patient's"), choices=PatientLink.Relation.choices)

    def clean_number(self) -> Any:
        """The id of who is meant, whom the typist can see."""
        terms = parse_search(self.cleaned_data["number"])
        found = [line.id for line in find_patients(terms) if line.visible] if terms.mrn else []
        if len(found) != 1:
            raise ValidationError(_("Nobody in your care has this record number"), code="unknown")
        return found[0]


class IdentifierForm(AboutSomeone):
    system = LineField(label=_("Whose number it is"), at_most=100, help_text=_("Such as the name of the hospital"))
    value = LineField(label=_("Number"), at_most=64)
