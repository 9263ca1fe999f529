"""A text for messages, as an administrator writes it and as a colleague chooses it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site
from patients.rules.profile import LANGUAGES
from records.models import MessageTemplate
from records.queries.templates import Offered

SPOKEN: list[tuple[str, str]] = sorted(LANGUAGES.items(), key=lambda pair: pair[1])


class MessageTemplateForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=SPOKEN, initial="en")

    class Meta:
        model = MessageTemplate
        fields: ClassVar[list[str]] = ["site", "language", "name", "body", "active"]
        help_texts: ClassVar[dict[str, Any]] = {
            "body": _(
                "{patient}, {writer}, {site} and {telephone} are filled when the text is chosen. Write *** where the"
                " writer has to put something in; nothing is sent before they did."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = Site.objects.filter(closed_at=None).order_by("name")
        site.label_from_instance = lambda row: row.name


class TextSelect(forms.Select):
    """Each choice holds its text, for the page's script."""

    texts: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if text := self.texts.get(str(value)):
            option["attrs"]["data-text"] = text
        return option


class PlaceForm(forms.Form):
    """A text of the clinic, to be put behind what is typed. It stands in the form of the message."""

    template = forms.ChoiceField(
        label=_("A text of the clinic"),
        required=False,
        widget=TextSelect,
        help_text=_("It is put behind what you typed; change it as you like before you send it"),
    )

    def __init__(self, *args: Any, offered: Sequence[Offered], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = {str(one.key): one.text for one in offered}
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in offered:
            group = LANGUAGES.get(one.language, one.language)
            if one.fits:
                group = gettext("%(language)s, the patient’s language") % {"language": group}
            groups.setdefault(group, []).append((str(one.key), one.name))
        field: Any = self.fields["template"]
        field.choices = [("", _("Choose")), *groups.items()]
        field.widget.texts = self.texts

    def behind(self, typed: str) -> str:
        """What is typed with the chosen text behind it; as it is where none was chosen."""
        text = self.texts.get(self.cleaned_data["template"], "") if self.is_valid() else ""
        return "\n\n".join(part for part in (typed.rstrip(), text) if part)
