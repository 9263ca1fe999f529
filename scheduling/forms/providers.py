"""What is said about providers: who comes, what they may do, what they say of themselves, and when they are away."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Membership, Provider, Site, User
from healthcare.ui.fields import FlexibleDateField, LineField, PatternField
from healthcare.ui.forms import AboutSomeone
from patients.queries import find_colleagues
from patients.rules.profile import LANGUAGES
from scheduling.forms import PickField
from scheduling.models import Qualification

CODES = {name.casefold(): code for code, name in LANGUAGES.items()} | {code: code for code in LANGUAGES}
LONGEST_AWAY = timedelta(days=366)


class PlacesField(forms.MultipleChoiceField):
    """Some of the open sites, cleaned to the sites themselves."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.CheckboxSelectMultiple, **kwargs)
        self.rows: dict[str, Site] = {}

    def offer(self, sites: Iterable[Site]) -> None:
        self.rows = {str(site.pk): site for site in sites}
        self.choices = [(key, site.name) for key, site in self.rows.items()]

    def clean(self, value: Any) -> Any:
        return [self.rows[key] for key in super().clean(value)]


class PhotoForm(forms.Form):
    """A picture from a telephone or a camera. Its content is looked at by the verb alone."""

    photo = forms.FileField(
        label=_("Photo"),
        help_text=_("JPEG, PNG or WebP, at most 10 MB. Its middle is shown, as a square"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty")},
    )


class BringInForm(AboutSomeone):
    """A colleague who is to be booked from now on. Who has no account yet is invited first."""

    colleague = LineField(label=_("Colleague"), at_most=254, help_text=_("Name or e-mail of somebody who works here"))
    name = LineField(label=_("Name as patients read it"), at_most=200, help_text=_("Such as Maren Okafor"))
    credentials = LineField(label=_("Credentials"), at_most=40, required=False, help_text=_("Such as MD or NP"))
    specialty = LineField(label=_("Specialty"), at_most=100, help_text=_("As other providers have it"))
    npi = PatternField(
        label=_("National provider identifier"),
        pattern=r"[0-9]{10}",
        refused=_("It has ten digits"),
        required=False,
        help_text=_("Ten digits, if they have one"),
    )
    sites = PlacesField(label=_("Sites"), error_messages={"required": _("Choose where they see patients")})

    def __init__(self, *args: Any, by: User, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["sites"].offer(sites)  # type: ignore[attr-defined]

    def clean_colleague(self) -> User:
        found = find_colleagues(self.cleaned_data["colleague"], besides=self.by)
        people = {one.user_id: one.user for one in found}
        if len(people) != 1:
            said = _("Several fit. Type the whole e-mail") if people else _("Nobody who works here has this name")
            raise ValidationError(said, code="colleague")
        user = next(iter(people.values()))
        if Provider.objects.filter(user=user).exists():
            raise ValidationError(_("They can be booked already"), code="known")
        return user

    def clean_npi(self) -> str:
        npi = str(self.cleaned_data["npi"])
        if npi and Provider.objects.filter(npi=npi).exists():
            raise ValidationError(_("Another provider has this number"), code="known")
        return npi


class Qualifies(forms.BaseForm):
    """What is checked of a licence, privilege or certification wherever it is typed."""

    NAMELESS = _("A licence has a number, and somebody who gave it")
    BACKWARDS = _("The last day comes after the first")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("kind") == Qualification.Kind.LICENCE:
            for name in ("identifier", "issuer"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, self.NAMELESS)
        if given.get("first_day") and given.get("last_day") and given["last_day"] < given["first_day"]:
            self.add_error("last_day", self.BACKWARDS)
        return given


class LicenceForm(Qualifies, AboutSomeone):
    """A licence, privilege or certification of one provider."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Qualification.Kind.choices)
    name = LineField(label=_("What for"), at_most=120, help_text=_("Such as Physician and surgeon"))
    identifier = LineField(label=_("Number"), at_most=60, required=False)
    issuer = LineField(label=_("Given by"), at_most=120, required=False, help_text=_("Such as a state's board"))
    first_day = FlexibleDateField(label=_("First day"), help_text="")
    last_day = FlexibleDateField(label=_("Last day"), required=False, help_text=_("It counts on this day still"))


class LanguagesField(LineField):
    """Names of languages as people write them, cleaned to codes of BCP 47, each once, in their order."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(at_most=400, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(LANGUAGES.get(code, code)) for code in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        named = [name.strip() for name in str(super().clean(value)).split(",") if name.strip()]
        for name in named:
            if name.casefold() not in CODES:
                raise ValidationError(
                    _("We do not know the language “%(name)s”. Write it in English, such as Spanish"),
                    code="unknown",
                    params={"name": name},
                )
        return list(dict.fromkeys(CODES[name.casefold()] for name in named))


class OwnPageForm(forms.Form):
    """What a provider says of themselves; name, specialty and licences are the administrators' to change."""

    languages = LanguagesField(
        label=_("Languages you see patients in"),
        required=False,
        help_text=_("With commas between them, such as English, Spanish"),
    )
    accepting = forms.BooleanField(
        label=_("I take new patients"), required=False, help_text=_("Patients whom you know can book you either way")
    )
    about = LineField(
        label=_("About you"), at_most=600, required=False, help_text=_("Patients read it when they choose")
    )


class AwayForm(forms.Form):
    """Whole days away, on the clock of one's schedule; somebody may stand in for the charts and messages."""

    first = FlexibleDateField(label=_("First day"), help_text=_("Such as Dec 21, 2026"))
    last = FlexibleDateField(label=_("Last day"), help_text=_("The whole day"))
    colleague = PickField(label=_("Who stands in"), required=False)
    reason = LineField(label=_("Reason"), at_most=150, help_text=_("Colleagues can read this"))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, colleagues: Iterable[Membership], zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)
        field: Any = self.fields["colleague"]
        field.rows = {str(one.user_id): one.user for one in colleagues}
        field.choices = [("", _("Nobody")), *((key, user.full_name) for key, user in field.rows.items())]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        first, last = given.get("first"), given.get("last")
        if first and last and not first <= last <= first + LONGEST_AWAY:
            self.add_error("last", _("The last day comes after the first, and within a year"))
        if last and last < timezone.localdate(timezone=self.zone):
            self.add_error("last", _("This day is over"))
        return given

    def days(self) -> TimestamptzRange:
        """From the first midnight to the one after the last day, as instants."""
        first, last = self.cleaned_data["first"], self.cleaned_data["last"] + timedelta(days=1)
        begins, ends = (datetime.combine(day, time(), self.zone).astimezone(UTC) for day in (first, last))
        return TimestamptzRange(begins, ends)

    def during(self, now: datetime) -> TimestamptzRange:
        """What of these days is still to come."""
        days: Any = self.days()
        return TimestamptzRange(max(days.lower, now), days.upper)
