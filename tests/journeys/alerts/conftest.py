from tests.alerts.conftest import clinic as ward  # noqa: F401  (the demo is called clinic here)
from tests.journeys.accounts.conftest import open_page  # noqa: F401
