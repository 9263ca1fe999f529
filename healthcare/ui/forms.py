"""Forms draw themselves: summary of errors, then for each field label, hint, error and control, in this order.

`FORM_RENDERER = "healthcare.ui.forms.Renderer"` makes `{{ form }}` and `{{ form.name.as_field_group }}` do it.
"""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext

# WCAG 1.3.5: what a field about oneself is for, in the words of the HTML standard's autofill tokens.
AUTOFILL = {
    "full_name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "preferred_name": "nickname",
    "birth_date": "bday",
    "email": "email",
    "phone": "tel",
    "address": "street-address",
    "line": "address-line1",
    "city": "address-level2",
    "state": "address-level1",
    "postal_code": "postal-code",
    "country": "country",
    "organization": "organization",
    "password": "current-password",
    "new_password": "new-password",
    "new_password_again": "new-password",
    "code": "one-time-code",
}


class Renderer(TemplatesSetting):
    """Our own templates for whole forms, formsets and single fields; widgets stay Django's."""

    form_template_name = "ui/forms/form.html"
    formset_template_name = "ui/forms/formset.html"
    field_template_name = "ui/forms/field.html"


class AboutMyself(forms.Form):
    """A form that people fill in about themselves: the browser may offer what it knows of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name in AUTOFILL:
                field.widget.attrs.setdefault("autocomplete", AUTOFILL[name])


class AboutSomeone(forms.Form):
    """A form about somebody else: the browser must not offer one patient's details for the next."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")


def control_id(field: BoundField) -> str:
    """The id of the control that a link to this field should reach; the first choice of a group."""
    return field.id_for_label or f"{field.auto_id}_0"


def sentences(field: BoundField) -> list[str]:
    """What is wrong with a field. Django's "This field is required." says nothing in a list of errors: name it."""
    told: list[str] = []
    for error in field.errors.as_data():
        if error.code == "required" and error.message == forms.Field.default_error_messages["required"]:
            told.append(gettext("Missing: %(label)s") % {"label": field.label})
        else:
            told.extend(error.messages)
    return told


def mistakes(form: forms.BaseForm) -> list[tuple[str, str]]:
    """Every error of a form as (id of the control or nothing, sentence), in the order of its fields."""
    if not form.is_bound:
        return []
    whole = [("", str(error)) for error in form.non_field_errors()]
    hidden = [("", told) for field in form.hidden_fields() for told in sentences(field)]
    return whole + hidden + [(control_id(field), told) for field in form.visible_fields() for told in sentences(field)]
