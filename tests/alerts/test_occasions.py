"""From facts of other apps to alerts: whose they become, that twice is once, and when they are over."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from alerts import subscribers
from alerts.models import Alert
from prescriptions.events import (
    ConflictFoundLater,
    PrescriptionCancelled,
    PrescriptionNotCollected,
    PrescriptionNotDispensed,
    PrescriptionPickedUp,
    PrescriptionStopped,
    PrescriptionToPrepare,
)
from prescriptions.models import Prescription
from records.events import AbnormalValueRecorded, EntryVoided
from records.models import Entry
from scheduling.events import (
    AppointmentCancelled,
    AppointmentMoved,
    SiteClosed,
    SiteReopened,
    TimeBlocked,
    TimeUnblocked,
)
from tests.alerts.conftest import Clinic
from tests.events.draining import as_worker
from tests.factories import (
    AlertFactory,
    AppointmentFactory,
    EncounterFactory,
    EntryFactory,
    PrescriptionFactory,
    ProviderFactory,
    SiteClosureFactory,
    TimeClaimFactory,
    WorkExceptionFactory,
)
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def alerts() -> list[Alert]:
    return list(Alert.objects.select_related("owner", "team").order_by("id"))


def rows() -> list[Any]:
    return [(alert.pk, alert.state) for alert in alerts()]


def the_alert() -> Alert:
    (alert,) = as_worker(alerts)
    return alert


# == Abnormal values ==
def abnormal(clinic: Clinic, severity: str = "urgent", **fields: Any) -> tuple[Entry, AbnormalValueRecorded]:
    encounter = EncounterFactory(patient=clinic.patient, provider=clinic.provider, site=clinic.site)
    entry = EntryFactory(patient=clinic.patient, encounter=encounter, **{"effective_at": timezone.now()} | fields)
    fact = AbnormalValueRecorded(
        entry_id=entry.pk, patient_id=clinic.patient.pk, severity=severity, encounter_id=encounter.pk
    )
    return entry, fact


@pytest.mark.parametrize("severity", ["high", "urgent"])
def test_an_abnormal_value_twice_is_one_alert_of_who_treats(clinic: Clinic, posted: Any, severity: str) -> None:
    entry, fact = abnormal(clinic, severity)
    deliver_twice(subscribers.alert_of_abnormal_value, fact, rows)
    alert = the_alert()
    assert (alert.kind, alert.severity, alert.owner) == ("abnormal_value", severity, clinic.doctor)
    assert alert.source == f"records.entry:{entry.pk}"
    assert len(posted()) == 1


def test_a_severity_that_nobody_knows_counts_as_urgent(clinic: Clinic) -> None:
    _, fact = abnormal(clinic, "unheard-of")
    with as_the_system():
        subscribers.alert_of_abnormal_value(fact)
    assert the_alert().severity == "urgent"


@pytest.mark.parametrize(("severity", "alarms"), [("high", 0), ("urgent", 1)])
def test_history_that_is_entered_late_alarms_nobody_unless_it_is_urgent(
    clinic: Clinic, severity: str, alarms: int
) -> None:
    _, fact = abnormal(clinic, severity, effective_at=timezone.now() - timedelta(days=4))
    with as_the_system():
        subscribers.alert_of_abnormal_value(fact)
    assert len(as_worker(alerts)) == alarms


def test_without_an_encounter_or_an_account_the_team_of_the_site_is_asked(clinic: Clinic) -> None:
    entry = EntryFactory(patient=clinic.patient, effective_at=timezone.now())
    unsigned = EncounterFactory(patient=clinic.patient, provider=ProviderFactory(user=None), site=clinic.site)
    for encounter_id in (None, unsigned.pk, uuid4()):
        fact = AbnormalValueRecorded(
            entry_id=entry.pk, patient_id=clinic.patient.pk, severity="high", encounter_id=encounter_id
        )
        with as_the_system():
            subscribers.alert_of_abnormal_value(fact)
    assert (the_alert().owner, the_alert().team.role, the_alert().team.site) == (None, "doctor", clinic.site)


NOON = datetime(2026, 11, 10, 17, tzinfo=UTC)  # on the clock in New York
HOUR = timedelta(hours=1)


def measured_while(clinic: Clinic, *visits: dict[str, Any], effective_at: datetime = NOON) -> Any:
    """The alert about a value outside an encounter, at noon, for a patient who has these visits."""
    entry = EntryFactory(patient=clinic.patient, effective_at=effective_at)
    for place, fields in enumerate(visits):
        start = fields.get("arrived_at", NOON) + place * HOUR
        AppointmentFactory(patient=clinic.patient, site=clinic.site, start=start, **fields)
    fact = AbnormalValueRecorded(entry_id=entry.pk, patient_id=clinic.patient.pk, severity="high", encounter_id=None)
    with time_machine.travel(NOON, tick=False), as_the_system():
        subscribers.alert_of_abnormal_value(fact)
    return the_alert()


@pytest.mark.parametrize("status", ["arrived", "roomed", "with_provider"])
def test_before_the_visit_began_it_is_the_doctor_whom_the_patient_came_for(clinic: Clinic, status: str) -> None:
    begun = {"started_at": NOON} if status == "with_provider" else {}
    alert = measured_while(clinic, {"provider": clinic.provider, "status": status, "arrived_at": NOON, **begun})
    assert alert.owner == clinic.doctor


def test_of_two_visits_it_is_the_one_that_has_begun(clinic: Clinic) -> None:
    other = ProviderFactory(user=clinic.colleague, name="Lindqvist")
    begun = {"provider": clinic.provider, "status": "with_provider", "arrived_at": NOON - HOUR, "started_at": NOON}
    assert measured_while(clinic, begun, {"provider": other, "status": "arrived", "arrived_at": NOON}).owner == (
        clinic.doctor
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "booked"},
        {"status": "arrived", "arrived_at": NOON - 14 * HOUR},  # ten in the evening before
        {"status": "checked_out", "arrived_at": NOON - 2 * HOUR, "started_at": NOON - HOUR, "finished_at": NOON},
    ],
    ids=["to come", "left open yesterday", "over"],
)
def test_whoever_is_not_here_is_the_team_s(clinic: Clinic, fields: dict[str, Any]) -> None:
    alert = measured_while(clinic, {"provider": clinic.provider, **fields})
    assert (alert.owner, alert.team.role) == (None, "doctor")


def test_a_value_voided_before_anybody_was_alarmed_alarms_nobody(clinic: Clinic) -> None:
    _, fact = abnormal(clinic, record_status="entered_in_error", **voided(clinic))
    with as_the_system():
        subscribers.alert_of_abnormal_value(fact)
    assert as_worker(alerts) == []


def voided(clinic: Clinic) -> dict[str, Any]:
    return {"voided_at": datetime(2026, 11, 10, tzinfo=UTC), "voided_by": clinic.nurse, "void_reason": "Wrong person"}


def test_voiding_a_value_twice_closes_its_alert_once(clinic: Clinic) -> None:
    entry = EntryFactory(patient=clinic.patient)
    AlertFactory(patient=clinic.patient, source=f"records.entry:{entry.pk}")
    fact = EntryVoided(entry_id=entry.pk, patient_id=clinic.patient.pk, kind="laboratory_result")
    deliver_twice(subscribers.close_alerts_of_entry, fact, rows)
    assert the_alert().state == "closed"


# == Medicines ==
def prescribed(clinic: Clinic, status: str) -> Prescription:
    return PrescriptionFactory(patient=clinic.patient, prescriber=clinic.provider, status=status)


def test_not_collected_twice_is_one_alert_of_the_prescriber(clinic: Clinic, posted: Any) -> None:
    prescription = prescribed(clinic, "not_collected")
    fact = PrescriptionNotCollected(prescription.pk, clinic.patient.pk, clinic.provider.pk)
    deliver_twice(subscribers.tell_prescriber_not_collected, fact, rows)
    alert = the_alert()
    assert (alert.kind, alert.severity, alert.owner, alert.area) == (
        "not_collected",
        "high",
        clinic.doctor,
        "medication",
    )
    assert [letter.template for letter in posted()] == ["alerts/alert"]


def test_not_collected_again_after_it_was_kept_ready_is_another_alert(clinic: Clinic) -> None:
    prescription = prescribed(clinic, "not_collected")
    fact = PrescriptionNotCollected(prescription.pk, clinic.patient.pk, clinic.provider.pk)
    for days in (0, 7):
        with as_the_system():
            prescription.collect_by += timedelta(days=days)
            prescription.save(update_fields=["collect_by"])
            subscribers.tell_prescriber_not_collected(fact)
    assert len(as_worker(alerts)) == 2


def test_picked_up_twice_informs_the_prescriber_once_and_ends_the_waiting(clinic: Clinic, posted: Any) -> None:
    prescription = prescribed(clinic, "picked_up")
    waiting = AlertFactory(
        patient=clinic.patient,
        kind="not_collected",
        severity="high",
        source=f"prescriptions.prescription:{prescription.pk}",
    )
    fact = PrescriptionPickedUp(prescription.pk, clinic.patient.pk, clinic.provider.pk)
    deliver_twice(subscribers.tell_prescriber_picked_up, fact, rows)
    first, second = as_worker(alerts)
    assert (first.pk, first.state) == (waiting.pk, "closed")
    assert (second.kind, second.severity, second.state, second.owner) == ("picked_up", "info", "open", clinic.doctor)
    assert [letter.address for letter in posted()] == [clinic.doctor.email]


def test_not_dispensed_tells_the_prescriber_once_until_it_is_taken_up_again(clinic: Clinic, posted: Any) -> None:
    prescription = prescribed(clinic, "not_dispensed")
    fact = PrescriptionNotDispensed(prescription.pk, clinic.patient.pk, clinic.provider.pk)
    deliver_twice(subscribers.tell_prescriber_not_dispensed, fact, rows)
    alert = the_alert()
    assert (alert.kind, alert.severity, alert.state, alert.owner) == ("not_dispensed", "high", "open", clinic.doctor)
    assert [letter.address for letter in posted()] == [clinic.doctor.email]
    deliver_twice(subscribers.close_alerts_of_taken_up, PrescriptionToPrepare(prescription.pk, clinic.patient.pk), rows)
    assert the_alert().state == "closed"


def test_what_is_dispensed_after_all_or_unknown_is_no_alert(clinic: Clinic) -> None:
    prescription = prescribed(clinic, "signed")
    with as_the_system():
        for key in (prescription.pk, uuid4()):
            subscribers.tell_prescriber_not_dispensed(
                PrescriptionNotDispensed(key, clinic.patient.pk, clinic.provider.pk)
            )
    assert as_worker(alerts) == []


def test_each_pick_up_is_told_once(clinic: Clinic) -> None:
    prescription = prescribed(clinic, "picked_up")
    who = (prescription.pk, clinic.patient.pk, clinic.provider.pk)
    with as_the_system():
        for dispense in (uuid4(), uuid4()):
            for _each in range(3):
                subscribers.tell_prescriber_picked_up(PrescriptionPickedUp(*who, dispense))
    assert len(as_worker(alerts)) == 2


def test_what_was_collected_or_cancelled_meanwhile_is_no_alert(clinic: Clinic) -> None:
    prescription = prescribed(clinic, "ready")
    with as_the_system():
        subscribers.tell_prescriber_not_collected(
            PrescriptionNotCollected(prescription.pk, clinic.patient.pk, clinic.provider.pk)
        )
        unknown = PrescriptionPickedUp(uuid4(), clinic.patient.pk, clinic.provider.pk)
        subscribers.tell_prescriber_picked_up(unknown)
    assert as_worker(alerts) == []


@pytest.mark.parametrize("ended", [PrescriptionCancelled, PrescriptionStopped])
def test_cancelling_or_stopping_a_prescription_twice_closes_its_alert_once(clinic: Clinic, ended: Any) -> None:
    prescription = prescribed(clinic, "cancelled")
    AlertFactory(patient=clinic.patient, kind="not_collected", source=f"prescriptions.prescription:{prescription.pk}")
    fact = ended(prescription.pk, clinic.patient.pk)
    deliver_twice(subscribers.close_alerts_of_prescription, fact, rows)
    assert the_alert().state == "closed"


# == Blocked time ==
def test_blocked_time_twice_asks_the_desk_once_for_each_visit_in_it(clinic: Clinic, posted: Any) -> None:
    visits = [AppointmentFactory(patient=clinic.patient, provider=clinic.provider) for _ in range(2)]
    done = AppointmentFactory(patient=clinic.patient, status="cancelled", cancelled_at=datetime(2026, 1, 1, tzinfo=UTC))
    away = AppointmentFactory(
        patient=clinic.patient, provider=clinic.provider, start=visits[0].ends_at + timedelta(days=60)
    )
    during = TimestamptzRange(min(v.starts_at for v in visits), max(v.ends_at for v in visits))
    block = TimeClaimFactory(resource=as_worker(lambda: clinic.provider.resource), blocked=during)
    fact = TimeBlocked(block.pk, clinic.provider.pk, tuple(visit.pk for visit in [*visits, done, away]))
    deliver_twice(subscribers.ask_desk_to_move, fact, rows)
    found = as_worker(alerts)
    assert {alert.source for alert in found} == {f"scheduling.appointment:{visit.pk}" for visit in visits}
    assert {(alert.area, alert.severity, alert.owner, alert.team.role) for alert in found} == {
        ("schedule", "high", None, "front_desk")
    }
    assert {letter.address for letter in posted()} == {clinic.desk.email}


def test_a_block_that_was_lifted_meanwhile_asks_nobody(clinic: Clinic) -> None:
    visit = AppointmentFactory(patient=clinic.patient)
    with as_the_system():
        subscribers.ask_desk_to_move(TimeBlocked(uuid4(), visit.provider_id, (visit.pk,)))
    assert as_worker(alerts) == []


def closed_for(visit: Any, **fields: Any) -> Any:
    return SiteClosureFactory(site=visit.site, during=visit.during, **fields)


def test_a_site_that_closes_asks_its_desk_once_for_each_visit_in_it(clinic: Clinic, posted: Any) -> None:
    visit = AppointmentFactory(patient=clinic.patient, provider=clinic.provider)
    later = AppointmentFactory(patient=clinic.patient, start=visit.ends_at + timedelta(days=60))
    done = AppointmentFactory(patient=clinic.patient, status="cancelled", cancelled_at=datetime(2026, 1, 1, tzinfo=UTC))
    closure = closed_for(visit)
    fact = SiteClosed(closure.pk, visit.site_id, (visit.pk, later.pk, done.pk))
    deliver_twice(subscribers.ask_desk_of_closed_site, fact, rows)
    assert [alert.source for alert in as_worker(alerts)] == [f"scheduling.appointment:{visit.pk}"]
    assert {letter.address for letter in posted()} == {clinic.desk.email}
    deliver_twice(subscribers.close_alerts_of_reopened_site, SiteReopened(closure.pk, visit.site_id), rows)
    assert [alert.state for alert in as_worker(alerts)] == ["closed"]


def test_a_site_that_opened_again_or_extra_hours_ask_nobody(clinic: Clinic) -> None:
    visit = AppointmentFactory(patient=clinic.patient, provider=clinic.provider)
    with as_the_system():
        subscribers.ask_desk_of_closed_site(SiteClosed(uuid4(), visit.site_id, (visit.pk,)))
    resource = as_worker(lambda: visit.provider.resource)
    WorkExceptionFactory(resource=resource, site=visit.site, kind="extra", during=visit.during)
    closure = closed_for(visit)
    with as_the_system():
        for inside in ((visit.pk,), ()):
            subscribers.ask_desk_of_closed_site(SiteClosed(closure.pk, visit.site_id, inside))
    assert as_worker(alerts) == []


def test_lifting_a_block_twice_closes_what_waited_for_it_alone(clinic: Clinic) -> None:
    block, other = uuid4(), uuid4()
    for claim in (block, other):
        AlertFactory(
            patient=clinic.patient, kind="blocked_time", severity="high", occasion=f"blocked_time:{claim}:{uuid4()}"
        )
    deliver_twice(subscribers.close_alerts_of_block, TimeUnblocked(block, clinic.provider.pk), rows)
    assert [alert.state for alert in as_worker(alerts)] == ["closed", "open"]


@pytest.mark.parametrize(
    ("subscriber", "fact"),
    [
        (subscribers.close_alerts_of_moved, AppointmentMoved),
        (subscribers.close_alerts_of_cancelled, AppointmentCancelled),
    ],
)
def test_moving_or_cancelling_the_visit_twice_closes_what_waited_for_it(
    clinic: Clinic, subscriber: Any, fact: Any
) -> None:
    visit = AppointmentFactory(patient=clinic.patient)
    AlertFactory(
        patient=clinic.patient, kind="blocked_time", severity="high", source=f"scheduling.appointment:{visit.pk}"
    )
    deliver_twice(subscriber, fact(visit.pk, clinic.patient.pk, 1), rows)
    assert the_alert().state == "closed"


# == What was learned after the signature ==
def test_a_conflict_found_later_twice_is_one_alert_of_the_prescriber(clinic: Clinic, posted: Any) -> None:
    prescription = prescribed(clinic, "signed")
    fact = ConflictFoundLater(prescription.pk, clinic.patient.pk, uuid4())
    deliver_twice(subscribers.tell_prescriber_of_conflict, fact, rows)
    alert = the_alert()
    assert (alert.kind, alert.severity, alert.owner) == ("later_conflict", "high", clinic.doctor)
    assert alert.source == f"prescriptions.prescription:{prescription.pk}"
    assert len(posted()) == 1


def test_another_conflict_is_another_alert_and_cancelling_ends_both(clinic: Clinic) -> None:
    prescription = prescribed(clinic, "picked_up")
    for _each in range(2):
        with as_the_system():
            subscribers.tell_prescriber_of_conflict(ConflictFoundLater(prescription.pk, clinic.patient.pk, uuid4()))
    assert len(as_worker(rows)) == 2
    with as_the_system():
        subscribers.close_alerts_of_prescription(PrescriptionCancelled(prescription.pk, clinic.patient.pk))
    assert {state for _pk, state in as_worker(rows)} == {"closed"}


def test_a_conflict_of_what_was_cancelled_or_is_not_there_alarms_nobody(clinic: Clinic) -> None:
    gone = prescribed(clinic, "cancelled")
    for key in (gone.pk, uuid4()):
        with as_the_system():
            subscribers.tell_prescriber_of_conflict(ConflictFoundLater(key, clinic.patient.pk, uuid4()))
    assert as_worker(rows) == []
