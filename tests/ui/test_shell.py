import re
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from healthcare.devservices.gallery import samples
from healthcare.ui import context
from healthcare.ui.forms import AboutMyself
from tests.ui.places import nobody, person

Ask = Callable[..., HttpRequest]
FRAMES = ("ui/clinic.html", "ui/portal.html", "ui/bare.html")


@pytest.mark.parametrize("frame", FRAMES)
def test_every_frame_has_title_language_skip_link_and_one_main(ask: Ask, frame: str) -> None:
    html = render_to_string(frame, {}, ask())
    assert '<html lang="en-us" dir="ltr"' in html
    assert "· Alder Street Clinic</title>" in html
    assert '<a class="skip" href="#main">' in html
    assert html.count('<main id="main"') == 1


@pytest.mark.parametrize("frame", FRAMES)
def test_right_to_left_languages_turn_the_page(ask: Ask, frame: str) -> None:
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl"' in render_to_string(frame, {}, ask())


@pytest.mark.parametrize("frame", FRAMES)
def test_no_inline_style_or_script_and_no_other_host(ask: Ask, frame: str) -> None:
    html = render_to_string(frame, {}, ask())
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", html)
    assert all("src=" in tag for tag in re.findall("<script[^>]*>", html))


def test_scripts_carry_the_requests_nonce(ask: Ask) -> None:
    request: Any = ask()
    request.csp_nonce = "abc"
    html = render_to_string("ui/clinic.html", {}, request)
    assert html.count('nonce="abc"') == html.count("<script")


def test_htmx_keeps_nothing_and_evaluates_nothing(ask: Ask) -> None:
    html = render_to_string("ui/clinic.html", {}, ask())
    for setting in ('"historyCacheSize":0', '"allowEval":false', '"includeIndicatorStyles":false'):
        assert setting in html


def test_the_clinics_frame_shows_places_search_and_person(ask: Ask) -> None:
    html = render_to_string("ui/clinic.html", {}, ask("/patients/"))
    assert 'action="/patients/search/"' in html
    assert "Maren Okafor" in html
    assert "Doctor" in html
    assert re.search(r'href="/patients/" aria-current="page" data-go="p"', html)
    assert 'action="/accounts/sign-out/"' in html


def test_a_role_without_search_has_no_search_field(ask: Ask) -> None:
    assert 'id="find"' not in render_to_string("ui/clinic.html", {}, ask(user=person("researcher")))


def test_the_portals_frame_shows_its_own_places(ask: Ask) -> None:
    html = render_to_string("ui/portal.html", {}, ask("/", person("patient")))
    assert 'class="portal"' in html
    assert html.count('aria-current="page"') == 1
    assert 'href="tel:911"' in html
    assert 'id="find"' not in html


def test_nobody_gets_no_places_and_no_session_warning(ask: Ask) -> None:
    html = render_to_string("ui/clinic.html", {}, ask(user=nobody()))
    assert "data-session" not in html
    assert "sign-out" not in html


def test_the_session_warning_knows_its_times(ask: Ask, settings: Any) -> None:
    request: Any = ask()
    request.session_ends_at = 1_795_000_000
    html = render_to_string("ui/clinic.html", {}, request)
    assert f'data-idle-seconds="{settings.IDLE_SECONDS}"' in html
    assert f'data-warning-seconds="{settings.IDLE_WARNING_SECONDS}"' in html
    assert 'data-ends-at="1795000000"' in html
    assert 'data-keep-alive-url="/accounts/keep-alive/"' in html


@pytest.mark.parametrize(("single", "attribute"), [(True, "on"), (False, "off")])
def test_single_keys_can_be_switched_off(ask: Ask, single: bool, attribute: str) -> None:
    html = render_to_string("ui/clinic.html", {}, ask(user=person(single_keys=single)))
    assert f'data-single-keys="{attribute}"' in html


def test_theme_and_density_follow_the_account(ask: Ask) -> None:
    html = render_to_string("ui/clinic.html", {}, ask(user=person(theme="dark", density="roomy")))
    assert 'data-theme="dark" data-density="roomy"' in html


def test_the_demonstration_says_so(ask: Ask, settings: Any) -> None:
    settings.DEMO = True
    assert "Every person here is invented" in render_to_string("ui/clinic.html", {}, ask())
    settings.DEMO = False
    assert "Every person here is invented" not in render_to_string("ui/clinic.html", {}, ask())


def test_a_refused_form_starts_the_title(ask: Ask) -> None:
    html = render_to_string("ui/clinic.html", {"form": samples.refused_form()}, ask())
    assert "<title>Error: " in html
    assert "<title>Error: " not in render_to_string("ui/clinic.html", {"form": AboutMyself({})}, ask())


def test_the_printed_sheet_names_patient_and_printer(ask: Ask) -> None:
    html = render_to_string("ui/clinic.html", {"print_subject": "Osei, Grace, born Aug 30, 1959."}, ask())
    foot = re.search(r'<p class="print-only print-foot">(.*?)</p>', html, re.S).group(1)
    assert "Osei, Grace, born Aug 30, 1959. Printed" in foot
    assert "by Maren Okafor." in foot


def test_slots_for_whose_shoes_and_banner_are_empty_until_filled(ask: Ask) -> None:
    html = render_to_string("ui/clinic.html", {}, ask())
    assert re.search(r'<div class="whose">\s*</div>', html)


def test_what_the_frame_knows_of_nobody(ask: Ask) -> None:
    shell = context.Shell(ask(user=nobody()))
    assert (shell.user, shell.who, shell.role, shell.places, shell.portal_places) == (None, "", "", [], [])
    assert shell.search_url == ""
    assert shell.portal_home_url == "/"


def test_a_request_that_never_met_the_sign_in_has_no_user() -> None:
    shell = context.Shell(HttpRequest())
    assert shell.user is None
    assert shell.ends_at == 0


def test_addresses_come_by_name(ask: Ask) -> None:
    shell = context.Shell(ask("/", person("patient")))
    assert shell.home_url == "/"
    assert shell.account_url == "/accounts/account/"
    assert shell.portal_home_url == "/"


def test_a_role_nobody_knows_is_not_shown(ask: Ask) -> None:
    assert context.Shell(ask(user=person("made_up"))).role == ""


def test_a_sheet_about_a_patient_names_them_by_number_and_birth(ask: Ask) -> None:
    request = ask()
    request.printed_about = SimpleNamespace(
        name="Rosa Delgado", mrn="004-81-7726", birth_date=date(1968, 3, 12), birth_precision="day"
    )
    html = render_to_string("ui/portal.html", {}, request)
    foot = re.search(r'<p class="print-only print-foot">(.*?)</p>', html, re.S).group(1)
    for part in ("Rosa Delgado", "MRN 004-81-7726", 'datetime="1968-03-12"', "Printed"):
        assert part in foot
