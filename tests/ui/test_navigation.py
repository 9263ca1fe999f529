from typing import Any

import pytest

from healthcare.accounts.permissions import Permission
from healthcare.ui import checks
from healthcare.ui.navigation import (
    Entry,
    entries,
    may,
    navigation_for,
    patient_search_for,
    portal_navigation_for,
    url_or_nothing,
)
from tests.ui.places import nobody, person


def labels(user: Any) -> list[str]:
    return [str(place.label) for place in navigation_for(user)]


def test_entries_come_in_their_order() -> None:
    assert [entry.label for entry in entries(["tests.ui.places.CLINIC"])] == [
        "Home",
        "Patients",
        "Register a person",
        "Components",
    ]


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("doctor", ["Home", "Patients", "Register a person", "Components"]),
        ("billing", ["Home", "Patients", "Components"]),
        ("researcher", ["Home", "Components"]),
        ("no such role", ["Home", "Components"]),
    ],
)
def test_a_role_sees_the_places_it_may_go_to(role: str, places: list[str]) -> None:
    assert labels(person(role)) == places


def test_an_inactive_person_goes_nowhere_special() -> None:
    assert labels(person(is_active=False)) == ["Home", "Components"]


def test_a_badge_counts_and_zero_is_no_badge() -> None:
    places = {place.label: place for place in navigation_for(person())}
    assert (places["Patients"].badge.count, places["Patients"].badge.role) == (7, "bad")
    assert places["Components"].badge is None
    assert places["Home"].badge is None


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", ["Home"]),
        ("/patients/", ["Patients"]),
        ("/patients/0197/chart/", ["Patients"]),
        ("/patients/register/", ["Register a person"]),
        ("/patients/register/done/", ["Register a person"]),
        ("/elsewhere/", []),
    ],
)
def test_the_nearest_place_is_marked(path: str, current: list[str]) -> None:
    assert [place.label for place in navigation_for(person(), path=path) if place.current] == current


def test_an_entry_without_a_page_is_left_out(settings: Any) -> None:
    settings.NAVIGATION = ["tests.ui.places.BROKEN"]
    assert labels(person()) == ["Unseen"]


def test_the_portal_has_places_of_its_own() -> None:
    assert [place.label for place in portal_navigation_for(person("patient"))] == ["Home"]
    assert portal_navigation_for(person("doctor")) == []


def test_search_is_offered_to_those_who_may_search() -> None:
    assert patient_search_for(person("front_desk")) == "/patients/search/"
    assert patient_search_for(person("researcher")) == ""


def test_no_search_where_none_is_named(settings: Any) -> None:
    settings.PATIENT_SEARCH = ""
    assert patient_search_for(person()) == ""


def test_an_entry_that_asks_for_nothing_is_for_everybody() -> None:
    assert may(nobody(), None)
    assert not may(nobody(), Permission.OPEN_CHART)


def test_an_address_or_nothing() -> None:
    assert url_or_nothing("patients:list") == "/patients/"
    assert url_or_nothing("no:such") == ""


def test_a_wrong_name_in_settings_is_found_at_start(settings: Any) -> None:
    settings.NAVIGATION = ["tests.ui.places.NOT_THERE", "tests.ui.places.BROKEN"]
    settings.PORTAL_NAVIGATION = ["no.such.module"]
    assert [problem.id for problem in checks.check_navigation()] == ["ui.E001", "ui.E002", "ui.E003", "ui.E001"]


def test_a_sound_navigation_passes_the_check() -> None:
    assert checks.check_navigation() == []


def test_entries_are_plain_values() -> None:
    assert Entry("Home", "home", "house") == Entry("Home", "home", "house")
