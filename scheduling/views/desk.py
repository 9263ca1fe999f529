"""What the desk notes in passing, one press each: late or not, not missed after all, a word for colleagues."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from healthcare.accounts.permissions import Permission
from patients.models import Patient
from scheduling import actions
from scheduling.doors import of_visit
from scheduling.forms import NoteForm
from scheduling.models import Appointment
from scheduling.views.visits import stepped, visit_page


@require_POST
@of_visit(Permission.CHECK_IN)
def late(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    return stepped(request, visit, actions.mark_late, _("Noted: they come late."))


@require_POST
@of_visit(Permission.CHECK_IN)
def on_time(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    return stepped(request, visit, actions.undo_late, _("Noted: they are not late after all."))


@require_POST
@of_visit(Permission.CHECK_IN)
def not_missed(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    return stepped(request, visit, actions.undo_miss, _("Taken back: the visit stands as before."))


@require_POST
@of_visit(Permission.VIEW_SCHEDULE)
def note(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return visit_page(request, patient, visit, note_form=form, form=form, status=422)
    actions.write_note(by=request.user, appointment=visit, note=form.cleaned_data["note"])  # type: ignore[arg-type]
    messages.success(request, _("Noted for colleagues.") if form.cleaned_data["note"] else _("The note is gone."))
    return redirect("scheduling:visit", patient.pk, visit.pk)
