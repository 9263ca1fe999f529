"""A patient's messages with the care team: read, answer, write."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from records.actions import messages as verbs
from records.actions.attachments import NotAttached
from records.forms.messages import MessageForm, PortalStartForm
from records.models import Thread
from records.queries.attachments import files_by_message
from records.queries.messages import line_of, lines_of_patient
from records.queries.pools import places_for, promised_days
from records.queries.subjects import category_of, subject_of
from records.rules.messages import UrgentWords

READ_AND_WRITE = ["GET", "HEAD", "POST"]
HINT = gettext_lazy("It becomes part of your record")


@require_safe
@portal_page(Scope.MESSAGE)
def messages(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    lines = lines_of_patient(user, patient, timezone.now())
    parted = {
        "lines": [line for line in lines if line.thread.status != "closed"],
        "closed": [line for line in lines if line.thread.status == "closed"],
    }
    return render(request, "records/portal_messages.html", around(patient) | parted)


@require_http_methods(READ_AND_WRITE)
@portal_page(Scope.MESSAGE)
def start_thread(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    typed_in = (request.POST, request.FILES) if request.method == "POST" else ()
    asked = request.GET.get("about", "")
    start = {"about": asked, "category": category_of(asked)}
    form = PortalStartForm(*typed_in, initial=start, hint=HINT, places=places_for(patient))
    if not form.is_valid():
        return start_page(request, patient, form)
    typed = form.cleaned_data
    try:
        thread = verbs.start_thread(
            by=user,
            patient=patient,
            category=Thread.Category(typed["category"]),
            body=typed["body"],
            now=timezone.now(),
            to=form.place(),
            source=typed["about"],
            files=typed["attachments"],
            idempotency_key=typed["key"],
            confirmed=typed["confirmed"],
        )
    except verbs.SoundsUrgent as problem:
        return start_page(request, patient, form, problem.found)
    except verbs.NotOpen:
        return start_page(request, patient, form)
    except NotAttached as problem:
        form.add_error("attachments", str(problem))
        return start_page(request, patient, form)
    return redirect("records_portal:thread", thread.pk)


def start_page(
    request: HttpRequest, patient: Patient, form: PortalStartForm, found: UrgentWords | None = None
) -> HttpResponse:
    user: Any = request.user
    source = form["about"].value()
    subject = subject_of(user, patient, source) if source else None
    gone = verbs.NOT_HERE if source and subject is None else ""
    context = around(patient) | {"form": form, "found": found or UrgentWords(), "subject": subject, "gone": gone}
    return render(request, "records/portal_start_thread.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@portal_page(Scope.MESSAGE)
def thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    typed_in = (request.POST, request.FILES) if request.method == "POST" else ()
    form = MessageForm(*typed_in, label=_("Your answer"), hint=HINT)
    if not form.is_valid():
        return thread_page(request, patient, found, form)
    typed = form.cleaned_data
    try:
        verbs.send_message(
            by=user,
            thread=found,
            body=typed["body"],
            now=timezone.now(),
            files=typed["attachments"],
            idempotency_key=typed["key"],
            confirmed=typed["confirmed"],
        )
    except verbs.SoundsUrgent as problem:
        return thread_page(request, patient, found, form, problem.found)
    except NotAttached as problem:
        form.add_error("attachments", str(problem))
        return thread_page(request, patient, found, form)
    return redirect("records_portal:thread", found.pk)


def thread_page(
    request: HttpRequest, patient: Patient, thread: Thread, form: MessageForm, found: UrgentWords | None = None
) -> HttpResponse:
    user: Any = request.user
    said = verbs.open_thread(by=user, thread=thread)
    context = around(patient) | {
        "line": line_of(thread, timezone.now()),
        "thread": thread,
        "said": said,
        "files": files_by_message(user, thread),
        "subject": subject_of(user, patient, thread.source) if thread.source else None,
        "unread": any(message.read_at is None and message.to_patient for message in said),
        "form": form,
        "found": found or UrgentWords(),
    }
    return render(request, "records/portal_thread.html", context, status=422 if form.is_bound else 200)


@require_POST
@portal_page(Scope.MESSAGE)
def read_thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    """Pressed by the page itself where scripts run, by hand where they do not."""
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    verbs.read_thread(by=user, thread=found, now=timezone.now())
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse()  # the button goes
    return redirect("records_portal:thread", found.pk)


def thread_of(request: HttpRequest, patient: Patient, thread_id: UUID) -> Thread:
    user: Any = request.user
    rows = Thread.objects.visible_to(user).filter(patient=patient).select_related("site", "patient", "pool", "provider")
    return get_object_or_404(rows, pk=thread_id)


def around(patient: Patient) -> dict[str, Any]:
    return {"patient": patient, "days": promised_days(patient.site), "print_subject": f"{patient.name}."}
