"""Inline icons from the lucide wheel: no request, no inline style, coloured by the text beside them."""

import zipfile
from functools import lru_cache
from importlib.resources import files
from xml.etree import ElementTree

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

NAMESPACE = "{http://www.w3.org/2000/svg}"


class IconMissing(LookupError):
    """The icon set has no icon of that name."""


def icon(name: str, label: str = "") -> SafeString:
    """The icon as SVG of class `icon`: hidden from screen readers, or an image when it has a label of its own.

    Raises IconMissing.
    """
    shapes = _shapes(name)
    if label:
        return format_html('<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', label, shapes)
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', shapes)


@lru_cache(maxsize=256)
def _shapes(name: str) -> SafeString:
    """The drawing inside the icon's svg element, without namespaces or attributes of its own."""
    with files("lucide").joinpath("lucide.zip").open("rb") as packed, zipfile.ZipFile(packed) as icons:
        try:
            drawing = icons.read(f"{name}.svg")
        except KeyError as problem:
            raise IconMissing(f"The icon {name!r} does not exist.") from problem
    root = ElementTree.fromstring(drawing)  # noqa: S314  a file of our own dependency, never from outside
    for node in root.iter():
        node.tag = node.tag.removeprefix(NAMESPACE)
    # Safe: the text comes from the pinned icon wheel, not from a person.
    return mark_safe("".join(ElementTree.tostring(child, encoding="unicode").strip() for child in root))  # noqa: S308
