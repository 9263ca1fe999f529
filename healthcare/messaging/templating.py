"""From a template's name and its parameters to words.

`templates/messaging/NAME.txt` is a mail: its first line is the subject, and sees no parameter but the clinic's name, so
that nothing of a patient stands in a subject. `NAME.html` may stand beside it. `NAME.sms.txt` is all text;
`NAME.push.txt` has a title in its first line, as a mail has its subject. Subject and text are two templates, each with
i18n loaded. `NAME.es.txt` and so on are the same in another language; where there is none, the reader gets `NAME.txt`.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.template import Context, Template, TemplateDoesNotExist, engines
from django.template.loader import get_template
from django.utils import translation

from healthcare.messaging.rules import is_header_safe

LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)  # the first part of a tag of BCP 47
SUFFIXES = {"email": "txt", "sms": "sms.txt", "push": "push.txt"}


class HeaderInjection(ValueError):
    """A subject with a line end in it."""


@dataclass(frozen=True)
class Words:
    subject: str
    text: str
    html: str = ""


def check_template(name: str, channel: str) -> None:
    """Raises TemplateDoesNotExist while somebody is there to see it."""
    _source(_path(name, SUFFIXES[channel]))


def render(name: str, channel: str, parameters: Mapping[str, str], language: str) -> Words:
    """Raises HeaderInjection, and what a broken template raises."""
    source = _in(language, name, SUFFIXES[channel])
    known = {"clinic_name": settings.CLINIC_NAME, "public_url": settings.PUBLIC_URL}
    with translation.override(language or settings.LANGUAGE_CODE):
        if channel == "sms":
            return Words("", _plain(source, {**parameters, **known}).strip())
        first, _, rest = source.partition("\n")
        subject = _plain(first, known).strip()
        if not is_header_safe(subject):
            raise HeaderInjection("A subject is one line.")
        text = _plain(rest, {**parameters, **known}).strip() + "\n"
        return Words(subject, text, _html(name, parameters, known) if channel == "email" else "")


def _html(name: str, parameters: Mapping[str, str], known: Mapping[str, str]) -> str:
    try:
        template = get_template(_path(name, "html"))
    except TemplateDoesNotExist:
        return ""
    return str(template.render({**parameters, **known}))


def _plain(source: str, parameters: Mapping[str, str]) -> str:
    """Text has nothing to escape; a parameter is a value, and never itself a template."""
    template: Template = engines["django"].from_string("{% load i18n %}" + source).template  # type: ignore[attr-defined]
    return str(template.render(Context(dict(parameters), autoescape=False)))


def _in(language: str, name: str, suffix: str) -> str:
    """The file in this language (BCP 47, its first part), else the one that each letter has."""
    spoken = language.partition("-")[0]
    if LANGUAGE.fullmatch(spoken):
        with suppress(TemplateDoesNotExist):
            return _source(_path(name, f"{spoken}.{suffix}"))
    return _source(_path(name, suffix))


def _source(path: str) -> str:
    """The file as it is: as a whole it need not be a template."""
    for loader in engines["django"].engine.template_loaders:  # type: ignore[attr-defined]
        for origin in loader.get_template_sources(path):
            with suppress(TemplateDoesNotExist):
                return str(loader.get_contents(origin))
    raise TemplateDoesNotExist(path)


def _path(name: str, suffix: str) -> str:
    return f"messaging/{name}.{suffix}"
