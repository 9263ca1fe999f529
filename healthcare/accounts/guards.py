"""What each view says of itself: whom it is for. The middleware and the tests of the house read it."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from healthcare.accounts.access import NotAllowed, check_can
from healthcare.accounts.actions.signing_in import TooManyAttempts, WrongAnswer, has_second_factor
from healthcare.accounts.actions.signing_in import step_up as prove_again
from healthcare.accounts.forms import StepUpForm
from healthcare.accounts.permissions import Permission
from healthcare.audit import record_now

View = Callable[..., HttpResponseBase]
ANSWER = StepUpForm.ANSWER


def public(view: View) -> View:
    """Open to everybody, signed in or not. The list of these is short, and a test prints it."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def while_signing_in(view: View) -> View:
    """For whoever gave a password; the second factor or the role may still be missing."""
    view.is_while_signing_in = True  # type: ignore[attr-defined]
    return view


def anyone_signed_in(view: View) -> View:
    """For every role: pages about one's own account, and the home page."""
    view.is_for_anyone_signed_in = True  # type: ignore[attr-defined]
    return view


class Missing(Http404):
    """What the address names is not there, or not for this person to know of. The audit has been told."""


def missing(user: Any) -> Missing:
    """To be raised: who guesses at ids leaves a trace, whether there is something or not. Raises AuditUnavailable."""
    record_now("accounts.missing", by=user, outcome="denied")
    return Missing()


def requires(permission: Permission) -> Callable[[View], View]:
    """For roles that hold the permission; others get a page with a sentence, and the audit a denial.

    So does the audit when an address with an id in it leads to nothing.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                check_can(request.user, permission)
            except NotAllowed as refusal:
                record_now("accounts.denied", by=request.user, outcome="denied", detail={"permission": permission})
                return render(request, "accounts/denied.html", {"sentence": str(refusal)}, status=403)
            try:
                return view(request, *args, **kwargs)
            except Http404 as nothing:
                if not kwargs or isinstance(nothing, Missing):
                    raise
                raise missing(request.user) from nothing

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def step_up(view: View) -> View:
    """For somebody who proved in the last minutes who they are; else they prove it again, and nothing typed is lost."""
    return stepped_up_within(timedelta(seconds=settings.STEP_UP_SECONDS))(view)


def stepped_up_within(limit: timedelta) -> Callable[[View], View]:
    """As `step_up`, with another limit."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST" and ANSWER in request.POST:
                refused = _take_answer(request)
                if refused is not None:
                    return refused
            elif not is_fresh(request, limit):
                return _ask(request)
            return view(request, *args, **kwargs)

        guarded.stepped_up_within = limit  # type: ignore[attr-defined]
        return guarded

    return decorate


def is_fresh(request: HttpRequest, limit: timedelta) -> bool:
    """Whether the identity was proven within this time."""
    row = request.session.row  # type: ignore[attr-defined]
    return bool(row and row.stepped_up_at and timezone.now() - row.stepped_up_at < limit)


def safe_next(request: HttpRequest, target: str | None, default: str = "/") -> str:
    """A page of ours to go back to; anything else is the default."""
    secure = request.is_secure()
    if target and url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=secure):
        return target
    return default


def _ask(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        back = safe_next(request, request.headers.get("HX-Current-URL"))
        answer = HttpResponse()
        answer["HX-Redirect"] = f"{reverse('accounts:step_up')}?{urlencode({'next': back})}"
        return answer
    if request.method in {"GET", "HEAD"}:
        return redirect(f"{reverse('accounts:step_up')}?{urlencode({'next': request.get_full_path()})}")
    user: Any = request.user
    return _page(request, StepUpForm(has_code=has_second_factor(user)))


def _take_answer(request: HttpRequest) -> HttpResponseBase | None:
    """Check the answer that came with what was typed; None when it was right, and the typed goes on to the view."""
    user: Any = request.user
    form = StepUpForm(request.POST, has_code=has_second_factor(user))
    if not form.is_valid():
        return _page(request, form)
    try:
        prove_again(by=user, request=request, answer=form.cleaned_data[ANSWER])
    except (WrongAnswer, TooManyAttempts) as problem:
        form.add_error(ANSWER, str(problem))
        return _page(request, form)
    typed = request.POST.copy()
    del typed[ANSWER]
    request.POST = typed  # type: ignore[assignment]
    return None


def _page(request: HttpRequest, form: StepUpForm) -> HttpResponse:
    own = {ANSWER, "csrfmiddlewaretoken"}
    kept = [(name, value) for name, values in request.POST.lists() for value in values if name not in own]
    context = {"form": form, "kept": kept, "lost_files": bool(request.FILES)}
    return render(request, "accounts/step_up.html", context, status=422 if form.is_bound else 200)
