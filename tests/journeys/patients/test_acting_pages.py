"""Nothing stands in the way of a reader on the pages of acting for others, standing in and sharing."""

from collections.abc import Callable
from datetime import date

import pytest

from patients.models import Proxy
from tests.factories import (
    CoverFactory,
    DisclosureFactory,
    InvoiceFactory,
    PatientFactory,
    UserFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"
ACTED_FOR = ("", "record", "openings", "disclosures", "visits", "book", "results/", "messages/", "medicines", "bills/")


@pytest.fixture
def theo():
    patient = PatientFactory(given_name="Theo", family_name=LONG, birth_date=date(2017, 5, 9))
    InvoiceFactory(patient=patient)
    DisclosureFactory(patient=patient)
    return patient


def test_every_page_says_for_whom_and_reads_well(look: Callable[..., None], theo) -> None:
    client = sign_in(proxy_of(theo, user=UserFactory(full_name=f"Ana {LONG}")))
    look(client, "/portal/people", *(f"/portal/for/{theo.pk}/{page}" for page in ACTED_FOR))
    look(client, "/portal/people", f"/portal/for/{theo.pk}/", f"/portal/for/{theo.pk}/openings", scheme="dark")


def test_the_patients_side(look: Callable[..., None], theo) -> None:
    proxy_of(theo, user=UserFactory(full_name=f"Ana {LONG}"))
    with as_the_system():
        proxy = Proxy.objects.get()
    own = sign_in(portal_user(theo))
    look(own, "/portal/", "/portal/people", f"/portal/people/{proxy.pk}/end", "/portal/disclosures")


def test_the_desks_side(look: Callable[..., None], theo) -> None:
    proxy_of(theo, user=UserFactory(full_name=f"Ana {LONG}"))
    with as_the_system():
        proxy = Proxy.objects.get()
    chart = f"/patients/{theo.pk}/access"
    pages = (chart, f"{chart}/proxy", f"{chart}/proxy/{proxy.pk}/end", f"{chart}/grant")
    look(sign_in(staff("doctor", theo.site)), *pages)


def test_standing_in(look: Callable[..., None]) -> None:
    away = staff("doctor", full_name=f"Maren {LONG}")
    cover = CoverFactory(absent=away, cover=staff("doctor", full_name=f"Tove {LONG}"), reason="Leave")
    look(sign_in(away), "/", "/patients/cover", f"/patients/cover/{cover.pk}/end")
    look(sign_in(staff("administrator")), "/patients/covers")
