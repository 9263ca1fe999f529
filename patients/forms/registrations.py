"""What people type who register themselves, and what the desk types to answer them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.messaging.addresses import AddressRefused, check_address
from healthcare.ui.fields import LineField, PatternField, PhoneField
from healthcare.ui.forms import AboutMyself, AboutSomeone
from patients.forms.births import BirthField
from patients.forms.fields import EmailField, ZipField
from patients.forms.people import NameField, SiteField
from patients.forms.profile import ANSWERS
from patients.models import Consent, Patient
from patients.rules import Demographics
from patients.rules.profile import LANGUAGES
from patients.rules.registrations import Told
from patients.texts import current_text

NOT_SAID = ("", _("Choose, if you like"))
RECEIVED = {"permit": _("Yes, I have received it"), "deny": _("No, I do not say so")}


class SelfRegistrationForm(AboutMyself):
    """Who somebody is, told by themself. `website` is seen by nobody: who fills it in is a program."""

    given_name = NameField(label=_("Given names"))
    family_name = NameField(label=_("Family name, as on your ID"))
    preferred_name = NameField(label=_("What we shall call you"), required=False)
    birth_date = BirthField(label=_("Your date of birth"))
    sex = forms.ChoiceField(
        label=_("Sex on your insurance card"),
        choices=[("", _("Choose")), *Patient.Sex.choices],
        error_messages={"required": _("Choose the sex. Unknown is a good answer")},
    )
    email = EmailField(help_text=_("We send a link to it. Only when you open it, we get what you typed"))
    phone = PhoneField(label=_("Mobile phone"), required=False)
    line = LineField(label=_("Street address"), at_most=200, required=False)
    city = LineField(label=_("City"), at_most=100, required=False)
    state = PatternField(
        label=_("State"), required=False, pattern="[A-Z]{2}", refused=_("State is two letters, like MA")
    )
    postal_code = ZipField(required=False)
    language = forms.ChoiceField(
        label=_("Language you prefer"),
        required=False,
        choices=[NOT_SAID, *sorted(LANGUAGES.items(), key=lambda pair: pair[1])],
    )
    interpreter = forms.ChoiceField(
        label=_("Interpreter"),
        required=False,
        choices=[NOT_SAID, ("yes", _("I need an interpreter")), ("no", _("I need none"))],
    )
    site = SiteField(
        label=_("Where you would like to come"),
        queryset=Site.objects.none(),
        required=False,
        empty_label=_("Anywhere"),
        error_messages={"invalid_choice": _("Choose one of our sites, or anywhere")},
    )
    reason = LineField(
        label=_("What brings you to us"),
        at_most=200,
        required=False,
        help_text=_("A few words, such as a first visit or a vaccination. The front desk reads it"),
    )
    notice = forms.ChoiceField(
        label=_("Have you received our privacy notice?"),
        choices=list(RECEIVED.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether you have received the privacy notice. Both answers are fine")},
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    website = forms.CharField(required=False, widget=forms.TextInput({"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text = current_text(Consent.Purpose.PRIVACY_NOTICE.value)
        self.fields["shown"].initial = self.text.digest
        self.fields["site"].queryset = Site.objects.filter(closed_at=None).order_by("name")  # type: ignore[attr-defined]

    @property
    def is_program(self) -> bool:
        """Of a bound form. A browser shows that field to nobody."""
        return bool(self.data.get("website"))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        try:
            check_address("email", email)
        except AddressRefused as problem:
            raise ValidationError(str(problem), code="invalid") from problem
        return email

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("shown") != self.text.digest:
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            data["shown"] = self.text.digest
            self.data = data
            self.add_error("notice", _("The notice has changed meanwhile. Read the new one first, then answer"))
        return typed

    def told(self) -> Told:
        typed = self.cleaned_data | vars(self.cleaned_data["birth_date"])
        return Told(
            Demographics(**{name: typed[name] for name in Demographics.__dataclass_fields__}),
            language=typed["language"],
            interpreter=ANSWERS[typed["interpreter"]],
            reason=typed["reason"],
            notice=typed["shown"],
            received=typed["notice"] == "permit",
        )

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields under their headings."""
        groups = {
            _("Who you are"): ("given_name", "family_name", "preferred_name", "birth_date", "sex"),
            _("How to reach you"): ("email", "phone", "line", "city", "state", "postal_code"),
            _("Your visit"): ("language", "interpreter", "site", "reason"),
        }
        return [(heading, [self[name] for name in names]) for heading, names in groups.items()]


class AcceptRegistrationForm(AboutSomeone):
    """Register as new. `not_the_same` answers the possible matches that were shown, and only those."""

    site = SiteField(label=_("Registered at"), queryset=Site.objects.none(), empty_label=_("Choose"))
    not_the_same = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].offer(by)  # type: ignore[attr-defined]


class AskForm(AboutSomeone):
    question = LineField(
        label=_("What you want to ask"),
        at_most=300,
        help_text=_("Stands here for whoever takes the call; the mail only asks to call"),
    )


class RefuseForm(AboutSomeone):
    reason = LineField(
        label=_("Why no record comes of it"), at_most=300, help_text=_("For colleagues; the mail does not say it")
    )
