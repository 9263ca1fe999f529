"""What is typed to plan that a patient comes again."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from records.forms.marking import SensitivityField
from records.models import RecallCall
from scheduling.models import VisitType


class RecallForm(AboutSomeone):
    use_required_attribute = False

    reason = LineField(at_most=300, label=_("Why"), help_text=_("For colleagues who treat the patient"))
    due_on = FlexibleDateField(label=_("By"), earliest=timezone.localdate)
    visit_type = forms.ModelChoiceField(
        label=_("Kind of visit"),
        queryset=VisitType.objects.filter(active=True).order_by("name"),
        help_text=_("The front desk reads this and the day, and not why"),
    )
    sensitivity = SensitivityField()


class CallForm(AboutSomeone):
    outcome = forms.ChoiceField(label=_("How it went"), choices=RecallCall.Outcome.choices)
