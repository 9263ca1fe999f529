"""Orders of a doctor, for the tests of what becomes of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions import orders as verbs
from records.models import ServiceRequest
from records.rules.orders import Wanted
from tests.factories import ProviderFactory
from tests.roles import as_the_system

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BASIC, LIPIDS, CHEST, HCG, A1C = "24321-2", "57698-3", "36643-5", "2106-3", "4548-4"


def order(by: User, patient: Patient, *codes: str, now: datetime = NOW, **given: Any) -> list[ServiceRequest]:
    said = {name: given.pop(name) for name in list(given) if name in Wanted.__dataclass_fields__}
    with as_the_system():
        provider = given.pop("provider", None) or _provider_of(by)
    wanted = [Wanted(code=code, **said) for code in codes or (BASIC,)]
    with acting_as(by):
        return verbs.order_services(by=by, patient=patient, wanted=wanted, provider=provider, now=now, **given)


def one_order(by: User, patient: Patient, code: str = BASIC, **given: Any) -> ServiceRequest:
    return order(by, patient, code, **given)[0]


def _provider_of(user: User) -> Any:
    from healthcare.accounts.models import Provider

    return Provider.objects.filter(user=user).first() or ProviderFactory(user=user)


def order_now_is(request: ServiceRequest) -> ServiceRequest:
    with as_the_system():
        return ServiceRequest.objects.get(pk=request.pk)
