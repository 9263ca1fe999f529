"""Providers, for administrators: whose licence ends, who is not ready yet, and one page for each."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.models import Provider, Site
from healthcare.accounts.permissions import Permission
from scheduling import actions
from scheduling.forms.providers import BringInForm, LicenceForm, PhotoForm
from scheduling.queries import providers as queries
from scheduling.queries.photos import photo_urls
from scheduling.words import MISSING, licence_words

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_safe
@requires(Permission.MANAGE_ACCOUNTS)
def providers(request: HttpRequest) -> HttpResponse:
    """Who needs somebody; everybody where that is asked for, or a name."""
    text, every = request.GET.get("q", "").strip()[:100], "all" in request.GET
    lines = queries.lines_of(list(queries.active_providers(text)), timezone.localdate())
    chosen = lines if every or text else queries.in_need(lines)
    rows = [(line, licence_words(line), [MISSING[step] for step in line.missing]) for line in chosen[: queries.SHOWN]]
    context = {"rows": rows, "text": text, "all": every, "more": len(chosen) - len(rows), "count": len(lines)}
    return render(request, "scheduling/providers.html", context)


@require_http_methods(READ_AND_WRITE)
@requires(Permission.MANAGE_ACCOUNTS)
def bring_in(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    sites = Site.objects.filter(closed_at=None).order_by("name")
    form = BringInForm(request.POST if request.method == "POST" else None, by=user, sites=sites)
    if not form.is_valid():
        context = {"form": form}
        return render(request, "scheduling/bring_in.html", context, status=422 if form.is_bound else 200)
    given = dict(form.cleaned_data)
    colleague, chosen = given.pop("colleague"), given.pop("sites")
    provider = actions.bring_in_provider(by=user, user=colleague, values=given, sites=chosen)
    messages.success(request, _("Done. What is still missing stands below."))
    return redirect("scheduling:provider", provider.pk)


@require_http_methods(READ_AND_WRITE)
@requires(Permission.MANAGE_ACCOUNTS)
def provider(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """What is missing until they can be booked, what they are qualified for, and one more of it."""
    user: Any = request.user
    found = get_object_or_404(Provider.objects.select_related("user").prefetch_related("sites"), pk=provider_id)
    form = LicenceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.record_qualification(by=user, provider=found, **form.cleaned_data)
        except actions.NotSetUp as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Recorded. It counts from its first day."))
            return redirect("scheduling:provider", found.pk)
    return show_provider(request, found, form)


def show_provider(
    request: HttpRequest, found: Provider, form: LicenceForm | None = None, *, photo_form: PhotoForm | None = None
) -> HttpResponse:
    """The page with what was refused of it, if anything was."""
    form, photo_form = form or LicenceForm(), photo_form or PhotoForm()
    page = queries.page_of(found, timezone.localdate())
    steps = [(step, words, step in page.line.missing) for step, words in MISSING.items()]
    context = {"page": page, "provider": found, "steps": steps, "licence": licence_words(page.line), "form": form}
    context |= {"photo_form": photo_form, "photo": photo_urls([found.pk]).get(found.pk)}
    status = 422 if form.is_bound or photo_form.is_bound else 200
    return render(request, "scheduling/provider.html", context, status=status)
