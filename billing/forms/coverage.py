"""What is typed from an insurance card, read and checked. Whether the place is free is the verb's to say."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing.models import Coverage, Plan, Relationship
from billing.queries import plans_offered
from billing.rules.coverage import PRIORITIES, SELF, Card
from healthcare.ui.fields import DateOfBirthField, FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone

EARLIEST, LATEST = date(1950, 1, 1), date(2099, 12, 31)
PLACES = {1: _("First"), 2: _("Second"), 3: _("Third")}
ABOUT_SUBSCRIBER = ("subscriber_name", "subscriber_birth_date")


class PlanField(forms.ModelChoiceField):
    """Plans under the names of their payers."""

    default_error_messages = {
        "required": _("Choose the plan that stands on the card"),
        "invalid_choice": _("Choose one of the plans of the list"),
    }

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as problem:  # what is no UUID speaks of UUIDs
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from problem

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.payer.name}: {obj.name}"


class CardForm(AboutSomeone):
    """A card as it lies on the desk. `end_earlier` is asked for only where another card holds the place."""

    plan = PlanField(label=_("Payer and plan"), queryset=Plan.objects.none(), empty_label=_("Choose"))
    priority = forms.TypedChoiceField(
        label=_("Who is asked to pay"),
        coerce=int,
        choices=[(place, PLACES[place]) for place in PRIORITIES],
        initial=PRIORITIES[0],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether it pays first, second or third")},
    )
    member_id = LineField(label=_("Member number"), at_most=40, help_text=_("As it stands on the card"))
    group_number = LineField(label=_("Group number"), at_most=40, required=False)
    first_day = FlexibleDateField(label=_("First day"), earliest=EARLIEST, latest=LATEST)
    last_day = FlexibleDateField(
        label=_("Last day"),
        required=False,
        earliest=EARLIEST,
        latest=LATEST,
        help_text=_("It still counts on this day. Leave it empty where the card does not say"),
    )
    relationship = forms.ChoiceField(
        label=_("The patient is"),
        choices=Relationship.choices,
        initial=SELF,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whose insurance it is")},
    )
    subscriber_name = LineField(
        label=_("Name of the insured person"), at_most=200, required=False, help_text=_("Where it is not the patient")
    )
    subscriber_birth_date = DateOfBirthField(label=_("Their date of birth"), required=False)
    end_earlier = forms.BooleanField(label=_("End the other card on the day before this one begins"), required=False)

    def __init__(self, *args: Any, plans: Any = None, may_end: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["plan"]
        field.queryset = plans_offered() if plans is None else plans
        if not may_end:
            self.fields["end_earlier"].widget = forms.HiddenInput()

    @classmethod
    def of(cls, coverage: Coverage) -> "CardForm":
        """Filled in with what the card says."""
        names = ("priority", "member_id", "group_number", "first_day", "last_day", "relationship", *ABOUT_SUBSCRIBER)
        said = {name: getattr(coverage, name) for name in names}
        return cls(initial=said | {"plan": coverage.plan_id}, plans=plans_with(coverage))

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        first, last = typed.get("first_day"), typed.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day is before the first. Check both"))
        anothers = typed.get("relationship") not in (None, SELF)
        if anothers and typed.get("subscriber_name") == "":
            self.add_error("subscriber_name", _("Write the name of the person whose insurance it is"))
        return typed

    def card(self) -> Card:
        """What the verbs take; for a valid form. Of one's own insurance nobody else is named."""
        typed = self.cleaned_data
        own = typed["relationship"] == SELF
        return Card(
            plan_id=typed["plan"].pk,
            priority=typed["priority"],
            member_id=typed["member_id"],
            first_day=typed["first_day"],
            last_day=typed["last_day"],
            group_number=typed["group_number"],
            relationship=typed["relationship"],
            subscriber_name="" if own else typed["subscriber_name"],
            subscriber_birth_date=None if own else typed["subscriber_birth_date"],
        )

    def insurance(self) -> list[forms.BoundField]:
        return [self[name] for name in ("plan", "member_id", "group_number")]

    def place(self) -> list[forms.BoundField]:
        return [self["priority"], *([] if self["end_earlier"].is_hidden else [self["end_earlier"]])]

    def days(self) -> list[forms.BoundField]:
        return [self["first_day"], self["last_day"]]

    def subscriber(self) -> list[forms.BoundField]:
        return [self[name] for name in ABOUT_SUBSCRIBER]


def plans_with(coverage: Coverage) -> Any:
    """What is offered, and the plan of this card, whose payer may pay no longer."""
    return (plans_offered() | Plan.objects.filter(pk=coverage.plan_id).select_related("payer")).distinct()


class WithdrawForm(AboutSomeone):
    """Why a card never counted."""

    reason = LineField(label=_("What was wrong"), at_most=200)


class CheckForm(forms.Form):
    """The day to ask about."""

    day = FlexibleDateField(label=_("Day of the visit"), earliest=EARLIEST, latest=LATEST)
