"""The way of a request with a token: no page's middleware, no cookie, JSON whatever happens, the same transaction."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils import translation

from healthcare.accounts.models import Session
from healthcare.api.middleware import TokenPath, is_token_path
from healthcare.audit.models import AuditEvent
from healthcare.db.context import NOBODY, acting_as_system, current_actor
from tests.factories import PatientFactory, portal_user, staff
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


def refused() -> int:
    with taking_role("worker", "audit"), acting_as_system("test", using="audit"):
        return AuditEvent.objects.using("audit").filter(action="api.token_refused").count()


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/v1/me", True),
        ("/v1/", True),
        ("/v1/docs", False),
        ("/v1/problems/invalid", False),
        ("/v1/openapi.json", False),
        ("/fhir/r4/Patient", True),
        ("/patients/", False),
        ("/v1", False),
    ],
)
def test_which_paths_are_for_tokens(path, is_one) -> None:
    assert is_token_path(path) is is_one


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer  ", "Basic dXNlcjpwYXNz", "Token abc", "Bearer not.a.token", "bearer é"]
)
def test_without_a_valid_token_401_as_a_problem(header) -> None:
    answer = Client(headers={"Authorization": header} if header else {}).get("/v1/me")
    assert answer.status_code == 401
    assert answer["Content-Type"] == PROBLEM
    assert answer["WWW-Authenticate"].startswith('Bearer realm="api"')
    assert answer.json()["type"] == "/v1/problems/unauthorized"
    assert answer["Cache-Control"] == "no-store"


def test_only_a_token_that_was_shown_is_called_invalid_and_audited() -> None:
    assert "error" not in Client().get("/v1/me")["WWW-Authenticate"]
    assert refused() == 0
    shown = Client(headers={"Authorization": "Bearer x"}).get("/v1/me")
    assert 'error="invalid_token"' in shown["WWW-Authenticate"]
    assert refused() == 1


def test_a_token_elsewhere_than_in_the_header_is_not_looked_for(api) -> None:
    token = api(staff("doctor")).token
    assert Client().get("/v1/me", {"access_token": token}).status_code == 401


def test_a_session_opens_nothing_and_no_cookie_is_set(api) -> None:
    client = Client()
    user = staff("doctor")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    Session.objects.filter(user=user).update(acting_role="doctor")
    answer = client.get("/v1/me")
    assert answer.status_code == 401
    assert not answer.cookies
    assert not api(user).read("/me").cookies


def test_a_write_needs_no_csrf_token_since_no_browser_sends_this_header(api) -> None:
    program = api(staff("administrator"))
    program.handler.enforce_csrf_checks = True
    assert program.write("/me").status_code == 405


def test_what_the_address_does_not_take_is_a_problem_too(api) -> None:
    answer = api(staff("doctor")).write("/me")
    assert (answer.status_code, answer["Content-Type"], answer["Allow"]) == (405, PROBLEM, "GET")


@pytest.mark.parametrize("path", ["/v1/none", "/v1/", "/v1/patients/x", "/fhir/r4/none"])
def test_nothing_there_is_json(api, path) -> None:
    answer = api(staff("doctor")).get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)


def test_what_cannot_be_read_is_json(api) -> None:
    answer = api(staff("doctor")).get("/v1/patients?query=%00")
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


def test_a_fault_of_ours_is_json_and_says_nothing(api, monkeypatch) -> None:
    def fail(*_, **__):
        raise RuntimeError("Rosa Delgado")

    monkeypatch.setattr("patients.api.page", fail)
    answer = api(staff("doctor")).read("/patients")
    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert b"Rosa" not in answer.content
    assert answer.json()["request_id"] == answer["X-Request-Id"]


@pytest.mark.parametrize("place", ["healthcare.api.middleware.authenticate", "patients.api.page"])
def test_without_a_database_503(api, monkeypatch, place) -> None:
    def fail(*_, **__):
        raise OperationalError

    program = api(staff("doctor"))
    monkeypatch.setattr(place, fail)
    answer = program.read("/patients")
    assert (answer.status_code, answer["Content-Type"]) == (503, PROBLEM)
    assert int(answer["Retry-After"]) > 0


def test_the_answer_is_kept_by_nobody_and_drawn_nowhere(api) -> None:
    answer = api(staff("doctor")).read("/me")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert current_actor() == NOBODY


def test_the_language_is_the_clinics_whatever_page_came_before(api) -> None:
    translation.activate("es")
    answer = api(staff("doctor")).read("/none")
    assert answer.json()["title"] == "Not found"
    assert translation.get_language() == "en-us"


def test_a_host_that_is_not_ours_is_refused(api) -> None:
    answer = api(staff("doctor")).get("/v1/me", headers={"Host": "evil.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


def test_it_has_to_stand_before_the_transaction() -> None:
    with pytest.raises(ImproperlyConfigured, match="last in MIDDLEWARE"):
        TokenPath(lambda request: None)


def test_pages_go_their_own_way() -> None:
    assert Client().get("/patients/").status_code == 302


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/patients/", "/portal/", "/accounts/sign-in/"])
def test_a_page_is_read_or_posted_to_and_nothing_else(method, path) -> None:
    answer = Client().generic(method, path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")


# == Who ==
def test_me_says_whom_the_token_speaks_for_and_how_far(api) -> None:
    doctor = staff("doctor")
    site = doctor.memberships.get().site_id
    assert api(doctor, "clinical.read identity.read").read("/me").json() == {
        "id": str(doctor.pk),
        "email": doctor.email,
        "role": "doctor",
        "patient": None,
        "provider": None,
        "sites": [str(site)],
        "scopes": ["clinical.read", "identity.read"],
    }


def test_me_of_a_patient_names_their_record(api) -> None:
    rosa = PatientFactory()
    body = api(portal_user(rosa)).read("/me").json()
    assert (body["role"], body["patient"], body["sites"]) == ("patient", str(rosa.pk), [])


# == How often ==
@pytest.fixture
def limits(settings, one_minute):
    settings.REDIS_URL = ""
    settings.API_LIMITS = {"read": 3, "write": 2, "address": 2, "oauth": 2}


def test_a_token_has_its_reads_and_its_writes(api, limits) -> None:
    program = api(staff("doctor"))
    assert [program.read("/me").status_code for _each in range(5)] == [200, 200, 200, 429, 429]
    assert [program.write("/none").status_code for _each in range(3)] == [404, 404, 429]
    answer = program.read("/me")
    assert answer.json()["type"] == "/v1/problems/too-many-requests"
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert api(staff("doctor")).read("/me").status_code == 200, "another token has its own"


def test_an_address_without_a_token_is_held_back_and_with_one_is_not(api, limits) -> None:
    program, stranger = api(staff("doctor")), api(None)
    assert [stranger.read("/me").status_code for _each in range(4)] == [401, 401, 429, 429]
    assert program.read("/me").status_code == 200


def test_the_path_of_a_request_is_the_one_that_was_asked() -> None:
    request = RequestFactory().get("/v1/../patients/")
    assert is_token_path(request.path), "nobody resolves dots here; there is no such operation"
