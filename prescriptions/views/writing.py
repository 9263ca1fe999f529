"""Prescribing: find the medicine, say how it is taken, see what the safety check says, sign."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.permissions import Permission
from healthcare.ui.frames import PART, frame
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.actions.steps import unlicensed
from prescriptions.forms import AgainForm, AnswersForm, ChooseForm, PrescribeForm
from prescriptions.models import Medication, OrderSet, Prescription
from prescriptions.views.favourites import own_or_404
from prescriptions.views.pages import page_context, prescription_or_404
from prescriptions.views.previews import preview_context
from prescriptions.views.together import address_of
from records.models import Encounter
from scheduling.queries.licences import days_of

Status = Prescription.Status
SHORTEST_SEARCH = 2


@require_safe
@requires(Permission.PRESCRIBE)
def written(request: HttpRequest) -> HttpResponse:
    """What this doctor prescribed and where it stands."""
    user: Any = request.user
    status = request.GET.get("show", "")
    states = (*Prescription.OPEN, Status.PICKED_UP)
    status = status if status in states else ""
    context = {
        "prescriptions": actions.list_written(by=user, status=status),
        "shown": status,
        "states": [("", _("All open")), *((state.value, state.label) for state in states)],
    }
    return render(request, "prescriptions/written.html", context)


# == Which medicine ==
@require_http_methods(["GET", "HEAD", "POST"])
@of_patient(Permission.PRESCRIBE)
def choose(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    encounter = encounter_of(request, patient)
    form = ChooseForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return search_page(request, patient, form, encounter)
    now = timezone.now()
    about = {"by": user, "patient": patient, "now": now}
    about["encounter"] = encounter or queries.current_encounter(user, patient, now)
    try:
        if form.cleaned_data["order_set"]:
            return _begun(request, about, form.cleaned_data["order_set"])
        draft = _drafted(about, form.cleaned_data)
    except actions.NotPrescribable as problem:
        form.add_error(None, str(problem))
        return search_page(request, patient, form, encounter)
    return redirect("prescriptions:prescription", patient.pk, draft.pk)


def _begun(request: HttpRequest, about: dict[str, Any], named: UUID) -> HttpResponse:
    """The drafts of a set, to look at together. Raises NotPrescribable, and Http404 for what is no set."""
    begun = actions.prescribe_order_set(order_set=get_object_or_404(OrderSet, pk=named), **about)
    if begun.gone:
        said = _("No longer offered, so it is not among them: %(names)s.") % {"names": "; ".join(begun.gone)}
        messages.warning(request, said)
    return redirect(address_of(about["patient"].pk, begun.drafts))


def _drafted(about: dict[str, Any], chosen: dict[str, Any]) -> Prescription:
    """Raises NotPrescribable, and Http404 for what is not offered or is no favourite of this person."""
    if chosen["favourite"]:
        return actions.prescribe_favourite(favourite=own_or_404(about["by"], chosen["favourite"]), **about)
    named = chosen["medication"]
    medication = get_object_or_404(Medication.objects.offered(), pk=named) if named else None
    return actions.draft_prescription(medication=medication, medicine=chosen["medicine"], **about)


def encounter_of(request: HttpRequest, patient: Patient) -> Encounter | None:
    """The visit that the link named; None where it named none. Raises Http404 for one that is not this person's."""
    user: Any = request.user
    named = request.GET.get("encounter", "")
    if not named:
        return None
    try:
        return get_object_or_404(queries.own_encounters(user, patient), pk=UUID(named))
    except ValueError:
        raise Http404 from None


def search_page(request: HttpRequest, patient: Patient, form: ChooseForm, encounter: Encounter | None) -> HttpResponse:
    """The whole page, or only what was found, for htmx: the same template either way."""
    user: Any = request.user
    extended = frame(request, "patients/chart_page.html")
    text = request.GET.get("q", "").strip()
    named = f"?encounter={encounter.pk}" if encounter else ""
    context: dict[str, Any] = {
        "patient": patient,
        "encounter": encounter,
        "here": reverse("prescriptions:choose", args=[patient.pk]) + named,
        "text": text,
        "form": form,
        "too_short": 0 < len(text) < SHORTEST_SEARCH,
        "order_sets": queries.order_sets_for(patient, text),
        "favourites": queries.favourites_for(user, text),
        "found": queries.find_medications(text) if len(text) >= SHORTEST_SEARCH else [],
        "frame": extended,
    }
    if extended != PART:
        context |= page_context(request, patient)
    return render(request, "prescriptions/choose.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.PRESCRIBE)
def again(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The same once more: what was named, or all that the patient takes."""
    user: Any = request.user
    now = timezone.now()
    form = AgainForm(request.POST)
    if not form.is_valid():
        raise Http404
    named = form.cleaned_data["prescription"]
    try:
        drafts = actions.prescribe_again(
            by=user,
            patient=patient,
            prescriptions=[named] if named else None,
            encounter=queries.current_encounter(user, patient, now),
            now=now,
        )
    except actions.NotPrescribable as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:medicines", patient.pk)
    if len(drafts) == 1:
        return redirect("prescriptions:prescription", patient.pk, drafts[0].pk)
    return redirect(address_of(patient.pk, drafts))


# == How it is taken, and is it safe ==
def editor(
    request: HttpRequest,
    patient: Patient,
    draft: Prescription,
    *,
    form: PrescribeForm | None = None,
    answers: AnswersForm | None = None,
    checked: queries.Checked | None = None,
) -> HttpResponse:
    """The draft with the check as it stands this moment, in the first answer."""
    user: Any = request.user
    now = timezone.now()
    checked = checked or queries.check_prescription(user, draft, now)
    result = checked.result
    bound = form is not None
    form = form or PrescribeForm(prescription=draft)
    answers = answers or AnswersForm(result=result)
    context = (
        page_context(request, patient)
        | preview_context(draft, form)
        | {
            "form": form,
            "answers": answers,
            "result": result,
            "unlicensed": unlicensed(draft, now, known=days_of(draft.licences)),  # type: ignore[attr-defined]
            "ran_at": now,
            "findings": [(one, answers.reason_of(one.key), answers.words_of(one.key), "") for one in result.findings],
            "unchecked": [(one, answers.reason_of(one.key), answers.words_of(one.key), "") for one in result.unchecked],
            "problem_fields": [answers[name] for name in answers.fields] if result.problem else [],
            "problem_beside": "",
            "severe": sum(finding.must_be_answered for finding in result.findings),
            "taken": queries.taken_with_marks(checked, now),
            "weight": queries.last_weight(user, patient) if result.problem else checked.known.weight,
            "person": checked.known.person,
        }
    )
    return render(request, "prescriptions/prescribe.html", context, status=422 if bound else 200)


@require_POST
@of_patient(Permission.PRESCRIBE)
def change(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """Keep the draft. htmx does it while one types, and gets the label and the quantity back."""
    user: Any = request.user
    draft = prescription_or_404(request, patient, prescription_id)
    among = str(draft.pk) if f"{draft.pk}-dose" in request.POST else None  # typed on the page of several
    form = PrescribeForm(request.POST, prescription=draft, prefix=among)
    by_itself = bool(request.htmx)  # type: ignore[attr-defined]
    if not form.is_valid():
        if by_itself:
            return render(request, "prescriptions/preview.html", preview_context(draft, form))
        return editor(request, patient, draft, form=form)
    try:
        actions.change_draft(by=user, prescription=draft, content=form.content(), now=timezone.now())
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:prescription", patient.pk, draft.pk)
    if by_itself:
        beyond = queries.dose_findings(user, draft, form.sig(), timezone.now())
        context = preview_context(draft, form) | {"kept_at": timezone.now(), "beyond": beyond}
        return render(request, "prescriptions/preview.html", context)
    messages.success(request, _("Kept as a draft."))
    return redirect("prescriptions:prescription", patient.pk, draft.pk)


@require_POST
@of_patient(Permission.PRESCRIBE)
@step_up
def sign(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    draft = prescription_or_404(request, patient, prescription_id)
    now = timezone.now()
    form = PrescribeForm(request.POST, prescription=draft)
    checked = queries.check_prescription(user, draft, now, form.sig() if form.is_valid() else None)
    answers = AnswersForm(request.POST, result=checked.result)
    if not (form.is_valid() & answers.is_valid()):
        return editor(request, patient, draft, form=form, answers=answers, checked=checked)
    try:
        actions.sign_prescription(
            by=user, prescription=draft, overrides=answers.answers(), content=form.content(), now=now
        )
    except actions.FindingsUnanswered:
        answers.say_what_is_missing()
        return editor(request, patient, draft, form=form, answers=answers, checked=checked)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:prescription", patient.pk, draft.pk)
    messages.success(request, _("Signed. The dispensary has it; you hear when it is collected, and when it is not."))
    return redirect("prescriptions:medicines", patient.pk)
