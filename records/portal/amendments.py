"""A patient asks that the record be amended, reads the answer, and says where they disagree."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from records.actions import amendments as verbs
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.amendments import AskForm, StatementForm
from records.models import AmendmentRequest, Entry
from records.queries import amendments as queries
from records.queries.lines import line_of

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_safe
@portal_page(Scope.CLINICAL)
def amendments(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {"patient": patient, "asked": queries.requests_of(user, patient)}
    return render(request, "records/portal_amendments.html", context)


@require_http_methods(READ_AND_WRITE)
@portal_page(Scope.CLINICAL)
def ask(request: HttpRequest, patient: Patient) -> HttpResponse:
    """About the entry that `?entry=` names, or about the record as a whole."""
    user: Any = request.user
    about = _entry_named(user, patient, request.GET.get("entry", ""))
    form = AskForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = verbs.ask_amendment(by=user, patient=patient, entry=about, now=timezone.now(), **form.cleaned_data)
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Sent to the clinic. The answer will stand here."))
            return redirect("records_portal:amendment", made.pk)
    context = {"patient": patient, "form": form, "line": line_of(about) if about else None}
    return render(request, "records/portal_ask_amendment.html", context, status=422 if form.is_bound else 200)


@require_safe
@portal_page(Scope.CLINICAL)
def amendment(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    return _page(request, patient, find_request(request.user, patient, amendment_id), StatementForm())


@require_POST
@portal_page(Scope.CLINICAL)
def disagree(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    user: Any = request.user
    found, form = find_request(user, patient, amendment_id), StatementForm(request.POST)
    if form.is_valid():
        try:
            verbs.disagree_with_denial(by=user, request=found, now=timezone.now(), **form.cleaned_data)
        except (NotCurrent, NotRecorded) as problem:
            form.add_error("statement", str(problem))
        else:
            messages.success(request, _("Your statement stays with your record from now on."))
            return redirect("records_portal:amendment", found.pk)
    return _page(request, patient, found, form)


@require_POST
@portal_page(Scope.CLINICAL)
def withdraw(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_request(user, patient, amendment_id)
    try:
        verbs.withdraw_amendment(by=user, request=found, now=timezone.now())
    except NotCurrent as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Taken back. Nobody answers it any more."))
    return redirect("records_portal:amendments")


def find_request(user: Any, patient: Patient, amendment_id: UUID) -> AmendmentRequest:
    """Raises Http404."""
    seen = AmendmentRequest.objects.visible_to(user).filter(patient_id=patient.pk)
    found: AmendmentRequest = get_object_or_404(seen.select_related(*queries.PEOPLE), pk=amendment_id)
    return found


def _entry_named(user: Any, patient: Patient, text: str) -> Entry | None:
    """None where none was named. Raises Http404 for one that is not to be seen."""
    if not text:
        return None
    try:
        key = UUID(text)
    except ValueError:
        raise Http404 from None
    seen = Entry.objects.visible_to(user).filter(patient_id=patient.pk)
    found: Entry = get_object_or_404(seen, pk=key)
    return found


def _page(request: HttpRequest, patient: Patient, found: AmendmentRequest, form: StatementForm) -> HttpResponse:
    user: Any = request.user
    (line,) = queries.with_entries(user, patient.pk, [found])
    context = {"patient": patient, "line": line, "form": form, "now": timezone.now()}
    return render(request, "records/portal_amendment.html", context, status=422 if form.is_bound else 200)
