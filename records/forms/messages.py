"""A message as it is typed, and what it is about."""

import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.ui.fields import JOINERS, UNSEEN
from records.forms.templates import PlaceForm
from records.models import Pool, Thread
from records.queries.templates import Offered
from records.rules.attachments import ENDINGS, LARGEST, Upload
from records.rules.messages import LONGEST

# What a patient may write about, in words that ask; the staff see the category's own name.
ABOUT = {
    Thread.Category.QUESTION: _("A question about my health"),
    Thread.Category.MEDICINE: _("A medicine, or more of it"),
    Thread.Category.RESULT: _("A test result"),
    Thread.Category.VISIT: _("A visit"),
    Thread.Category.FORM: _("A form or letter"),
    Thread.Category.BILL: _("A bill"),
    Thread.Category.OTHER: _("Something else"),
}


class TextField(forms.CharField):
    """Several lines of text: accents composed (Unicode NFC), nothing in it that cannot be seen but line ends and tabs.

    It sets no `maxlength`, which would cut a pasted text silently.
    """

    widget = forms.Textarea

    def __init__(self, *, at_most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at_most = at_most

    def to_python(self, value: Any) -> str:
        text = unicodedata.normalize("NFC", super().to_python(value) or "").replace("\r\n", "\n").strip()
        seen = "".join(sign for sign in text if sign in f"\n\t{JOINERS}" or unicodedata.category(sign) not in UNSEEN)
        if len(seen) > self.at_most:
            raise ValidationError(
                _("%(limit)d characters fit, this has %(count)d"),
                code="too_long",
                params={"limit": self.at_most, "count": len(seen)},
            )
        return seen


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files. What they are, the verb finds in their content."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        return [Upload(file.name, file.read(LARGEST + 1)) for file in data or []]


class MessageForm(forms.Form):
    """A message. `key` makes a second press the same message; `confirmed` says which urgent words were shown.
    `wording` chooses among the clinic's texts that are offered, and is drawn beside. `not_kept` are files that came
    with what is on the page again: their writer has to choose them anew.
    """

    body = TextField(
        label=_("Your message"),
        at_most=LONGEST,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"required": _("Write something before you send it")},
    )
    attachments = FilesField(
        label=_("Files"),
        required=False,
        widget=FilesInput({"accept": ",".join((*ENDINGS, *ENDINGS.values()))}),
        help_text=_("PDF, JPEG, PNG or plain text, up to 5 files of 10 MB each"),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    confirmed = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, label: Any = "", hint: Any = "", offered: Sequence[Offered] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.wording = PlaceForm(offered=offered)
        self.not_kept: list[str] = []
        self.lose(self.files)
        self.fields["key"].initial = uuid.uuid4
        self.fields["body"].label = label or self.fields["body"].label
        self.fields["body"].help_text = hint

    def lose(self, files: Any) -> None:
        """No page keeps the files that were chosen: their names, for whoever has to choose them again."""
        self.not_kept = [file.name for file in files.getlist("attachments")] if files else []


class StartForm(MessageForm):
    """What it is about, and the first message."""

    category = forms.ChoiceField(
        label=_("About"),
        choices=[("", _("Choose")), *Thread.Category.choices],
        error_messages={"required": _("Choose what it is about")},
    )
    field_order = ["category", "to", "body", "attachments"]


class PortalStartForm(StartForm):
    """The same in the patient's words; `about` is what they came from. `places` are those whom one can write to by
    name; the field goes without.
    """

    to = forms.ChoiceField(
        label=_("To"),
        required=False,
        error_messages={"invalid_choice": _("Nobody answers there any more. Choose again")},
    )

    about = forms.CharField(required=False, widget=forms.HiddenInput)
    category = forms.ChoiceField(
        label=_("What is it about?"),
        choices=[(category.value, words) for category, words in ABOUT.items()],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is about")},
    )

    def __init__(self, *args: Any, places: Mapping[str, Pool | Provider] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places or {}
        to: Any = self.fields["to"]
        named = [(key, place.name) for key, place in self.places.items()]
        to.choices = [("", _("Whoever answers such questions")), *named]
        if not named:
            del self.fields["to"]

    def place(self) -> Pool | Provider | None:
        return self.places.get(self.cleaned_data.get("to", ""))


class HandOnForm(forms.Form):
    """To whom a conversation is given; `instead_of` is who had it when the page was drawn, empty for nobody."""

    to = forms.ChoiceField(
        label=_("Give it to"),
        error_messages={
            "required": _("Choose who is to answer"),
            "invalid_choice": _("This colleague or pool does not answer messages of this patient"),
        },
    )
    instead_of = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, goals: Mapping[str, User | Pool | None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.goals = goals
        back = [("back", _("Back to who answers here"))] if "back" in goals else []
        pools = [(key, goal.name) for key, goal in goals.items() if isinstance(goal, Pool)]
        people = [(key, goal.full_name) for key, goal in goals.items() if isinstance(goal, User)]
        groups = [(label, rows) for label, rows in ((_("Pools"), pools), (_("Colleagues"), people)) if rows]
        to: Any = self.fields["to"]
        to.choices = [("", _("Choose")), *back, *groups]

    def goal(self) -> User | Pool | None:
        return self.goals[self.cleaned_data["to"]]
