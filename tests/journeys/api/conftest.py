from tests.journeys.accounts.conftest import open_page

__all__ = ["open_page"]
