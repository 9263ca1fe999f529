"""Views that misbehave, each in its own way."""

import time
import uuid
from collections.abc import Iterator

from django.contrib.auth import login, logout
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import include, path

from healthcare.accounts.guards import public
from healthcare.accounts.models import Site, User
from healthcare.audit import AuditUnavailable
from healthcare.db.context import current_actor

NAME = "Wilhelmina Canary"


def who() -> str:
    """What both walls hold for the truth."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.user_id()::text, app.acting_role()")
        user_id, role = cursor.fetchone()
    actor = current_actor()
    assert (str(actor.user_id) if actor.user_id else None, actor.role or None) == (user_id, role)
    return f"{user_id} {role}"


def write() -> None:
    """A row that a later look can find, or not."""
    Site.objects.create(name="written", slug="written")


@public
def name_in_exception(request: HttpRequest) -> HttpResponse:
    raise ValueError(f"{NAME} has no coverage")


@public
def write_and(request: HttpRequest, then: str) -> HttpResponse:
    write()
    if then == "raise":
        raise ValueError(NAME)
    if then == "404":
        raise Http404
    if then == "403":
        raise PermissionDenied
    if then == "503":
        raise AuditUnavailable("not written")
    return HttpResponse(status=int(then.removeprefix("return-")))


@public
def show_actor(request: HttpRequest) -> HttpResponse:
    return HttpResponse(who())


@public
def lazily(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "400.html", {"lazy": who})


@public
def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        yield who().encode()
        time.sleep(0)
        yield b" " + who().encode()

    return StreamingHttpResponse(parts())


@public
def downloaded(request: HttpRequest) -> FileResponse:
    return FileResponse(open(__file__, "rb"))


@public
def sign_in(request: HttpRequest, user_id: uuid.UUID, role: str) -> HttpResponse:
    before = who()
    user = User.objects.get(pk=user_id)
    user.acting_role = None if role == "none" else role
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponse(f"{before} -> {who()}")


@public
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse(who())


@public
def database_away(request: HttpRequest) -> HttpResponse:
    raise OperationalError(f"connection lost while reading {NAME}")


@public
def slow(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20ms'")
        cursor.execute("SELECT pg_sleep(5)")
    return HttpResponse()


@public
async def asynchronous(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@public
def echo(request: HttpRequest) -> HttpResponse:
    values = "".join([*request.GET.values(), *request.POST.values()])
    return HttpResponse(f"{values} {request.META['REMOTE_ADDR']}")


def closed(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


# The names that the frame of every page leads to.
accounts = [path(name, echo, name=name) for name in ("sign_in", "session", "continue")]
urlpatterns = [
    path("name-in-exception/<uuid:patient_id>", lambda request, patient_id: name_in_exception(request)),
    path("boom", name_in_exception),
    path("write/<str:then>", write_and),
    path("who", show_actor),
    path("lazily", lazily),
    path("streamed", streamed),
    path("downloaded", downloaded),
    path("in/<uuid:user_id>/<str:role>", sign_in),
    path("out", sign_out),
    path("away", database_away),
    path("slow", slow),
    path("async", asynchronous),
    path("echo", echo),
    path("closed", closed),
    path("", include("healthcare.ops.urls")),
    path("accounts/", include((accounts, "accounts"))),
]
urlpatterns[0].callback.is_public = True
handler400 = "healthcare.ops.errors.bad_request"
handler403 = "healthcare.ops.errors.forbidden"
handler404 = "healthcare.ops.errors.not_found"
handler500 = "healthcare.ops.errors.internal_error"
