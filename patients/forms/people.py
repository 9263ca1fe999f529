"""What people type about patients, read and checked. A refusal is a sentence that says what fits."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import scopes_of
from healthcare.accounts.models import Membership, Site, User
from healthcare.accounts.permissions import SENSITIVITY_CHOICES, Scope, Sensitivity
from healthcare.accounts.roles import ROLES
from healthcare.ui.fields import (
    OLDEST_AGE,
    DateOfBirthField,
    FlexibleDateField,
    LineField,
    PatternField,
    PhoneField,
)
from healthcare.ui.forms import AboutMyself, AboutSomeone
from patients.forms.births import BirthField
from patients.forms.fields import ZipField
from patients.models import CareRelationship, Disclosure, Patient
from patients.queries import Filters, FoundPatient, find_colleagues, sites_of
from patients.rules import Demographics, fingerprint
from patients.rules.births import Birth
from patients.rules.profile import why_no_name

A_YEAR = timedelta(days=365)
SCOPE_WORDS = {
    Scope.IDENTITY: _("Name and details"),
    Scope.SCHEDULE: _("Visits"),
    Scope.CLINICAL: _("Notes and results"),
    Scope.MEDICATION: _("Medicines"),
    Scope.BILLING: _("Bills"),
    Scope.MESSAGE: _("Messages"),
}


# == Fields ==
class NameField(LineField):
    """A name as people bear it: any script, at least one letter."""

    default_error_messages = {
        "no_letter": _("%(label)s needs at least one letter"),
        "mixed": _("%(label)s mixes letters of two alphabets that look alike. Type it again by hand"),
        "ornament": _("%(label)s has letters made for ornament. Type it with plain ones"),
        "marks": _("%(label)s has a letter with too many marks. Type it again by hand"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(at_most=100, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if text and not any(sign.isalpha() for sign in text):
            raise self.refusal("no_letter")
        if refused := why_no_name(text):
            raise self.refusal(refused)
        return text


class SiteField(forms.ModelChoiceField):
    default_error_messages = {"invalid_choice": _("Choose one of the sites where you work")}

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as problem:  # what is no UUID speaks of UUIDs
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from problem

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)

    def offer(self, by: User) -> None:
        """The sites where this colleague works; a single one is chosen already."""
        self.queryset = sites = sites_of(by)
        if len(sites) == 1:
            self.initial, self.empty_label = sites[0].pk, None


# == Who somebody is ==
class DemographicsForm(AboutSomeone):
    """A person's registration; `demographics()` is what the verbs take."""

    family_name = NameField(label=_("Family name, as on the ID"))
    given_name = NameField(label=_("Given names"))
    preferred_name = NameField(label=_("Goes by"), required=False)
    birth_date = BirthField()
    sex = forms.ChoiceField(
        label=_("Sex on the insurance card"),
        choices=[("", _("Choose")), *Patient.Sex.choices],
        error_messages={"required": _("Choose the sex. Unknown is a good answer, a guess is not")},
    )
    phone = PhoneField(label=_("Mobile phone"), required=False)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        help_text=_("May be shared in a family"),
        error_messages={
            "invalid": _("E-mail needs an address like name@mail.example"),
            "max_length": _("E-mail is too long: 254 characters fit, it has %(show_value)d"),
        },
    )
    line = LineField(label=_("Street address"), at_most=200, required=False)
    city = LineField(label=_("City"), at_most=100, required=False)
    state = PatternField(
        label=_("State"), required=False, pattern="[A-Z]{2}", refused=_("State is two letters, like MA")
    )
    postal_code = ZipField(required=False)

    NAMES = ("family_name", "given_name", "preferred_name")
    BIRTH: tuple[str, ...] = ("birth_date", "sex")
    REACH = ("phone", "email")
    ADDRESS = ("line", "city", "state", "postal_code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"].widget.attrs["maxlength"]

    def names(self) -> list[forms.BoundField]:
        return [self[name] for name in self.NAMES]

    def birth(self) -> list[forms.BoundField]:
        return [self[name] for name in self.BIRTH]

    def reach(self) -> list[forms.BoundField]:
        return [self[name] for name in self.REACH]

    def address(self) -> list[forms.BoundField]:
        return [self[name] for name in self.ADDRESS]

    def demographics(self) -> Demographics:
        typed = self.cleaned_data | vars(self.cleaned_data["birth_date"])
        return Demographics(**{field.name: typed[field.name] for field in fields(Demographics)})


class RegisterForm(DemographicsForm):
    """A new person. `not_the_same` answers the possible matches that were shown, and only those."""

    site = SiteField(label=_("Registered at"), queryset=Site.objects.none(), empty_label=_("Choose"))
    number = LineField(
        label=_("Another number they have"),
        at_most=64,
        required=False,
        help_text=_("An earlier record number, or one of another house. Not the insurance number"),
    )
    number_of = LineField(label=_("Whose number it is"), at_most=100, required=False)
    not_the_same = forms.CharField(required=False, widget=forms.HiddenInput)
    BIRTH = (*DemographicsForm.BIRTH, "site", "number", "number_of")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].offer(by)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("number") and "number_of" not in self.errors and not typed.get("number_of"):
            self.add_error("number_of", _("Say whose number it is, such as the name of the hospital"))
        return typed

    def identifier(self) -> tuple[str, str] | None:
        """Whose number and the number, for a valid form; None where none was told."""
        typed = self.cleaned_data
        return (typed["number_of"], typed["number"]) if typed["number"] else None

    def is_answered(self, alike: Sequence[FoundPatient]) -> bool:
        """Whether somebody said of exactly these people that they are others."""
        return bool(self.cleaned_data["not_the_same"] == answer_for(alike))


class ChangeForm(DemographicsForm):
    """The details of somebody who is registered, and the mark of what they were when the page was opened."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, patient: Patient) -> "ChangeForm":
        known = patient.demographics()
        return cls(initial=typed_as(known) | {"seen": fingerprint(known)})

    def beside(self, patient: Patient, sentence: str) -> "ChangeForm":
        """What was typed, and at each field that differs what is known now; saving once more replaces it."""
        known = patient.demographics()
        form = ChangeForm({name: self.data[name] for name in self.data} | {"seen": fingerprint(known)})
        form.full_clean()
        form.add_error(None, sentence)
        for name, value in typed_as(known).items():
            if self.cleaned_data[name] != value:
                choices = dict(getattr(self.fields[name], "choices", {}))
                shown = choices.get(value) or self.fields[name].prepare_value(value) or _("nothing")
                form.add_error(name, ValidationError(_("Now: %(value)s"), params={"value": shown}))
        return form


def typed_as(known: Demographics) -> dict[str, Any]:
    """What is known, as the fields of the form take it: of the birth, how much of it is known."""
    values = dict(vars(known))
    values["birth_date"] = Birth(values["birth_date"], values.pop("birth_precision"))
    return values


def answer_for(alike: Sequence[FoundPatient]) -> str:
    """A short mark of who was shown: another list of people asks again."""
    return hashlib.sha256(" ".join(sorted(str(found.id) for found in alike)).encode()).hexdigest()[:16]


# == The list ==
class ListForm(forms.Form):
    """The filters of the list, from the address. `after` is where the page begins."""

    name = LineField(label=_("Family name begins with"), at_most=100, required=False)
    site = SiteField(label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("Every site"))
    youngest = forms.IntegerField(label=_("Age from"), required=False, min_value=0, max_value=OLDEST_AGE)
    oldest = forms.IntegerField(label=_("Age to"), required=False, min_value=0, max_value=OLDEST_AGE)
    after = forms.UUIDField(
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid": _("The list does not go on there. Show all, and go on from its start")},
    )

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        for name in ("youngest", "oldest"):
            self.fields[name].widget = forms.TextInput({"class": "short", "inputmode": "numeric"})
            for code in ("invalid", "min_value", "max_value"):
                self.fields[name].error_messages[code] = _("Age is a whole number of years, like 64")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        youngest, oldest = typed.get("youngest"), typed.get("oldest")
        if youngest is not None and oldest is not None and youngest > oldest:
            self.add_error("oldest", _("The higher age comes second"))
        return typed

    def filters(self) -> Filters:
        return Filters(**{name: self.cleaned_data[name] for name in ("name", "site", "youngest", "oldest")})


# == Who may open the chart ==
class GrantForm(AboutSomeone):
    """Give a colleague access to a patient. `membership` is asked only where several colleagues fit."""

    colleague = LineField(label=_("Colleague"), at_most=254, help_text=_("Name or e-mail"))
    membership = forms.ChoiceField(label=_("Which colleague"), widget=forms.RadioSelect, required=False)
    kind = forms.ChoiceField(
        label=_("Why"),
        widget=forms.RadioSelect,
        choices=[
            (CareRelationship.Kind.CARE_TEAM.value, _("Belongs to the care team")),
            (CareRelationship.Kind.SHARE.value, _("Asked to look at something")),
        ],
        initial=CareRelationship.Kind.SHARE.value,
    )
    scopes = forms.MultipleChoiceField(
        label=_("What they may see"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Name and details always come with it"),
        error_messages={"required": _("Choose what they may see")},
    )
    labels = forms.MultipleChoiceField(
        label=_("Marked items they may read besides"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Those that you may read. Without a tick they stay hidden"),
    )
    until = FlexibleDateField(
        label=_("Until"),
        required=False,
        earliest=timezone.localdate,
        help_text=_("The last day, such as Dec 31, 2026. Who looks at something needs one, within a year"),
    )
    reason = LineField(label=_("Reason"), at_most=500, help_text=_("The patient can read this"))

    def __init__(self, *args: Any, by: User, zone: str, labels: Sequence[Sensitivity] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.zone = by, ZoneInfo(zone)
        self.fields["labels"].choices = [  # type: ignore[attr-defined]
            pair for pair in SENSITIVITY_CHOICES if pair[0] in labels
        ]
        if not labels:
            del self.fields["labels"]
        mine = scopes_of(by.acting_role or "")
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.value, words) for scope, words in SCOPE_WORDS.items() if scope in mine
        ]
        self.initial.setdefault("scopes", [Scope.IDENTITY.value, Scope.CLINICAL.value])
        self.found = find_colleagues(str(self.data.get("colleague", "")), besides=by) if self.is_bound else []
        if len(self.found) > 1:
            self.fields["membership"].choices = [  # type: ignore[attr-defined]
                (str(membership.pk), describe(membership)) for membership in self.found
            ]
            self.fields["membership"].required = True
            self.fields["membership"].error_messages["required"] = _("Several colleagues fit. Choose one")
        else:
            del self.fields["membership"]

    def clean_colleague(self) -> str:
        if not self.found:
            raise ValidationError(
                _("Nobody who works here and can open charts has this name or e-mail"), code="unknown"
            )
        return str(self.cleaned_data["colleague"])

    def clean_scopes(self) -> list[Scope]:
        chosen = {Scope.IDENTITY, *(Scope(value) for value in self.cleaned_data["scopes"])}
        return [scope for scope in Scope if scope in chosen]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        until = typed.get("until")
        shares = typed.get("kind") == CareRelationship.Kind.SHARE
        if shares and "until" not in self.errors and (until is None or until > timezone.localdate() + A_YEAR):
            self.add_error("until", _("Who looks at something does so until a last day, within a year"))
        return typed

    def picked(self) -> Membership:
        """The colleague in the role they work in; for a valid form."""
        key = self.cleaned_data.get("membership")
        return next(found for found in self.found if key is None or str(found.pk) == key)

    def valid_until(self) -> datetime | None:
        """The end of the last day at the patient's site, as a moment; None without one."""
        day = self.cleaned_data["until"]
        return datetime.combine(day + timedelta(days=1), time(), self.zone) if day else None


def disclosure_rows(found: Sequence[Disclosure]) -> list[dict[str, Any]]:
    """Each disclosure with what was given, in words."""
    words = {str(code): told for code, told in [*SCOPE_WORDS.items(), *SENSITIVITY_CHOICES]}
    return [{"line": line, "parts": [words.get(part, part) for part in line.description.split(", ")]} for line in found]


def describe(membership: Membership) -> str:
    return f"{membership.user.full_name}, {ROLES[membership.role].name}, {membership.site.name}"


# == The portal ==
class LinkForm(AboutMyself):
    """The code from the clinic, with the date of birth it belongs to."""

    portal_code = LineField(
        label=_("Code from the clinic"),
        at_most=40,
        help_text=_("Ten letters and digits, like 7K2QM-RT4WX. Capitals do not matter"),
        widget=forms.TextInput({"class": "medium", "autocomplete": "off", "spellcheck": "false"}),
    )
    birth_date = DateOfBirthField(label=_("Your date of birth"))


class OpeningsForm(forms.Form):
    """How far back, and with or without oneself; from the address."""

    MOST = 200
    DAYS = {"30": 30, "365": 365, "all": None}

    time = forms.ChoiceField(
        label=_("Time"),
        required=False,
        choices=[("30", _("Last 30 days")), ("365", _("Last year")), ("all", _("All"))],
    )
    who = forms.ChoiceField(
        label=_("Who"),
        required=False,
        choices=[("others", _("Everyone but me")), ("all", _("Me too"))],
    )

    def since(self, now: datetime) -> datetime | None:
        days = self.DAYS[self.cleaned_data["time"] or "30"]
        return now - timedelta(days=days) if days else None
