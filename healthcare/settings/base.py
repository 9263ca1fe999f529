"""Settings that every process shares. Only this package reads the environment."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.settings import environment
from healthcare.settings.beat import BEAT as BEAT

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / ".data")))

PROCESS = environment.process()
DEBUG = False
DEMO = False
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CLINIC_NAME = environment.text("CLINIC_NAME", "Alder Street Clinic")

# The journey, from left to right; `healthcare.*` is the ground floor.
INSTALLED_APPS = [
    "healthcare.db",
    "healthcare.events",
    "healthcare.audit",
    "healthcare.storage",
    "healthcare.messaging",
    "healthcare.accounts",
    "healthcare.api",
    "healthcare.ui",
    "healthcare.fhir",
    "healthcare.ops",
    "patients",
    "scheduling",
    "records",
    "prescriptions",
    "billing",
    "alerts",
    "analytics",
    "guardian",
    "auditlog",
    "axes",
    "django_otp",
    "django_htmx",
    "csp",
    "oauth2_provider",
    "healthcare.accounts.admin_config.ClinicAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
]

# == Database: one alias whose login differs by process, and one for audit rows that must outlive a rollback ==
DATABASES = {"default": environment.database(PROCESS), "audit": environment.database(PROCESS)}
DATABASES["audit"]["TEST"] = {"MIRROR": "default"}
DATABASE_ROLES_FILE = environment.text("DATABASE_ROLES_FILE")
BOOTSTRAP_DATABASE_URL = environment.text("BOOTSTRAP_DATABASE_URL")  # a superuser's; given to `make_roles` alone
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PREPARED_IS_PROVED = False  # the tests compare each prepared queryset, at each use, with the same made afresh
CONTEXT_SECONDS = 300 if PROCESS == "web" else 3600
# Third-party tables that no page may touch, or may only read; every other table says so on its model.
TABLE_ACCESS = {
    "guardian_userobjectpermission": {"web": "", "worker": ""},
    "guardian_groupobjectpermission": {"web": "", "worker": ""},
    "auth_permission": {"web": "SELECT", "worker": "SELECT"},
    "django_content_type": {"web": "SELECT", "worker": "SELECT"},
    "django_migrations": {"web": "SELECT", "worker": "SELECT"},
}

# == Secrets: each from a file ==
SECRET_KEY = environment.secret("SECRET_KEY_FILE")
SECRET_KEY_FALLBACKS = environment.secrets("OLD_SECRET_KEY_FILE")
FIELD_KEYS = environment.field_keys()
BACKUP_KEY_FILE = environment.text("BACKUP_KEY_FILE")  # read by the commands alone
IN_SERVICE = False  # in production what is not there fails `selfcheck`; elsewhere it is a warning
PULSE_FILE = environment.text("PULSE_FILE")  # touched by relay, sealer, beat and workers while they turn
BACKUP_HOURS = int(environment.text("BACKUP_HOURS", "26"))  # `selfcheck` complains of an older last backup
POSTGRES_BIN = environment.text("POSTGRES_BIN")  # the folder of pg_dump and pg_restore; else PATH
# Days that a final result may wait for a policy or the patient's wish: 45 CFR part 171, see records/rules/release.py
RESULTS_WAIT_DAYS = int(environment.text("RESULTS_WAIT_DAYS", "3"))
CHILD_ENVIRONMENT = environment.for_children()
AUDIT_MAY_BE_EMPTIED = False  # test databases alone
AUDIT_ANCHOR_SYSLOG = environment.text("AUDIT_ANCHOR_SYSLOG")  # host:port or /dev/log; each anchor goes there as well
AUDIT_ANCHOR_DIR = Path(environment.text("AUDIT_ANCHOR_DIR", str(DATA_DIR / "anchors")))
# Papers for an hour without computers, locked; copied to a machine at each site by whoever keeps the place.
DOWNTIME_DIR = Path(environment.text("DOWNTIME_DIR", str(DATA_DIR / "downtime")))

# == Requests ==
BEHIND_PROXY = environment.flag("BEHIND_PROXY")  # one trusted proxy, which appends the client's address
METRICS_TOKEN = environment.secret("METRICS_TOKEN_FILE") if environment.text("METRICS_TOKEN_FILE") else ""
CSRF_FAILURE_VIEW = "healthcare.ops.errors.csrf_failure"
ROOT_URLCONF = "healthcare.urls"
WSGI_APPLICATION = "healthcare.wsgi.application"
MIDDLEWARE = [
    "healthcare.ops.middleware.RequestReference",
    "django.middleware.security.SecurityMiddleware",
    "healthcare.api.middleware.TokenPath",
    "django.middleware.gzip.GZipMiddleware",  # pads at random against BREACH (CVE-2013-3587)
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "healthcare.accounts.middleware.ActingRole",
    "healthcare.accounts.middleware.SignInRequired",
    "patients.acting.ActingFor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "healthcare.ops.middleware.RequestTransaction",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "healthcare.ui.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "healthcare.ui.forms.Renderer"
GALLERY = False  # the page that shows every component; development, demo and tests have it
PATIENT_SEARCH = "patients.navigation.SEARCH"
NAVIGATION = [
    "healthcare.ui.places.GROUND",
    "patients.navigation.CLINIC",
    "scheduling.navigation.CLINIC",
    "records.navigation.CLINIC",
    "prescriptions.navigation.CLINIC",
    "billing.navigation.CLINIC",
    "alerts.navigation.CLINIC",
    "analytics.navigation.CLINIC",
]
PORTAL_NAVIGATION = [
    "patients.navigation.PORTAL",
    "scheduling.navigation.PORTAL",
    "records.navigation.PORTAL",
    "prescriptions.navigation.PORTAL",
]

# == People ==
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
GUARDIAN_RAISE_403 = False
ANONYMOUS_USER_NAME = None  # guardian makes no account of its own
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "full_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
SESSION_ENGINE = "healthcare.accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
IDLE_SECONDS = 15 * 60
IDLE_WARNING_SECONDS = 2 * 60
ABSOLUTE_SECONDS = 12 * 3600
STEP_UP_SECONDS = 5 * 60

# == Other programs: OAuth 2.0, see healthcare.api.oauth and decision 0018 ==
OAUTH2_PROVIDER_APPLICATION_MODEL = "api.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "api.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "api.AccessToken"  # noqa: S105
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "api.RefreshToken"  # noqa: S105
# OpenID Connect and the device flow are off. Named models keep the toolkit from making tables for them.
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "api.AccessToken"  # noqa: S105
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "api.Grant"
ACCESS_TOKEN_SECONDS = 15 * 60
AUTHORIZATION_CODE_SECONDS = 60
RENEWABLE_SECONDS = 90 * 24 * 3600  # from the sign-in; then the person is asked again
TOKEN_PATHS = ("/v1/", "/fhir/r4/")  # a token is shown and no cookie is read; every answer is JSON
TOKEN_PAGES = ("/v1/docs", "/v1/openapi.json", "/v1/problems/")  # but for these, which are pages for everybody
# A minute, for each: reads and writes of one token; requests of one address without a valid one. 0: no limit.
API_LIMITS = {"read": 600, "write": 120, "address": 60, "oauth": 60, "download": 6, "feed": 12, "link": 20}
# Where the operations of /v1 are, as (prefix, dotted name of a router).
API_ROUTERS = [
    ("", "healthcare.api.me.router"),
    ("", "patients.api.router"),
    ("", "scheduling.api.router"),
    ("", "records.api.router"),
    ("", "prescriptions.api.router"),
    ("", "billing.api.router"),
    ("", "alerts.api.router"),
]

# == Visits: how long before and after one its provider and its site may open the chart (policy: 30 and 90 at most) ==
VISIT_ACCESS_BEFORE = timedelta(days=7)
VISIT_ACCESS_AFTER = timedelta(days=30)
# The birthdays of a patient at which those who act for the child lose the health parts of the record, and all of it.
PROXY_STEP_DOWN_AGE = 13
PROXY_END_AGE = 18

# == Emergency access, and requests for access: how soon the privacy officer reviews; how long a request waits ==
EMERGENCY_REVIEWED_WITHIN = timedelta(days=3)
ACCESS_REQUEST_LIVES = timedelta(days=7)
ACCESS_REQUEST_LONGEST = timedelta(days=365)

# == The synthetic load: each app's own part, from left to right; see healthcare.ops.loading ==
SYNTHETIC_PLAN = "patients.synthetic.plan.Plan"
SYNTHETIC = {
    "accounts": "patients.synthetic.colleagues",
    "patients": "patients.synthetic",
    "scheduling": "scheduling.synthetic",
    "records": "records.synthetic",
    "prescriptions": "prescriptions.synthetic",
    "billing": "billing.synthetic",
    "alerts": "alerts.synthetic",
    "analytics": "analytics.synthetic",
}

# == Valkey: a cache that may vanish, and a broker that may, too ==
REDIS_URL = environment.text("REDIS_URL")
BROKER_URL = environment.text("BROKER_URL", REDIS_URL)
CELERY_APP = "healthcare.celery.app"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
    }
}

# == Mail, SMS, storage: addresses by environment ==
EMAIL_URL = environment.text("EMAIL_URL")
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "Alder Street Clinic <no-reply@alderstreet.example>")
TWILIO_ACCOUNT_SID = environment.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = environment.text("TWILIO_AUTH_TOKEN")
TWILIO_FROM = environment.text("TWILIO_FROM")
TWILIO_BASE_URL = environment.text("TWILIO_BASE_URL")
VAPID_KEY_FILE = environment.text("VAPID_KEY_FILE")  # a PEM file; without it web push is off
# Where the clinic is reached from outside: links in mails, and the carriers' callbacks.
PUBLIC_URL = environment.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
# Where open pages listen for news (`manage.py live`): a path of this host, or ":PORT/path" beside it; "" is nowhere.
LIVE_URL = environment.text("LIVE_URL")
# Carriers and push services are outside; stand-ins on this machine are for demo and tests.
OUTBOUND_LOOPBACK = False
S3_BUCKET = environment.text("S3_BUCKET")
S3_ENDPOINT_URL = environment.text("S3_ENDPOINT_URL")
S3_REGION = environment.text("S3_REGION")
S3_ACCESS_KEY_ID = environment.text("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = environment.secret("S3_SECRET_ACCESS_KEY_FILE") if S3_ACCESS_KEY_ID else ""
STORAGE_SCANNER = environment.text("STORAGE_SCANNER")  # dotted name: takes bytes, returns "clean" or "infected"
CLAMAV_ADDRESS = environment.text("CLAMAV_ADDRESS", "127.0.0.1:3310")  # of clamd, for healthcare.storage.clamav.scan

# == FHIR: what the types of resources become here, and who keeps whole those that become nothing ==
FHIR_RESOURCES: list[str] = [
    "records.fhir.of_kinds",
    "patients.fhir.PatientResource",
    "records.fhir.EncounterResource",
    "records.fhir.ServiceRequestResource",
    "records.fhir.ConditionResource",
    "records.fhir.AllergyIntoleranceResource",
    "records.fhir.DiagnosticReportResource",
    "records.fhir.ObservationResource",
    "records.fhir.ImmunizationResource",
    "records.fhir.ProcedureResource",
    "records.fhir.FamilyMemberHistoryResource",
    "prescriptions.fhir.MedicationRequestResource",
    "prescriptions.fhir.MedicationStatementResource",
    "billing.fhir.CoverageResource",
]
FHIR_FALLBACK = "records.fhir.KeptResource"
FHIR_UNMATCHED = "records.fhir.UnmatchedResults"  # who keeps what arrives for nobody sure, until somebody says whose

# == Whether a plan covers a day: who is asked (dotted name: takes a Question, returns an Answer) ==
ELIGIBILITY = "billing.eligibility.by_rules"

# == OAuth 2.0 as RFC 9700 has it: every recommendation of it that the toolkit knows is enforced ==
OAUTH2_PROVIDER = {
    "OAUTH2_SERVER_CLASS": "healthcare.api.oauth.server.Server",
    "OAUTH2_VALIDATOR_CLASS": "healthcare.api.oauth.server.Validator",
    "SCOPES_BACKEND_CLASS": "healthcare.api.oauth.scopes.Scopes",
    "OIDC_ISS_ENDPOINT": PUBLIC_URL,  # the issuer, in tokens and metadata; OpenID Connect itself is off
    "ACCESS_TOKEN_EXPIRE_SECONDS": ACCESS_TOKEN_SECONDS,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 14 * 24 * 3600,  # unused
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "client_credentials", "refresh_token"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    **{
        f"COMPLIANT_BCP_RFC9700_{gate}": True
        for gate in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "PKCE_REQUIRED",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_MATCHING",
        )
    },
}

# == Words and files ==
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en-us", _("English")), ("es", _("Spanish")), ("ar", _("Arabic"))]
TIME_ZONE = environment.text("CLINIC_TIME_ZONE", "America/New_York")  # how people read times; rows keep UTC
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", *environment.beside(PUBLIC_URL, LIVE_URL)],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

AUDITLOG_LOGENTRY_MODEL = "audit.Change"
# Their own tables would stand beside ours, and break every flush.
MIGRATION_MODULES: dict[str, None] = {"auditlog": None, "oauth2_provider": None}
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = False
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True  # the audit keeps who signed in
AXES_LOCKOUT_CALLABLE = "healthcare.accounts.lockout.locked_out"
AXES_USERNAME_FORM_FIELD = "username"
AXES_SENSITIVE_PARAMETERS = ["username", "email", "ip_address"]
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # the e-mail is unique in any case, by a constraint on lower(email)
    "oauth2_provider.W008",  # http to come back to is taken on loopback alone (RFC 8252); api.Application.clean
    "guardian.W001",  # guardian is storage: its backend would ignore validity
]

# == Logs: one JSON object a line on the standard error stream; see healthcare.ops.logs ==
OWN_LOGGERS = ("healthcare", "patients", "scheduling", "records", "prescriptions", "billing", "alerts", "analytics")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "healthcare.ops.logs.JsonLines"}},
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stream"], "level": "WARNING"},
    "loggers": {
        **{name: {"level": "INFO"} for name in (*OWN_LOGGERS, "celery", "gunicorn")},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},  # every request has its own line, with its status
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        "axes": {"level": "ERROR"},  # it writes addresses and names; refusals are audit events
    },
}
if AUDIT_ANCHOR_SYSLOG:
    LOGGING["handlers"]["anchors"] = {
        "class": "logging.handlers.SysLogHandler",
        "address": environment.address("AUDIT_ANCHOR_SYSLOG"),
        "formatter": "json",
    }
    LOGGING["loggers"]["healthcare.audit.anchors"] = {"handlers": ["anchors"], "level": "INFO"}
