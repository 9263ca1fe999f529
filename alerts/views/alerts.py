"""The pages of alerts: what waits, one of them, and the red board of those that nobody has answered."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alerts import actions, queries
from alerts.models import Alert
from alerts.views.inbox import inbox_address
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.guards import requires
from healthcare.accounts.middleware import BACKGROUND
from healthcare.accounts.permissions import Permission
from healthcare.ui.frames import frame
from patients.doors import chart_context, of_patient
from patients.models import Patient


@require_safe
@requires(Permission.RECEIVE_ALERTS)
def list_(request: HttpRequest) -> HttpResponse:
    """What waits, or with `?show=acknowledged` what was answered in the last seven days."""
    user: Any = request.user
    say_that_somebody_looks(request)
    now = timezone.now()
    answered = request.GET.get("show") == "acknowledged"
    lines = queries.acknowledged_lines(user, now) if answered else queries.open_lines(user)
    context = {"frame": frame(request), "now": now, "answered": answered, "lines": lines, "parts": queries.split(lines)}
    return render(request, "alerts/list.html", context)


@require_safe
@requires(Permission.RECEIVE_ALERTS)
def board(request: HttpRequest) -> HttpResponse:
    """Everybody was asked, and these still wait."""
    user: Any = request.user
    say_that_somebody_looks(request)
    context = {"frame": frame(request), "now": timezone.now(), "lines": queries.exhausted_lines(user)}
    return render(request, "alerts/board.html", context)


@require_safe
@requires(Permission.RECEIVE_ALERTS)
def urgent(request: HttpRequest) -> HttpResponse:
    """The card of the home page, when it refreshes by itself; the home page has said that somebody looks."""
    user: Any = request.user
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("alerts:list")
    return render(request, "alerts/home_urgent.html", {"card": queries.urgent_card(user)})


def say_that_somebody_looks(request: HttpRequest) -> None:
    """Once for each opening of the page: what refreshes by itself every half minute is no new opening."""
    if BACKGROUND not in request.headers:
        actions.list_alerts(by=request.user)  # type: ignore[arg-type]


@require_safe
@requires(Permission.RECEIVE_ALERTS)
def open_(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Where the link of a letter leads: on to the page with the patient in its address."""
    user: Any = request.user
    alert = get_object_or_404(Alert.objects.visible_to(user), pk=alert_id)
    return redirect("alerts:show", alert.patient_id, alert.pk)


@require_safe
@of_patient(Permission.RECEIVE_ALERTS)
def show(request: HttpRequest, patient: Patient, alert_id: UUID) -> HttpResponse:
    user: Any = request.user
    alerts = Alert.objects.visible_to(user).select_related("owner", "acknowledged_by", "team__site")
    alert = get_object_or_404(alerts, pk=alert_id, patient=patient)
    context = chart_context(request, patient) | {
        "line": queries.get_line(user, alert),
        "steps": queries.story_of(user, alert),
    }
    return render(request, "alerts/show.html", context)


@require_POST
@of_patient(Permission.RECEIVE_ALERTS)
def acknowledge(request: HttpRequest, patient: Patient, alert_id: UUID) -> HttpResponse:
    user: Any = request.user
    alert = get_object_or_404(Alert.objects.visible_to(user), pk=alert_id, patient=patient)
    try:
        actions.acknowledge_alert(by=user, alert=alert, now=timezone.now())
    except (actions.AlreadyAnswered, NotAllowed) as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, _("You have acknowledged this alert. Nobody else is asked any more."))
    if request.POST.get("from") == "inbox":
        return redirect(inbox_address(request))
    return redirect("alerts:show", patient.pk, alert.pk)
