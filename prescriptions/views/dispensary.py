"""The dispensary: what to prepare, what is ready, what nobody came for, and handing it out."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.audit import record_now
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.access import can_repeat
from prescriptions.actions.standing import WAITS
from prescriptions.actions.steps import where_it_stands
from prescriptions.forms import AnswersForm, NotDispensedForm, PickUpForm, PrepareForm
from prescriptions.models import Prescription
from prescriptions.rules.safety import Result
from prescriptions.templatetags.prescriptions import finding_title
from prescriptions.views.pages import page_context, prescription_or_404

Status = Prescription.Status
READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_safe
@requires(Permission.DISPENSE)
def dispensary(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    shown = request.GET.get("show", "")
    shown = shown if shown in Prescription.OPEN else Status.SIGNED.value
    counts = queries.counts_of_queue(user)
    context = {
        "prescriptions": actions.list_queue(by=user, status=shown),
        "shown": shown,
        "places": [(state, words_for(state), counts[state]) for state in Prescription.OPEN],
        "now": timezone.now(),
    }
    return render(request, "prescriptions/dispensary.html", context)


def words_for(status: str) -> str:
    return {
        Status.SIGNED: _("To prepare"),
        Status.READY: _("Ready to hand out"),
        Status.NOT_COLLECTED: _("Not collected"),
        Status.NOT_DISPENSED: _("Not dispensed"),
    }[Status(status)]


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.DISPENSE)
def ready(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """Prepare it: sent without a word all that is due, else what the form says. What the safety check says now is
    answered first.
    """
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    if found.status != Status.SIGNED:
        if request.method == "POST":
            messages.warning(request, where_it_stands(found))
        return redirect("prescriptions:prescription", patient.pk, found.pk)
    now = timezone.now()
    typed = request.POST if request.method == "POST" else None
    form = PrepareForm(typed, prescription=found)
    result = queries.new_since_signing(user, found, now).result
    answers = AnswersForm(typed, result=result, dispensing=True)
    if not (form.is_valid() & answers.is_valid()):
        return _asked(request, patient, found, form, answers, result)
    try:
        actions.mark_ready(by=user, prescription=found, overrides=answers.answers(), now=now, **form.cleaned_data)
    except actions.FindingsUnanswered as refused:
        return _asked(request, patient, found, form, still_to_answer(request, refused), refused.result)
    except actions.NotPossible as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, _("Ready: %(medicine)s. The patient is told.") % {"medicine": found.medicine})
        say_the_rest(request, result)
    return redirect("prescriptions:dispensary")


def _asked(
    request: HttpRequest,
    patient: Patient,
    found: Prescription,
    form: PrepareForm | PickUpForm,
    answers: AnswersForm,
    result: Result,
    **more: Any,
) -> HttpResponse:
    """The form of who prepares or hands out, with what the safety check says now."""
    template = "prescriptions/prepare.html" if isinstance(form, PrepareForm) else "prescriptions/pick_up.html"
    context = page_context(request, patient) | {
        "prescription": found,
        "form": form,
        "answers": answers,
        "result": result,
        "findings": [(one, answers.reason_of(one.key), answers.words_of(one.key)) for one in result.findings],
        "unchecked": [(one, answers.reason_of(one.key), answers.words_of(one.key)) for one in result.unchecked],
        "problem_fields": [answers[name] for name in answers.fields] if result.problem else [],
        **more,
    }
    return render(request, template, context, status=422 if form.is_bound else 200)


def still_to_answer(request: HttpRequest, refused: actions.FindingsUnanswered) -> AnswersForm:
    """What was answered already, and what came in between or needs words."""
    answers = AnswersForm(request.POST, result=refused.result, dispensing=True)
    if answers.is_valid():
        answers.say_what_is_missing()
    return answers


def say_the_rest(request: HttpRequest, result: Result) -> None:
    """What the check found and nobody has to answer: for who prepared it in one press and saw no form."""
    for finding in result.findings:
        if not finding.must_be_answered:
            messages.info(request, _("Safety check now: %(what)s.") % {"what": finding_title(finding)})


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.DISPENSE)
def not_dispense(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    form = NotDispensedForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = page_context(request, patient) | {"prescription": found, "form": form}
        return render(request, "prescriptions/not_dispense.html", context, status=422 if form.is_bound else 200)
    try:
        actions.not_dispense(by=user, prescription=found, now=timezone.now(), **form.cleaned_data)
    except actions.NotPossible as problem:
        messages.warning(request, str(problem))
        return redirect("prescriptions:prescription", patient.pk, found.pk)
    said = _("Not dispensed: %(medicine)s. The prescriber is told.") % {"medicine": found.medicine}
    messages.success(request, said)
    return redirect("prescriptions:dispensary")


@require_POST
@of_patient(Permission.READ_MEDICATIONS)
def take_up_again(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """For the prescriber who said how it goes on, and for the dispensary."""
    return _into_the_queue(request, patient, prescription_id, actions.take_up_again)


@require_POST
@of_patient(Permission.READ_MEDICATIONS)
def repeat(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """The next of its repeats: for the prescriber, and for the dispensary."""
    return _into_the_queue(request, patient, prescription_id, actions.repeat_prescription)


def _into_the_queue(request: HttpRequest, patient: Patient, prescription_id: UUID, verb: Any) -> HttpResponse:
    user: Any = request.user
    if not can_repeat(user):
        detail = {"permission": Permission.DISPENSE}
        record_now("accounts.denied", by=user, outcome="denied", detail=detail)
    found = prescription_or_404(request, patient, prescription_id)
    try:
        verb(by=user, prescription=found, now=timezone.now())
        messages.success(request, _("To prepare: %(medicine)s.") % {"medicine": found.medicine})
    except actions.NotPossible as problem:
        messages.warning(request, str(problem))
    return redirect("prescriptions:prescription", patient.pk, found.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.DISPENSE)
def pick_up(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """What the safety check says now is answered before anything is handed out."""
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    if found.status not in WAITS:
        if request.method == "POST":
            messages.warning(request, where_it_stands(found))
        return redirect("prescriptions:prescription", patient.pk, found.pk)
    now = timezone.now()
    typed = request.POST if request.method == "POST" else None
    form = PickUpForm(typed, initial={"name": patient.name})
    result = queries.new_since_signing(user, found, now).result
    answers = AnswersForm(typed, result=result, dispensing=True)
    given = queries.dispenses_of(user, found)
    prepared = given[-1] if given else None
    if not (form.is_valid() & answers.is_valid()):
        return _asked(request, patient, found, form, answers, result, prepared=prepared)
    try:
        actions.pick_up(by=user, prescription=found, overrides=answers.answers(), now=now, **form.cleaned_data)
    except actions.FindingsUnanswered as refused:
        answers, result = still_to_answer(request, refused), refused.result
        return _asked(request, patient, found, form, answers, result, prepared=prepared)
    except actions.NotPossible as problem:
        messages.warning(request, str(problem))
        return redirect("prescriptions:prescription", patient.pk, found.pk)
    messages.success(request, _("Handed out: %(medicine)s. The prescriber is told.") % {"medicine": found.medicine})
    return redirect(f"{reverse('prescriptions:dispensary')}?show={Status.READY.value}")
