"""Pages that a link in a mail leads to, and those that ask for such a link. Answers are the same whoever asks."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from healthcare.accounts import actions
from healthcare.accounts.actions import AddressTaken, LinkRefused, TooManyAttempts
from healthcare.accounts.forms import AddressForm, NameAndPasswordForm, NewPasswordForm
from healthcare.accounts.guards import public
from healthcare.accounts.lockout import too_many
from healthcare.accounts.models import OneTimeLink

Purpose = OneTimeLink.Purpose


@public
@never_cache
def request_reset(request: HttpRequest) -> HttpResponse:
    return _ask_for_link(
        request,
        actions.request_password_reset,
        title=_("Choose a new password"),
        text=_("We send a link to your e-mail. It works once, within an hour."),
    )


@public
@never_cache
def request_account(request: HttpRequest) -> HttpResponse:
    return _ask_for_link(
        request,
        actions.request_account,
        title=_("Open your account"),
        text=_("We send a link to your e-mail. Then you choose a password, and enter the code from the clinic."),
    )


def _ask_for_link(request: HttpRequest, verb: Any, *, title: str, text: str) -> HttpResponse:
    form = AddressForm(request.POST or None)
    sent = False
    if form.is_valid():
        try:
            verb(email=form.cleaned_data["email"], network=request.META.get("REMOTE_ADDR", ""))
        except TooManyAttempts as problem:
            return too_many(request, problem.seconds)
        sent = True
    context = {"form": form, "title": title, "text": text, "sent": sent}
    return render(request, "accounts/ask_for_link.html", context, status=422 if form.is_bound and not sent else 200)


@public
@never_cache
@sensitive_post_parameters()
def reset(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = actions.find_link(token, Purpose.RESET_PASSWORD)
        form = NewPasswordForm(request.POST or None, user=link.user)
        if form.is_valid():
            actions.reset_password(token=token, new=form.cleaned_data["new_password"])
            messages.success(request, _("Your password is changed. Sign in with it."))
            return redirect("accounts:sign_in")
    except LinkRefused as refusal:
        return _refused(request, refusal, "accounts:request_reset")
    return _new_password(request, form, _("Choose a new password"), _("Save password"), link)


@public
@never_cache
@sensitive_post_parameters()
def accept(request: HttpRequest, token: str) -> HttpResponse:
    return _take_over(request, token, Purpose.INVITATION, actions.accept_invitation)


@public
@never_cache
@sensitive_post_parameters()
def open_account(request: HttpRequest, token: str) -> HttpResponse:
    return _take_over(request, token, Purpose.OPEN_ACCOUNT, actions.open_account)


def _take_over(request: HttpRequest, token: str, purpose: str, verb: Any) -> HttpResponse:
    """Name and password, and the person is signed in: the link has proven the address, the password was just chosen."""
    try:
        link = actions.find_link(token, purpose)
        user = link.user
        initial = {"full_name": user.full_name if user else ""}
        form = NameAndPasswordForm(request.POST or None, user=user, initial=initial)
        if form.is_valid():
            data = form.cleaned_data
            person = verb(token=token, full_name=data["full_name"], password=data["new_password"])
            actions.begin_session(request, person, timezone.now())
            return redirect("accounts:continue")
    except LinkRefused as refusal:
        return _refused(request, refusal, "accounts:sign_in")
    return _new_password(request, form, _("Welcome"), _("Open my account"), link)


@public
@never_cache
def leave_address(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = actions.find_link(token, Purpose.LEAVE_ADDRESS)
        if request.method == "POST":
            actions.agree_to_leave(token=token)
            messages.success(request, _("Thank you. Now open the mail that we sent to the new address."))
            return redirect("accounts:sign_in")
    except LinkRefused as refusal:
        return _refused(request, refusal, "accounts:sign_in")
    text = _("Somebody signed in to your account wants to move it to %(email)s.") % {"email": link.address}
    return _agree(request, _("Move your account to another address?"), text, _("Yes, move it"))


@public
@never_cache
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = actions.find_link(token, Purpose.CONFIRM_ADDRESS)
        if request.method == "POST":
            actions.verify_email(token=token)
            messages.success(request, _("Sign in with your new address from now on."))
            return redirect("accounts:sign_in")
    except (LinkRefused, AddressTaken) as refusal:
        return _refused(request, refusal, "accounts:sign_in")
    text = _("%(email)s will be the address you sign in with.") % {"email": link.address}
    return _agree(request, _("Is this your address?"), text, _("Yes, use it"))


def _new_password(request: HttpRequest, form: Any, title: str, button: str, link: OneTimeLink) -> HttpResponse:
    context = {"form": form, "title": title, "button": button, "address": link.address}
    return render(request, "accounts/new_password.html", context, status=422 if form.is_bound else 200)


def _agree(request: HttpRequest, title: str, text: str, button: str) -> HttpResponse:
    return render(request, "accounts/agree.html", {"title": title, "text": text, "button": button})


def _refused(request: HttpRequest, refusal: Exception, elsewhere: str) -> HttpResponse:
    return render(request, "accounts/link_refused.html", {"sentence": str(refusal), "elsewhere": elsewhere}, status=410)
