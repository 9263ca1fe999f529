"""The rules that look through the audit: what each sees, what it leaves alone, and what is told once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from alerts import actions, queries
from alerts.models import Anomaly, Rule, WatchEdit, WatchMark
from alerts.rules import watching
from alerts.rules.watching import FURTHEST_BACK, MINUTE, STEP, WATCHES, Watch, bucket_of, moments_to_look
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.audit.request import RequestFacts, request_facts
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from patients.rules import medical_record_number
from tests.factories import (
    CareRelationshipFactory,
    CloseWatchFactory,
    PatientFactory,
    SiteFactory,
    WatchEditFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_by_night(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the tests run, it is day; the rule about the night has its own hours."""
    monkeypatch.setattr(queries.watching, "NIGHT", (24, 0))


def opened(user: Any, *patients: Any, outcome: str = "ok", action: str = "patients.open_chart") -> None:
    with acting_as(user):
        for patient in patients:
            record(action, by=user, patient_id=patient and patient.pk, outcome=outcome)


def found(*, now: datetime | None = None, **edits: Watch) -> list[Anomaly]:
    """What the rules find now, with these thresholds in place of the delivered ones."""
    for rule, watch in edits.items():
        WatchEditFactory(rule=rule, at_least=watch.at_least, minutes=watch.minutes)
    with as_the_system():
        actions.watch_access(by=None, now=now or timezone.now() + timedelta(seconds=1))
        return list(Anomaly.objects.order_by("rule", "found_at"))


def people(site: Any, count: int, **fields: Any) -> list[Any]:
    return [PatientFactory(site=site, **fields) for _ in range(count)]


@pytest.fixture
def site() -> Any:
    return SiteFactory()


@pytest.fixture
def nurse(site: Any) -> Any:
    return staff("nurse", site, full_name="Priya Raman")


# == Each rule ==
def test_many_charts_in_a_short_time(site: Any, nurse: Any) -> None:
    patients = people(site, 5)
    opened(nurse, *patients[:4], *patients[:4])
    assert found(many_charts=Watch(5, 60)) == []
    opened(nurse, patients[4])
    one = found()[0]
    assert (one.rule, one.person, one.role, one.count) == ("many_charts", nurse, "nurse", 5)
    assert one.since < one.until
    assert len(one.events) == 9


def test_what_was_refused_and_what_patients_open_is_no_chart_opened(site: Any, nurse: Any) -> None:
    patient = PatientFactory(site=site)
    opened(nurse, *people(site, 5), outcome="denied")
    opened(portal_user(patient), *[patient] * 5)
    assert found(many_charts=Watch(2, 60), denials=Watch(99, 60)) == []


def test_charts_opened_at_night_by_the_clock_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    here, far = SiteFactory(time_zone="Etc/GMT+12"), SiteFactory(time_zone="Etc/GMT")
    hour = timezone.now().astimezone(UTC).hour
    hour_here = (hour - 12) % 24
    monkeypatch.setattr(queries.watching, "NIGHT", (hour_here, 0) if hour_here > hour else (24, hour_here + 1))
    opened(staff("nurse", far), *people(far, 3))
    assert found(after_hours=Watch(2, 60)) == []
    nurse = staff("nurse", here)
    opened(nurse, *people(here, 2))
    assert [(one.rule, one.person) for one in found()] == [("after_hours", nurse)]


def numbered(site: Any, first: int, count: int) -> list[Any]:
    """Patients whose record numbers follow one another."""
    return [PatientFactory(site=site, mrn=medical_record_number(first + place)) for place in range(count)]


def test_record_numbers_one_after_another(site: Any, nurse: Any) -> None:
    row = numbered(site, 70_000, 6)
    opened(nurse, *row[:3], row[4], row[5])
    assert found(serial=Watch(4, 60)) == []
    opened(nurse, row[3], outcome="denied")
    one = found()[0]
    assert (one.rule, one.count, one.person) == ("serial", 6, nurse)


def test_whom_one_registered_oneself_are_no_row_of_numbers(site: Any, nurse: Any) -> None:
    row = numbered(site, 71_000, 4)
    opened(nurse, *row, action="patients.register")
    opened(nurse, *row)
    assert found(serial=Watch(3, 60)) == []


def test_a_burst_of_refusals_by_a_person_and_by_an_address(site: Any, nurse: Any) -> None:
    opened(nurse, *people(site, 3), outcome="denied")
    token = request_facts.set(RequestFacts("K7QFP-2M9DX", "203.0.113.9"))
    with acting_as(None):
        for _ in range(4):
            record("api.token_refused", by=None, outcome="denied")
    request_facts.reset(token)
    both = found(denials=Watch(3, 10))
    assert {(one.person, one.address, one.count) for one in both} == {(nurse, None, 3), (None, "203.0.113.9", 4)}


def test_many_files_taken_out(nurse: Any) -> None:
    opened(nurse, None, None, action="analytics.export")
    opened(nurse, None, action="billing.print_list")
    assert [(one.rule, one.count) for one in found(exports=Watch(3, 60))] == [("exports", 3)]


def test_the_own_record_in_a_staff_role_even_when_refused(site: Any, nurse: Any) -> None:
    own = PatientFactory(site=site)
    CareRelationshipFactory(patient=own, kind="self", role="patient", user=nurse)
    opened(nurse.in_role("patient"), own)
    assert found() == []
    opened(nurse.in_role("nurse"), own, outcome="denied")
    assert [(one.rule, one.person) for one in found()] == [("own_record", nurse)]


def test_a_patient_of_the_same_family_name_whom_one_does_not_treat(site: Any, nurse: Any) -> None:
    stranger, treated = PatientFactory(site=site, family_name="RAMÁN"), PatientFactory(site=site, family_name="Raman")
    CareRelationshipFactory(patient=treated, kind="care_team", role="nurse", user=nurse)
    opened(nurse, treated, PatientFactory(site=site, family_name="Ramanujan"))
    assert found() == []
    opened(nurse, stranger)
    assert [one.rule for one in found()] == ["same_surname"]


def test_the_record_of_a_colleague(site: Any, nurse: Any) -> None:
    doctor, patient = staff("doctor", site), PatientFactory(site=site)
    CareRelationshipFactory(patient=patient, kind="self", role="patient", user=doctor)
    opened(nurse, patient)
    assert [one.rule for one in found()] == ["colleague"]


def test_a_record_that_is_watched_closely(site: Any, nurse: Any) -> None:
    watched, before = PatientFactory(site=site), PatientFactory(site=site)
    CloseWatchFactory(patient=watched)
    CloseWatchFactory(patient=before, ended_at=timezone.now(), ended_by=nurse)
    treats = CareRelationshipFactory(patient=watched, kind="appointment", role="doctor", user=staff("doctor", site))
    opened(treats.user.in_role("doctor"), watched)
    opened(nurse, before)
    assert found() == []
    opened(nurse, watched)
    assert [(one.rule, one.person) for one in found()] == [("watched", nurse)]


# == Told once, in time, to those who review ==
def test_one_happening_is_one_finding_and_one_letter_to_each_reviewer(site: Any, nurse: Any) -> None:
    officers = {staff("privacy_officer", site).email, staff("privacy_officer", site).email}
    opened(nurse, *people(site, 3), outcome="denied")
    assert len(found(denials=Watch(3, 10))) == 1
    assert len(found()) == 1
    with as_the_system():
        letters = list(Message.objects.filter(template="alerts/unusual_access"))
        noted = AuditEvent.objects.get(action="alerts.find_unusual")
    assert {letter.address for letter in letters} == officers
    assert all(letter.queue == "urgent" for letter in letters)
    assert (noted.detail, noted.purpose) == ({"rule": "denials", "count": 3}, "test")
    assert Rule("denials").label == "Refused again and again"


def test_a_finding_is_to_be_reviewed_within_a_day(site: Any, nurse: Any) -> None:
    opened(nurse, *people(site, 3), outcome="denied")
    one = found(denials=Watch(3, 10))[0]
    assert one.due_at - one.found_at == timedelta(hours=24)


def test_a_rule_that_rests_finds_nothing(site: Any, nurse: Any) -> None:
    WatchEditFactory(rule="denials", at_least=1, minutes=10, is_on=False)
    opened(nurse, *people(site, 3), outcome="denied")
    assert found() == []


def test_after_a_pause_the_time_since_is_looked_at(site: Any, nurse: Any) -> None:
    opened(nurse, *people(site, 3), outcome="denied")
    with as_the_system():
        WatchMark.objects.create(until=timezone.now() - timedelta(minutes=1))
    later = timezone.now() + timedelta(hours=2)
    assert len(found(now=later, denials=Watch(3, 10))) == 1
    with as_the_system():
        assert WatchMark.objects.get().until == later


def test_the_job_runs_it_as_the_system(site: Any, nurse: Any, as_role: Any) -> None:
    from alerts.tasks import watch_access

    opened(nurse, *people(site, 14), outcome="denied")
    with as_role("worker"):
        assert watch_access() >= 1
        assert watch_access() == 0


# == The rules as plain decisions ==
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


def test_the_first_look_is_at_now_alone() -> None:
    assert list(moments_to_look(None, NOW)) == [NOW]
    assert list(moments_to_look(NOW - timedelta(seconds=60), NOW)) == [NOW]


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_every_moment_of_a_pause_is_looked_at_a_day_back_at_most(pause: timedelta) -> None:
    moments = list(moments_to_look(NOW - pause, NOW))
    assert moments[-1] == NOW
    assert moments == sorted(set(moments))
    start = max(NOW - pause, NOW - FURTHEST_BACK)
    for before, after in zip([start, *moments], moments, strict=False):
        assert after - before <= max(STEP, MINUTE)


def test_a_window_has_one_name_and_the_next_another() -> None:
    watch = Watch(3, 60)
    first = bucket_of(watch, NOW, "day")
    assert bucket_of(watch, NOW + timedelta(minutes=59), "day") == first
    assert bucket_of(watch, NOW + timedelta(minutes=60), "day") != first
    assert bucket_of(Watch(1), NOW, "2026-11-21") == "2026-11-21"


def test_every_rule_has_a_query_a_name_and_a_number() -> None:
    assert set(WATCHES) == set(Rule.values) == {rule.value for rule in queries.watching.SEEN_BY}
    assert set(watching.VERDICTS) == set(Anomaly.Verdict.values)


# == Review ==
@pytest.fixture
def officer(site: Any) -> Any:
    return staff("privacy_officer", site)


@pytest.fixture
def finding(site: Any, nurse: Any) -> Anomaly:
    opened(nurse, *people(site, 3), outcome="denied")
    return found(denials=Watch(3, 10))[0]


def test_a_review_says_what_it_was_who_says_so_and_why(officer: Any, finding: Anomaly) -> None:
    now = timezone.now()
    with acting_as(officer):
        actions.review_anomaly(by=officer, anomaly=finding, verdict="follow_up", note="Asked her lead nurse", now=now)
        assert queries.anomalies_waiting(officer) == [finding], "what needs follow-up stays on the list"
        actions.review_anomaly(by=officer, anomaly=finding, verdict="justified", note="Covered the ward", now=now)
        assert queries.anomalies_waiting(officer) == []
        kept = queries.anomalies_reviewed(officer)[0]
        assert (kept.verdict, kept.note, kept.reviewed_by) == ("justified", "Covered the ward", officer)
        with pytest.raises(actions.AlreadyReviewed):
            actions.review_anomaly(by=officer, anomaly=finding, verdict="justified", note="Once more, it", now=now)
        events = AuditEvent.objects.filter(action="alerts.review_unusual").order_by("id")
        assert [event.detail["verdict"] for event in events] == ["follow_up", "justified"]


@pytest.mark.parametrize(
    ("verdict", "note"), [("", "Long enough a note"), ("guilty", "Long enough"), ("justified", " ok ")]
)
def test_no_review_without_a_verdict_and_a_reason(officer: Any, finding: Anomaly, verdict: str, note: str) -> None:
    with acting_as(officer), pytest.raises(actions.NotReviewed):
        actions.review_anomaly(by=officer, anomaly=finding, verdict=verdict, note=note, now=timezone.now())


def test_nobody_reviews_what_they_did_themselves(officer: Any, site: Any) -> None:
    from alerts.access import can_review
    from healthcare.accounts.access import NotAllowed
    from tests.factories import AnomalyFactory

    own = AnomalyFactory(person=officer)
    with acting_as(officer), pytest.raises(NotAllowed):
        actions.review_anomaly(by=officer, anomaly=own, verdict="justified", note="It was only me", now=timezone.now())
    assert not can_review(officer, own)
    assert can_review(staff("privacy_officer", site), own)


@pytest.mark.parametrize("role", ["nurse", "doctor", "administrator", "researcher"])
def test_other_roles_see_no_finding_and_review_none(role: str, site: Any, finding: Anomaly) -> None:
    from healthcare.accounts.access import NotAllowed

    other = staff(role, site)
    with acting_as(other):
        assert not Anomaly.objects.exists(), "the second wall"
        assert not Anomaly.objects.visible_to(other).exists()
        for refused in (
            lambda: actions.review_anomaly(by=other, anomaly=finding, verdict="justified", note="x" * 20, now=NOW),
            lambda: actions.change_watch(by=other, rule="denials", is_on=False, at_least=1, minutes=1, now=NOW),
            lambda: actions.list_unusual(by=other),
        ):
            with pytest.raises(NotAllowed):
                refused()


def test_a_rule_is_changed_and_changed_again(officer: Any) -> None:
    with acting_as(officer):
        actions.change_watch(by=officer, rule="denials", is_on=True, at_least=4, minutes=30, now=NOW)
        actions.change_watch(by=officer, rule="denials", is_on=False, at_least=5, minutes=20, now=NOW)
        actions.change_watch(by=officer, rule="watched", is_on=True, at_least=2, minutes=99, now=NOW)
        lines = {line.rule.value: line for line in queries.watch_lines()}
        assert (lines["denials"].is_on, lines["denials"].watch) == (False, Watch(5, 20))
        assert lines["watched"].watch == Watch(2, 0), "a rule that counts one by one keeps doing so"
        assert lines["serial"].edit is None
        assert AuditEvent.objects.filter(action="alerts.change_watch").count() == 3
        assert WatchEdit.objects.get(rule="denials").made_by == officer


@pytest.mark.parametrize(("at_least", "minutes"), [(0, 10), (10_001, 10), (3, 0), (3, 1441)])
def test_a_number_that_cannot_be_is_refused(officer: Any, at_least: int, minutes: int) -> None:
    with acting_as(officer), pytest.raises(actions.NotReviewed):
        actions.change_watch(by=officer, rule="denials", is_on=True, at_least=at_least, minutes=minutes, now=NOW)


def test_no_finding_is_made_by_hand(officer: Any) -> None:
    from django.db import DatabaseError, transaction

    row = Anomaly(
        rule="denials", since=NOW, until=NOW, count=1, events=[uuid4()], occasion="x", found_at=NOW, due_at=NOW
    )
    with acting_as(officer), pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)
