"""Orders that nothing answered by their day: whose list they are on, and what may be done."""

from datetime import timedelta

import pytest
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from records.actions.orders import list_overdue_orders
from tests.factories import ProviderFactory, ServiceRequestFactory, staff

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def late(patient, provider, days: int = 1, **fields):
    expected = timezone.localdate() - days * DAY
    return ServiceRequestFactory(patient=patient, provider=provider, expected_by=expected, **fields)


def test_a_doctor_sees_their_own_and_may_see_everybodys(rosa, doctor) -> None:
    mine, colleagues = ProviderFactory(user=doctor), ProviderFactory(user=staff("doctor", rosa.site))
    one, older, other = late(rosa, mine), late(rosa, mine, 5, status="specimen_collected"), late(rosa, colleagues, 3)
    late(rosa, mine, 0)
    late(rosa, mine, status="final")
    late(rosa, None, source="other:lab", written_by=None, ordered_by=None)
    now = timezone.now()
    with acting_as(doctor):
        assert list_overdue_orders(by=doctor, now=now) == [older, one]
        assert list_overdue_orders(by=doctor, now=now, everybodys=True) == [older, other, one]
    with acting_as(doctor, using="audit"):
        assert AuditEvent.objects.using("audit").filter(action="records.list_overdue_orders").count() == 2
    stranger, desk = staff("doctor"), staff("front_desk", rosa.site)
    with acting_as(stranger):
        assert list_overdue_orders(by=stranger, now=now, everybodys=True) == []
    with acting_as(desk), pytest.raises(NotAllowed):
        list_overdue_orders(by=desk, now=now)


def test_the_page_says_what_to_do(rosa, doctor, nurse, browser) -> None:
    order = late(rosa, ProviderFactory(user=staff("doctor", rosa.site)))
    client = browser(doctor)
    assert "Nothing is overdue" in client.get("/records/orders-overdue").content.decode()
    everybodys = client.get("/records/orders-overdue", {"all": "1"}).content.decode()
    assert f"/records/{rosa.pk}/orders/{order.pk}/" in everybodys
    assert "revoke it, wait longer" in everybodys
    page = browser(nurse).get("/records/orders-overdue").content.decode()
    assert f"/records/{rosa.pk}/orders/{order.pk}/" in page
    assert "Only mine" not in page
