"""What patients propose to change in their record: the staff answer field by field."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.actions import proposals as actions
from patients.doors import chart_context, of_patient
from patients.forms.proposals import AnswerForm
from patients.models import Patient, ProposedChange
from patients.queries.proposals import answered_of, lines_of, waiting_of
from patients.queries.quality import MOST


@require_safe
@requires(Permission.CHANGE_PATIENT)
def all_proposals(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    found = actions.list_proposals(by=user)
    context = {"patients": found[:MOST], "more": len(found) > MOST}
    return render(request, "patients/all_proposals.html", context)


@require_safe
@of_patient(Permission.CHANGE_PATIENT)
def proposals(request: HttpRequest, patient: Patient) -> HttpResponse:
    return page(request, patient)


@require_http_methods(["POST"])
@of_patient(Permission.CHANGE_PATIENT)
def answer_proposal(request: HttpRequest, patient: Patient, proposal_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = ProposedChange.objects.visible_to(user).filter(patient=patient)
    proposal = get_object_or_404(rows, pk=proposal_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return page(request, patient, refused=proposal, form=form)
    typed, now = form.cleaned_data, timezone.now()
    try:
        if typed["verdict"] == "accept":
            actions.accept_proposal(by=user, proposal=proposal, seen=typed["seen"], now=now)
        else:
            actions.refuse_proposal(by=user, proposal=proposal, reason=typed["reason"], now=now)
    except actions.AnsweredMeanwhile as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Taken over.") if typed["verdict"] == "accept" else _("Left as it is."))
    return redirect("patients:proposals", patient.pk)


def page(
    request: HttpRequest, patient: Patient, refused: ProposedChange | None = None, form: AnswerForm | None = None
) -> HttpResponse:
    user: Any = request.user
    lines = lines_of(patient, waiting_of(user, patient))
    answered = answered_of(user, patient)
    context = chart_context(request, patient, tab="patients:profile") | {
        "rows": [
            {
                "line": line,
                "form": form
                if form and refused and line.proposal.pk == refused.pk
                else AnswerForm(initial={"seen": line.seen}, auto_id=f"id_{line.proposal.pk}_%s"),
            }
            for line in lines
        ],
        "answered": lines_of(patient, answered),
    }
    return render(request, "patients/proposals.html", context, status=422 if form else 200)
