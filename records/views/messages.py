"""The clinic's inbox, and a patient's messages in the chart."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.messages import can_file
from records.actions import messages as verbs
from records.actions.attachments import NotAttached
from records.forms.messages import MessageForm, StartForm
from records.forms.templates import PlaceForm
from records.models import Thread
from records.queries.attachments import files_by_message
from records.queries.filing import filed_as, is_whole
from records.queries.messages import Shown, has_portal_reader, line_of, lines_of_patient, reads_messages_of
from records.queries.pools import standing_in_for
from records.queries.subjects import subject_of
from records.queries.templates import Offered, templates_for

READ_AND_WRITE = ["GET", "HEAD", "POST"]
HINT = gettext_lazy("The patient reads it in the portal. It becomes part of the record")
TAB = "records:messages"
LISTS = {
    Shown.WAITING: gettext_lazy("Waiting for us"),
    Shown.MINE: gettext_lazy("Mine"),
    Shown.POOLS: gettext_lazy("My pools"),
    Shown.UNASSIGNED: gettext_lazy("Nobody’s yet"),
    Shown.WITH_PATIENTS: gettext_lazy("Waiting for patients"),
    Shown.SENT: gettext_lazy("Sent"),
    Shown.CLOSED: gettext_lazy("Closed"),
}


@require_safe
@requires(Permission.MESSAGE_PATIENTS)
def inbox(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    asked = request.GET.get("show", "")
    shown = Shown(asked) if asked in set(Shown) else Shown.WAITING
    found = verbs.list_inbox(by=user, shown=shown, now=timezone.now())
    address = reverse("records:inbox")
    tabs = [
        {"label": f"{label} ({found.counts[kind]})", "url": f"{address}?show={kind}", "current": kind is shown}
        for kind, label in LISTS.items()
    ]
    context = {"inbox": found, "shown": shown.value, "tabs": tabs, "title": LISTS[shown]}
    return render(request, "records/inbox.html", context)


# == In the chart ==
@require_safe
@of_patient(Permission.MESSAGE_PATIENTS)
def messages(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient, tab=TAB) | {
        "lines": lines_of_patient(user, patient, timezone.now()),
        "open_to_me": reads_messages_of(user, patient),
        "has_reader": has_portal_reader(patient),
    }
    return render(request, "records/messages.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.MESSAGE_PATIENTS)
def start_thread(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = typed_form(request, StartForm, templates_for(user, patient, patient.site))
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
            files=typed["attachments"],
            idempotency_key=typed["key"],
        )
    except verbs.NoPortalAccount as problem:
        form.add_error(None, str(problem))
        return start_page(request, patient, form)
    except verbs.NotSendable as problem:
        form.add_error("body", str(problem))
        return start_page(request, patient, form)
    except NotAttached as problem:
        form.add_error("attachments", str(problem))
        return start_page(request, patient, form)
    notes.success(request, _("Sent. The patient gets a notice without the words."))
    return redirect("records:thread", patient.pk, thread.pk)


def start_page(request: HttpRequest, patient: Patient, form: MessageForm) -> HttpResponse:
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    return render(request, "records/start_thread.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.MESSAGE_PATIENTS)
def thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    form = typed_form(request, MessageForm, templates_for(user, patient, found.site), label=_("Answer"))
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
        )
    except verbs.NotSendable as problem:
        form.add_error("body", str(problem))
        return thread_page(request, patient, found, form)
    except NotAttached as problem:
        form.add_error("attachments", str(problem))
        return thread_page(request, patient, found, form)
    if found.status == "closed":
        notes.success(request, _("Sent. The conversation is open again, until somebody closes it."))
    else:
        notes.success(request, _("Sent. The conversation stays open until somebody closes it."))
    return redirect("records:thread", patient.pk, found.pk)


def typed_form(request: HttpRequest, kind: type[MessageForm], offered: Sequence[Offered], **words: Any) -> MessageForm:
    """What was typed, to be sent; or still to be written, where a text of the clinic is only put behind it."""
    told: dict[str, Any] = {"hint": HINT, "offered": offered, **words}
    if request.method != "POST":
        return kind(**told)
    if "place" not in request.POST:
        return kind(request.POST, request.FILES, **told)
    typed = request.POST.dict()
    body = PlaceForm(request.POST, offered=offered).behind(typed.get("body", ""))
    form = kind(initial=typed | {"body": body}, **told)
    form.lose(request.FILES)
    return form


def thread_page(request: HttpRequest, patient: Patient, thread: Thread, form: MessageForm) -> HttpResponse:
    user: Any = request.user
    said = verbs.open_thread(by=user, thread=thread)
    context = chart_context(request, patient, tab=TAB) | {
        "line": line_of(thread, timezone.now()),
        "thread": thread,
        "standing_in": standing_in_for(thread.taken_by),
        "said": said,
        "files": files_by_message(user, thread),
        "subject": subject_of(user, patient, thread.source) if thread.source else None,
        "unread": any(message.read_at is None and not message.to_patient for message in said),
        "form": form,
    }
    if can_file(user, patient):
        filed = filed_as(user, thread)
        context |= {"filed": filed, "may_file": bool(said) and not is_whole(filed, said[-1])}
    return render(request, "records/thread.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.MESSAGE_PATIENTS)
def read_thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    """Pressed by the page itself where scripts run, by hand where they do not."""
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    verbs.read_thread(by=user, thread=found, now=timezone.now())
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse()  # the button goes
    return redirect("records:thread", patient.pk, found.pk)


def thread_of(request: HttpRequest, patient: Patient, thread_id: UUID) -> Thread:
    user: Any = request.user
    rows = Thread.objects.visible_to(user).filter(patient=patient)
    return get_object_or_404(
        rows.select_related("site", "patient", "pool", "provider", "taken_by", "closed_by"), pk=thread_id
    )
