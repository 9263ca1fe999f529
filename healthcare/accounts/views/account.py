"""One's own account: name, address, password, second factor, sessions, role."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can, roles_of
from healthcare.accounts.actions import TooManyAttempts, WrongAnswer
from healthcare.accounts.actions.signing_in import has_second_factor
from healthcare.accounts.forms import (
    AddressForm,
    ChangePasswordForm,
    CodeForm,
    NameForm,
    PreferencesForm,
    RoleForm,
    StepUpForm,
)
from healthcare.accounts.guards import ANSWER, anyone_signed_in, is_fresh, step_up, while_signing_in
from healthcare.accounts.models import Session, TOTPDevice
from healthcare.accounts.permissions import Permission
from healthcare.accounts.qr import qr_code
from healthcare.accounts.queries import get_second_factor, get_sessions, role_name
from healthcare.accounts.roles import PATIENT

FRESH = timedelta(seconds=settings.STEP_UP_SECONDS)


@anyone_signed_in
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    roles = roles_of(user)
    context = {
        "frame": frame(user),
        "second_factor": get_second_factor(user),
        "sessions": get_sessions(user, timezone.now()),
        "this_session": request.session.row,  # type: ignore[attr-defined]
        "roles": [role_name(role) for role in roles],
        "may_switch": len(roles) > 1,
        "may_remove": roles == [PATIENT] and can(user, Permission.SIGN_IN_WITHOUT_CODE),
        "preferences": PreferencesForm(initial=_preferences(user), in_portal=user.acting_role == PATIENT),
    }
    return render(request, "accounts/account.html", context)


def _preferences(user: Any) -> dict[str, Any]:
    return {"single_keys": user.single_keys, "theme": user.theme, "density": user.density}


@anyone_signed_in
@require_POST
def choose_preferences(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = PreferencesForm(request.POST, in_portal=user.acting_role == PATIENT)
    if form.is_valid():
        actions.choose_preferences(by=user, **(_preferences(user) | form.cleaned_data))
        messages.success(request, _("Saved. Other browsers follow when they load a page."))
    return redirect("accounts:account")


@anyone_signed_in
@never_cache
def rename(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = NameForm(request.POST or None, initial={"full_name": user.full_name})
    if form.is_valid():
        actions.rename_user(by=user, user=user, full_name=form.cleaned_data["full_name"])
        messages.success(request, _("Your name is saved."))
        return redirect("accounts:account")
    return _page(request, form, _("Your name"), _("Save name"))


@anyone_signed_in
@never_cache
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = ChangePasswordForm(request.POST or None, user=user)
    if form.is_valid():
        try:
            actions.change_password(
                by=user,
                request=request,
                current=form.cleaned_data["current"],
                new=form.cleaned_data["new_password"],
            )
        except (WrongAnswer, TooManyAttempts) as problem:
            form.add_error("current", str(problem))
        else:
            messages.success(request, _("Your password is changed. Every other browser was signed out."))
            return redirect("accounts:account")
    note = _("Every other browser in which you are signed in will be signed out.")
    return _page(request, form, _("Change your password"), _("Change password"), note)


@anyone_signed_in
@never_cache
@step_up
def change_email(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = AddressForm(request.POST or None)
    if form.is_valid():
        actions.request_address_change(by=user, email=form.cleaned_data["email"])
        messages.success(
            request, _("We sent a link to your address so far. Open it first; then the new address gets one, too.")
        )
        return redirect("accounts:account")
    note = _("You sign in with %(email)s now. It stays so until both addresses have agreed.") % {"email": user.email}
    return _page(request, form, _("Change your e-mail"), _("Send the links"), note)


# == Second factor ==
@while_signing_in
@never_cache
@sensitive_variables("codes", "waiting")
def enrol(request: HttpRequest) -> HttpResponse:
    """Show the waiting key, take its first code, give the recovery codes. A key in use is never shown again."""
    user: Any = request.user
    if has_second_factor(user) and not (user.acting_role and is_fresh(request, FRESH)):
        return _prove_first(request)
    form = CodeForm(request.POST if "code" in request.POST else None)
    if request.method == "POST" and not form.is_bound:
        actions.begin_enrolment(by=user)
        return redirect("accounts:enrol")
    if form.is_valid():
        try:
            codes = actions.enrol_totp(by=user, request=request, code=form.cleaned_data["code"])
        except WrongAnswer as problem:
            form.add_error("code", str(problem))
        else:
            return _show_codes(request, codes)
    waiting = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    context = {
        "frame": frame(user),
        "form": form,
        "waiting": waiting,
        "qr": qr_code(waiting.address()) if waiting else "",
        "groups": [waiting.key[place : place + 4] for place in range(0, 32, 4)] if waiting else [],
        "is_first": not has_second_factor(user),
    }
    return render(request, "accounts/enrol.html", context, status=422 if form.is_bound else 200)


def _prove_first(request: HttpRequest) -> HttpResponse:
    """Who has an authenticator proves with it before another one can take its place."""
    if request.user.acting_role is None:  # type: ignore[union-attr]
        return redirect("accounts:continue")
    return step_up(enrol)(request)  # type: ignore[return-value]


@anyone_signed_in
@never_cache
@step_up
def renew_codes(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if request.method == "POST":
        try:
            return _show_codes(request, actions.renew_recovery_codes(by=user))
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
            return redirect("accounts:account")
    note = _("The codes you have now stop working.")
    return _page(request, None, _("Make new recovery codes"), _("Make ten new codes"), note)


@anyone_signed_in
@never_cache
@step_up
def remove_second_factor(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        try:
            actions.remove_second_factor(by=request.user)  # type: ignore[arg-type]
            messages.success(request, _("You sign in with your password alone from now on."))
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        return redirect("accounts:account")
    note = _("Whoever learns your password could then read your record.")
    return _page(request, None, _("Sign in without a code"), _("Switch the code off"), note)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown in this answer and never again."""
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "frame": frame(request.user)})


# == Sessions and role ==
@anyone_signed_in
@require_POST
def end_session(request: HttpRequest, pk: Any) -> HttpResponse:
    user: Any = request.user
    session = Session.objects.filter(user=user, pk=pk).first()
    if session is None:
        raise Http404
    if session == request.session.row:  # type: ignore[attr-defined]
        actions.sign_out(by=user, request=request)
        return redirect("accounts:sign_in")
    actions.end_session(by=user, session=session)
    messages.success(request, _("That browser is signed out."))
    return redirect("accounts:account")


@anyone_signed_in
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    keep = request.session.row  # type: ignore[attr-defined]
    actions.end_other_sessions(by=request.user, keep=keep)  # type: ignore[arg-type]
    messages.success(request, _("Every other browser is signed out."))
    return redirect("accounts:account")


@anyone_signed_in
@never_cache
def switch_role(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    roles = [(role, role_name(role)) for role in roles_of(user) if role != user.acting_role]
    role_form = RoleForm(request.POST or None, roles=roles)
    answer_form = StepUpForm(request.POST or None, has_code=has_second_factor(user))
    if role_form.is_valid() and answer_form.is_valid():
        try:
            actions.switch_role(
                by=user,
                request=request,
                role=role_form.cleaned_data["role"],
                answer=answer_form.cleaned_data[ANSWER],
            )
        except (WrongAnswer, TooManyAttempts) as problem:
            answer_form.add_error(ANSWER, str(problem))
        else:
            return redirect("home")
    context = {"role_form": role_form, "answer_form": answer_form, "roles": roles, "frame": frame(user)}
    return render(request, "accounts/switch_role.html", context, status=422 if role_form.is_bound else 200)


# == Frames ==
def frame(user: Any) -> str:
    """Which shell a page about oneself stands in: the clinic's, the portal's, or none while signing in."""
    if user.acting_role is None:
        return "ui/bare.html"
    return "ui/portal.html" if user.acting_role == PATIENT else "ui/clinic.html"


def _page(request: HttpRequest, form: Any, title: str, button: str, note: str = "") -> HttpResponse:
    context = {"form": form, "title": title, "button": button, "note": note, "frame": frame(request.user)}
    return render(request, "accounts/change.html", context, status=422 if form is not None and form.is_bound else 200)
