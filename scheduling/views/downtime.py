"""Papers for an hour without computers: how old they are, to take along, and the words for the envelope."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.models import Site
from healthcare.accounts.permissions import Permission
from patients.queries import own_sites
from scheduling import actions
from scheduling.access import can_take_downtime
from scheduling.downtime import made_at
from scheduling.models import DowntimeKey

Kind = DowntimeKey.Kind


@require_safe
@requires(Permission.VIEW_SCHEDULE)
def downtime(request: HttpRequest) -> HttpResponse:
    """The packets of the sites where this person works, as far as they may take them."""
    user: Any = request.user
    lines = [
        {"site": site, "kind": kind, "label": kind.label, "made_at": made_at(site, kind)}
        for site in own_sites(user)
        for kind in Kind
        if can_take_downtime(user, site, kind)
    ]
    return render(request, "scheduling/downtime.html", {"lines": lines, "now": timezone.now()})


@require_safe
@requires(Permission.VIEW_SCHEDULE)
def take_downtime(request: HttpRequest, site_id: UUID, packet: str) -> HttpResponseBase:
    user: Any = request.user
    site = get_object_or_404(Site, pk=site_id)
    if packet not in Kind.values:
        raise Http404
    try:
        content = actions.take_downtime_packet(by=user, site=site, kind=packet)
    except actions.NoPacket as problem:
        messages.error(request, str(problem))
        return redirect("scheduling:downtime")
    name = f'attachment; filename="downtime-{site.slug}-{packet}.pdf"'
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": name})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCOUNTS)
@step_up
def downtime_words(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """What opens the papers of a site; other words by a button."""
    user: Any = request.user
    site = get_object_or_404(Site, pk=site_id)
    if request.method == "POST":
        actions.renew_downtime_words(by=user, site=site, now=timezone.now())
        messages.success(request, _("The next papers open by the new words. Change what lies in the envelope."))
        return redirect("scheduling:downtime_words", site.pk)
    words = actions.show_downtime_words(by=user, site=site)
    rows = [(kind.label, words.get(kind, "")) for kind in Kind]
    context = {"site": site, "rows": rows, "may_take": can(user, Permission.VIEW_SCHEDULE)}
    return render(request, "scheduling/downtime_words.html", context)
