"""What stands before a view: sign-in, permission, and a fresh proof of identity."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from django.utils import timezone

from healthcare.accounts import actions, home_urls, urls
from healthcare.accounts.access import NotAllowed, can_take, roles_of
from healthcare.accounts.guards import (
    anyone_signed_in,
    missing,
    public,
    requires,
    safe_next,
    step_up,
    stepped_up_within,
    while_signing_in,
)
from healthcare.accounts.models import Session
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import ROLES
from tests.accounts.conftest import PASSWORD, audited, code_of, colleague, person, sign_in
from tests.accounts.test_sign_in import give_password, where
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
PUBLIC = {
    "sign_in",
    "demo_sign_in",
    "sign_out",
    "session",
    "request_reset",
    "reset_password",
    "request_account",
    "open_account",
    "invitation",
    "leave_address",
    "confirm_address",
}


def patterns() -> list[URLPattern]:
    return [pattern for pattern in [*urls.urlpatterns, *home_urls.urlpatterns] if isinstance(pattern, URLPattern)]


# == Every view says whom it is for ==
@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.name)
def test_every_view_says_whom_it_is_for(pattern: URLPattern) -> None:
    view = pattern.callback
    said = [
        getattr(view, "is_public", False),
        getattr(view, "is_while_signing_in", False),
        getattr(view, "is_for_anyone_signed_in", False),
        getattr(view, "permission", None) is not None,
    ]
    assert sum(map(bool, said)) == 1, f"{pattern.name} says {sum(map(bool, said))} things of whom it is for."
    assert (pattern.name in PUBLIC) == bool(said[0]), f"{pattern.name} is public, or stands on the list, but not both."


WORDS = {"token": "nonsense", "slug": "nurse"}


def address(pattern: URLPattern) -> str:
    values = {"pk": str(person().pk), "membership": str(person().pk), "reset": str(person().pk)} | WORDS
    taken = {name: values[name] for name in pattern.pattern.converters}
    prefix = "" if pattern.name == "home" else "accounts:"
    return reverse(f"{prefix}{pattern.name}", kwargs=taken)


@pytest.mark.parametrize("pattern", [p for p in patterns() if p.name not in PUBLIC], ids=lambda pattern: pattern.name)
def test_nobody_gets_in_without_signing_in(pattern: URLPattern) -> None:
    page = address(pattern)
    for method in ("get", "post"):
        answer = getattr(Client(), method)(page)
        assert where(answer).startswith(reverse("accounts:sign_in")), f"{method} {page}"
    for method in ("put", "delete"):
        assert getattr(Client(), method)(page).status_code == 405, f"{method} {page}"


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize(
    "pattern", [p for p in patterns() if getattr(p.callback, "permission", None)], ids=lambda pattern: pattern.name
)
def test_only_roles_with_the_permission_get_in(pattern: URLPattern, role: str) -> None:
    user = person() if role == "patient" else colleague(role)
    client, page = sign_in(user, role=role), address(pattern)
    holds = pattern.callback.permission in ROLES[role].permissions
    for method in (client.get, client.post):
        assert (method(page).status_code == 403) != holds


def test_a_refusal_is_a_sentence_and_an_audit_line() -> None:
    doctor = colleague("doctor")
    answer = sign_in(doctor).get(reverse("accounts:audit"))
    assert "Your role does not include this: read who did what, for every record." in answer.content.decode()
    event = audited("accounts.denied", actor_id=doctor.pk)[0]
    assert (event.outcome, event.detail) == ("denied", {"permission": "audit.read"})


# == Step-up, on views of our own ==
@step_up
@anyone_signed_in
def careful(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.method} {sorted(request.POST.lists())} {request.FILES.get('file')}")


@requires(Permission.OPEN_CHART)
def charts(request: HttpRequest) -> HttpResponse:
    return HttpResponse("chart")


@public
def open_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(safe_next(request, request.GET.get("next")))


urlpatterns: list[URLPattern | URLResolver] = [
    path("careful/", careful),
    path("charts/", charts),
    path("open/", open_page),
]


@pytest.fixture
def _own_urls() -> Iterator[None]:
    extra = [*get_resolver("healthcare.urls").url_patterns, *urlpatterns]
    with override_settings(ROOT_URLCONF=type("urls", (), {"urlpatterns": extra})):
        yield


@pytest.mark.usefixtures("_own_urls")
class TestStepUp:
    def test_whoever_proved_it_just_now_passes(self) -> None:
        assert sign_in(person()).get("/careful/").content == b"GET [] None"

    def test_a_look_goes_by_the_question_and_comes_back(self) -> None:
        user = person()
        client = sign_in(user, stepped_up=False)
        asked = where(client.get("/careful/?a=1"))
        assert asked == "/accounts/confirm/?next=%2Fcareful%2F%3Fa%3D1"
        assert 'name="next" value="/careful/?a=1"' in client.get(asked).content.decode()
        assert client.post(asked, {"step_up_answer": "wrong"}).status_code == 422
        assert where(client.post(asked, {"step_up_answer": PASSWORD})) == "/careful/?a=1"
        assert client.get("/careful/").status_code == 200

    def test_what_was_typed_comes_through_the_question(self) -> None:
        client = sign_in(person(), stepped_up=False)
        page = client.post("/careful/", {"dose": ["5 mg", '"><b>'], "note": "two\nlines"}).content.decode()
        assert "Is it still you?" in page
        assert 'name="dose" value="5 mg"' in page
        assert 'value="&quot;&gt;&lt;b&gt;"' in page
        answer = client.post("/careful/", {"dose": ["5 mg", "x"], "note": "n", "step_up_answer": PASSWORD})
        assert answer.content == b"POST [('dose', ['5 mg', 'x']), ('note', ['n'])] None"

    def test_a_wrong_answer_asks_again_and_does_nothing(self) -> None:
        client = sign_in(person(), stepped_up=False)
        answer = client.post("/careful/", {"dose": "5 mg", "step_up_answer": "wrong"})
        assert answer.status_code == 422
        assert "The password is not right" in answer.content.decode()
        assert 'value="5 mg"' in answer.content.decode()
        assert client.post("/careful/", {"step_up_answer": ""}).status_code == 422
        assert [event.outcome for event in audited("accounts.step_up")] == ["failed"]

    def test_with_an_authenticator_the_code_is_asked_for(self) -> None:
        doctor = colleague("doctor")
        client = sign_in(doctor, stepped_up=False)
        assert "Six-digit code" in client.post("/careful/").content.decode()
        assert client.post("/careful/", {"step_up_answer": PASSWORD}).status_code == 422

    def test_it_counts_for_five_minutes(self) -> None:
        user = person()
        client = sign_in(user)
        Session.objects.filter(user=user).update(stepped_up_at=timezone.now() - timedelta(seconds=301))
        assert client.get("/careful/").status_code == 302

    def test_files_cannot_wait(self) -> None:
        client = sign_in(person(), stepped_up=False)
        page = client.post("/careful/", {"file": SimpleUploadedFile("a.txt", b"x")}).content.decode()
        assert "Choose them again" in page

    def test_htmx_goes_to_the_question_as_a_whole_page(self) -> None:
        client = sign_in(person(), stepped_up=False)
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/careful/"}
        answer = client.post("/careful/", headers=headers)
        assert answer.headers["HX-Redirect"].startswith("/accounts/confirm/?next=")

    def test_guessing_is_stopped(self) -> None:
        client = sign_in(person(), stepped_up=False)
        for _try in range(10):
            client.post("/careful/", {"step_up_answer": "wrong"})
        assert "Too many tries" in client.post("/careful/", {"step_up_answer": PASSWORD}).content.decode()

    def test_permissions_and_public_pages(self) -> None:
        assert sign_in(colleague("doctor")).get("/charts/").content == b"chart"
        assert sign_in(colleague("researcher")).get("/charts/").status_code == 403
        assert Client().get("/open/", {"next": "/charts/"}).content == b"/charts/"
        assert Client().get("/open/", {"next": "https://evil.example/"}).content == b"/"


# == What a view says of itself, said in the test ==
@contextmanager
def pages(*views: Any) -> Iterator[None]:
    """Each under its own name, and with an id as under `/name/7/`."""
    own = [path(f"{view.__name__}/", view) for view in views]
    own += [path(f"{view.__name__}/<int:number>/", view) for view in views]
    extra = [*get_resolver("healthcare.urls").url_patterns, *own]
    with override_settings(ROOT_URLCONF=type("urls", (), {"urlpatterns": extra})):
        yield


def test_a_view_lets_in_whom_it_says() -> None:
    @public
    def for_all(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    @while_signing_in
    def between(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    @anyone_signed_in
    def for_us(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    doctor, half = colleague("doctor"), Client()
    whole = sign_in(doctor)
    give_password(half, doctor.email)
    with pages(for_all, between, for_us):
        found = {
            view: [client.get(f"/{view}/").status_code == 200 for client in (Client(), half, whole)]
            for view in ("for_all", "between", "for_us")
        }
    assert found == {"for_all": [True, True, True], "between": [False, True, True], "for_us": [False, False, True]}
    assert for_us.is_for_anyone_signed_in is True  # type: ignore[attr-defined]


def test_whoever_guesses_at_ids_leaves_one_trace() -> None:
    @requires(Permission.OPEN_CHART)
    def chart(request: HttpRequest, number: int = 0) -> HttpResponse:
        if number == 1:
            raise missing(request.user)
        raise Http404

    doctor = colleague("doctor")
    client = sign_in(doctor)
    with pages(chart):
        for number, address_ in enumerate(("/chart/7/", "/chart/1/"), start=1):
            assert client.get(address_).status_code == 404
            traces = audited("accounts.missing", actor_id=doctor.pk)
            assert [event.outcome for event in traces] == ["denied"] * number
        assert client.get("/chart/").status_code == 404
    assert len(audited("accounts.missing", actor_id=doctor.pk)) == 2, "an address without an id is no guess"


def test_who_may_not_is_told_why_and_the_audit_which_permission() -> None:
    @requires(Permission.READ_AUDIT)
    def audit(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    doctor, officer = colleague("doctor"), colleague("privacy_officer")
    with pages(audit):
        refused = sign_in(doctor).get("/audit/")
        assert sign_in(officer).get("/audit/").content == b"in"
    assert (refused.status_code, "does not include this" in refused.content.decode()) == (403, True)
    (event,) = audited("accounts.denied")
    assert (event.actor_id, event.outcome, event.detail) == (doctor.pk, "denied", {"permission": "audit.read"})


def test_a_proof_counts_as_long_as_the_view_says() -> None:
    @stepped_up_within(timedelta(minutes=1))
    @anyone_signed_in
    def at_once(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"in {sorted(request.POST)}")

    user = person()
    client = sign_in(user)
    with pages(at_once):
        assert client.get("/at_once/").content == client.post("/at_once/").content == b"in []"
        for ago, passes_ in ((55, True), (61, False), (301, False)):
            Session.objects.filter(user=user).update(stepped_up_at=timezone.now() - timedelta(seconds=ago))
            assert (client.get("/at_once/").status_code == 200) == passes_
        assert client.post("/at_once/", {"a": "1"}).status_code == 200, "the question, and nothing is done"
        assert b"in [" not in client.post("/at_once/", {"a": "1"}).content
        assert client.post("/at_once/", {"a": "1", "step_up_answer": PASSWORD}).content == b"in ['a']"
        Session.objects.filter(user=user).update(stepped_up_at=None)
        assert client.get("/at_once/").status_code == 302


# == Switching roles ==
def switch(client: Client, **typed: str) -> Any:
    return client.post(reverse("accounts:switch_role"), typed)


def test_switching_needs_a_proof_and_is_audited() -> None:
    desk = colleague("front_desk")
    MembershipFactory(user=desk, role="billing")
    client = sign_in(desk)
    assert switch(client, role="billing", step_up_answer="000000").status_code == 422
    assert Session.objects.get(user=desk).acting_role == "front_desk"
    Session.objects.filter(user=desk).update(stepped_up_at=None)


def test_the_other_role_counts_from_then_on() -> None:
    desk = colleague("front_desk")
    MembershipFactory(user=desk, role="billing")
    client = sign_in(desk)
    before = client.cookies["sessionid"].value
    assert where(switch(client, role="billing", step_up_answer=code_of(desk))) == "/"
    assert Session.objects.get(user=desk).acting_role == "billing"
    assert client.cookies["sessionid"].value != before
    assert audited("accounts.switch_role")[0].detail == {"from": "front_desk", "to": "billing"}


def test_a_role_one_does_not_hold_is_not_on_offer() -> None:
    doctor = colleague("doctor")
    client = sign_in(doctor)
    assert "one role alone" in client.get(reverse("accounts:switch_role")).content.decode()
    assert switch(client, role="administrator", step_up_answer=code_of(doctor)).status_code == 422
    assert Session.objects.get(user=doctor).acting_role == "doctor"


# == Which roles are open to whom ==
def test_staff_roles_come_from_memberships_and_everybody_else_is_a_patient() -> None:
    desk = colleague("front_desk")
    MembershipFactory(user=desk, role="billing")
    assert roles_of(desk) == ["front_desk", "billing"]
    assert roles_of(person()) == ["patient"]
    assert (can_take(desk, "billing"), can_take(desk, "doctor"), can_take(desk, "patient")) == (True, False, False)


def test_a_colleague_with_a_record_may_act_as_a_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app that knows records answers in the person's own context."""
    from healthcare.db.context import current_actor

    class Portal:
        home = "home"

        def has_record(self, user: Any) -> bool:
            actor = current_actor()
            return (actor.user_id, actor.role) == (user.pk, "patient")

    monkeypatch.setattr("healthcare.accounts.access.parts_of", lambda name: (Portal(),))
    assert roles_of(colleague("doctor")) == ["patient", "doctor"]


def test_no_role_is_taken_before_the_second_factor() -> None:
    doctor, client = colleague("doctor"), Client()
    give_password(client, doctor.email)
    request = client.get(reverse("accounts:code")).wsgi_request
    with pytest.raises(NotAllowed, match="second factor first"):
        actions.take_role(by=doctor, request=request, role="doctor")
    with pytest.raises(NotAllowed, match="do not hold"):
        actions.take_role(by=doctor, request=request, role="nurse")
