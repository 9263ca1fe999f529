"""Colleagues, for administrators: invite, give and end roles, close accounts, and the two-person reset."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can_approve_reset, can_manage
from healthcare.accounts.actions import AlreadyHere, NotInvited, ProviderData, ResetNotPossible
from healthcare.accounts.forms import GrantForm, HandoverForm, InviteForm, ReasonForm
from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.leaving import can_stand_in, get_held, get_stand_ins, roles_held
from healthcare.accounts.models import Membership, SecondFactorReset, Site, User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import get_colleague, get_staff, role_name
from healthcare.accounts.rights import get_effects_of_role, get_holders, said_of

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
@step_up
def grant(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The question says what the role opens; the answer gives it."""
    form = GrantForm(request.POST if request.method == "POST" else request.GET)
    user = get_object_or_404(User.objects.staff(), pk=pk)
    if not form.is_valid():
        return _page(request, user, form, ReasonForm(), status=422)
    site, role, last_day = (form.cleaned_data[name] for name in ("site", "role", "last_day"))
    if request.method != "POST":
        title = _("Make %(name)s a %(role)s at %(site)s?")
        hidden = [("site", site.pk), ("role", role), ("last_day", last_day.isoformat() if last_day else "")]
        return _ask(request, user, title, role, site, hidden=hidden, last_day=last_day)
    return _do(
        request,
        pk,
        lambda user: actions.grant_membership(by=_me(request), user=user, site=site, role=role, last_day=last_day),
        _("The role counts from now on."),
    )


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@step_up
def end_membership(request: HttpRequest, pk: UUID, membership: UUID) -> HttpResponse:
    """The question says what ends with it; the answer ends it."""
    ended = get_object_or_404(Membership.objects.select_related("user", "site"), pk=membership, user_id=pk)
    if request.method != "POST":
        title = _("End %(role)s at %(site)s for %(name)s?")
        return _ask(request, ended.user, title, ended.role, ended.site, ends=True)
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
    """The question shows what they leave and asks who takes it over; the answer closes the account."""
    user = get_object_or_404(User.objects.staff(), pk=pk)
    typed = request.POST if request.method == "POST" else None
    form = HandoverForm(typed, colleagues=can_stand_in(user, roles_held(user)))
    if form.is_valid():
        to = form.cleaned_data["to"]
        try:
            actions.deactivate_user(by=_me(request), user=user, to=to)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            done = _("The account is closed and every session ended.")
            stands = _("%(name)s has what they left from now on.") % {"name": to.full_name} if to else ""
            messages.success(request, f"{done} {stands}".strip())
        return redirect("accounts:colleague", pk=pk)
    context = {
        "colleague": user,
        "may": can_manage(_me(request), user),
        "held": get_held(user, timezone.now()),
        "form": form,
    }
    return render(request, "accounts/deactivate.html", context, status=422 if form.is_bound else 200)


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


def _ask(
    request: HttpRequest,
    user: User,
    title: str,
    role: str,
    site: Site,
    *,
    hidden: Any = (),
    ends: bool = False,
    last_day: date | None = None,
) -> HttpResponse:
    """What a role at a site opens, before it is given or ended."""
    effects, says = get_effects_of_role(role), [said_of(get_holders(role, timezone.now()))]
    if ends and not get_holders(role, timezone.now(), site=site.pk, besides=user).people:
        says.append(_("Nobody else holds this role at this site."))
    if last_day:
        says.append(_("It ends by itself after %(day)s.") % {"day": date_format(last_day)})
    context = {
        "title": title % {"name": user.full_name, "role": role_name(role), "site": site.name},
        "says": says,
        "gives": [] if ends else effects,
        "takes": effects if ends else [],
        "form": "",
        "hidden": hidden,
        "button": _("End it now") if ends else _("Give this role"),
        "may_not": "" if can_manage(_me(request), user) else _("This is your own account: ask another administrator."),
        "back": reverse("accounts:colleague", args=[user.pk]),
    }
    return render(request, "accounts/preview.html", context)


def _page(request: HttpRequest, user: User, grant_form: Any, reason_form: Any, status: int = 200) -> HttpResponse:
    page = get_colleague(user, timezone.now())
    context = {
        "page": page,
        "colleague": user,
        "grant_form": grant_form,
        "reason_form": reason_form,
        "may_manage": can_manage(_me(request), user),
        "stand_ins": [] if user.is_active else get_stand_ins(user),
        "held": [] if user.is_active else get_held(user, timezone.now()),
        "may_approve": page.reset is not None and can_approve_reset(_me(request), page.reset),
    }
    return render(request, "accounts/colleague.html", context, status=status)
