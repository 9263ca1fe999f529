"""`/v1/me`: who the token speaks for, and how far it reaches."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import ConfigDict, Field

from healthcare.accounts.models import Membership
from healthcare.api.doors import operation
from healthcare.api.schemas import Shown

router = Router(tags=["Tokens"])


class MeOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-000000000001",
                    "email": "dana.okafor@alderstreet.example",
                    "role": "doctor",
                    "patient": None,
                    "provider": "01937a5e-8c00-7000-8000-000000000002",
                    "sites": ["01937a5e-8c00-7000-8000-000000000003"],
                    "scopes": ["clinical.read", "identity.read"],
                }
            ]
        }
    )
    id: UUID
    email: str
    role: str = Field(description="The role that the token acts in.")
    patient: UUID | None = Field(description="The patient whose own record the token opens.")
    provider: UUID | None = Field(description="The provider that the token acts as.")
    sites: list[UUID] = Field(description="Where the person works now, in this role.")
    scopes: list[str]


@router.get("/me", response=MeOut, summary="Who this token speaks for")
@operation(None)
def read_me(request: HttpRequest) -> MeOut:
    """Every token may ask, whatever its scopes."""
    user: Any = request.user
    token: Any = request.token  # type: ignore[attr-defined]
    current = Membership.objects.current().filter(user=user, role=user.acting_role)
    return MeOut(
        id=user.pk,
        email=user.email,
        role=token.role,
        patient=token.patient_id,
        provider=token.provider_id,
        sites=sorted(current.values_list("site_id", flat=True)),
        scopes=sorted(token.scopes),
    )
