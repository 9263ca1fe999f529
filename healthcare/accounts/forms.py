"""Validate, never save. Pasting and password managers work everywhere (WCAG 3.3.8)."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.accounts.roles import ROLE_CHOICES, STAFF_ROLE_CHOICES
from healthcare.accounts.rules import LONGEST_PASSWORD


class AddressField(forms.EmailField):
    """An address that every mail server takes."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("E-mail"))
        super().__init__(max_length=254, **kwargs)
        self.widget.attrs.setdefault("autocomplete", "email")

    def clean(self, value: Any) -> str:
        address = str(super().clean(value))
        if not address.isascii():
            raise ValidationError(_("Enter an address without accents, as mail servers take it"))
        return address


class PasswordField(forms.CharField):
    """One that exists; nothing is stripped and nothing judged."""

    def __init__(self, autocomplete: str = "current-password", **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Password"))
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, widget=widget, **kwargs)


class CodeField(forms.CharField):
    """Six digits, however they are grouped."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Six-digit code"))
        kwargs.setdefault("help_text", _("It changes every 30 seconds"))
        attrs = {"class": "code", "inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
        super().__init__(max_length=16, widget=forms.TextInput(attrs=attrs), **kwargs)


class SiteField(forms.ModelChoiceField):
    """One of the open sites, by its name."""

    def __init__(self) -> None:
        sites = Site.objects.filter(closed_at=None).order_by("name")
        super().__init__(queryset=sites, label=_("Site"), empty_label=_("Choose a site"))

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class SignInForm(forms.Form):
    email = AddressField()
    password = PasswordField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "username"


class CodeForm(forms.Form):
    code = CodeField()


class RecoveryForm(forms.Form):
    code = forms.CharField(
        label=_("Recovery code"),
        help_text=_("Sixteen letters and digits, like K7QF-P2M9-DXHU-4R6A. Each code works once"),
        max_length=40,
        widget=forms.TextInput(attrs={"class": "medium", "autocomplete": "off", "spellcheck": "false"}),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class StepUpForm(forms.Form):
    """Prove again who one is. The field's name meets no field of the pages that it stands in for."""

    ANSWER = "step_up_answer"
    step_up_answer = PasswordField()

    def __init__(self, *args: Any, has_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_code:
            self.fields[self.ANSWER] = CodeField()


class NewPasswordForm(forms.Form):
    """A password nobody can guess: 12 to 128 characters, not a common one, not one's own name (NIST SP 800-63B)."""

    new_password = PasswordField(
        "new-password",
        label=_("New password"),
        help_text=_("At least 12 characters. A few words in a row are easy to keep in mind"),
    )

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(_("At most 128 characters fit. This one is longer"))
        validate_password(password, self.user)
        return password


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(label=_("Password now"))
    field_order = ("current", "new_password")


class NameAndPasswordForm(NewPasswordForm):
    full_name = forms.CharField(
        label=_("Your name"),
        help_text=_("As colleagues and patients shall read it, with a title if you like"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("full_name", "new_password")


class AddressForm(forms.Form):
    email = AddressField()


class PreferencesForm(forms.Form):
    single_keys = forms.BooleanField(label=_("Keyboard shortcuts of one key, like / and ?"), required=False)
    theme = forms.ChoiceField(
        label=_("Colors"),
        required=False,
        choices=[("", _("As the device has it")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    density = forms.ChoiceField(label=_("Spacing"), required=False, choices=[("", _("Dense")), ("roomy", _("Roomy"))])

    def __init__(self, *args: Any, in_portal: bool, **kwargs: Any) -> None:
        """The portal has no single keys, and one spacing."""
        super().__init__(*args, **kwargs)
        if in_portal:
            del self.fields["single_keys"], self.fields["density"]


class NameForm(forms.Form):
    full_name = NameAndPasswordForm.base_fields["full_name"]


class InviteForm(forms.Form):
    """Who comes, where, as what. Provider fields count only for those whom patients can book."""

    full_name = forms.CharField(label=_("Name"), max_length=200)
    email = AddressField(label=_("E-mail at work"))
    site = SiteField()
    roles = forms.MultipleChoiceField(label=_("Roles"), choices=STAFF_ROLE_CHOICES, widget=forms.CheckboxSelectMultiple)
    is_provider = forms.BooleanField(label=_("Patients can book visits with this person"), required=False)
    credentials = forms.CharField(
        label=_("Credentials"), help_text=_("Like MD, NP or RN"), max_length=40, required=False
    )
    specialty = forms.CharField(label=_("Specialty"), max_length=100, required=False)
    npi = forms.RegexField(
        r"^[0-9]{10}$",
        label=_("National provider identifier"),
        help_text=_("10 digits"),
        required=False,
        error_messages={"invalid": _("A national provider identifier has 10 digits")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"


class GrantForm(forms.Form):
    site = SiteField()
    role = forms.ChoiceField(label=_("Role"), choices=[("", _("Choose a role")), *STAFF_ROLE_CHOICES])
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("For somebody who helps out; empty where there is no end"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_last_day(self) -> date | None:
        last: date | None = self.cleaned_data["last_day"]
        if last and last < timezone.localdate():
            raise ValidationError(_("That day is over. Choose today or a later one."))
        return last


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("How did you make sure who asked?"),
        help_text=_("For example: came in person, I know her"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class HandoverForm(forms.Form):
    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label=_("Who takes over?"),
        help_text=_(
            "A colleague of the same role. They reach these patients for 90 days, and find all of it in their lists"
        ),
        empty_label=_("Nobody: it waits for the team"),
    )

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["to"]
        field.queryset, field.label_from_instance = colleagues, lambda user: user.full_name


class WhyForm(forms.Form):
    reason = forms.CharField(
        label=_("Why?"),
        help_text=_("Colleagues read it in the history"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def check_time_zone(name: str) -> None:
    """Raises ValidationError for a name that the IANA database does not hold."""
    if name not in available_timezones():
        raise ValidationError(_("Enter a zone of the IANA database, like America/New_York"))


SORTINGS = (
    ("when", _("Newest first")),
    ("-when", _("Oldest first")),
    ("who", _("Account")),
    ("role", _("Role")),
    ("what", _("Action")),
    ("whose", _("Patient")),
    ("outcome", _("Outcome")),
    ("where", _("Address")),
    ("-who", _("Account, reversed")),
    ("-role", _("Role, reversed")),
    ("-what", _("Action, reversed")),
    ("-whose", _("Patient, reversed")),
    ("-outcome", _("Outcome, reversed")),
    ("-where", _("Address, reversed")),
)
LONG = timedelta(days=92)


class AuditFilterForm(forms.Form):
    """All optional. `filter` is what was asked for, with the account that was meant."""

    person = forms.CharField(label=_("Person"), help_text=_("E-mail, or the id of an account"), required=False)
    patient = forms.UUIDField(label=_("Patient id"), required=False)
    action = forms.RegexField(
        r"^[a-z0-9_.]+$",
        label=_("Action"),
        help_text=_("Begins with, like patients.open"),
        max_length=80,
        required=False,
        error_messages={"invalid": _("An action is lower-case words with dots, like patients.open_chart")},
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Any")), *ROLE_CHOICES])
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[("", _("Any")), ("ok", _("Done")), ("denied", _("Denied")), ("failed", _("Failed"))],
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    address = forms.GenericIPAddressField(label=_("Network address"), required=False)
    session = forms.UUIDField(label=_("Sign-in"), help_text=_("The id of a session or token"), required=False)
    reference = forms.RegexField(
        r"^[0-9A-Z]{5}-[0-9A-Z]{5}$", label=_("Reference"), help_text=_("Like K7QFP-2M9DX"), required=False, strip=True
    )
    sort = forms.ChoiceField(label=_("Sorted by"), required=False, choices=SORTINGS)

    def clean(self) -> dict[str, Any]:
        wanted = super().clean() or {}
        since, until = wanted.get("since"), wanted.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        narrowed = wanted.get("person") or wanted.get("patient") or (since and until and until - since <= LONG)
        for name in ("session", "reference"):
            if wanted.get(name) and not narrowed:
                self.add_error(name, _("Name a person or a patient as well, or the days: at most 92 of them."))
        return wanted

    def used(self) -> list[str]:
        """The names of the fields somebody filled in."""
        return sorted(name for name, value in self.cleaned_data.items() if value)
