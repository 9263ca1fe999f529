"""Ask to be let into a chart, see what became of it, and answer what others ask."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.access import can_answer
from patients.actions import requests as actions
from patients.forms import SCOPE_WORDS
from patients.forms.requests import AnswerForm, RequestForm
from patients.models import AccessRequest
from patients.queries.requests import line_of, subject_of

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@requires(Permission.OPEN_CHART)
@never_cache
def request_access(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The same for every id, asked and answered."""
    user: Any = request.user
    form = RequestForm(request.POST if request.method == "POST" else None, by=user)
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("scopes", "reason")}
        try:
            actions.request_access(
                by=user, patient_id=patient_id, until=form.valid_until(), now=timezone.now(), **asked
            )
        except actions.NotRequested as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Your request is on its way. You get a mail when it was answered."))
            return redirect("patients:requests")
    context = {"form": form, "patient_id": patient_id}
    return render(request, "patients/request_access.html", context, status=422 if form.is_bound else 200)


@require_safe
@requires(Permission.OPEN_CHART)
@never_cache
def requests(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    page = actions.list_requests(by=user)
    return render(request, "patients/requests.html", {"page": page, "answer_url": "patients:answer_request"})


@require_POST
@requires(Permission.OPEN_CHART)
def withdraw_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(AccessRequest.objects.visible_to(user), pk=request_id, user=user)
    if actions.withdraw_request(by=user, request=found, now=timezone.now()):
        messages.success(request, _("Your request was taken back."))
    return redirect("patients:requests")


@require_http_methods(READ_AND_WRITE)
@requires(Permission.GRANT_ACCESS)
@never_cache
def answer_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """For who cares for the patient."""
    return answer(request, request_id, back="patients:requests", here="patients:answer_request")


@require_http_methods(READ_AND_WRITE)
@requires(Permission.REVIEW_ACCESS)
@never_cache
def review_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """For the privacy officer."""
    return answer(request, request_id, back="patients:emergencies", here="patients:review_request")


def answer(request: HttpRequest, request_id: UUID, *, back: str, here: str) -> HttpResponse:
    user: Any = request.user
    rows = AccessRequest.objects.visible_to(user).exclude(user=user).select_related("user", "answered_by")
    found = get_object_or_404(rows, pk=request_id, patient__isnull=False)
    form = AnswerForm(request.POST if request.method == "POST" else None, request=found)
    if form.is_valid():
        try:
            send(form, user, found)
        except (NotAllowed, actions.AlreadyAnswered) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Answered. Whoever asked gets a mail."))
            return redirect(back)
    actions.show_request(by=user, request=found)
    line = line_of(found, subject_of(user, found))
    wanted = [words for scope, words in SCOPE_WORDS.items() if scope.value in found.scopes]
    context = {"form": form, "line": line, "wanted": wanted, "here": here, "back": back}
    context["may_answer"] = found.state == AccessRequest.State.WAITING and can_answer(user, found)
    return render(request, "patients/answer_request.html", context, status=422 if form.is_bound else 200)


def send(form: AnswerForm, user: Any, found: AccessRequest) -> None:
    said = form.cleaned_data
    now = timezone.now()
    if said["decision"] == AnswerForm.YES:
        actions.approve_request(by=user, request=found, scopes=said["scopes"], answer=said["answer"], now=now)
    else:
        actions.refuse_request(by=user, request=found, answer=said["answer"], now=now)
