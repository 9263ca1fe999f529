"""Orders that nothing answered by their day: whose list they are on, and what may be done."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from records.actions.orders import list_overdue_orders, list_overdue_tests
from records.models import ServiceRequest
from records.queries.orders import overdue_tests
from tests.factories import PatientFactory, ProviderFactory, ServiceRequestFactory, staff

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


# == The desk's list ==
def test_the_desk_learns_whose_test_is_overdue_and_not_which(rosa, doctor, browser) -> None:
    provider = ProviderFactory(user=doctor)
    late(rosa, provider)
    late(rosa, provider, 4, display="CT Head")
    marked = PatientFactory(site=rosa.site)
    late(marked, provider, sensitivity="reproductive")
    late(PatientFactory(), provider)
    late(PatientFactory(site=rosa.site), provider, 0)
    desk, now = staff("front_desk", rosa.site), timezone.now()
    with acting_as(desk):
        (one,) = list_overdue_tests(by=desk, now=now)
        assert (one.patient, one.expected_by) == (rosa, timezone.localdate() - 4 * DAY)
        assert not ServiceRequest.objects.exists()
    with acting_as(desk, using="audit"):
        assert AuditEvent.objects.using("audit").filter(action="records.list_overdue_tests").count() == 1
    client = browser(desk)
    page = client.get("/records/tests-overdue").content.decode()
    assert "Delgado" in page
    assert "CT Head" not in page
    assert "/records/tests-overdue" in client.get("/patients/to-put-right").content.decode()
    assert "/records/tests-overdue" not in browser(doctor).get("/patients/to-put-right").content.decode()


@pytest.mark.parametrize("role", ["billing", "pharmacist", "administrator"])
def test_nobody_else_gets_the_desks_list(role, rosa) -> None:
    user = staff(role, rosa.site)
    with acting_as(user):
        with pytest.raises(NotAllowed):
            list_overdue_tests(by=user, now=timezone.now())
        with pytest.raises(DatabaseError, match="who calls patients"):
            overdue_tests(user, timezone.localdate())


def test_the_desks_list_is_not_asked_for_without_end(rosa, browser) -> None:
    desk = staff("front_desk", rosa.site)
    client = browser(desk)
    assert "Nothing is overdue" in client.get("/records/tests-overdue").content.decode()
    with acting_as(desk):
        for _each in range(61):
            record("records.list_overdue_tests", by=desk)
    assert "a lot of lists" in client.get("/records/tests-overdue").content.decode()
    assert "/records/tests-overdue" not in client.get("/patients/to-put-right").content.decode()
