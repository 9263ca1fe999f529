"""Who did what: the audit, for the privacy officer. Reading it is in the audit, too."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from healthcare.accounts.forms import AuditFilterForm
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import AuditFilter, AuditPage, get_audit_page
from healthcare.audit import record_now


@requires(Permission.READ_AUDIT)
@never_cache
def listing(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = AuditFilterForm(request.GET or None)
    page = AuditPage([])
    if not form.is_bound or form.is_valid():
        wanted = AuditFilter(**(form.cleaned_data if form.is_bound else {}), before=_key(request.GET.get("before")))
        page = get_audit_page(user, wanted)
        used = sorted(name for name, value in form.cleaned_data.items() if value) if form.is_bound else []
        detail: dict[str, Any] = {"rows": len(page.lines)} | ({"filters": used} if used else {})
        record_now("audit.read", by=user, patient_id=wanted.patient, detail=detail)
    kept = {name: value for name, value in request.GET.items() if value and name != "before"}
    context = {
        "form": form,
        "page": page,
        "next_url": f"?{urlencode({**kept, 'before': page.next_before})}" if page.next_before else "",
        "first_url": f"?{urlencode(kept)}" if "before" in request.GET else "",
        "is_filtered": bool(kept),
    }
    return render(request, "accounts/audit.html", context, status=422 if form.errors else 200)


def _key(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
