"""The formulary for other programs."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import invalid
from healthcare.api.schemas import Page, Shown
from prescriptions import queries
from prescriptions.models import Medication

router = Router(tags=["Prescriptions"])


class MedicationOut(Shown):
    """One line of the clinic's formulary."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000d1",
                    "label": "Amoxicillin 500 mg capsule",
                    "form": "capsule",
                    "route": "oral",
                    "rxcui": "308191",
                }
            ]
        }
    )
    id: UUID
    label: str
    form: str
    route: str
    rxcui: str = Field(description="RxNorm concept, where it is known.")


@router.get("/medications", response=Page[MedicationOut], summary="Find medicines of the formulary")
@operation(Scope.MEDICATION, Permission.READ_MEDICATIONS)
def list_medications(
    request: HttpRequest,
    query: Annotated[str, Query(max_length=100, examples=["amoxicillin 500"])] = "",
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[MedicationOut]:
    """By any part of a name, brand, ingredient or strength; without a query all of them by label."""
    if query.strip():
        found = [line for name in queries.find_medications(query, at_most=limit) for line in name.lines]
        return Page[MedicationOut].model_validate({"items": found[:limit], "next": None})
    rows = page(Medication.objects.all(), cursor=cursor, limit=limit, key=("label", "id"), descending=False)
    return Page[MedicationOut].model_validate(rows)


def medication_of(pk: UUID | None) -> Medication | None:
    """A line of the formulary; None where none is named. Raises a 422 for one that is not there."""
    found = Medication.objects.filter(pk=pk).first() if pk else None
    if pk and found is None:
        raise invalid("medication", _("The formulary has no such line."))
    return found
