from tests.journeys.accounts.conftest import open_page  # noqa: F401
