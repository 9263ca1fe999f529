import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import engines

from healthcare.messaging.templating import HeaderInjection, render

PARAMETERS = {"name": "Ada <b>&", "link": "https://clinic.example/?a=1&b=2"}


def test_text_is_not_escaped(templates: Any, settings: Any) -> None:
    settings.CLINIC_NAME = "Smith & Sons"
    words = render("hello", "email", PARAMETERS, "")
    assert words.subject == "A letter from Smith & Sons"
    assert words.text == "Hello Ada <b>&,\nread https://clinic.example/?a=1&b=2.\n"
    assert words.html == ""


def test_html_is_escaped(templates: Any) -> None:
    templates("hello.html", "<p>{{ name }}</p>")
    assert render("hello", "email", PARAMETERS, "").html == "<p>Ada &lt;b&gt;&amp;</p>"


def test_sms_is_all_text(templates: Any) -> None:
    words = render("hello", "sms", PARAMETERS, "")
    assert (words.subject, words.text) == ("", "Hello Ada <b>&: https://clinic.example/?a=1&b=2")


def test_push_has_a_title(templates: Any, settings: Any) -> None:
    words = render("hello", "push", PARAMETERS, "")
    assert words.subject == settings.CLINIC_NAME
    assert words.text == "Hello Ada <b>&\n"


def test_a_subject_sees_no_parameter(templates: Any) -> None:
    templates("leaky.txt", "Results for {{ name|default:'you' }}\nBody")
    assert render("leaky", "email", PARAMETERS, "").subject == "Results for you"


def test_a_parameter_is_never_a_template(templates: Any) -> None:
    words = render("hello", "email", {"name": "{{ public_url }}{% now 'Y' %}", "link": ""}, "")
    assert "{{ public_url }}{% now 'Y' %}" in words.text


def test_a_parameter_does_not_replace_what_the_clinic_says(templates: Any, settings: Any) -> None:
    templates("link.txt", "x\n{{ public_url }}")
    settings.PUBLIC_URL = "https://clinic.example"
    assert render("link", "email", {"public_url": "https://evil.example"}, "").text == "https://clinic.example\n"


def test_words_come_in_the_readers_language(templates: Any) -> None:
    templates("greet.txt", '{% translate "Monday" %}\n{% translate "Tuesday" %}')
    words = render("greet", "email", {}, "es")
    assert (words.subject.lower(), words.text.lower()) == ("lunes", "martes\n")
    assert render("greet", "email", {}, "").subject == "Monday"


def test_a_subject_is_one_line(templates: Any, settings: Any) -> None:
    settings.CLINIC_NAME = "Clinic\r\nBcc: everybody@patients.example"
    with pytest.raises(HeaderInjection):
        render("hello", "email", PARAMETERS, "")


FILES_UNDER = settings.BASE_DIR / "templates" / "messaging"
FILES = sorted(FILES_UNDER.rglob("*.txt"))

# What an SMS or a push may hold: the clinic, a time, and the way to read more; nobody's name, and not what it is about.
ON_A_LOCKED_SCREEN = {"clinic_name", "public_url", "when", "until", "site", "phone", "url", "since", "next"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FILES_UNDER)))
def test_every_template_of_the_clinic_is_one(path: Path) -> None:
    """Each part compiles, and the subject is a line of words that names nobody."""
    first, _, rest = path.read_text().partition("\n")
    for part in (first, rest):
        engines["django"].from_string("{% load i18n %}" + part)
    in_the_open = path.name.endswith((".sms.txt", ".push.txt"))
    variables = set(re.findall(r"{{\s*(\w+)", path.read_text() if in_the_open else first))
    assert variables <= (ON_A_LOCKED_SCREEN if in_the_open else {"clinic_name"})
    assert path.name.endswith(".sms.txt") or first.strip()
