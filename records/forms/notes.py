"""What is typed into a note, and into an addendum to it."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator, RegexValidator
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from records.forms.marking import SensitivityField
from records.models import Draft, Encounter
from records.rules.notes import LONGEST, LONGEST_PART, PARTS, NoteText, note_text

LABELS = {
    "reason": _("Why the patient came"),
    "subjective": _("What the patient tells"),
    "objective": _("What you find"),
    "assessment": _("Your view"),
    "plan": _("Plan"),
    "instructions": _("For the patient"),
}
ROWS = {"subjective": 5, "objective": 4, "assessment": 3, "plan": 4, "instructions": 3}
MISSING = {"assessment": _("Write your view before you sign."), "plan": _("Write the plan before you sign.")}


class Prose(forms.CharField):
    """Some lines of text. No `maxlength`, which would cut a pasted text silently; too long is said instead."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, widget=forms.Textarea({"rows": rows}), **kwargs)
        self.validators.append(MaxLengthValidator(LONGEST_PART))


class NoteParts(AboutSomeone):
    """The note in its parts."""

    required_css_class = ""
    use_required_attribute = False

    reason = LineField(at_most=LONGEST["reason"], required=False, label=LABELS["reason"])
    subjective = Prose(rows=ROWS["subjective"], label=LABELS["subjective"])
    objective = Prose(rows=ROWS["objective"], label=LABELS["objective"])
    assessment = Prose(rows=ROWS["assessment"], label=LABELS["assessment"])
    plan = Prose(rows=ROWS["plan"], label=LABELS["plan"])
    instructions = Prose(
        rows=ROWS["instructions"],
        label=LABELS["instructions"],
        help_text=_("In plain words, for their summary of the visit. Left empty, they read the plan."),
    )

    def written(self) -> list[Any]:
        """The fields that are written in, without the hidden ones."""
        return [self[name] for name in PARTS]

    def text(self) -> NoteText:
        return note_text({name: self.cleaned_data[name] for name in PARTS})

    def say_missing(self, missing: list[str]) -> None:
        for name in missing:
            self.add_error(name, MISSING[name])


class AmendForm(NoteParts):
    """A later version of a signed note, and why."""

    because = LineField(at_most=200, label=_("Why the note is amended"))


class NursingForm(AboutSomeone):
    """The nurse's part."""

    told = Prose(rows=4, label=LABELS["subjective"])
    found = Prose(rows=6, label=_("What you saw and did"))


class NoteForm(NoteParts):
    """The note, the version of the draft it was opened on, whose it is, and the page it is typed on."""

    sensitivity = SensitivityField()
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    writer = forms.UUIDField(widget=forms.HiddenInput)
    pen = forms.CharField(
        required=False, widget=forms.HiddenInput, validators=[RegexValidator(r"\A[0-9a-f]{1,24}\.[0-9]{1,8}\Z")]
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    @classmethod
    def of(cls, encounter: Encounter, draft: Draft | None, *, by: User) -> "NoteForm":
        """As it stands: the draft, or an empty note with the reason of the visit."""
        text = note_text(draft.content) if draft else NoteText(reason=encounter.reason)
        kept = {"version": draft.version, "sensitivity": draft.sensitivity} if draft else {"version": 0}
        return cls(initial=vars(text) | kept | {"writer": by.pk}, by=by)

    def clean_writer(self) -> Any:
        """Somebody else may have signed in meanwhile, in another tab of the same browser."""
        if self.cleaned_data["writer"] != self.by.pk:
            raise forms.ValidationError(
                _("Somebody else is signed in here now. Sign in as yourself again to keep this text."), code="writer"
            )
        return self.cleaned_data["writer"]

    def is_others(self) -> bool:
        """Whether the text was typed by somebody else than who is signed in now."""
        return self.has_error("writer", "writer")


class AddendumForm(AboutSomeone):
    """What is added to a signed note."""

    text = forms.CharField(
        label=_("What is to be added"),
        widget=forms.Textarea({"rows": 6}),
        validators=[MaxLengthValidator(LONGEST_PART)],
        help_text=_("The note itself stays as it was signed. This stands below it, with your name and the time."),
    )
