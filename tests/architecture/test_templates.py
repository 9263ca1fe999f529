"""No template lies about unused, every component is in the gallery, and no text escapes translation."""

import re

import pytest
from django.template.loader import get_template
from django.test import Client

from tests.architecture.tree import ROOT, files, name, sources

FOLDER = ROOT / "templates"
TEMPLATES = [str(path.relative_to(FOLDER)) for path in files("templates") if path.suffix in {".html", ".txt"}]
# Found by Django or by a library under these names, not by ours.
FOUND_BY_NAME = (
    "400.html",
    "403.html",
    "404.html",
    "500.html",
    "503.html",
    "admin/",
    "django/",
    "registration/",
    "otp/",
)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=\"|\son[a-z]+=\"|javascript:", re.IGNORECASE)
THIRD_PARTY = re.compile(r"(?:src|href)=[\"']https?://", re.IGNORECASE)


def everything_that_names_templates() -> str:
    texts = [path.read_text() for path in sources()]
    texts += [path.read_text() for path in files("templates") if path.suffix in {".html", ".txt"}]
    texts += [path.read_text() for path in files("records/kinds", suffix=".html")]  # cards of kinds
    return "\n".join(texts)


@pytest.fixture(scope="module")
def naming() -> str:
    return everything_that_names_templates()


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_is_used(template, naming):
    parts = template.rsplit("/", 1)
    # A name put together: by the component tags, or by messaging, whose verbs name a letter without its ending.
    letter = template.startswith("messaging/") and f'{template.rsplit("/", 1)[-1].partition(".")[0]}"' in naming
    built = letter or f"{parts[0]}/{{" in naming or f"{parts[0]}/%s" in naming
    assert template.startswith(FOUND_BY_NAME) or template in naming or built, (
        f"Nothing uses templates/{template}: remove it."
    )


@pytest.mark.parametrize("template", [found for found in TEMPLATES if found.endswith(".html")])
def test_each_can_be_read(template):
    get_template(template)


@pytest.mark.parametrize("template", TEMPLATES)
def test_none_needs_inline_code_or_a_third_party(template):
    text = (FOLDER / template).read_text()
    assert not INLINE.search(text), f"{template}: the content policy refuses inline scripts and styles."
    assert not THIRD_PARTY.search(text), f"{template}: nothing is loaded from another host."


@pytest.mark.django_db
def test_every_component_is_in_the_gallery(signed_in):
    """Each component leaves its name in the gallery's page as the heading or anchor that shows it."""
    gallery = "".join(
        (ROOT / "templates" / found).read_text() for found in TEMPLATES if found.startswith("devservices/gallery/")
    )
    gallery += "".join(path.read_text() for path in sources("healthcare/ui"))
    for path in files("templates/ui/components", suffix=".html"):
        assert re.search(rf"\b{path.stem}\b", gallery), f"Show the component {path.stem} in the gallery."


def test_no_template_marks_text_as_safe():
    for path in files("templates", suffix=".html"):
        found = re.findall(r"[^'\"]\|safe\b", path.read_text())  # a text that stands there as written may
        assert not found, f"{name(path)}: what is safe is made so by format_html in a tag."
        assert "autoescape off" not in path.read_text(), f"{name(path)}: escaping stays on."


def test_code_marks_text_as_safe_nowhere_but_in_ui():
    for path in sources():
        if not path.is_relative_to(ROOT / "healthcare" / "ui"):
            assert "mark_safe" not in path.read_text(), f"{name(path)}: use format_html."


@pytest.mark.django_db
def test_the_policy_forbids_what_the_templates_do_not_need():
    policy = Client().get("/livez")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
