"""What people type about names, addresses, ways to reach somebody, and the people close to them."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField, LineField, PatternField, PhoneField
from healthcare.ui.forms import AboutSomeone
from healthcare.ui.reading import Unreadable, phone_text, read_phone
from patients.forms.fields import EmailField, TimeOfDayField, ZipField
from patients.forms.people import NameField
from patients.models import (
    Address,
    Consent,
    ContactPoint,
    ContactPreference,
    Detail,
    LetterWish,
    Patient,
    PatientName,
    RelatedPerson,
)
from patients.rules.profile import LANGUAGES, Profile

NOT_ASKED = ("", _("Not asked"))
INTERPRETER = [NOT_ASKED, ("yes", _("Needs an interpreter")), ("no", _("Needs none"))]
ANSWERS = {"yes": True, "no": False, "": None}


class ProfileForm(AboutSomeone):
    """Who somebody is to themselves, which language they speak, and when not to write to them."""

    sex_at_birth = forms.ChoiceField(
        label=_("Sex at birth"), required=False, choices=[NOT_ASKED, *Patient.SexAtBirth.choices]
    )
    gender_identity = forms.ChoiceField(
        label=_("Gender identity"), required=False, choices=[NOT_ASKED, *Patient.GenderIdentity.choices]
    )
    pronouns = LineField(label=_("Pronouns"), at_most=40, required=False, help_text=_("Such as she/her or they/them"))
    language = forms.ChoiceField(
        label=_("Language they prefer"),
        required=False,
        choices=[NOT_ASKED, *sorted(LANGUAGES.items(), key=lambda pair: pair[1])],
    )
    interpreter = forms.ChoiceField(label=_("Interpreter"), required=False, choices=INTERPRETER)
    quiet_from = TimeOfDayField(
        label=_("Do not write from"), help_text=_("Such as 9 pm. What is urgent goes all the same")
    )
    quiet_until = TimeOfDayField(label=_("Until"), help_text=_("Such as 8 am"))

    @classmethod
    def of(cls, patient: Patient) -> "ProfileForm":
        known = {name: getattr(patient, name) for name in cls.base_fields}
        words = {answer: word for word, answer in ANSWERS.items()}
        return cls(initial=known | {"interpreter": words[patient.interpreter]})

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        missing = {"quiet_from", "quiet_until"} - self.errors.keys()
        if len(missing) == 2 and (typed["quiet_from"] is None) != (typed["quiet_until"] is None):
            self.add_error(
                "quiet_from" if typed["quiet_from"] is None else "quiet_until",
                _("Quiet hours have a beginning and an end"),
            )
        return typed

    def profile(self) -> Profile:
        return Profile(**self.cleaned_data | {"interpreter": ANSWERS[self.cleaned_data["interpreter"]]})


# == Rows ==
class DetailForm(AboutSomeone):
    """One row; `values()` is what the verbs take."""

    kind: type[Detail]
    FIRST = "use"  # beside which the verb's own refusal stands

    @classmethod
    def of(cls, row: Detail) -> "DetailForm":
        return cls(initial={name: getattr(row, name) for name in cls.base_fields})

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.kind.VALUES}


class NameForm(DetailForm):
    kind = PatientName
    use = forms.ChoiceField(label=_("Kind of name"), choices=PatientName.Use.choices)
    given_name = NameField(label=_("Given names"))
    family_name = NameField(label=_("Family name"))
    until = FlexibleDateField(label=_("Used until"), required=False, latest=timezone.localdate)


class AddressForm(DetailForm):
    kind = Address
    use = forms.ChoiceField(label=_("Kind of address"), choices=Address.Use.choices)
    line = LineField(label=_("Street address"), at_most=200)
    city = LineField(label=_("City"), at_most=100)
    state = PatternField(
        label=_("State"), required=False, pattern="[A-Z]{2}", refused=_("State is two letters, like MA")
    )
    postal_code = ZipField(required=False)
    until = FlexibleDateField(
        label=_("Until"), required=False, earliest=lambda: date(1900, 1, 1), latest=lambda: date(2199, 1, 1)
    )


class ContactPointForm(DetailForm):
    """A telephone number or an e-mail address: which of the two is told by the @."""

    kind = ContactPoint
    FIRST = "value"
    value = LineField(label=_("Number or e-mail address"), at_most=254)
    use = forms.ChoiceField(label=_("Where"), choices=ContactPoint.Use.choices)

    @classmethod
    def of(cls, row: Any) -> "ContactPointForm":
        shown = phone_text(row.value) if row.system == "phone" else row.value
        return cls(initial={"use": row.use, "value": shown})

    def clean_value(self) -> str:
        text = str(self.cleaned_data["value"])
        if "@" in text:
            return str(EmailField().clean(text))
        try:
            return read_phone(text)
        except Unreadable as problem:
            raise ValidationError(str(problem), code="unreadable") from problem

    def values(self) -> dict[str, Any]:
        value = self.cleaned_data["value"]
        return {"system": "email" if "@" in value else "phone", "value": value, "use": self.cleaned_data["use"]}


class RelatedPersonForm(DetailForm):
    kind = RelatedPerson
    name = NameField(label=_("Name"))
    relation = forms.ChoiceField(label=_("Who they are to the patient"), choices=RelatedPerson.Relation.choices)
    phone = PhoneField(required=False)
    email = EmailField(required=False)
    emergency = forms.BooleanField(label=_("Call them in an emergency"), required=False)
    may_be_told = forms.BooleanField(label=_("May be told about the patient's health"), required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("emergency") and not typed.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Whom to call in an emergency needs a number"))
        return typed


FORMS: dict[str, type[DetailForm]] = {
    "names": NameForm,
    "addresses": AddressForm,
    "contacts": ContactPointForm,
    "people": RelatedPersonForm,
}


# == Whether they want to be written to ==
class ToldForm(forms.Form):
    """What patients say of letters: themselves, which is their `own`, or the staff, who say how they were told."""

    method = forms.ChoiceField(
        label=_("How they told it"),
        choices=Consent.TO_STAFF,
        widget=forms.RadioSelect,
        initial=Consent.Method.IN_PERSON,
    )

    def __init__(self, *args: Any, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if own:
            del self.fields["method"]

    def told_by(self) -> Consent.Method:
        return Consent.Method(self.cleaned_data.get("method", Consent.Method.PORTAL.value))


class PreferencesForm(ToldForm):
    """A yes, a no or nothing for each channel and purpose."""

    CHOICES = [("", _("Not asked")), ("yes", _("Yes")), ("no", _("No"))]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for channel in ContactPreference.Channel:
            for purpose in ContactPreference.Purpose:
                label = f"{channel.label}: {purpose.label}"
                self.fields[f"{channel.value}-{purpose.value}"] = forms.ChoiceField(
                    label=label, required=False, choices=self.CHOICES
                )

    @classmethod
    def of(cls, known: Any, *, own: bool) -> "PreferencesForm":
        said = {f"{row.channel}-{row.purpose}": "yes" if row.allowed else "no" for row in known}
        return cls(initial=said, own=own)

    def rows(self) -> list[dict[str, Any]]:
        """For a table: a line for each channel, a cell for each purpose."""
        return [
            {
                "label": channel.label,
                "cells": [self[f"{channel.value}-{purpose.value}"] for purpose in ContactPreference.Purpose],
            }
            for channel in ContactPreference.Channel
        ]

    def answers(self) -> dict[tuple[str, str], bool | None]:
        return {
            (channel.value, purpose.value): ANSWERS[self.cleaned_data[f"{channel.value}-{purpose.value}"]]
            for channel in ContactPreference.Channel
            for purpose in ContactPreference.Purpose
        }


class LetterWishesForm(ToldForm):
    """How they want to hear of each kind of happening."""

    CHOICES = [("", _("As usual: at once")), *LetterWish.How.choices]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = {
            topic.value: forms.ChoiceField(label=topic.label, required=False, choices=self.CHOICES)
            for topic in LetterWish.Topic
        }
        self.fields = topics | self.fields

    @classmethod
    def of(cls, known: Any, *, own: bool) -> "LetterWishesForm":
        return cls(initial={row.topic: row.how for row in known}, own=own)

    def wishes(self) -> dict[str, str]:
        return {topic: self.cleaned_data[topic] for topic in LetterWish.Topic.values}
