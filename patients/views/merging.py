"""Two records of one person: found, compared, made one, and taken apart again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.permissions import Permission
from patients import actions, queries
from patients.access import NotInScope, check_can_open_chart
from patients.doors import chart_context, not_in_scope, of_patient
from patients.forms.merging import MergeForm
from patients.models import Merge, Patient
from patients.queries import merging

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_safe
@requires(Permission.MERGE_PATIENTS)
def merges(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    actions.list_merges(by=user)
    context = {"pairs": merging.pairs_to_settle(user), "merges": merging.recent_merges(user)}
    return render(request, "patients/merges.html", context)


@require_safe
@of_patient(Permission.MERGE_PATIENTS)
def merge_with(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Who may be the same person: by the name, unless something else is looked for."""
    user: Any = request.user
    text = " ".join(request.GET.get("q", "").split()) or f"{patient.family_name} {patient.given_name}"
    context = chart_context(request, patient, tab="patients:chart")
    context |= {"text": text, "merges": merging.merges_of(user, patient)}
    try:
        found = actions.search_patients(by=user, text=text)
        context["found"] = [line for line in found if line.id != patient.pk]
    except queries.TooManySearches as problem:
        context["refusal"] = str(problem)
    return render(request, "patients/merge_with.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.MERGE_PATIENTS)
@step_up
def merge(request: HttpRequest, patient: Patient, other_id: UUID) -> HttpResponse:
    """Side by side, with everything that would move; nothing is changed before it is sent."""
    user: Any = request.user
    try:
        other = check_can_open_chart(user, other_id)
        actions.compare_patients(by=user, kept=patient, gone=other)
    except NotInScope:
        actions.refuse_chart(by=user, patient_id=other_id)
        return not_in_scope(request, other_id)
    typed = request.POST if request.method == "POST" else None
    accounts = merging.portal_accounts(patient, other)
    form = MergeForm(typed, differences=merging.side_by_side(patient, other), accounts=accounts)
    now = timezone.now()
    if form.is_valid():
        chosen = {"account": form.cleaned_data.get("account"), "reason": form.cleaned_data["reason"]}
        try:
            made = actions.merge_patients(by=user, kept=patient, gone=other, taken=form.taken(), now=now, **chosen)
        except actions.NotMerged as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The two are one record now. Both numbers lead to it."))
            return redirect("patients:merged", patient.pk, made.pk)
    notes = merging.notes_on(patient, other, user=user, now=now)
    context = chart_context(request, patient, tab="patients:chart") | {
        "form": form,
        "other": other,
        "notes_on": notes,
        "stopped": any(note.stops for note in notes),
        "moves": merging.rows_to_merge(patient, other),
    }
    return render(request, "patients/merge.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.MERGE_PATIENTS)
@step_up
def merged(request: HttpRequest, patient: Patient, merge_id: UUID) -> HttpResponse:
    """What was merged, and what would become of it if it were undone; sent, it is."""
    user: Any = request.user
    row = get_object_or_404(Merge.objects.visible_to(user).select_related("merged_by"), pk=merge_id, patient=patient)
    context = chart_context(request, patient, tab="patients:chart") | {"merge": row}
    if request.method == "POST":
        try:
            parted = actions.unmerge_patients(by=user, merge=row, now=timezone.now())
        except (actions.NotMerged, PermissionDenied) as problem:
            context["refusal"] = str(problem)
        else:
            said = _("Two records again.")
            if parted.stayed:
                names = ", ".join(merging.labels_of(parted.stayed))
                said += " " + _("Changed since the merge, so left as it is: %(names)s.") % {"names": names}
            messages.success(request, said)
            return redirect("patients:chart", parted.patient_id)
    if row.undone_at is None:
        found = merging.rows_to_unmerge(row)
        report = {what: found.get(what, []) for what in ("back", "along", "stays", "torn")}
        context |= {"report": report, "taken": merging.labels_of(row.fields)}
    return render(request, "patients/merged.html", context, status=422 if "refusal" in context else 200)
