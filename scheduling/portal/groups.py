"""Groups with free seats, and one taken. Who else comes is told nobody; how many seats are left is."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from scheduling import actions
from scheduling.forms.groups import OwnSeatForm
from scheduling.models import GroupSession, VisitType
from scheduling.places import address_lines
from scheduling.queries.groups import counted, sessions_to_join
from scheduling.words import group_row_of


@require_safe
@portal_page(Scope.SCHEDULE)
def sessions(request: HttpRequest, patient: Patient) -> HttpResponse:
    now = timezone.now()
    rows = [group_row_of(one, now) for one in sessions_to_join(now)]
    return render(request, "scheduling/portal_sessions.html", {"patient": patient, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Scope.SCHEDULE)
def take_seat(request: HttpRequest, patient: Patient, session_id: UUID) -> HttpResponse:
    """One's own, in a session that patients join themselves; where it is full, others of its kind are offered."""
    user: Any = request.user
    now = timezone.now()
    direct = GroupSession.objects.with_names().filter(visit_type__portal_mode=VisitType.PortalMode.DIRECT)
    session = get_object_or_404(direct, pk=session_id)
    form = OwnSeatForm(request.POST) if request.method == "POST" else OwnSeatForm.fresh()
    context: dict[str, Any] = {"patient": patient, "form": form, "full": "", "instead": []}
    status = 422 if form.is_bound else 200
    if form.is_valid():
        asked = {"reason": form.cleaned_data["reason"], "idempotency_key": str(form.cleaned_data["key"])}
        try:
            visit = actions.give_seat(by=user, patient=patient, session=session, **asked, now=now)
        except actions.SessionFull as full:
            context |= {"full": str(full), "instead": [group_row_of(one, now) for one in full.instead]}
            status = 409
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("You have a seat. We send you a message with the time and the address."))
            return redirect("scheduling_portal:visit", visit.pk)
    row = group_row_of(counted([session])[0], now)
    context |= {"row": row, "session": session, "address": address_lines(session.site)}
    return render(request, "scheduling/portal_take_seat.html", context, status=status)
