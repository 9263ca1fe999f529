"""What is unusual in the audit: what waits for a review, and what the rules call too much."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alerts import actions, queries
from alerts.access import can_review
from alerts.forms import ReviewForm, WatchForm
from alerts.models import Anomaly
from alerts.queries import WatchLine
from alerts.rules.watching import WATCHES
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import role_name


@require_safe
@requires(Permission.REVIEW_ACCESS)
def unusual(request: HttpRequest) -> HttpResponse:
    """What waits, or with `?show=reviewed` what was looked at last."""
    return _page(request, reviewed=request.GET.get("show") == "reviewed")


@require_POST
@requires(Permission.REVIEW_ACCESS)
def review(request: HttpRequest, anomaly_id: UUID) -> HttpResponse:
    user: Any = request.user
    anomaly = get_object_or_404(Anomaly.objects.visible_to(user), pk=anomaly_id)
    form = ReviewForm(request.POST, prefix=str(anomaly.pk))
    if form.is_valid():
        try:
            actions.review_anomaly(by=user, anomaly=anomaly, now=timezone.now(), **form.cleaned_data)
        except actions.NotReviewed as problem:
            form.add_error("note", str(problem))
        except (actions.AlreadyReviewed, NotAllowed) as problem:
            messages.warning(request, str(problem))
            return redirect("alerts:unusual")
        else:
            messages.success(request, _("Your review is written down."))
            return redirect("alerts:unusual")
    return _page(request, typed=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.REVIEW_ACCESS)
def watches(request: HttpRequest) -> HttpResponse:
    """The rules, each with a form of its own."""
    user: Any = request.user
    forms = {line.rule.value: _watch_form(line) for line in queries.watch_lines()}
    if request.method == "POST":
        rule = request.POST.get("rule", "")
        if rule not in WATCHES:
            return redirect("alerts:watches")
        form = forms[rule] = WatchForm(request.POST, watch=WATCHES[rule], auto_id=f"{rule}-%s")
        if form.is_valid():
            actions.change_watch(by=user, now=timezone.now(), **{"minutes": 0, **form.cleaned_data})
            messages.success(request, _("The rule is changed. It holds from the next minute on."))
            return redirect("alerts:watches")
    lines = [(line, forms[line.rule.value]) for line in queries.watch_lines()]
    status = 422 if any(form.is_bound for form in forms.values()) else 200
    return render(request, "alerts/watches.html", {"lines": lines}, status=status)


def _watch_form(line: WatchLine) -> WatchForm:
    said = {
        "rule": line.rule.value,
        "is_on": line.is_on,
        "at_least": line.watch.at_least,
        "minutes": line.watch.minutes,
    }
    return WatchForm(initial=said, watch=WATCHES[line.rule.value], auto_id=f"{line.rule.value}-%s")


def _page(
    request: HttpRequest, *, reviewed: bool = False, typed: ReviewForm | None = None, status: int = 200
) -> HttpResponse:
    user: Any = request.user
    actions.list_unusual(by=user)
    found = queries.anomalies_reviewed(user) if reviewed else queries.anomalies_waiting(user)
    now = timezone.now()
    lines = [
        {
            "anomaly": anomaly,
            "role": role_name(anomaly.role),
            "late": anomaly.due_at < now,
            "form": typed if typed and typed.prefix == str(anomaly.pk) else ReviewForm(prefix=str(anomaly.pk)),
            "may_review": can_review(user, anomaly),
            "audit_url": _audit_url(anomaly),
        }
        for anomaly in found
    ]
    return render(request, "alerts/unusual.html", {"lines": lines, "reviewed": reviewed}, status=status)


def _audit_url(anomaly: Anomaly) -> str:
    """The audit of that person, or that address, on these days."""
    who = {"person": str(anomaly.person_id)} if anomaly.person_id else {"address": anomaly.address or ""}
    days = {"since": timezone.localdate(anomaly.since), "until": timezone.localdate(anomaly.until)}
    return f"{reverse('accounts:audit')}?{urlencode({**who, **days})}"
