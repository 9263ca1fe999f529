"""A real browser in front of the real pages."""

from tests.journeys.accounts.conftest import look, open_page

__all__ = ["look", "open_page"]
