"""What is typed about requests for an amendment, on both sides."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.forms import AboutSomeone
from records.models import AmendmentRequest

LONGEST = 4000


def text_field(label: Any, help_text: Any = "", rows: int = 4) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": rows})
    )


class AskForm(AboutSomeone):
    use_required_attribute = False

    wanted = text_field(_("What should it say?"), _("Write it as you would have it"))
    reason = text_field(_("Why?"), _("For example: I was there and had not eaten. A paper that shows it helps"))


class StatementForm(AboutSomeone):
    """Of the patient, after a denial."""

    use_required_attribute = False

    statement = text_field(_("Why do you disagree?"), _("It stays with your record as you write it"))


class AcceptForm(AboutSomeone):
    use_required_attribute = False

    answer = text_field(
        _("Answer to the patient"), _("In plain words: what will be changed. Then amend, add or correct"), rows=3
    )


class DenyForm(AboutSomeone):
    use_required_attribute = False

    ground = forms.ChoiceField(
        label=_("On which ground"), choices=[("", _("Choose")), *AmendmentRequest.Ground.choices]
    )
    answer = text_field(_("Why, in plain words"), _("The patient reads it, and that they may disagree"), rows=3)


class ExtendForm(AboutSomeone):
    use_required_attribute = False

    reason = text_field(_("Why it takes longer"), _("The patient reads it. Thirty days, once"), rows=2)


class RebutForm(AboutSomeone):
    use_required_attribute = False

    rebuttal = text_field(_("What the clinic answers"), _("The patient reads it, and it goes with the record"), rows=3)


class MadeForm(AboutSomeone):
    """Where the record says so now: one of what was written since."""

    use_required_attribute = False

    entry = forms.TypedChoiceField(label=_("Where the record says so now"), coerce=UUID)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry"].choices = [("", _("Choose")), *choices]  # type: ignore[attr-defined]
