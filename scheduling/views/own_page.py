"""What providers keep themselves: what patients read of them, and their days away."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from healthcare.accounts.actions import change_provider
from healthcare.accounts.guards import requires
from healthcare.accounts.models import Provider
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import own_provider
from patients.actions.covers import CoverRefused
from scheduling import actions
from scheduling.forms import mark_of
from scheduling.forms.providers import AwayForm, OwnPageForm, PhotoForm
from scheduling.queries import pages
from scheduling.queries import providers as queries
from scheduling.queries.feeds import own_provider_feed
from scheduling.queries.photos import photo_urls
from scheduling.words import licence_words

READ_AND_WRITE = ["GET", "HEAD", "POST"]


def of_provider(view: Callable[[HttpRequest, Provider], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """For the provider who asks; whoever treats nobody reads why there is no such page."""

    @wraps(view)
    def seen(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        provider = own_provider(user)
        return view(request, provider) if provider else render(request, "scheduling/no_provider.html", status=404)

    return seen


@require_http_methods(READ_AND_WRITE)
@requires(Permission.PRESCRIBE)
@of_provider
def own_page(request: HttpRequest, provider: Provider) -> HttpResponse:
    user: Any = request.user
    form = OwnPageForm(request.POST) if request.method == "POST" else None
    if form and form.is_valid():
        change_provider(by=user, provider=provider, values=form.cleaned_data)
        messages.success(request, _("Kept. Patients see it from now on."))
        return redirect("scheduling:own_page")
    return show_own_page(request, provider, form)


def show_own_page(
    request: HttpRequest,
    provider: Provider,
    form: OwnPageForm | None = None,
    *,
    photo_form: PhotoForm | None = None,
    made: str = "",
) -> HttpResponse:
    """The page with what was refused of it, if anything was; `made` is a calendar's new address, shown this once."""
    user: Any = request.user
    first = {name: getattr(provider, name) for name in ("languages", "accepting", "about")}
    form, photo_form = form or OwnPageForm(initial=first), photo_form or PhotoForm()
    page = queries.page_of(provider, timezone.localdate())
    context = {"form": form, "provider": provider, "page": page, "licence": licence_words(page.line)}
    context |= {"photo_form": photo_form, "photo": photo_urls([provider.pk]).get(provider.pk)}
    context |= {"feed": own_provider_feed(user, provider), "made": made}
    status = 422 if form.is_bound or photo_form.is_bound else 200
    return render(request, "scheduling/own_page.html", context, status=status)


@require_http_methods(READ_AND_WRITE)
@requires(Permission.PRESCRIBE)
@of_provider
def away(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Asked twice where visits lie in the days: the second press says that they were seen."""
    user: Any = request.user
    now = timezone.now()
    resource = getattr(provider, "resource", None)
    zone = resource.time_zone if resource else timezone.get_current_timezone_name()
    with timezone.override(zone):
        colleagues = queries.standing_in_for(user)
        form = AwayForm(request.POST if request.method == "POST" else None, colleagues=colleagues, zone=zone)
        context: dict[str, Any] = {"form": form, "zone": zone, "inside": None, "seen": ""}
        if not form.is_valid():
            return render(request, "scheduling/away.html", context, status=422 if form.is_bound else 200)
        days = form.days()
        inside = pages.visits_within(user, provider, days, now)
        mark = mark_of(days, inside.ids)
        if inside.ids and form.cleaned_data["seen"] != mark:
            context |= {"inside": inside, "seen": mark}
            return render(request, "scheduling/away.html", context, status=422)
        return _gone(request, context, provider, len(inside.ids))


def _gone(request: HttpRequest, context: dict[str, Any], provider: Provider, to_move: int) -> HttpResponse:
    user: Any = request.user
    form, now = context["form"], timezone.now()
    given = form.cleaned_data
    try:
        actions.go_away(
            by=user,
            provider=provider,
            during=form.during(now),
            colleague=given["colleague"],
            reason=given["reason"],
            now=now,
        )
    except (actions.NotBookable, CoverRefused, PermissionDenied) as problem:
        form.add_error(None, str(problem))
        return render(request, "scheduling/away.html", context, status=422)
    waiting = ngettext("%(n)d visit in it waits to be moved.", "%(n)d visits in it wait to be moved.", to_move)
    messages.success(request, _("Your days are kept free.") + (" " + waiting % {"n": to_move} if to_move else ""))
    return redirect("scheduling:own_page")
