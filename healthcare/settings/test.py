"""The test suite: real servers, the web role in force, nothing leaves the machine."""

from healthcare.settings import environment

environment.use_test_services()

from healthcare.settings.base import *  # noqa: E402, F403
from healthcare.settings.base import DATABASES  # noqa: E402

for alias in ("default", "audit"):
    DATABASES[alias] |= environment.database("tester")
    DATABASES[alias]["OPTIONS"]["assume_role"] = "web"
DATABASES["audit"]["TEST"] = {"MIRROR": "default"}

CONTEXT_SECONDS = 100 * 365 * 24 * 3600  # tests move the clock; the context must not expire by that
PREPARED_IS_PROVED = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TEST_BOOTSTRAP_URL = environment.text("BOOTSTRAP_DATABASE_URL")  # tests that tamper need to stand past the walls
SUFFIX = environment.text("HC_TEST_SUFFIX")
if SUFFIX:
    DATABASES["default"]["TEST"] = {"NAME": f"test_{DATABASES['default']['NAME']}_{SUFFIX}"}
AXES_ENABLED = True
API_LIMITS = dict.fromkeys(
    ("read", "write", "address", "oauth", "download", "feed", "link"), 0
)  # tests of them set their own
AUDIT_MAY_BE_EMPTIED = True
GALLERY = True
OUTBOUND_LOOPBACK = True
WHITENOISE_AUTOREFRESH = True  # nothing is collected for a test run: files are served from where they are
WHITENOISE_USE_FINDERS = True
