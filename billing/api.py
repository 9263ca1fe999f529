"""Bills for other programs: what was issued, and what is still owed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import ConfigDict, Field

from billing.access import can_see_bills
from billing.models import Invoice
from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import invalid
from healthcare.api.schemas import Page, Shown
from healthcare.audit import record_now
from patients.doors import patient_asked_for

router = Router(tags=["Bills"])
STATUSES = ", ".join(Invoice.Status.values)


class InvoiceOut(Shown):
    """Amounts are strings with two decimals, so that no program reads them as binary fractions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000c1",
                    "number": "2026-000128",
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "provider": "01937a5e-8c00-7000-8000-0000000000e1",
                    "appointment": "01937a5e-8c00-7000-8000-0000000000d1",
                    "visit_date": "2026-02-03",
                    "issued_at": "2026-02-03T18:02:00Z",
                    "due_date": "2026-03-05",
                    "currency": "USD",
                    "total": "145.00",
                    "balance": "120.00",
                    "status": "issued",
                    "settled_at": None,
                    "created_at": "2026-02-03T18:02:00Z",
                    "updated_at": "2026-02-03T18:02:00Z",
                }
            ]
        }
    )
    id: UUID
    number: str
    patient: UUID = Field(validation_alias="patient_id")
    site: UUID = Field(validation_alias="site_id")
    provider: UUID = Field(validation_alias="provider_id")
    appointment: UUID | None = Field(validation_alias="appointment_id")
    visit_date: date = Field(description="On the calendar of the site.")
    issued_at: datetime
    due_date: date
    currency: Literal["USD"] = "USD"
    total: Decimal
    balance: Decimal = Field(description="What is still owed, by the ledger; below zero: held for the patient.")
    status: str = Field(description=f"One of: {STATUSES}.")
    settled_at: datetime | None
    created_at: datetime
    updated_at: datetime


@router.get("/invoices", response=Page[InvoiceOut], summary="List bills")
@operation(Scope.BILLING, Permission.READ_BILLING, Permission.OWN_RECORD)
def list_invoices(
    request: HttpRequest,
    patient: UUID | None = None,
    status: Annotated[str, Query(max_length=8, description=f"One of: {STATUSES}.", examples=["issued"])] = "",
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[InvoiceOut]:
    """The newest first. A token that acts for a patient lists this one's, unless it names another in its reach."""
    user: Any = request.user
    if status and status not in Invoice.Status.values:
        raise invalid("status", _("There is no such status."))
    patient = patient or request.token.patient_id  # type: ignore[attr-defined]
    if patient is None:
        record_now("billing.list", by=user, detail={"filters": [status] if status else []})
    else:
        found = patient_asked_for(user, patient)
        if not can_see_bills(user, found):
            raise Http404
        patient = found.pk
    wanted = {name: value for name, value in (("patient_id", patient), ("status", status)) if value}
    rows = Invoice.objects.visible_to(user).filter(**wanted).with_balance()
    return Page[InvoiceOut].model_validate(page(rows, cursor=cursor, limit=limit, key=("id",)))
