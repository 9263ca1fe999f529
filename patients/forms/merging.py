"""What people choose when two records become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from patients.models import CareRelationship
from patients.queries.merging import Difference

KEPT, GONE = "kept", "gone"


@dataclass(frozen=True)
class Line:
    """One field of the two, as the page compares it: `name` of the choice, "" where both agree."""

    found: Difference
    name: str
    chosen: str


class MergeForm(AboutSomeone):
    """Field by field, which of the two is right; of two portal accounts, which goes on; and how one knows.

    What only the other record says is proposed.
    """

    def __init__(
        self, *args: Any, differences: Sequence[Difference], accounts: Sequence[CareRelationship], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.differences = differences
        for found in differences:
            if found.differs:
                self.fields[f"from_{found.field}"] = forms.ChoiceField(
                    label=found.label,
                    choices=[(KEPT, found.kept), (GONE, found.gone)],
                    initial=KEPT if found.kept else GONE,
                    error_messages={"required": _("Choose one of the two")},
                )
        if len(accounts) > 1:
            self.fields["account"] = forms.TypedChoiceField(
                label=_("Which portal account goes on opening the record"),
                widget=forms.RadioSelect,
                coerce=UUID,
                choices=[(str(self_.user_id), self_.user.email) for self_ in accounts if self_.user],
                initial=str(accounts[0].user_id),
                help_text=_("The other one opens no record afterwards. Tell the patient"),
            )
        self.fields["reason"] = LineField(
            label=_("How you know that this is one person"),
            at_most=300,
            help_text=_("For example: passport shown, both numbers on the card. Kept with the merge"),
        )

    def lines(self) -> list[Line]:
        """The comparison, with what stands chosen."""
        return [
            Line(found, name, str(self[name].value()) if name in self.fields else "")
            for found in self.differences
            for name in [f"from_{found.field}" if found.differs else ""]
        ]

    def groups(self) -> list[forms.BoundField]:
        """The questions besides."""
        return [self[name] for name in ("account", "reason") if name in self.fields]

    def taken(self) -> list[str]:
        """The fields whose value comes from the other record."""
        return [found.field for found in self.differences if self.cleaned_data.get(f"from_{found.field}") == GONE]
