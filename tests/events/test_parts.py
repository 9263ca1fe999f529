from typing import Any

import pytest
from django.apps import apps

from healthcare.events.parts import names_of, part_names, parts_of


@pytest.fixture(autouse=True)
def _one_part(monkeypatch: pytest.MonkeyPatch) -> Any:
    config = apps.get_app_config("patients")
    monkeypatch.setattr(config, "parts", {"tests.Part": ["tests.events.announcements.first"]}, raising=False)
    parts_of.cache_clear()
    yield
    parts_of.cache_clear()


def test_an_app_takes_part_by_name() -> None:
    from tests.events.announcements import first

    assert names_of("tests.Part") == ["tests.events.announcements.first"]
    assert parts_of("tests.Part") == (first,)
    assert "tests.Part" in part_names()


def test_a_part_that_nobody_takes_is_empty() -> None:
    assert parts_of("tests.Nothing") == ()


def test_a_name_that_leads_nowhere_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps.get_app_config("patients"), "parts", {"tests.Part": ["nowhere.at_all"]})
    with pytest.raises(ImportError):
        parts_of("tests.Part")
