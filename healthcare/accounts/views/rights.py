"""Roles and teams, for administrators: what they may do, what a change would do, the change, and its history."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.forms import WhyForm
from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.models import Team
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.rights import Rights, get_effects, get_rights_of_role, get_rights_of_team, get_roles, said_of
from healthcare.accounts.roles import ROLES


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
def roles(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/roles.html", {"lines": get_roles()})


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
def role(request: HttpRequest, slug: str) -> HttpResponse:
    return _show(request, _role(slug))


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
def team(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _show(request, _team(pk))


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@step_up
def edit_role(request: HttpRequest, slug: str) -> HttpResponse:
    def edit(give: list[str], take: list[str], reason: str) -> object:
        add, less = [Permission(one) for one in give], [Permission(one) for one in take]
        return actions.edit_role(by=_me(request), role=slug, reason=reason, add=add, take=less)

    return _edit(request, _role(slug), edit)


@requires(Permission.MANAGE_ACCOUNTS)
@never_cache
@step_up
def change_team(request: HttpRequest, pk: UUID) -> HttpResponse:
    rights = _team(pk)

    def edit(give: list[str], take: list[str], reason: str) -> object:
        add, less = [Scope(one) for one in give], [Scope(one) for one in take]
        return actions.change_team(by=_me(request), team=rights.team, reason=reason, add=add, take=less)  # type: ignore[arg-type]

    return _edit(request, rights, edit)


def _role(slug: str) -> Rights:
    if slug not in ROLES:
        raise Http404
    return get_rights_of_role(ROLES[slug], timezone.now())


def _team(pk: UUID) -> Rights:
    return get_rights_of_team(get_object_or_404(Team.objects.select_related("site"), pk=pk), timezone.now())


def _me(request: HttpRequest) -> Any:
    return request.user


def _show(request: HttpRequest, rights: Rights) -> HttpResponse:
    """`held` in the address: what was ticked before the preview, so that going back loses nothing."""
    wanted = set(request.GET.getlist("held")) if "held" in request.GET else None
    return render(request, "accounts/role.html", {"rights": rights, "wanted": wanted})


def _edit(request: HttpRequest, rights: Rights, edit: Callable[[list[str], list[str], str], object]) -> HttpResponse:
    """The question shows what would change; the answer names exactly that, so that two at once undo nothing."""
    if request.method == "POST":
        known = {choice.value for _title, choices in rights.groups for choice in choices}
        give, take = ([one for one in request.POST.getlist(name) if one in known] for name in ("give", "take"))
    else:
        give, take = rights.differing(request.GET.getlist("held"))
    form = WhyForm(request.POST or None)
    if form.is_valid():
        try:
            edit(give, take, form.cleaned_data["reason"])
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Done. It counts from everybody's next page on."))
        return redirect(rights.url)
    context = {
        "title": _("Change %(what)s?") % {"what": rights.name},
        "says": [said_of(rights.holders)],
        "gives": get_effects(rights, give),
        "takes": get_effects(rights, take, taken=True),
        "form": form,
        "hidden": [("give", one) for one in give] + [("take", one) for one in take],
        "button": _("Change it now"),
        "may_not": "" if give or take else _("Nothing would change."),
        "back": f"{rights.url}?{request.GET.urlencode()}",
    }
    return render(request, "accounts/preview.html", context, status=422 if form.is_bound else 200)
