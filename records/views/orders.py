"""Orders: of a patient, several at once, one with what becomes of it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import own_provider
from healthcare.ui.frames import frame
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.orders import can_answer, can_decide
from records.actions import orders as verbs
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.orders import EndForm, ExtendForm, OrderForm
from records.models import ServiceRequest
from records.models.orders import ORDER_MOVES
from records.queries import orders as queries
from records.queries.entries import running_encounter
from records.queries.lines import lines_of
from records.rules.orders import CATALOGUE, WAITING, find_orderables, is_overdue
from records.views.entries import READ_AND_WRITE
from records.views.results import readers

TAB = "records:orders"


@require_safe
@requires(Permission.ENTER_RESULT)
def overdue(request: HttpRequest) -> HttpResponse:
    """A doctor's own first; everybody's for nurses, who have none, and for whoever asks."""
    user: Any = request.user
    everybodys = request.GET.get("all") == "1" or not can(user, Permission.ORDER)
    now = timezone.now()
    context = {
        "orders": verbs.list_overdue_orders(by=user, now=now, everybodys=everybodys),
        "everybodys": everybodys,
        "may_order": can(user, Permission.ORDER),
        "today": timezone.localdate(now),
    }
    return render(request, "records/overdue_orders.html", context)


@require_safe
@requires(Permission.BOOK_APPOINTMENT)
def tests_overdue(request: HttpRequest) -> HttpResponse:
    """For who calls patients: whose test is overdue, and not which."""
    user: Any = request.user
    try:
        context = {"people": verbs.list_overdue_tests(by=user, now=timezone.now())}
    except queries.TooManyLists as refusal:
        messages.error(request, str(refusal))
        context = {"people": []}
    return render(request, "records/overdue_tests.html", context)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def orders(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient) | {
        "orders": queries.orders_of(user, patient),
        "may_order": can(user, Permission.ENTER_RESULT),
        "today": timezone.localdate(),
    }
    return render(request, "records/orders.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.ENTER_RESULT)
def order(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Find and choose by GET; by POST all of it is ordered, or, by a nurse, prepared for a doctor."""
    user: Any = request.user
    places = can(user, Permission.ORDER)
    initial = {"provider": own_provider(user) if places else None, "priority": "routine"}
    bound = request.POST if request.method == "POST" else None
    form = OrderForm(bound, providers=readers(), initial=initial)
    twice = False
    if form.is_valid():
        try:
            made = verbs.order_services(
                by=user,
                patient=patient,
                wanted=form.wanted(),
                provider=form.cleaned_data["provider"],
                encounter=running_encounter(user, patient),
                prepared=not places,
                now=timezone.now(),
            )
        except verbs.OrderedAlready as there:
            twice = True
            form.add_error("again", str(there))
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            said = _("Ordered: %(number)d.") if places else _("Prepared for a doctor to order: %(number)d.")
            messages.success(request, said % {"number": len(made)})
            return redirect(TAB, patient.pk)
    chosen = (bound or request.GET).getlist("codes")
    text = (bound or request.GET).get("q", "").strip()
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "text": text,
        "chosen": [CATALOGUE[code] for code in dict.fromkeys(chosen) if code in CATALOGUE],
        "found": [one for one in find_orderables(text, queries.favourites_of(user)) if one.code not in chosen],
        "twice": twice or "again" in form.errors,
        "places": places,
        "frame": frame(request, "patients/chart_page.html"),
    }
    return render(request, "records/order.html", context, status=422 if form.is_bound else 200)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def one_order(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    return _page(request, patient, find_order(request.user, patient, order_id))


# == What becomes of it ==
@require_POST
@of_patient(Permission.ORDER)
def place(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    user, found = request.user, find_order(request.user, patient, order_id)
    return _done(
        request,
        found,
        lambda: verbs.place_order(by=user, request=found, now=timezone.now()),  # type: ignore[arg-type]
        _("Ordered."),
    )


@require_POST
@of_patient(Permission.ENTER_RESULT)
def collect(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    user, found = request.user, find_order(request.user, patient, order_id)
    return _done(
        request,
        found,
        lambda: verbs.collect_specimen(by=user, request=found, now=timezone.now()),  # type: ignore[arg-type]
        _("The specimen is taken."),
    )


@require_POST
@of_patient(Permission.ORDER)
def favourite(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    """Find it first the next time, or no longer."""
    user, found = request.user, find_order(request.user, patient, order_id)
    kept = request.POST.get("kept") == "1"
    return _done(
        request,
        found,
        lambda: verbs.keep_favourite(by=user, code=found.code, kept=kept),  # type: ignore[arg-type]
        _("It is found first from now on.") if kept else _("It is no longer among what you find first."),
    )


@require_POST
@of_patient(Permission.ORDER)
def revoke(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    user: Any = request.user
    found, form = find_order(user, patient, order_id), EndForm(request.POST, prefix="revoke")
    if form.is_valid():
        try:
            verbs.revoke_order(by=user, request=found, reason=form.cleaned_data["reason"], now=timezone.now())
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Revoked. Nobody waits for an answer any more."))
            return redirect("records:one_order", patient.pk, found.pk)
    return _page(request, patient, found, revoking=form)


@require_POST
@of_patient(Permission.ENTER_RESULT)
def fail(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    user: Any = request.user
    found, form = find_order(user, patient, order_id), EndForm(request.POST, prefix="fail")
    if form.is_valid():
        try:
            verbs.fail_order(by=user, request=found, reason=form.cleaned_data["reason"], now=timezone.now())
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Noted: nothing more comes. Who ordered it is told."))
            return redirect("records:one_order", patient.pk, found.pk)
    return _page(request, patient, found, failing=form)


@require_POST
@of_patient(Permission.ORDER)
def extend(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    user: Any = request.user
    found, form = find_order(user, patient, order_id), ExtendForm(request.POST, prefix="extend")
    if form.is_valid():
        day = form.cleaned_data["expected_by"]
        try:
            verbs.extend_order(by=user, request=found, expected_by=day, now=timezone.now())
        except (NotCurrent, NotRecorded) as problem:
            form.add_error("expected_by", str(problem))
        else:
            messages.success(request, _("The answer is awaited until then."))
            return redirect("records:one_order", patient.pk, found.pk)
    return _page(request, patient, found, extending=form)


def find_order(user: Any, patient: Patient, order_id: UUID) -> ServiceRequest:
    """Raises Http404."""
    seen = ServiceRequest.objects.visible_to(user).filter(patient_id=patient.pk)
    named = seen.select_related("provider", "written_by", "ordered_by", "collected_by", "ended_by", "encounter")
    found: ServiceRequest = get_object_or_404(named, pk=order_id)
    found.patient = patient  # known already, with its site
    return found


def _done(request: HttpRequest, found: ServiceRequest, verb: Callable[[], object], said: str) -> HttpResponse:
    """Do it, say so, and go back to the order; or say why not."""
    try:
        verb()
    except (NotCurrent, NotRecorded) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, said)
    return redirect("records:one_order", found.patient_id, found.pk)


def _page(request: HttpRequest, patient: Patient, found: ServiceRequest, **bound: Any) -> HttpResponse:
    """The order, with what may be done now; a form that was sent and refused keeps what was typed."""
    user: Any = request.user
    moves, decides, answers = ORDER_MOVES[found.status], can_decide(user, found), can_answer(user, found)
    waits = decides and found.status in WAITING
    context = chart_context(request, patient, tab=TAB) | {
        "order": found,
        "today": timezone.localdate(),
        "overdue": is_overdue(found.status, found.expected_by, timezone.localdate()),
        "revoking": bound.get("revoking", EndForm(prefix="revoke")) if decides and "revoked" in moves else None,
        "failing": bound.get("failing", EndForm(prefix="fail")) if answers and "failed" in moves else None,
        "extending": bound.get("extending", ExtendForm(prefix="extend")) if waits else None,
        "lines": lines_of(queries.answers_to(user, found)),
        "may_answer": answers and "final" in moves,
        "may_place": decides and found.status == "draft",
        "may_collect": answers and "specimen_collected" in moves and found.category == "laboratory",
        "favourites": queries.favourites_of(user) if decides and found.code in CATALOGUE else None,
    }
    return render(request, "records/one_order.html", context, status=422 if bound else 200)
