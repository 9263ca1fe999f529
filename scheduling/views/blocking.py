"""Time kept free of visits: what lies in it is shown before, and listed after to be moved."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from healthcare.accounts.guards import requires
from healthcare.accounts.models import Provider
from healthcare.accounts.permissions import Permission
from patients.queries import own_sites, sites_of
from scheduling import actions
from scheduling.forms import BlockForm, mark_of
from scheduling.models import TimeClaim
from scheduling.queries import pages
from scheduling.views.day import address


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.BLOCK_TIME)
def block(request: HttpRequest) -> HttpResponse:
    """Asked twice where visits lie in the time: the second press says that they were seen."""
    user: Any = request.user
    sites = own_sites(user)
    site = next(iter(sites), None)
    zone = site.time_zone if site else timezone.get_current_timezone_name()
    with timezone.override(zone):
        providers = list(pages.blockable_providers(user, sites))
        first = {"provider": request.GET.get("provider"), "day": request.GET.get("day") or timezone.localdate()}
        found = pages.blocks_of(providers, timezone.now())
        form = BlockForm(request.POST or None, initial=first, providers=providers, zone=zone)
        context: dict[str, Any] = {"form": form, "zone": zone, "inside": None, "seen": "", "blocks": found}
        if not form.is_valid():
            return render(request, "scheduling/block.html", context, status=422 if form.is_bound else 200)
        provider, during = form.cleaned_data["provider"], form.during()
        inside = pages.visits_within(user, provider, during, timezone.now())
        if inside.ids and not form.has_shown(inside.ids):
            context |= {"inside": inside, "seen": mark_of(during, inside.ids)}
            return render(request, "scheduling/block.html", context, status=422)
        return blocked(request, context, provider, len(inside.ids))


def blocked(request: HttpRequest, context: dict[str, Any], provider: Provider, to_move: int) -> HttpResponse:
    user: Any = request.user
    form: BlockForm = context["form"]
    try:
        reason = form.cleaned_data["reason"]
        actions.block_time(by=user, provider=provider, during=form.during(), reason=reason, now=timezone.now())
    except (actions.NotBookable, PermissionDenied) as problem:
        form.add_error(None, str(problem))
        return render(request, "scheduling/block.html", context, status=422)
    waiting = ngettext("%(n)d visit in it waits to be moved.", "%(n)d visits in it wait to be moved.", to_move)
    said = _("The time is blocked.") + (" " + waiting % {"n": to_move} if to_move else "")
    messages.success(request, said)
    return redirect(
        address(form.cleaned_data["day"], provider.sites.filter(pk__in=sites_of(user).values("pk")).first())
    )


@require_POST
@requires(Permission.BLOCK_TIME)
def unblock(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    user: Any = request.user
    providers = pages.blockable_providers(user, sites_of(user))
    claim = get_object_or_404(TimeClaim, pk=claim_id, kind=TimeClaim.Kind.BLOCK, resource__provider__in=providers)
    try:
        actions.unblock_time(by=user, claim=claim, now=timezone.now())
    except (actions.NotBookable, PermissionDenied) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The time is open again."))
    return redirect("scheduling:block")
