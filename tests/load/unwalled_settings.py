"""For `bench walls` alone: the demo without its walls, to know what they cost. Production has no such settings.

The second wall falls by the superuser of the embedded database, whom row security does not bind; the first wall and
the audit by `tests/load/unwalled.py`, which is no part of the product and refuses a clinic in service.
"""

from urllib.parse import unquote, urlsplit

from healthcare.settings import environment
from healthcare.settings.dev import *  # noqa: F403
from healthcare.settings.dev import DATABASES

WALLS_ARE_DOWN = True
superuser = urlsplit(environment.text("BOOTSTRAP_DATABASE_URL") or environment.embedded_programs()[1])
for alias in DATABASES:
    DATABASES[alias] |= {"USER": unquote(superuser.username or ""), "PASSWORD": unquote(superuser.password or "")}
