"""What the tests of acting for others share: somebody added, the rows behind, and what is seen."""

from datetime import UTC, date, datetime

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as
from patients.actions import add_proxy
from patients.models import CareRelationship, Patient, Proxy
from patients.rules import age_in_years
from tests.roles import as_the_system

TODAY = date(2026, 11, 21)
SCOPES = [scope.value for scope in Scope]


def add(by: User, patient: Patient, *, now: datetime | None = None, **changes) -> Proxy:
    child = patient.birth_date is not None and age_in_years(patient.birth_date, TODAY) < 18
    asked = {
        "email": "ana@mail.example",
        "full_name": "Ana Delgado",
        "relation": Proxy.Relation.PARENT,
        "extent": Proxy.Extent.ALL,
        "agreed_by": Proxy.AgreedBy.PARENT if child else Proxy.AgreedBy.PATIENT,
        "until": None,
    }
    with acting_as(by):
        return add_proxy(by=by, patient=patient, now=now or datetime.now(UTC), **(asked | changes))


def rows_of(proxy: Proxy) -> list[CareRelationship]:
    with as_the_system():
        return list(CareRelationship.objects.filter(source=proxy.source).order_by("validity"))


def sees(user: User, patient: Patient) -> set[str]:
    user = user.in_role("patient")
    with acting_as(user):
        return {
            scope.value for scope in Scope if Patient.objects.visible_to(user, scope).filter(pk=patient.pk).exists()
        }
