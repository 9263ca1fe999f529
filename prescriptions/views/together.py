"""Several drafts of one patient on one page: changed, left out, checked with each other, signed with one step-up."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.guards import step_up
from healthcare.accounts.permissions import Permission
from healthcare.ui.forms import mistakes
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.actions.steps import unlicensed
from prescriptions.forms import PrescribeForm, TogetherForm
from prescriptions.models import Prescription
from prescriptions.rules.safety import PROBLEM
from prescriptions.views.pages import page_context
from prescriptions.views.previews import preview_context
from scheduling.queries.licences import days_of


def address_of(patient_id: UUID, drafts: Sequence[Prescription]) -> str:
    """The page of these drafts."""
    chosen = urlencode([("draft", draft.pk) for draft in drafts])
    return f"{reverse('prescriptions:together', args=[patient_id])}?{chosen}"


@require_safe
@of_patient(Permission.PRESCRIBE)
def together(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Those that the address names, or all of one's own that wait for this patient."""
    drafts, _lost = _chosen(request, patient, request.GET.getlist("draft"))
    return _page(request, patient, drafts) if drafts else _nothing_left(request, patient)


@require_POST
@of_patient(Permission.PRESCRIBE)
def change_together(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Keep what was typed, leave out the one that was named, and show the check of the others as it is now."""
    user: Any = request.user
    drafts, lost = _posted(request, patient)
    left = [draft for draft in drafts if str(draft.pk) == request.POST.get("leave_out", "")]
    drafts = [draft for draft in drafts if draft not in left]
    forms = _forms(request, drafts)
    now = timezone.now()
    try:
        for draft in left:
            actions.cancel_prescription(by=user, prescription=draft, reason="not_needed", now=now)
        kept = [one for one in forms if one.is_valid()]
        typed = [actions.Typed(form.prescription, form.content()) for form in kept]
        actions.change_together(by=user, typed=typed, now=now)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect(address_of(patient.pk, drafts))
    for draft in left:
        messages.success(request, _("Left out: %(name)s.") % {"name": draft.medicine})
    _say_lost(request, lost)
    if not drafts:
        return _nothing_left(request, patient)
    fresh, _gone = _chosen(request, patient, [str(draft.pk) for draft in drafts])
    return _page(request, patient, fresh, forms=forms if len(kept) < len(forms) else None, said=request.POST)


@require_POST
@of_patient(Permission.PRESCRIBE)
@step_up
def sign_together(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    drafts, lost = _posted(request, patient)
    if lost or not drafts:  # what was seen together is not what would be signed
        _say_lost(request, lost)
        return redirect(address_of(patient.pk, drafts)) if drafts else _nothing_left(request, patient)
    now = timezone.now()
    forms = _forms(request, drafts)
    checked = queries.check_together(user, drafts, now, _typed_sigs(forms))
    answers = TogetherForm(request.POST, results=_results(drafts, checked))
    if not (all([form.is_valid() for form in forms]) & answers.is_valid()):
        return _page(request, patient, drafts, forms=forms, answers=answers, checked=checked)
    said = answers.answers()
    typed = [actions.Typed(form.prescription, form.content(), said.get(_key(form.prescription), ())) for form in forms]
    try:
        signed = actions.sign_together(by=user, typed=typed, now=now)
    except actions.FindingsUnanswered:
        answers.say_what_is_missing()
        return _page(request, patient, drafts, forms=forms, answers=answers, checked=checked)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect(address_of(patient.pk, drafts))
    told = ngettext(
        "Signed: %(number)d prescription. The dispensary has it; you hear when it is collected, and when it is not.",
        "Signed: %(number)d prescriptions. The dispensary has them; you hear when they are collected, and when not.",
        len(signed),
    )
    messages.success(request, told % {"number": len(signed)})
    return redirect("prescriptions:medicines", patient.pk)


# == Which drafts ==
def _chosen(request: HttpRequest, patient: Patient, named: Sequence[str]) -> tuple[list[Prescription], int]:
    """Those of the named ones that still wait to be signed by this person, and how many do not any more."""
    user: Any = request.user
    try:
        keys = {UUID(key) for key in named}
    except ValueError:
        raise Http404 from None
    drafts = queries.own_drafts(user, patient, keys)
    return drafts, len(keys) - len(drafts) if keys else 0


def _posted(request: HttpRequest, patient: Patient) -> tuple[list[Prescription], int]:
    """As `_chosen`; what names none is about none."""
    named = request.POST.getlist("draft")
    return _chosen(request, patient, named) if named else ([], 0)


def _say_lost(request: HttpRequest, lost: int) -> None:
    if lost:
        said = ngettext(
            "%(number)d of them was signed or thrown away meanwhile. Look at the rest again.",
            "%(number)d of them were signed or thrown away meanwhile. Look at the rest again.",
            lost,
        )
        messages.warning(request, said % {"number": lost})


def _nothing_left(request: HttpRequest, patient: Patient) -> HttpResponse:
    messages.info(request, _("No draft of yours waits to be signed here."))
    return redirect("prescriptions:medicines", patient.pk)


def _forms(request: HttpRequest, drafts: Sequence[Prescription]) -> list[PrescribeForm]:
    return [PrescribeForm(request.POST, prescription=draft, prefix=_key(draft)) for draft in drafts]


def _key(draft: Prescription) -> str:
    return str(draft.pk)


def _typed_sigs(forms: Sequence[PrescribeForm]) -> dict[UUID, Any]:
    return {form.prescription.pk: form.sig() for form in forms if form.is_valid()}


def _results(drafts: Sequence[Prescription], checked: Sequence[queries.Checked]) -> dict[str, Any]:
    return {_key(draft): one.result for draft, one in zip(drafts, checked, strict=True)}


# == The page ==
def _page(
    request: HttpRequest,
    patient: Patient,
    drafts: Sequence[Prescription],
    *,
    forms: Sequence[PrescribeForm] | None = None,
    answers: TogetherForm | None = None,
    checked: Sequence[queries.Checked] | None = None,
    said: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Each draft with its own check as it stands this moment, in the first answer. `said` are answers that were begun
    and not sent yet.
    """
    user: Any = request.user
    now = timezone.now()
    refused = forms is not None
    checked = checked or queries.check_together(user, drafts, now, _typed_sigs(forms or ()))
    shown = forms or [PrescribeForm(prescription=draft, prefix=_key(draft)) for draft in drafts]
    answers = answers or TogetherForm(initial=dict(said.items()) if said else None, results=_results(drafts, checked))
    sheets = [_sheet(form, one, answers, drafts) for form, one in zip(shown, checked, strict=True)]
    known = checked[0].known
    context = page_context(request, patient) | {
        "sheets": sheets,
        "mistakes": _mistakes(shown, answers) if refused else [],
        "questions": answers.questions,
        "first_question": f"answers-{answers.questions[0].asked[0]}" if answers.questions else "",
        "unlicensed": _unlicensed(drafts, now),
        "ran_at": now,
        "taken": queries.taken_with_worst(checked, now),
        "weight": known.weight or (queries.last_weight(user, patient) if checked[0].result.problem else None),
        "person": known.person,
        "prescription": None,
    }
    return render(request, "prescriptions/together.html", context, status=422 if refused else 200)


def _sheet(
    form: PrescribeForm, checked: queries.Checked, answers: TogetherForm, drafts: Sequence[Prescription]
) -> dict[str, Any]:
    """One draft as the page shows it: its form, what the label will say, and its check with the fields to answer."""
    key, result = _key(form.prescription), checked.result
    names = {_key(draft): draft.medicine for draft in drafts}

    def asked(one: Any) -> tuple[Any, ...]:
        return one, *answers.fields_of(key, one.key), names.get(answers.answered_at(key, one.key), "")

    problem = [field for field in answers.fields_of(key, PROBLEM) if field is not None]
    return preview_context(form.prescription, form) | {
        "form": form,
        "result": result,
        "findings": [asked(one) for one in result.findings],
        "unchecked": [asked(one) for one in result.unchecked],
        "problem_fields": problem,
        "problem_beside": names.get(answers.answered_at(key, PROBLEM), ""),
    }


def _mistakes(forms: Sequence[PrescribeForm], answers: TogetherForm) -> list[tuple[str, str]]:
    """Every error, with the medicine that it is about."""
    said = [(place, f"{form.prescription.medicine}: {told}") for form in forms for place, told in mistakes(form)]
    return [*said, *mistakes(answers)]


def _unlicensed(drafts: Sequence[Prescription], now: datetime) -> str:
    found = (unlicensed(draft, now, known=days_of(draft.licences)) for draft in drafts)  # type: ignore[attr-defined]
    return next(filter(None, found), "")
