"""A visit confirmed by the link in a mail: looked at as often as one likes, and by a press alone. Section 3, row 24."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from scheduling import actions, subscribers
from scheduling.events import ConfirmAsked
from scheduling.links import confirm_address, visit_token
from scheduling.models import Appointment
from tests.events.draining import as_worker
from tests.factories import VisitTypeFactory
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import Clinic
from tests.scheduling.pages import at, text, visit_at
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    with as_the_system():
        clinic.visit_type = VisitTypeFactory()
        clinic.site.phone = "+15085550100"
        clinic.site.save(update_fields=["phone"])
    return visit_at(clinic, at(10, days=2))


def link(visit: Appointment, sequence: int = 0) -> str:
    return f"/scheduling/visits/{visit_token(visit.pk, sequence)}/confirm"


def status(visit: Appointment) -> str:
    return as_worker(lambda: Appointment.objects.get(pk=visit.pk).status)


@pytest.mark.bug(24)
def test_who_opens_it_twice_confirms_nothing_and_a_press_does(visit: Appointment, announced: Any) -> None:
    for _each in range(2):
        assert Client().head(link(visit)).status_code == 200
        shown = Client().get(link(visit))
    assert "To look at this page changes nothing" in text(shown)
    assert announced(ConfirmAsked) == []
    assert "look forward" in text(Client().post(link(visit), follow=True))
    (fact,) = announced(ConfirmAsked)
    as_worker(lambda: subscribers.confirm_by_link(fact))
    assert status(visit) == "confirmed"
    with taking_role("owner"):
        rows = AuditEvent.objects.filter(action="scheduling.ask_to_confirm")
        assert list(rows.values_list("patient_id", "actor_id", "detail")) == [(visit.patient_id, None, {"by": "link"})]


def test_the_page_leads_to_cancelling_and_tells_nobodys_name(visit: Appointment) -> None:
    shown = Client().get(link(visit)).content.decode()
    assert f"/scheduling/visits/{visit_token(visit.pk, 0)}/cancel" in shown
    for secret in (visit.patient.family_name, visit.patient.given_name, visit.provider.name, visit.visit_type.name):
        assert secret not in shown


def test_the_fact_delivered_twice_confirms_once(visit: Appointment) -> None:
    rows = Appointment.objects.filter(pk=visit.pk)
    deliver_twice(
        subscribers.confirm_by_link,
        ConfirmAsked(visit.pk, visit.patient_id, 0),
        lambda: list(rows.values_list("status", "confirmed_at")),
    )


def test_an_earlier_time_what_is_over_and_what_was_cancelled_are_not_confirmed(
    clinic: Clinic, visit: Appointment, announced: Any
) -> None:
    with acting_as(clinic.desk):
        actions.move_appointment(by=clinic.desk, appointment=visit, start=at(12, days=3), now=timezone.now())
    assert "of its earlier time" in text(Client().post(link(visit)))
    begun = visit_at(clinic, timezone.now())
    assert "has begun" in text(Client().post(link(begun)))
    with acting_as(clinic.desk):
        actions.cancel_appointment(by=clinic.desk, appointment=visit, reason="Ill", now=timezone.now())
    assert "Nobody waits for you" in text(Client().post(link(visit, 1)))
    assert announced(ConfirmAsked) == []
    now = timezone.now()
    for key, sequence in ((visit.pk, 0), (visit.pk, 1), (uuid4(), 0)):
        done = as_worker(
            lambda key=key, sequence=sequence: actions.confirm_by_link(appointment_id=key, sequence=sequence, now=now)
        )
        assert done is False


def test_a_forged_link_and_an_unknown_visit_are_the_same(visit: Appointment) -> None:
    for token in ("x", visit_token(uuid4(), 0)):
        assert Client().post(f"/scheduling/visits/{token}/confirm").status_code == 410


def test_the_address_is_the_clinics_own(visit: Appointment, settings: Any) -> None:
    assert confirm_address(visit.pk, 0) == f"{settings.PUBLIC_URL}{link(visit)}"
