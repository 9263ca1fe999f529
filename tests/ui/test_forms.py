import re
from collections.abc import Callable

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import PhoneField
from healthcare.ui.forms import AboutMyself, AboutSomeone, Renderer, control_id, mistakes, sentences


class Visit(forms.Form):
    family_name = forms.CharField(label="Family name", help_text="as on the ID")
    preferred_name = forms.CharField(label="Goes by", required=False)
    phone = PhoneField(label="Mobile phone", help_text="we call in the daytime")
    payer = forms.ChoiceField(
        label="Insurance", widget=forms.RadioSelect, help_text="ask for the card", choices=[("y", "Yes"), ("n", "No")]
    )
    reminders = forms.MultipleChoiceField(
        label="Reminders",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("By phone", [("call", "Call"), ("text", "Text")])],
    )
    guessed = forms.BooleanField(label="Birth date is a guess", help_text="ask again next time")
    token = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if self.data.get("family_name") == "Twice":
            raise forms.ValidationError(_("This person is already registered."))
        return cleaned


GOOD = {"family_name": "Osei", "phone": "508-555-0177", "payer": "y", "guessed": "on", "token": "t"}


def drawn(form: forms.Form) -> str:
    return str(form)


def test_the_project_draws_forms_this_way(settings: object) -> None:
    assert settings.FORM_RENDERER == "healthcare.ui.forms.Renderer"
    assert isinstance(Visit().renderer, Renderer)


def test_label_hint_error_and_control_come_in_this_order() -> None:
    html = Visit(GOOD | {"phone": "508-555-017"})["phone"].as_field_group()
    places = [html.index(piece) for piece in ("Mobile phone", "daytime", "It has 9", "<input")]
    assert places == sorted(places)


def test_hint_and_error_are_bound_to_the_control() -> None:
    html = Visit(GOOD | {"phone": "508-555-017"})["phone"].as_field_group()
    control = re.search("<input[^>]*>", html).group()
    assert 'aria-describedby="id_phone_helptext id_phone_error"' in control
    assert 'aria-invalid="true"' in control
    assert 'id="id_phone_helptext"' in html
    assert 'id="id_phone_error"' in html
    assert 'for="id_phone"' in html


def test_optional_is_said_in_words_and_required_is_not() -> None:
    form = Visit()
    assert "(optional)" in form["preferred_name"].as_field_group()
    assert "(optional)" not in form["family_name"].as_field_group()


def test_a_group_of_choices_has_a_legend_and_its_notes() -> None:
    html = Visit(GOOD | {"payer": ""})["payer"].as_field_group()
    assert html.startswith("<fieldset")
    assert 'aria-describedby="id_payer_helptext id_payer_error"' in html
    assert re.search(r"<legend>\s*Insurance", html)
    assert html.count('class="choice"') == 2


def test_named_groups_of_choices_show_their_name() -> None:
    html = Visit()["reminders"].as_field_group()
    assert "By phone" in html
    assert "(optional)" in html


def test_a_checkbox_stands_inside_its_label_after_its_notes() -> None:
    html = Visit(GOOD | {"guessed": ""})["guessed"].as_field_group()
    assert html.index("ask again next time") < html.index("Missing: Birth date is a guess") < html.index("<label")
    assert re.search(r'<label class="choice" for="id_guessed"><input', html)


def test_the_summary_leads_to_each_field() -> None:
    html = drawn(Visit({}))
    assert 'role="alert"' in html
    for target in ("id_family_name", "id_phone", "id_payer_0", "id_guessed"):
        assert f'href="#{target}"' in html
        assert f'id="{target}"' in html


def test_mistakes_come_in_the_order_of_the_fields_and_hidden_ones_first() -> None:
    found = mistakes(Visit({}))
    assert found == [
        ("", "Missing: Token"),
        ("id_family_name", "Missing: Family name"),
        ("id_phone", "Missing: Mobile phone"),
        ("id_payer_0", "Missing: Insurance"),
        ("id_guessed", "Missing: Birth date is a guess"),
    ]


def test_what_concerns_the_whole_form_has_no_link() -> None:
    assert mistakes(Visit(GOOD | {"family_name": "Twice"})) == [("", "This person is already registered.")]


def test_nothing_is_wrong_before_anything_was_sent() -> None:
    assert mistakes(Visit()) == []
    assert "There is a problem" not in drawn(Visit())
    assert "There is a problem" not in drawn(Visit(GOOD))


def test_a_sentence_of_its_own_is_kept() -> None:
    class Asked(forms.Form):
        reason = forms.CharField(error_messages={"required": "Say why"})

    form = Asked({})
    form.add_error("reason", "And say it in one sentence")
    assert sentences(form["reason"]) == ["Say why", "And say it in one sentence"]
    assert "Say why<br>And say it in one sentence" in form["reason"].as_field_group()


def test_what_was_typed_is_escaped_and_stays() -> None:
    html = drawn(Visit(GOOD | {"family_name": '"><script>alert(1)</script>', "phone": ""}))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_hidden_fields_are_drawn_once() -> None:
    assert drawn(Visit(GOOD)).count('name="token"') == 1


def test_a_formset_draws_its_management_form_and_each_form() -> None:
    formset = forms.formset_factory(Visit, extra=2)()
    html = str(formset)
    assert 'name="form-TOTAL_FORMS"' in html
    assert 'id="id_form-1-family_name"' in html


def test_a_widget_with_an_id_of_its_own_is_reached() -> None:
    class Own(forms.Form):
        code = forms.CharField(widget=forms.TextInput({"id": "the-code"}))

    assert control_id(Own({})["code"]) == "the-code"


class Me(AboutMyself):
    given_name = forms.CharField()
    email = forms.EmailField(widget=forms.EmailInput({"autocomplete": "username"}))
    colour = forms.CharField()


def test_forms_about_oneself_tell_the_browser_what_is_asked() -> None:
    form = Me()
    assert 'autocomplete="given-name"' in str(form["given_name"])
    assert 'autocomplete="username"' in str(form["email"])
    assert "autocomplete" not in str(form["colour"])


def test_forms_about_somebody_else_offer_nobodys_details() -> None:
    class Patient(AboutSomeone):
        given_name = forms.CharField()

    assert 'autocomplete="off"' in str(Patient()["given_name"])


def test_one_summary_for_several_forms(draw: Callable[..., str]) -> None:
    html = draw("{% error_summary first second %}", first=Visit({}, prefix="a"), second=Visit({}, prefix="b"))
    assert html.count("There is a problem") == 1
    assert "#id_a-family_name" in html
    assert "#id_b-family_name" in html
