"""A licence at every door: the desk, the portal, programs. What is refused is said, to staff with the reason."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from healthcare.accounts.models import Provider
from tests.factories import QualificationFactory
from tests.scheduling.test_api_book import asked, count, soon
from tests.scheduling.test_api_find import slots
from tests.scheduling.test_book_page import sent, url

pytestmark = pytest.mark.django_db


def lapsed(provider: Provider) -> None:
    """Since the day before yesterday, wherever one asks."""
    QualificationFactory(
        provider=provider, validity=DateRange(date(2020, 1, 1), timezone.now().date() - timedelta(days=1))
    )


def test_the_desk_reads_why(browser, clinic) -> None:
    lapsed(clinic.provider)
    page = browser(clinic.desk).post(url(clinic.patient), sent(clinic))
    assert page.status_code == 422
    assert "no later one is recorded" in page.content.decode()
    assert count() == 0


def test_the_portal_offers_nobody_without_a_licence(browser, clinic) -> None:
    rosa = browser(clinic.rosa)
    address = f"/portal/book/{clinic.provider.pk}"
    asked_for = {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug}
    assert "Nothing free" not in rosa.get(address, asked_for).content.decode()
    lapsed(clinic.provider)
    page = rosa.get(address, asked_for | {"day": f"{soon(9):%Y-%m-%d}"}).content.decode()
    assert "Nothing free" in page
    assert "licence" not in page.lower()


def test_a_program_reads_what_its_user_may_read(api, clinic) -> None:
    lapsed(clinic.provider)
    desk = api(clinic.desk).write("/appointments", asked(clinic, patient=str(clinic.patient.pk)))
    assert (desk.status_code, "no later one is recorded" in desk.json()["detail"]) == (422, True)
    rosa: Any = api(clinic.rosa).write("/appointments", asked(clinic))
    assert (rosa.status_code, "licence" in rosa.json()["detail"]) == (422, False)
    assert count() == 0


def test_a_program_is_offered_no_time(api, clinic) -> None:
    lapsed(clinic.provider)
    wanted = {"provider": clinic.provider.pk, "visit_type": clinic.visit_type.slug, "from_": soon().isoformat()}
    assert slots(api(clinic.rosa), **wanted) == []
