"""Give an alert to a colleague or a team."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alerts import actions, queries
from alerts.forms import HandOnForm
from alerts.models import Alert, Handing
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient


@require_http_methods(["GET", "HEAD", "POST"])
@of_patient(Permission.RECEIVE_ALERTS)
def hand_on(request: HttpRequest, patient: Patient, alert_id: UUID) -> HttpResponse:
    user: Any = request.user
    alerts = Alert.objects.visible_to(user).select_related("owner", "team__site")
    alert = get_object_or_404(alerts, pk=alert_id, patient=patient)
    line = queries.get_line(user, alert)
    goals = queries.goals_for(user, alert)
    typed = request.POST if request.method == "POST" else None
    form = HandOnForm(typed, goals=goals, initial={"turn": alert.turn})
    if typed is None and not line.may_hand_on:
        return redirect("alerts:show", patient.pk, alert.pk)
    if form.is_valid():
        to, word, turn = (form.cleaned_data[name] for name in ("to", "word", "turn"))
        try:
            handing = actions.hand_on_alert(
                by=user, alert=alert, to=goals[to].named, turn=turn, word=word, now=timezone.now()
            )
        except (actions.AlreadyAnswered, actions.NotHandedOn, NotAllowed) as problem:
            messages.warning(request, str(problem))
        else:
            messages.success(request, _what_happened(handing))
        return redirect("alerts:show", patient.pk, alert.pk)
    context = chart_context(request, patient) | {"line": line, "form": form}
    return render(request, "alerts/hand_on.html", context, status=422 if form.is_bound else 200)


def _what_happened(handing: Handing) -> str:
    if handing.to is None:
        return _("Handed on. The team is told now.")
    names = {"who": handing.to.full_name}
    if handing.instead_of is None:
        return _("Handed on to %(who)s, who is told now.") % names
    return _("%(name)s is away. Handed on to %(who)s, who stands in and is told now.") % (
        names | {"name": handing.instead_of.full_name}
    )
