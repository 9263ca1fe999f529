"""The chart as it stood at the end of a day."""

from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.forms.timeline import DayForm
from records.queries.past import cards_at, chart_at

TAB = "records:entries"


@require_safe
@of_patient(Permission.READ_CLINICAL)
def past(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Asked for nothing, the page asks for a day; the end of the day is that of the patient's site."""
    user: Any = request.user
    form = DayForm(request.GET or None)
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    if form.is_valid():
        day = form.cleaned_data["day"]
        moment = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
        shown = {"day": day, "chart": chart_at(user, patient, moment), "cards": cards_at(user, patient, moment)}
        context |= shown
    return render(request, "records/past.html", context, status=422 if form.is_bound and form.errors else 200)
