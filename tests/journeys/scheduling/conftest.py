"""A real browser in front of the real pages."""

from tests.journeys.accounts.conftest import look, open_page
from tests.messaging.conftest import mail

__all__ = ["look", "mail", "open_page"]
