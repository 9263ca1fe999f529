"""Signing in and out: password, second factor, role."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from healthcare.accounts import actions
from healthcare.accounts import demo as sample
from healthcare.accounts.access import roles_of
from healthcare.accounts.actions import SignInRefused, TooManyAttempts, WrongAnswer
from healthcare.accounts.actions.signing_in import continue_sign_in as go_on
from healthcare.accounts.actions.signing_in import get_next_step
from healthcare.accounts.forms import CodeForm, RecoveryForm, RoleForm, SignInForm
from healthcare.accounts.guards import public, safe_next, while_signing_in
from healthcare.accounts.lockout import too_many
from healthcare.accounts.queries import role_name
from healthcare.accounts.rules import Step, masked_address

PAGES = {Step.CODE: "accounts:code", Step.ENROL: "accounts:enrol", Step.ROLE: "accounts:choose_role"}


@public
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    target = safe_next(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(request.POST or None)
    if form.is_valid():
        try:
            actions.sign_in(request=request, email=form.cleaned_data["email"], password=form.cleaned_data["password"])
        except TooManyAttempts as problem:
            return too_many(request, problem.seconds)
        except SignInRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            request.session["next"] = target
            return redirect("accounts:continue")
    context = {
        "form": form,
        "next": target,
        "steps": steps(),
        "ended": "ended" in request.GET,
        "demo_accounts": sample.sign_in_choices() if settings.DEMO else [],
    }
    return render(request, "accounts/sign_in.html", context, status=422 if form.is_bound else 200)


@while_signing_in
@never_cache
def continue_sign_in(request: HttpRequest) -> HttpResponse:
    """To the step that is still missing; when none is, to the page that was asked for."""
    step = go_on(by=request.user, request=request)  # type: ignore[arg-type]
    if step is not Step.DONE:
        return redirect(PAGES[step])
    return redirect(safe_next(request, request.session.pop("next", None)))


@while_signing_in
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    return _second_factor(request, CodeForm(request.POST or None), actions.prove_second_factor, "accounts/code.html")


@while_signing_in
@never_cache
def recovery(request: HttpRequest) -> HttpResponse:
    form = RecoveryForm(request.POST or None)
    return _second_factor(request, form, actions.use_recovery_code, "accounts/recovery.html")


def _second_factor(request: HttpRequest, form: Any, verb: Any, template: str) -> HttpResponse:
    user: Any = request.user
    if get_next_step(request, user) is not Step.CODE:
        return redirect("accounts:continue")
    if form.is_valid():
        try:
            verb(by=user, request=request, code=form.cleaned_data["code"])
        except (WrongAnswer, TooManyAttempts) as problem:
            form.add_error("code", str(problem))
        else:
            return redirect("accounts:continue")
    context = {"form": form, "address": masked_address(user.email), "steps": steps()}
    return render(request, template, context, status=422 if form.is_bound else 200)


@while_signing_in
@never_cache
def choose_role(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if get_next_step(request, user) is not Step.ROLE:
        return redirect("accounts:continue")
    form = RoleForm(request.POST or None, roles=[(role, role_name(role)) for role in roles_of(user)])
    if form.is_valid():
        actions.take_role(by=user, request=request, role=form.cleaned_data["role"])
        return redirect("accounts:continue")
    return render(request, "accounts/choose_role.html", {"form": form}, status=422 if form.is_bound else 200)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Also where a page goes whose session ended: then the sign-in leads back to it."""
    user: Any = request.user
    if user.is_authenticated:
        actions.sign_out(by=user, request=request)
        return redirect("accounts:sign_in")
    referer = urlsplit(request.headers.get("Referer", ""))
    back = safe_next(request, referer.path) if referer.netloc == request.get_host() else "/"
    return redirect(f"{reverse('accounts:sign_in')}?{urlencode({'ended': 'yes', 'next': back})}")


@public
@require_POST
def demo(request: HttpRequest) -> HttpResponse:
    """One press in place of password and code, for the invented people of the demo. Not there in any other settings."""
    if not settings.DEMO:
        raise Http404
    user = sample.account_of(request.POST.get("email", ""))
    if user is None:
        raise Http404
    sample.sign_in_at_once(by=None, request=request, user=user, role=request.POST.get("role", ""))
    return redirect(safe_next(request, request.POST.get("next")))


def steps() -> list[str]:
    return [_("Password"), _("Code")]
