import pytest

from healthcare.events import registry
from tests.events import announcements


@pytest.fixture
def subscribers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two listeners to Happened, one urgent one to UrgentlyHappened; gone after the test."""
    monkeypatch.setattr(registry, "_inside", {})
    monkeypatch.setattr(registry, "_after", {})
    registry.after(announcements.Happened)(announcements.first)
    registry.after(announcements.Happened, queue="bulk")(announcements.second)
    registry.after(announcements.UrgentlyHappened, queue="urgent")(announcements.slow)
