"""Stand-ins for the pages of other apps, so that the frame can be tested alone: addresses, entries, people."""

from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from healthcare.accounts.permissions import Permission
from healthcare.ui.navigation import Badge, Entry


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


ACCOUNT_PAGES = {"sign_out": "sign-out/", "keep_alive": "keep-alive/", "account": "account/"}
accounts = ([path(address, page, name=name) for name, address in ACCOUNT_PAGES.items()], "accounts")
patients = (
    [path("", page, name="list"), path("search/", page, name="search"), path("register/", page, name="register")],
    "patients",
)
urlpatterns = [
    path("", page, name="home"),
    path("gallery/", include("healthcare.devservices.gallery.urls")),
    path("accounts/", include(accounts)),
    path("patients/", include(patients)),
]


def waiting(user: Any) -> Badge:
    return Badge(7, "waiting", "bad")


def nothing(user: Any) -> Badge:
    return Badge(0, "waiting")


SEARCH = Entry("Find a patient", "patients:search", "search", Permission.SEARCH_PATIENTS)
CLINIC = [
    Entry("Register a person", "patients:register", "user-plus", Permission.REGISTER_PATIENT, order=30, key="r"),
    Entry("Home", "home", "house", order=10, key="h"),
    Entry("Patients", "patients:list", "users", Permission.OPEN_CHART, order=20, badge=waiting, key="p"),
    Entry("Components", "gallery:clinic", "shapes", order=40, badge=nothing),
]
PORTAL = [Entry("Home", "home", "house", Permission.OWN_RECORD)]
BROKEN = [Entry("Nowhere", "no:such", "house"), Entry("Unseen", "home", "no-such-icon")]


def person(role: str = "doctor", **more: Any) -> SimpleNamespace:
    """A signed-in user as far as a page looks at one."""
    known = {
        "is_authenticated": True,
        "is_active": True,
        "full_name": "Maren Okafor",
        "acting_role": role,
        "role_edits": {},
    }
    return SimpleNamespace(**(known | more))


def nobody() -> SimpleNamespace:
    return SimpleNamespace(is_authenticated=False, is_active=False, acting_role=None)
