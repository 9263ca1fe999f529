"""A visit called off by the link in a mail: looked at as often as one likes, pressed once, in time, and for its own
time alone. Section 3, row 24.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models.links import token_of
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from scheduling import actions, subscribers
from scheduling.events import AppointmentCancelled, CancelAsked
from scheduling.links import cancel_address, read_visit_token, visit_token
from scheduling.models import Appointment
from tests.events.draining import as_worker
from tests.factories import AppointmentFactory, VisitTypeFactory
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import Clinic
from tests.scheduling.pages import at, text, visit_at
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    with as_the_system():
        clinic.visit_type = VisitTypeFactory(cancel_minutes=120)
        clinic.site.phone = "+15085550100"
        clinic.site.save(update_fields=["phone"])
    return visit_at(clinic, at(10, days=2))


def link(visit: Appointment, sequence: int | None = None) -> str:
    return f"/scheduling/visits/{visit_token(visit.pk, visit.sequence if sequence is None else sequence)}/cancel"


def state(visit: Appointment) -> tuple[str, str]:
    row = as_worker(lambda: Appointment.objects.get(pk=visit.pk))
    return row.status, row.cancel_reason


def work(announced: Any) -> None:
    """What a worker does of what was asked for."""
    for fact in announced(CancelAsked):
        as_worker(lambda fact=fact: subscribers.cancel_by_link(fact))


@pytest.mark.bug(24)
def test_programs_that_open_every_link_twice_cancel_nothing_and_the_link_lives_on(
    visit: Appointment, announced: Any
) -> None:
    for _each in range(2):
        assert Client().head(link(visit)).status_code == 200
        shown = Client().get(link(visit))
    assert "To look at this page changes nothing" in text(shown)
    assert announced(CancelAsked) == []
    Client().post(link(visit))
    work(announced)
    assert state(visit)[0] == "cancelled"


def test_the_page_tells_when_and_where_and_not_who_with_whom_or_what_for(visit: Appointment) -> None:
    shown = Client().get(link(visit))
    words = text(shown)
    for told in ("10:00 am", visit.site.name, "508-555-0100"):
        assert told in words
    patient = visit.patient
    names = (patient.family_name, patient.given_name, patient.mrn, visit.provider.name, visit.visit_type.name)
    for secret in (*names, visit.reason, str(patient.pk), str(visit.pk)):
        assert secret not in words
    assert (shown["Referrer-Policy"], shown["X-Robots-Tag"]) == ("same-origin", "noindex")


def test_the_button_cancels_by_the_one_verb_and_twice_is_once(visit: Appointment, announced: Any) -> None:
    browser = Client()
    for _each in range(2):
        assert "we have it" in text(browser.post(link(visit), follow=True))
    work(announced)
    assert state(visit) == ("cancelled", "By the link in the message")
    assert announced(AppointmentCancelled) == [AppointmentCancelled(visit.pk, visit.patient_id, 0)]
    assert "This visit is cancelled" in text(browser.get(link(visit)))
    assert "This visit is cancelled" in text(browser.post(link(visit)))
    assert len(announced(CancelAsked)) == 2, "what was cancelled is not asked for again"


def test_the_fact_delivered_twice_cancels_once(visit: Appointment) -> None:
    fact = CancelAsked(visit.pk, visit.patient_id, visit.sequence, timezone.now())
    rows = Appointment.objects.filter(pk=visit.pk)
    done = deliver_twice(subscribers.cancel_by_link, fact, lambda: list(rows.values_list("status", "cancelled_at")))
    assert done == [("cancelled", fact.asked_at)]


def opened() -> list[Any]:
    with taking_role("owner", "audit"):
        rows = AuditEvent.objects.using("audit").filter(action="scheduling.open_link").order_by("id")
        return list(rows.values_list("patient_id", "actor_id"))


def test_every_opening_is_in_the_audit_and_without_it_nothing_is_told(visit: Appointment, request: Any) -> None:
    Client().get(link(visit))
    Client().get(link(visit, 7))
    assert opened() == [(visit.patient_id, None)] * 2
    request.getfixturevalue("no_audit")
    assert Client().get(link(visit)).status_code == 503


def test_the_audit_says_that_it_was_by_the_link(visit: Appointment) -> None:
    Client().post(link(visit))
    with taking_role("owner"):
        rows = AuditEvent.objects.filter(action="scheduling.ask_to_cancel")
        assert list(rows.values_list("patient_id", "actor_id", "detail")) == [(visit.patient_id, None, {"by": "link"})]


# == In time ==
def test_too_late_it_says_whom_to_call_and_does_nothing(clinic: Clinic, announced: Any) -> None:
    with as_the_system():
        clinic.visit_type = VisitTypeFactory(cancel_minutes=60 * 24 * 7)
        clinic.site.phone = "+15085550100"
        clinic.site.save(update_fields=["phone"])
    visit = visit_at(clinic, at(10, days=2))
    for shown in (Client().get(link(visit)), Client().post(link(visit))):
        assert "Please call the clinic: 508-555-0100." in text(shown)
        assert "<button" not in text(shown).split("<main")[1]
    assert announced(CancelAsked) == []


def test_what_was_asked_for_in_time_is_done_though_the_worker_comes_late(visit: Appointment) -> None:
    limit = visit.starts_at - timedelta(minutes=120)

    def cancel(asked_at: Any) -> bool:
        return bool(
            as_worker(
                lambda: actions.cancel_by_link(appointment_id=visit.pk, sequence=visit.sequence, asked_at=asked_at)
            )
        )

    assert not cancel(limit)
    assert state(visit)[0] == "booked"
    assert cancel(limit - timedelta(seconds=1))


# == Its own time alone ==
def test_the_link_of_an_earlier_time_does_nothing(clinic: Clinic, visit: Appointment, announced: Any) -> None:
    old = link(visit)
    asked = CancelAsked(visit.pk, visit.patient_id, visit.sequence, timezone.now())
    with acting_as(clinic.desk):
        actions.move_appointment(by=clinic.desk, appointment=visit, start=at(12, days=3), now=timezone.now())
    for shown in (Client().get(old), Client().post(old)):
        words = text(shown)
        assert "of its earlier time" in words
        assert "12:00" not in words, "the new time is told by the new link alone"
    assert announced(CancelAsked) == []
    as_worker(lambda: subscribers.cancel_by_link(asked))  # asked for a moment before it was moved
    assert state(visit)[0] == "booked"
    assert "Cancel this visit?" in text(Client().get(link(visit, 1)))


def test_what_has_begun_is_over_and_what_was_only_asked_for_has_no_link(clinic: Clinic) -> None:
    begun = visit_at(clinic, timezone.now() - timedelta(minutes=5))
    assert "cannot be cancelled any more" in text(Client().post(link(begun)))
    assert state(begun)[0] == "booked"
    fields = {"status": "requested", "answer_by": at(10, days=3), "start": at(10, days=4)}
    asked = AppointmentFactory(patient=clinic.patient, provider=clinic.provider, **fields)
    assert Client().get(link(asked)).status_code == 410


def test_forged_foreign_and_unknown_links_are_all_the_same(visit: Appointment, announced: Any) -> None:
    token = visit_token(visit.pk, 0)
    body, signature = token.split(".")
    other = visit_token(uuid4(), 0)
    forged = [
        token[:-1] + ("a" if token[-1] != "a" else "b"),
        f"{body[:-1]}1.{signature}",  # another time of the visit, under the signature of this one
        f"{other.split('.')[0]}.{signature}",
        other,
        token_of(visit.pk),  # of another kind of link
        body,
        "x",
    ]
    answers = set()
    for one in forged:
        for method in ("get", "post"):
            answer = getattr(Client(), method)(f"/scheduling/visits/{one}/cancel")
            assert answer.status_code == 410, one
            answers.add(answer.content.decode().split("<main")[1])
    assert len(answers) == 1
    assert announced(CancelAsked) == []
    assert read_visit_token("x.y") is None


def test_another_key_of_ours_signs_other_links(visit: Appointment, settings: Any) -> None:
    old = link(visit)
    settings.SECRET_KEY = "another-secret-of-this-test-with-enough-signs-in-it"
    assert read_visit_token(old.split("/")[3]) is None


def test_who_tries_too_often_waits(visit: Appointment, settings: Any, one_minute: None) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"link": 2, "address": 1}
    assert [Client().post(link(visit)).status_code for _each in range(3)] == [302, 302, 429]
    guesser = Client(REMOTE_ADDR="192.0.2.41")
    assert [guesser.get(f"/scheduling/visits/x{n}/cancel").status_code for n in range(3)] == [410, 429, 429]


def test_no_log_holds_the_link(visit: Appointment, caplog: Any) -> None:
    caplog.set_level("INFO")
    Client().get(link(visit))
    Client().post(link(visit))
    token = visit_token(visit.pk, 0)
    for said in caplog.records:
        assert token not in str(vars(said)), said.name


def test_a_press_from_another_site_counts_for_nothing(visit: Appointment, announced: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(link(visit)).status_code == 403
    assert announced(CancelAsked) == []


def test_an_unknown_visit_is_nothing_to_cancel() -> None:
    asked = {"appointment_id": uuid4(), "sequence": 0, "asked_at": timezone.now()}
    assert as_worker(lambda: actions.cancel_by_link(**asked)) is False


def test_the_address_is_the_clinics_own(visit: Appointment, settings: Any) -> None:
    assert cancel_address(visit.pk, 0) == f"{settings.PUBLIC_URL}{link(visit)}"
