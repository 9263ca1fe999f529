"""What is typed about an allergy: a new one, and what has become of one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from records.kinds.allergy import (
    CATEGORIES,
    CHOICES,
    CRITICALITIES,
    NATURES,
    REFUTED,
    SEVERITIES,
    STANDINGS,
    VERIFICATIONS,
    standing_of,
)
from records.models import Entry
from records.rules.said import Reaction

COMMON_ALLERGENS = (
    "amoxicillin",
    "aspirin",
    "codeine",
    "egg",
    "ibuprofen",
    "latex",
    "milk",
    "peanut",
    "penicillin",
    "shellfish",
    "sulfamethoxazole",
    "wasp venom",
)
SURE = {slug: words for slug, words in VERIFICATIONS.items() if slug != REFUTED}


def choice(label: Any, choices: dict[str, Any], unknown: Any, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", unknown), *choices.items()], required=False, **kwargs)


class ReactionForm(AboutSomeone):
    """What may be said of any allergy."""

    use_required_attribute = False

    reaction = LineField(at_most=200, required=False, label=_("What happens"), help_text=_("Like: rash, swelling"))
    severity = choice(_("How bad it was"), SEVERITIES, _("Not known"))
    criticality = choice(_("The next time"), CRITICALITIES, _("Not said"))
    verification = choice(_("How sure"), SURE, _("Not said"))
    category = choice(_("It is a"), CATEGORIES, _("Not said"))
    nature = choice(_("Allergy or intolerance"), NATURES, _("Not known"))
    since = LineField(at_most=40, required=False, label=_("Since"))
    note = LineField(at_most=200, required=False, label=_("Note"))

    def told(self, substance: str) -> Reaction:
        named = {name: self.cleaned_data[name] for name in ("reaction", "since", "note", *CHOICES)}
        return Reaction(substance=substance, **named)


class AllergyForm(ReactionForm):
    """A new one. `standing` is the one on the list that says the same; then a reason is asked for."""

    substance = LineField(at_most=200, label=_("Allergic to"), widget=forms.TextInput({"list": "allergens"}))
    though = LineField(at_most=200, required=False, label=_("Why it is recorded a second time"))
    field_order = ("substance",)
    allergens = COMMON_ALLERGENS
    standing: Entry | None = None

    def warn(self, sentence: str, standing: Entry) -> None:
        self.standing = standing
        self.fields["though"].required = True
        self.add_error("though", sentence)


class ChangeAllergyForm(ReactionForm):
    """What is said of it now, to be said otherwise."""

    standing = forms.ChoiceField(label=_("It is now"), widget=forms.RadioSelect, choices=list(STANDINGS.items()))
    because = LineField(
        at_most=200, required=False, label=_("Why"), help_text=_("Needed where it was shown to be none: how")
    )

    def __init__(self, *args: Any, entry: Entry, **kwargs: Any) -> None:
        said = {name: entry.data.get(name, "") for name in self.base_fields if name not in ("standing", "because")}
        super().__init__(*args, initial=said | {"standing": standing_of(entry)}, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("standing") == REFUTED and not cleaned.get("because"):
            self.add_error("because", _("Say how it was shown to be none."))
        return cleaned
