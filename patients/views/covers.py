"""Who stands in for whom: one's own days away, and for administrators everybody's."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.access import can
from healthcare.accounts.guards import anyone_signed_in, requires
from healthcare.accounts.models import Cover
from healthcare.accounts.permissions import Permission
from patients import queries
from patients.access import can_end_cover
from patients.actions import covers as verbs
from patients.forms.covers import CoverForAnotherForm, CoverForm

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@requires(Permission.GRANT_ACCESS)
def cover(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = CoverForm(request.POST if request.method == "POST" else None, by=user)
    return _page(request, form, queries.covers_of(user, timezone.now()), back="patients:cover")


@require_http_methods(READ_AND_WRITE)
@requires(Permission.MANAGE_ACCOUNTS)
def covers(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = CoverForAnotherForm(request.POST if request.method == "POST" else None, by=user)
    return _page(request, form, queries.covers_from(timezone.now()), back="patients:covers")


def _page(request: HttpRequest, form: CoverForm, lines: list[Cover], *, back: str) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    if form.is_valid():
        try:
            verbs.name_cover(
                by=user,
                absent=form.absent(),
                cover=form.cleaned_data["colleague"],
                role=form.role(),
                starts_at=form.starts_at(now),
                ends_at=form.ends_at(),
                reason=form.cleaned_data["reason"],
            )
        except verbs.CoverRefused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Named. It begins and ends by itself."))
            return redirect(back)
    rows = [{"cover": line, "can_end": can_end_cover(user, line), "runs": line.validity.lower <= now} for line in lines]
    context = {"form": form, "rows": rows, "here": back, "for_another": back == "patients:covers"}
    return render(request, "patients/covers.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@anyone_signed_in
def end_cover(request: HttpRequest, cover_id: UUID) -> HttpResponse:
    """For the two of them and for administrators; to others it is not there."""
    user: Any = request.user
    found = get_object_or_404(Cover.objects.select_related("absent", "cover"), pk=cover_id)
    if not can_end_cover(user, found):
        raise Http404
    back = "patients:covers" if can(user, Permission.MANAGE_ACCOUNTS) else "home"
    if request.method != "POST":
        return render(request, "patients/end_cover.html", {"cover": found, "back": back})
    verbs.end_cover(by=user, cover=found, now=timezone.now())
    messages.success(request, _("Nobody stands in by this any more."))
    return redirect(back)
