"""Settings that every process shares. Only this package reads the environment."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.settings import environment

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
FIELD_KEYS = environment.field_keys()
AUDIT_MAY_BE_EMPTIED = False  # test databases alone
AUDIT_ANCHOR_SYSLOG = environment.text("AUDIT_ANCHOR_SYSLOG")  # host:port or /dev/log; each anchor goes there as well
AUDIT_ANCHOR_DIR = Path(environment.text("AUDIT_ANCHOR_DIR", str(DATA_DIR / "anchors")))

# == Requests ==
BEHIND_PROXY = environment.flag("BEHIND_PROXY")  # one trusted proxy, which appends the client's address
METRICS_TOKEN = environment.secret("METRICS_TOKEN_FILE") if environment.text("METRICS_TOKEN_FILE") else ""
CSRF_FAILURE_VIEW = "healthcare.ops.errors.csrf_failure"
ROOT_URLCONF = "healthcare.urls"
WSGI_APPLICATION = "healthcare.wsgi.application"
MIDDLEWARE = [
    "healthcare.ops.middleware.RequestReference",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "healthcare.accounts.middleware.ActingRole",
    "healthcare.accounts.middleware.SignInRequired",
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

# == Visits: how long before and after one its provider and its site may open the chart (policy: 30 and 90 at most) ==
VISIT_ACCESS_BEFORE = timedelta(days=7)
VISIT_ACCESS_AFTER = timedelta(days=30)

# == Valkey: a cache that may vanish, and a broker that may, too ==
REDIS_URL = environment.text("REDIS_URL")
BROKER_URL = environment.text("BROKER_URL", REDIS_URL)
CELERY_APP = "healthcare.celery.app"
# Periodic jobs by dotted name; each is a function marked with healthcare.events.every.
BEAT = [
    "healthcare.accounts.tasks.sweep_accounts",
    "healthcare.events.tasks.prune_events",
    "healthcare.messaging.tasks.sweep_messages",
    "healthcare.messaging.tasks.prune_messages",
    "healthcare.storage.tasks.sweep_objects",
    "patients.tasks.sync_ended_access",
    "billing.tasks.bill_unbilled_visits",
    "billing.tasks.print_unprinted_bills",
    "analytics.tasks.roll_up_days",
]
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
# Carriers and push services are outside; stand-ins on this machine are for demo and tests.
OUTBOUND_LOOPBACK = False
S3_BUCKET = environment.text("S3_BUCKET")
S3_ENDPOINT_URL = environment.text("S3_ENDPOINT_URL")
S3_REGION = environment.text("S3_REGION")
S3_ACCESS_KEY_ID = environment.text("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = environment.secret("S3_SECRET_ACCESS_KEY_FILE") if S3_ACCESS_KEY_ID else ""
STORAGE_SCANNER = environment.text("STORAGE_SCANNER")  # dotted name: takes bytes, returns "clean" or "infected"

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
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

AUDITLOG_LOGENTRY_MODEL = "audit.Change"
MIGRATION_MODULES = {"auditlog": None}  # its own table would stand beside ours, and break every flush
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
