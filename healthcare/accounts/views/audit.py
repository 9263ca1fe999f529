"""Who did what: the audit, for the privacy officer. Reading it is in the audit, too."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from healthcare.accounts.forms import AuditFilterForm
from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import AuditPage, account_meant, audit_lines, get_audit_page
from healthcare.audit import record_now
from healthcare.audit.report import AuditFilter, all_of

MOST = 100_000  # events in one file
COLUMNS = (
    "at account_id account role purpose action patient_id about_type about_id outcome detail address session reference"
    " id"
)


@requires(Permission.READ_AUDIT)
@require_safe
@never_cache
def listing(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = AuditFilterForm(request.GET or None)
    page = AuditPage([])
    if not form.is_bound or form.is_valid():
        sort, wanted = _asked(form)
        if wanted is None:
            page = AuditPage([], unknown_person=True)
        else:
            page = get_audit_page(user, wanted, sort=sort, after=request.GET.get("after", ""))
        record_now("audit.read", by=user, patient_id=_patient(form), detail=_detail(form, len(page.lines)))
    kept = {name: value for name, value in request.GET.items() if value and name != "after"}
    context = {
        "form": form,
        "page": page,
        "query": urlencode(kept),
        "next_url": f"?{urlencode({**kept, 'after': page.next_after})}" if page.next_after else "",
        "first_url": f"?{urlencode(kept)}" if "after" in request.GET else "",
        "is_filtered": bool(kept),
    }
    return render(request, "accounts/audit.html", context, status=422 if form.errors else 200)


@requires(Permission.READ_AUDIT)
@require_safe
@step_up
@never_cache
def export(request: HttpRequest) -> HttpResponseBase:
    """What the list shows, as a file: ids beside names, times in UTC, at most MOST events."""
    user: Any = request.user
    form = AuditFilterForm(request.GET)
    if not form.is_valid():
        return HttpResponse(
            _("The filter does not hold together."), status=422, content_type="text/plain; charset=utf-8"
        )
    sort, wanted = _asked(form)
    record_now("audit.export", by=user, patient_id=_patient(form), detail=_detail(form, MOST))
    pages = all_of(wanted, sort=sort, at_most=MOST) if wanted else iter(())
    answer = StreamingHttpResponse(_sheet(user, pages), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _asked(form: AuditFilterForm) -> tuple[str, AuditFilter | None]:
    """How it is sorted, and what was asked for; None for a person whom nobody knows."""
    typed = dict(form.cleaned_data) if form.is_bound else {}
    sort, person = typed.pop("sort", "") or "when", typed.pop("person", "")
    actor = account_meant(person) if person else None
    return sort, None if person and actor is None else AuditFilter(actor=actor, **typed)


def _detail(form: AuditFilterForm, rows: int) -> dict[str, Any]:
    """Which filters were used; what was typed into them stays out."""
    used = form.used() if form.is_bound else []
    return {"rows": rows} | ({"filters": used} if used else {})


def _patient(form: AuditFilterForm) -> UUID | None:
    return form.cleaned_data["patient"] if form.is_bound else None


def _sheet(user: Any, pages: Iterator[list[Any]]) -> Iterator[str]:
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS.split())
    for page in pages:
        for line in audit_lines(user, page):
            rows.writerow([_cell(value) for value in _values(line)])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _values(line: Any) -> list[Any]:
    event = line.event
    return [
        line.at.isoformat(),
        event.actor_id,
        line.actor,
        event.actor_role,
        event.purpose,
        event.action,
        event.patient_id,
        event.target_type,
        event.target_id,
        event.outcome,
        json.dumps(event.detail) if event.detail else "",
        event.address,
        event.session_id,
        event.request_id,
        event.pk,
    ]


def _cell(value: Any) -> str:
    """What a spreadsheet would take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text
