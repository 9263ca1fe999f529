"""Patients for other programs: find and list those in the token's reach, and read one."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.etags import tagged
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import problem_for
from healthcare.api.schemas import Page, Shown
from healthcare.audit import record_now
from patients import actions, queries
from patients.doors import patient_asked_for
from patients.models import Patient
from patients.queries.profile import profile_of

router = Router(tags=["Patients"])
problem_for(queries.TooManySearches, status=429, title=_("Too many searches"))
OPENING = (Permission.OPEN_CHART, Permission.OWN_RECORD)
Sought = Annotated[
    str,
    Query(
        max_length=200,
        description="Name, date of birth, record number or end of a telephone number; empty: everybody in reach.",
        examples=["delgado 1968-03-12"],
    ),
]


class PatientOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000a1",
                    "mrn": "004-81-7726",
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "given_name": "Rosa",
                    "family_name": "Delgado",
                    "preferred_name": "Rosie",
                    "birth_date": "1968-03-12",
                    "birth_precision": "day",
                    "sex": "female",
                    "sex_at_birth": "female",
                    "gender_identity": "female",
                    "pronouns": "she/her",
                    "language": "pt",
                    "interpreter": True,
                    "phone": "+15085550112",
                    "email": "rosa.delgado@example.com",
                    "line": "12 Alder Street",
                    "city": "Worcester",
                    "state": "MA",
                    "postal_code": "01604",
                    "deceased": None,
                    "deceased_date": None,
                    "security": [],
                    "created_at": "2026-02-03T14:05:00Z",
                    "updated_at": "2026-02-03T14:05:00Z",
                }
            ]
        }
    )
    id: UUID
    mrn: str = Field(description="Medical record number, as people read it aloud.")
    site: UUID = Field(validation_alias="site_id", description="Where the patient is registered.")
    given_name: str
    family_name: str
    preferred_name: str
    birth_date: date | None = Field(description="A day; where it is not known to the day, one in the middle.")
    birth_precision: str = Field(description="day, month, year, estimated or unknown: how much of it is known.")
    sex: str = Field(description="female, male, other or unknown.")
    sex_at_birth: str
    gender_identity: str
    pronouns: str
    language: str = Field(description="BCP 47; empty where nobody has asked.")
    interpreter: bool | None = Field(description="Null where nobody has asked.")
    phone: str
    email: str
    line: str
    city: str
    state: str
    postal_code: str
    deceased: bool | None = Field(description="Null where nobody has said it.")
    deceased_date: date | None
    security: list[str] = Field(description="As FHIR's meta.security: CEL for somebody in the public eye.")
    created_at: datetime
    updated_at: datetime


class NameOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"use": "maiden", "given_name": "Rosa", "family_name": "Ferreira", "until": "1994-06-01"}]
        }
    )
    use: str = Field(description="maiden, old or nickname.")
    given_name: str
    family_name: str
    until: date | None


class AddressOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "use": "work",
                    "line": "12 Main Street",
                    "city": "Worcester",
                    "state": "MA",
                    "postal_code": "01608",
                    "until": None,
                    "latitude": 42.26,
                    "longitude": -71.8,
                }
            ]
        }
    )
    use: str = Field(description="work, temp, billing or old.")
    line: str
    city: str
    state: str
    postal_code: str
    until: date | None
    latitude: float | None = Field(description="Degrees, of the centre of the ZIP code.")
    longitude: float | None


class ReachOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"system": "phone", "value": "508-555-0194", "first": False, "bad": "Nobody answers any more"}]
        }
    )
    system: str = Field(description="phone or email.")
    value: str
    first: bool = Field(description="Whether it is the one of the registration.")
    bad: str = Field(description="Why nothing arrives there, in words; empty where it does.")


class RelatedPersonOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Miguel Ferreira",
                    "relation": "sibling",
                    "phone": "508-555-0193",
                    "email": "",
                    "emergency": True,
                    "may_be_told": True,
                }
            ]
        }
    )
    name: str
    relation: str
    phone: str
    email: str
    emergency: bool
    may_be_told: bool


class PreferenceOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "email", "purpose": "news", "allowed": False}]}
    )
    channel: str
    purpose: str
    allowed: bool


class ProfileOut(Shown):
    names: list[NameOut]
    addresses: list[AddressOut]
    contacts: list[ReachOut]
    people: list[RelatedPersonOut]
    preferences: list[PreferenceOut]


@router.get("/patients", response=Page[PatientOut], summary="Find or list patients")
@operation(Scope.IDENTITY, *OPENING)
def list_patients(request: HttpRequest, query: Sought = "", cursor: Cursor = "", limit: Limit = 25) -> Page[PatientOut]:
    """Those in the token's reach alone: by family name and given name, or, for a query, the most alike first."""
    user: Any = request.user
    visible = Patient.objects.visible_to(user)
    if query.strip():
        found = [line.id for line in actions.search_patients(by=user, text=query) if line.visible]
        rows = visible.in_bulk(found)
        return Page[PatientOut].model_validate(
            {"items": [rows[pk] for pk in found if pk in rows][:limit], "next": None}
        )
    record_now("patients.list", by=user, detail={"filters": []})
    key = ("family_name", "given_name", "id")
    return Page[PatientOut].model_validate(page(visible, cursor=cursor, limit=limit, key=key, descending=False))


@router.get("/patients/{uuid:patient_id}", response=PatientOut, summary="Read one patient")
@operation(Scope.IDENTITY, *OPENING)
def get_patient(request: HttpRequest, patient_id: UUID) -> PatientOut:
    """Somebody out of reach and nobody at all get the same 404."""
    user: Any = request.user
    patient = patient_asked_for(user, patient_id)
    return tagged(PatientOut.model_validate(patient), patient)


@router.get("/patients/{uuid:patient_id}/profile", response=ProfileOut, summary="Read what else is known of a patient")
@operation(Scope.IDENTITY, *OPENING)
def get_profile(request: HttpRequest, patient_id: UUID) -> ProfileOut:
    """Other names and addresses, every way to reach them, people close to them, and what they want to hear."""
    user: Any = request.user
    return ProfileOut.model_validate(profile_of(user, patient_asked_for(user, patient_id)))
