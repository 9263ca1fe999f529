"""A real browser in front of the real pages, and the post behind them."""

from tests.alerts.conftest import clinic as ward  # (the demo is called clinic here)
from tests.journeys.accounts.conftest import look, open_page
from tests.messaging.conftest import carriers, mail, post, templates

__all__ = ["carriers", "look", "mail", "open_page", "post", "templates", "ward"]
