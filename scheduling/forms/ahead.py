"""One question for each thing that the clinic knows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.forms import AboutMyself
from scheduling.parts import CheckInItem

RIGHT, DIFFERENT = "right", "different"


class AheadForm(AboutMyself):
    """A choice for each item, under the name of its key; what was answered before is chosen already."""

    def __init__(self, data: Any, *, items: Sequence[CheckInItem], known: Mapping[str, bool]) -> None:
        super().__init__(data)
        for item in items:
            said = known.get(item.key)
            self.fields[item.key] = forms.ChoiceField(
                label=item.label,
                choices=[(RIGHT, _("This is right")), (DIFFERENT, _("Something is different"))],
                initial="" if said is None else RIGHT if said else DIFFERENT,
                widget=forms.RadioSelect,
                error_messages={"required": _("Say whether this is right")},
            )

    def answers(self) -> dict[str, bool]:
        return {key: said == RIGHT for key, said in self.cleaned_data.items()}
