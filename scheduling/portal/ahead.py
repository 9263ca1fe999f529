"""Before the visit, on the patient's phone: one page, a press for each thing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients.models import Patient
from scheduling import actions
from scheduling.doors import own_visit
from scheduling.forms.ahead import AheadForm
from scheduling.models import Appointment
from scheduling.queries.ahead import answers_ahead, asked_ahead
from scheduling.words import when_words


@require_http_methods(["GET", "HEAD", "POST"])
@own_visit
def check_in_ahead(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    asked = asked_ahead(visit, patient, user, now)
    known = {row.item: row.right for row in answers_ahead(user, visit)}
    form = AheadForm(request.POST if request.method == "POST" else None, items=asked.items, known=known)
    if form.is_valid():
        try:
            actions.answer_ahead(by=user, appointment=visit, answers=form.answers(), now=now)
        except actions.NotOpen as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Thank you. The clinic knows before you come."))
            return redirect("scheduling_portal:check_in_ahead", visit.pk)
    rows = [(item, form[item.key], known.get(item.key)) for item in asked.items]
    context = {"patient": patient, "visit": visit, "when": when_words(visit.starts_at, now), "form": form}
    context |= {"rows": rows, "asked": asked, "print_subject": f"{patient.name}."}
    return render(request, "scheduling/portal_ahead.html", context, status=422 if form.is_bound else 200)
