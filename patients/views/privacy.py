"""For privacy officers: what patients doubt, which records are watched closely, and whose records were touched."""

import csv
from io import StringIO
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.permissions import Permission
from patients import actions, queries
from patients.forms import AnswerForm, CloseWatchForm, ScopeForm
from patients.models import CloseWatch, PrivacyCase

SHOWN = 500


@require_safe
@requires(Permission.REVIEW_ACCESS)
def cases(request: HttpRequest) -> HttpResponse:
    """What waits, or with `?show=answered` what was answered."""
    user: Any = request.user
    actions.list_privacy_cases(by=user)
    answered = request.GET.get("show") == "answered"
    context = {"lines": queries.privacy_cases(user, answered=answered), "answered": answered, "now": timezone.now()}
    return render(request, "patients/privacy_cases.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.REVIEW_ACCESS)
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case, and its answer."""
    user: Any = request.user
    found = get_object_or_404(PrivacyCase.objects.visible_to(user).select_related("owner", "answered_by"), pk=case_id)
    actions.list_privacy_cases(by=user)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.answer_privacy_case(by=user, case=found, now=timezone.now(), **form.cleaned_data)
        except actions.NotAccepted as problem:
            form.add_error("answer", str(problem))
        except actions.AlreadyDone as problem:
            messages.warning(request, str(problem))
            return redirect("patients:privacy_case", found.pk)
        else:
            messages.success(request, _("The patient reads your answer in the portal."))
            return redirect("patients:privacy_cases")
    context = {"line": queries.privacy_case(user, found), "form": form, "now": timezone.now()}
    return render(request, "patients/privacy_case.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.REVIEW_ACCESS)
def take_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(PrivacyCase.objects.visible_to(user), pk=case_id)
    try:
        actions.take_privacy_case(by=user, case=found, now=timezone.now())
    except actions.AlreadyDone as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, _("This case is yours."))
    return redirect("patients:privacy_case", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.REVIEW_ACCESS)
def watched(request: HttpRequest) -> HttpResponse:
    """Which records are watched closely, and one more."""
    user: Any = request.user
    form = CloseWatchForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.watch_closely(by=user, **form.cleaned_data)
        except (actions.NotAccepted, actions.AlreadyDone) as problem:
            form.add_error("number", str(problem))
        else:
            messages.success(request, _("The record is watched closely from now on."))
            return redirect("patients:watched")
    actions.list_privacy_cases(by=user)
    context = {"form": form, "watches": queries.close_watches(user)}
    return render(request, "patients/watched.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.REVIEW_ACCESS)
def end_watch(request: HttpRequest, watch_id: UUID) -> HttpResponse:
    user: Any = request.user
    watch = get_object_or_404(CloseWatch.objects.visible_to(user), pk=watch_id)
    try:
        actions.end_close_watch(by=user, watch=watch, now=timezone.now())
    except actions.AlreadyDone as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, _("The record is not watched any more."))
    return redirect("patients:watched")


@require_safe
@requires(Permission.READ_AUDIT)
@never_cache
def breach_scope(request: HttpRequest) -> HttpResponse:
    """Whose records were touched; the table holds the first of them, the file all."""
    user: Any = request.user
    form = ScopeForm(request.GET or None)
    found = actions.tell_breach_scope(by=user, wanted=form.filter()) if form.is_bound and form.is_valid() else None
    context = {
        "form": form,
        "found": found,
        "shown": found.touched[:SHOWN] if found else [],
        "query": request.GET.urlencode(),
    }
    return render(request, "patients/breach_scope.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Permission.READ_AUDIT)
@step_up
@never_cache
def breach_scope_file(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = ScopeForm(request.GET)
    if not form.is_valid():
        return redirect("patients:breach_scope")
    text = StringIO()
    csv.writer(text).writerows(actions.tell_breach_scope(by=user, wanted=form.filter()).rows())
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="breach-scope.csv"'
    return answer
