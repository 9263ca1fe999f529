import re
from collections import Counter
from collections.abc import Callable
from importlib import reload
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.http import HttpRequest
from django.template.loader import get_template
from django.urls import Resolver404, clear_url_caches, resolve

from healthcare import urls
from healthcare.devservices.gallery import views
from healthcare.ui.templatetags import ui

TEMPLATES = Path(project.BASE_DIR) / "templates"
GALLERY = TEMPLATES / "devservices" / "gallery"
OURS = sorted(str(p.relative_to(TEMPLATES)) for place in (TEMPLATES / "ui", GALLERY) for p in place.rglob("*.html"))
PAGES = (views.gallery, views.gallery_portal, views.gallery_chart, views.gallery_bare)
# Marks that only a whole page has, and tags that stand in its frame.
IN_THE_FRAME = {"script", "clinic_name", "error_prefix", "printed_at", "messages", "count"}


def gallery_source() -> str:
    return "".join(path.read_text() for path in sorted(GALLERY.rglob("*.html")))


@pytest.mark.parametrize("view", PAGES)
def test_every_gallery_page_is_drawn(ask: Callable[..., HttpRequest], view: Callable[..., Any]) -> None:
    response = view(ask())
    assert response.status_code == 200
    assert response.content.count(b"<h1") == 1


@pytest.mark.parametrize("view", PAGES)
def test_no_id_is_given_twice_on_a_page(ask: Callable[..., HttpRequest], view: Callable[..., Any]) -> None:
    ids = Counter(re.findall(r'\sid="([^"]+)"', view(ask()).content.decode()))
    assert not {name for name, times in ids.items() if times > 1}


@pytest.mark.parametrize("view", PAGES)
def test_every_label_description_and_summary_link_leads_to_its_element(
    ask: Callable[..., HttpRequest], view: Callable[..., Any]
) -> None:
    html = view(ask()).content.decode()
    ids = set(re.findall(r'\sid="([^"]+)"', html))
    named = re.findall(r'\s(?:for|aria-labelledby|aria-describedby|href="#)="?([^"]+)"', html)
    assert {name for names in named for name in names.split()} <= ids


def test_every_section_stands_in_the_gallery() -> None:
    files = {path.stem for path in (GALLERY / "sections").glob("*.html")}
    assert files == set(views.SECTIONS)


def test_every_component_stands_in_the_gallery() -> None:
    """A new component enters the gallery first: use its tag in templates/devservices/gallery/sections/."""
    shown = gallery_source()
    drawn_by = {"errors": "error_summary"}
    missing = [
        path.stem
        for path in sorted((TEMPLATES / "ui" / "components").glob("*.html"))
        if path.stem != "messages" and f"{{% {drawn_by.get(path.stem, path.stem)} " not in shown
    ]
    assert not missing, f"Show these in the gallery: {', '.join(missing)}"


def test_every_tag_stands_in_the_gallery() -> None:
    used = set(re.findall(r"{%\s*(\w+)", gallery_source()))
    missing = set(ui.register.tags) - used - IN_THE_FRAME
    assert not missing, f"Show these in the gallery: {', '.join(sorted(missing))}"


def test_every_role_and_skin_is_shown(ask: Callable[..., HttpRequest]) -> None:
    html = views.gallery(ask()).content.decode()
    for role in ("ok", "info", "wait", "warn", "bad", "off", "other", "unknown"):
        assert f'class="tag {role}"' in html
    assert 'class="portal"' in views.gallery_portal(ask()).content.decode()


def test_the_gallery_is_mounted_only_where_settings_say_so(settings: Any) -> None:
    assert resolve("/gallery/", project.ROOT_URLCONF).func is views.gallery
    settings.GALLERY = False
    try:
        with pytest.raises(Resolver404):
            resolve("/gallery/", reload(urls).__name__)
    finally:
        settings.GALLERY = True
        reload(urls)
        clear_url_caches()


def test_production_has_no_gallery() -> None:
    assert "GALLERY = False" in (Path(project.BASE_DIR) / "healthcare/settings/base.py").read_text()
    assert "GALLERY" not in (Path(project.BASE_DIR) / "healthcare/settings/production.py").read_text()


@pytest.mark.parametrize("path", OURS)
def test_every_template_compiles_and_stays_short(path: str) -> None:
    source = (TEMPLATES / path).read_text()
    get_template(path)
    assert source.count("\n") <= 120
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|https?://", source)
