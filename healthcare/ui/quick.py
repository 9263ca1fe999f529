"""What Django finds out anew for each word of a page, found out once. See docs/decisions/0035.

A page asks for some three hundred words and for the language and the zone as often. Django keeps these two where
asynchronous code finds them again, at ten calls a look, and walks through the catalogues for each word. Our code is
synchronous (`ops.middleware` refuses other views), and a catalogue does not change while a process runs.
"""

import threading
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.base import Node, Parser, Token
from django.template.context import Context
from django.templatetags import i18n, static
from django.urls import base as urls
from django.utils import timezone, translation
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import trans_real

MOST_WORDS = 20_000  # whoever translates what people typed begins anew, and leaks nothing
_words: dict[tuple[Any, type, str], str] = {}
_translate = trans_real.gettext
_language = threading.local()


def install() -> None:
    """Language, zone and prefix of addresses are the thread's; words come from a table. Once, when apps are ready."""
    trans_real._active = _language  # type: ignore[attr-defined]
    timezone._active = threading.local()  # type: ignore[attr-defined]
    urls._prefixes, urls._urlconfs = threading.local(), threading.local()  # type: ignore[attr-defined]
    trans_real.gettext = gettext
    static.StaticNode.handle_simple = classmethod(lambda cls, path: address(path))  # type: ignore[assignment]
    i18n.register.tags["translate"] = translate
    vars(translation._trans).pop("gettext", None)  # type: ignore[attr-defined]  # where Django keeps what it took


def gettext(message: str) -> str:
    """As Django's, by language and text; what is safe stays safe."""
    key = (getattr(_language, "value", None), message.__class__, message)
    word = _words.get(key)
    if word is None:
        if len(_words) >= MOST_WORDS:
            _words.clear()
        word = _words[key] = _translate(message)
    return word


def address(path: str) -> str:
    """Of a static file, which the manifest and the settings decide for good."""
    return _address(path, settings.STATIC_URL, settings.STORAGES["staticfiles"]["BACKEND"])


@lru_cache(maxsize=1024)
def _address(path: str, base: str, storage: str) -> str:
    return staticfiles_storage.url(path)


class Words(Node):
    """`{% translate "words" %}` with nothing else: no expression to resolve, no value to escape."""

    child_nodelists = ()

    def __init__(self, text: str) -> None:
        self.text = mark_safe(text)  # noqa: S308  # the template's own words

    def render(self, context: Context) -> str:
        return gettext(self.text)


def translate(parser: Parser, token: Token) -> Node:
    """Django's tag, and for plain words a quicker node."""
    node = i18n.do_translate(parser, token)
    said = getattr(node.filter_expression.var, "literal", None)
    plain = isinstance(said, SafeData) and not (node.noop or node.asvar or node.message_context)
    return Words(str(said)) if plain and not node.filter_expression.filters and "%" not in str(said) else node
