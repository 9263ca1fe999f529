"""Colleagues, for administrators: invite, give and end roles, close accounts, and the two-person reset."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can_approve_reset, can_manage
from healthcare.accounts.actions import AlreadyHere, NotInvited, ProviderData, ResetNotPossible
from healthcare.accounts.forms import GrantForm, InviteForm, ReasonForm
from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.models import Membership, SecondFactorReset, User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import get_colleague, get_staff

REFUSALS = (NotAllowed, AlreadyHere, NotInvited, ResetNotPossible)


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
def listing(request: HttpRequest) -> HttpResponse:
    text, closed = request.GET.get("q", "").strip()[:100], "closed" in request.GET
    page = get_staff(text=text, after=request.GET.get("after", "")[:250], closed=closed)
    return render(request, "accounts/staff.html", {"page": page, "text": text, "closed": closed})


@requires(Permission.INVITE)
@never_cache
@step_up
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        provider = ProviderData(data["credentials"], data["specialty"], data["npi"]) if data["is_provider"] else None
        try:
            user = actions.invite(
                by=request.user,  # type: ignore[arg-type]
                email=data["email"],
                full_name=data["full_name"],
                site=data["site"],
                roles=data["roles"],
                provider=provider,
            )
        except AlreadyHere as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("The invitation is on its way. It works for seven days."))
            return redirect("accounts:colleague", pk=user.pk)
    return render(request, "accounts/invite.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
def colleague(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _page(request, get_object_or_404(User.objects.staff(), pk=pk), GrantForm(), ReasonForm())


@requires(Permission.INVITE)
@never_cache
@require_POST
def invite_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _do(
        request, pk, lambda user: actions.invite_again(by=_me(request), user=user), _("A new link is on its way.")
    )


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@require_POST
@step_up
def grant(request: HttpRequest, pk: UUID) -> HttpResponse:
    form = GrantForm(request.POST)
    if not form.is_valid():
        return _page(request, get_object_or_404(User.objects.staff(), pk=pk), form, ReasonForm(), status=422)
    site, role = form.cleaned_data["site"], form.cleaned_data["role"]
    return _do(
        request,
        pk,
        lambda user: actions.grant_membership(by=_me(request), user=user, site=site, role=role),
        _("The role counts from now on."),
    )


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@require_POST
@step_up
def end_membership(request: HttpRequest, pk: UUID, membership: UUID) -> HttpResponse:
    ended = get_object_or_404(Membership.objects.select_related("user"), pk=membership, user_id=pk)
    return _do(
        request,
        pk,
        lambda _user: actions.end_membership(by=_me(request), membership=ended),
        _("The role ended. What it opened is closed."),
    )


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@step_up
def deactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The question is a page of its own; the answer closes the account."""
    user = get_object_or_404(User.objects.staff(), pk=pk)
    if request.method != "POST":
        return render(request, "accounts/deactivate.html", {"colleague": user, "may": can_manage(_me(request), user)})
    try:
        count = actions.deactivate_user(by=_me(request), user=user)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        passed = ngettext("%(n)d thing was passed on.", "%(n)d things were passed on.", count) % {"n": count}
        messages.success(request, _("The account is closed and every session ended.") + (f" {passed}" if count else ""))
    return redirect("accounts:colleague", pk=pk)


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@require_POST
@step_up
def reactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _do(
        request,
        pk,
        lambda user: actions.reactivate_user(by=_me(request), user=user),
        _("The account is open again. It holds no role until you give one."),
    )


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@require_POST
@step_up
def request_reset(request: HttpRequest, pk: UUID) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, get_object_or_404(User.objects.staff(), pk=pk), GrantForm(), form, status=422)
    reason = form.cleaned_data["reason"]
    return _do(
        request,
        pk,
        lambda user: actions.request_second_factor_reset(by=_me(request), user=user, reason=reason),
        _("Another administrator has to agree within three days."),
    )


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@require_POST
@step_up
def approve_reset(request: HttpRequest, pk: UUID, reset: UUID) -> HttpResponse:
    asked = get_object_or_404(SecondFactorReset.objects.select_related("user"), pk=reset, user_id=pk)
    return _do(
        request,
        pk,
        lambda _user: actions.approve_second_factor_reset(by=_me(request), reset=asked),
        _("Done. The person sets up a new authenticator at the next sign-in."),
    )


def _me(request: HttpRequest) -> User:
    user: Any = request.user
    return user


def _do(request: HttpRequest, pk: UUID, verb: Callable[[User], object], done: str) -> HttpResponse:
    """One verb about one colleague, its refusal as a message, and back to their page."""
    try:
        verb(get_object_or_404(User.objects.staff(), pk=pk))
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("accounts:colleague", pk=pk)


def _page(request: HttpRequest, user: User, grant_form: Any, reason_form: Any, status: int = 200) -> HttpResponse:
    page = get_colleague(user, timezone.now())
    context = {
        "page": page,
        "colleague": user,
        "grant_form": grant_form,
        "reason_form": reason_form,
        "may_manage": can_manage(_me(request), user),
        "may_approve": page.reset is not None and can_approve_reset(_me(request), page.reset),
    }
    return render(request, "accounts/colleague.html", context, status=status)
