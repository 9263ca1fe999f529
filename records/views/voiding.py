"""The page on which a visit is marked as entered in error, after it has shown what goes with it and what is left."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.guards import step_up
from healthcare.accounts.permissions import Permission
from patients.access import NotInScope
from patients.doors import chart_context
from patients.models import Patient
from records.access.encounters import holds
from records.actions.papers import NotVoid
from records.actions.voiding import NotVoided, void_encounter
from records.actions.writing import NotCurrent, NotRecorded
from records.doors import of_encounter
from records.forms.encounters import VoidVisitForm
from records.models import Encounter
from records.queries.encounters import may_void
from records.queries.voiding import about_to_void

REFUSED = (NotVoided, NotVoid, NotRecorded, NotCurrent, NotAllowed, NotInScope)


@require_http_methods(["GET", "HEAD", "POST"])
@of_encounter(Permission.WRITE_NOTE)
def void(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponseBase:
    user: Any = request.user
    if request.method == "POST":
        return void_with_reason(request, patient, encounter)
    if not holds(user, encounter) or not may_void(encounter):
        return redirect("records:encounter", patient.pk, encounter.pk)
    return void_page(request, patient, encounter, VoidVisitForm())


@step_up
def void_with_reason(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    form = VoidVisitForm(request.POST)
    if not form.is_valid():
        return void_page(request, patient, encounter, form)
    try:
        void_encounter(by=user, encounter=encounter, reason=form.cleaned_data["reason"], now=timezone.now())
    except REFUSED as problem:
        form.add_error(None, str(problem))
        return void_page(request, patient, encounter, form)
    messages.success(request, _("Marked as entered in error. It stays to be seen, and counts nowhere."))
    return redirect("records:encounter", patient.pk, encounter.pk)


def void_page(request: HttpRequest, patient: Patient, encounter: Encounter, form: VoidVisitForm) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient, tab="records:encounters") | {
        "encounter": encounter,
        "form": form,
        "about": about_to_void(user, encounter),
    }
    return render(request, "records/void_visit.html", context, status=422 if form.is_bound else 200)
