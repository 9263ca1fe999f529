"""The verb `hand_on_alert`: who gives what to whom, who is asked then, and what stays with whom."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from alerts import queries
from alerts.access import can_hand_on
from alerts.actions import AlreadyAnswered, NotHandedOn, acknowledge_alert, ask_anew, escalate_alert, hand_on_alert
from alerts.actions.alerts import hasten_alert
from alerts.actions.asking import ask
from alerts.events import AlertHandedOn
from alerts.models import Alert, Handing, Notice
from alerts.queries.inbox import alerts_for
from alerts.rules.handing import MOST_TURNS, asks_everybody, why_not_hand_on
from alerts.subscribers import handing
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Team, User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from tests.alerts.conftest import Clinic, as_system, reread
from tests.events.draining import as_worker
from tests.factories import (
    LONG_AGO,
    AlertFactory,
    CareRelationshipFactory,
    CoverFactory,
    HandingFactory,
    RestrictionFactory,
    SiteFactory,
    staff,
)
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 14, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def give(by: User, alert: Alert, to: Any, now: datetime = NOW, **said: Any) -> Handing:
    user = User.objects.get(pk=by.pk).in_role(by.acting_role)  # as in a new request
    with acting_as(user):
        seen = Alert.objects.select_related("owner", "team__site").get(pk=alert.pk)
        return hand_on_alert(by=user, alert=seen, to=to, now=now, **{"turn": seen.turn, **said})


def team_at(site: Any, role: str = "doctor") -> Team:
    return as_worker(lambda: Team.objects.select_related("site").get(site=site, role=role))


def asked(alert: Alert, turn: int) -> list[Any]:
    """Who was written to in that turn."""
    rows = Notice.objects.filter(alert=alert, turn=turn).select_related("recipient").order_by("created_at")
    return as_worker(lambda: [notice.recipient for notice in rows])


def inbox_of(user: User) -> list[Any]:
    person = User.objects.get(pk=user.pk).in_role(user.acting_role)
    with acting_as(person):
        return list(alerts_for(person).rows)


# == To whom ==
def test_a_colleague_owns_it_and_the_ladder_begins_anew(clinic: Clinic, announced: Any) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor, level=1, raised_at=NOW - 7 * MINUTE)
    give(clinic.doctor, alert, clinic.colleague, word="Called the lab, they repeat it.")
    after = reread(alert)
    assert (after.owner, after.level, after.turn, after.state) == (clinic.colleague, 0, 1, "open")
    assert (after.handed_on_by, after.handed_on_at, after.next_at) == (clinic.doctor, NOW, NOW + 5 * MINUTE)
    assert announced(AlertHandedOn) == [AlertHandedOn(alert_id=alert.pk, patient_id=clinic.patient.pk, turn=1)]
    audit = as_worker(lambda: AuditEvent.objects.get(action="alerts.hand_on"))
    assert (audit.actor_id, audit.patient_id) == (clinic.doctor.pk, clinic.patient.pk)
    assert audit.detail == {"turn": 1, "to": str(clinic.colleague.pk)}
    as_system(escalate_alert, alert_id=alert.pk, now=NOW + 4 * MINUTE)
    assert reread(alert).level == 0
    as_system(escalate_alert, alert_id=alert.pk, now=NOW + 5 * MINUTE)
    assert (reread(alert).level, reread(alert).next_at) == (1, NOW + 10 * MINUTE)


def test_back_to_the_team_or_to_a_team_elsewhere_that_reaches_the_patient(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    here, there = team_at(clinic.site), SiteFactory()
    other = staff("doctor", there)
    with pytest.raises(NotHandedOn, match="cannot take this alert"):
        give(clinic.doctor, alert, team_at(there))
    CareRelationshipFactory(
        patient=clinic.patient, kind="site", user=None, role="", site=there, scopes=["identity", "clinical"]
    )
    give(clinic.doctor, alert, here)
    assert (reread(alert).owner, reread(alert).team) == (None, here)
    with pytest.raises(NotHandedOn, match="cannot take this alert"):
        give(clinic.doctor, alert, here)
    give(clinic.colleague, alert, team_at(there), now=NOW + MINUTE)
    assert (reread(alert).owner, reread(alert).team) == (None, team_at(there))
    as_system(ask_anew, alert_id=alert.pk, turn=2, now=NOW)
    assert asked(alert, 2) == [other]


def test_not_to_oneself_nor_to_whom_the_chart_is_closed_nor_to_another_role(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    kept_out, gone = staff("doctor", clinic.site), staff("doctor", clinic.site, is_active=False, deactivated_at=NOW)
    RestrictionFactory(patient=clinic.patient, user=kept_out)
    for person in (clinic.doctor, kept_out, gone, clinic.nurse, staff("doctor"), clinic.account):
        with pytest.raises(NotHandedOn, match="cannot take this alert"):
            give(clinic.doctor, alert, person)
    assert reread(alert).turn == 0


def test_a_colleague_elsewhere_who_is_in_the_care_team_can_have_it(clinic: Clinic) -> None:
    alert, other = AlertFactory(patient=clinic.patient), staff("doctor")
    CareRelationshipFactory(patient=clinic.patient, user=other, role="doctor", scopes=["identity", "clinical"])
    give(clinic.doctor, alert, other)
    assert reread(alert).owner == other


def test_of_somebody_away_it_goes_to_who_stands_in(clinic: Clinic) -> None:
    alert, away = AlertFactory(patient=clinic.patient, owner=clinic.doctor), staff("doctor", clinic.site)
    CoverFactory(absent=away, cover=clinic.colleague, role="doctor")
    handing = give(clinic.doctor, alert, away)
    assert (handing.to, handing.instead_of, reread(alert).owner) == (clinic.colleague, away, clinic.colleague)


def test_of_somebody_away_it_goes_to_nobody_where_who_stands_in_cannot_have_it(clinic: Clinic) -> None:
    alert, away = AlertFactory(patient=clinic.patient, owner=clinic.doctor), staff("doctor", clinic.site)
    CoverFactory(absent=away, cover=clinic.colleague, role="doctor")
    RestrictionFactory(patient=clinic.patient, user=clinic.colleague)
    with pytest.raises(NotHandedOn):
        give(clinic.doctor, alert, away)


def test_delivered_twice_whoever_has_it_now_is_asked_once(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    give(clinic.doctor, alert, clinic.colleague)
    fact = AlertHandedOn(alert_id=alert.pk, patient_id=alert.patient_id, turn=1)
    asked = deliver_twice(
        handing.ask_anew, fact, lambda: set(Notice.objects.filter(alert=alert).values_list("pk", flat=True))
    )
    assert asked


# == By whom ==
def test_what_is_one_persons_is_theirs_to_give_until_the_team_is_asked(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    third = staff("doctor", clinic.site)
    assert not can_hand_on(clinic.colleague, alert)
    with pytest.raises(NotAllowed, match="Maren Okafor to hand on"):
        give(clinic.colleague, alert, third)
    later = AlertFactory(patient=clinic.patient, owner=clinic.doctor, level=2)
    give(clinic.colleague, later, third)
    assert reread(later).owner == third


def test_who_stands_in_gives_it_away_in_the_place_of_who_is_away(clinic: Clinic) -> None:
    alert, third = AlertFactory(patient=clinic.patient, owner=clinic.doctor), staff("doctor", clinic.site)
    CoverFactory(absent=clinic.doctor, cover=clinic.colleague, role="doctor")
    give(clinic.colleague, alert, third)
    assert reread(alert).owner == third


@pytest.mark.parametrize("role", ["nurse", "front_desk", "pharmacist"])
def test_another_role_hands_on_nothing(clinic: Clinic, role: str) -> None:
    alert, other = AlertFactory(patient=clinic.patient), staff(role, clinic.site)
    assert not can_hand_on(other, alert)
    with acting_as(other), pytest.raises(NotAllowed):
        hand_on_alert(by=other, alert=alert, to=clinic.doctor, turn=0, now=NOW)


def test_it_does_not_go_round_for_ever(clinic: Clinic) -> None:
    exhausted = AlertFactory(patient=clinic.patient, level=3, next_at=None)
    with pytest.raises(NotHandedOn, match="Everybody was asked"):
        give(clinic.doctor, exhausted, clinic.colleague)
    alert = AlertFactory(patient=clinic.patient)
    for turn in range(MOST_TURNS):
        pair = [clinic.doctor, clinic.colleague]
        give(pair[turn % 2], alert, pair[(turn + 1) % 2], now=NOW + turn * MINUTE)
    with pytest.raises(NotHandedOn, match="3 times already"):
        give(clinic.colleague, alert, clinic.doctor)


def test_the_rule() -> None:
    assert why_not_hand_on("info", 0, 0) == why_not_hand_on("high", 2, MOST_TURNS - 1) == ""
    assert why_not_hand_on("urgent", 3, 0) == "everybody"
    assert why_not_hand_on("info", 0, MOST_TURNS) == "turns"
    assert [asks_everybody("urgent", level) for level in range(4)] == [False, False, True, True]


# == Who is asked then ==
def test_who_has_it_now_is_told_and_the_letters_before_are_taken_back(clinic: Clinic, posted: Any) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    as_system(ask_for, alert=alert)
    give(clinic.doctor, alert, clinic.colleague)
    fact = AlertHandedOn(alert_id=alert.pk, patient_id=clinic.patient.pk, turn=1)
    for _twice in range(2):
        as_worker(lambda: handing.ask_anew(fact))
    assert [(letter.address, letter.template, letter.status) for letter in posted()] == [
        (clinic.doctor.email, "alerts/urgent_alert", "failed"),
        (clinic.colleague.email, "alerts/urgent_alert", "queued"),
    ]
    give(clinic.colleague, alert, clinic.doctor, now=NOW + MINUTE)
    as_system(ask_anew, alert_id=alert.pk, turn=2, now=NOW)
    assert [letter.status for letter in posted()] == ["failed", "failed", "queued"]
    assert asked(alert, 2) == [clinic.doctor], "whoever gets it back is asked again"


def test_acknowledged_before_the_letter_is_written_nobody_is_asked(clinic: Clinic, posted: Any) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    give(clinic.doctor, alert, clinic.colleague)
    with acting_as(clinic.colleague):
        acknowledge_alert(by=clinic.colleague, alert=alert, now=NOW)
    as_system(ask_anew, alert_id=alert.pk, turn=1, now=NOW)
    assert posted() == []


def test_a_letter_of_an_earlier_turn_that_fails_hastens_nothing(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    as_system(ask_for, alert=alert)
    give(clinic.doctor, alert, clinic.colleague)
    as_system(ask_anew, alert_id=alert.pk, turn=1, now=NOW)
    first, second = as_worker(lambda: list(Notice.objects.filter(alert=alert).order_by("turn")))
    as_system(hasten_alert, message_id=first.message_id, now=NOW)
    assert reread(alert).next_at == NOW + 5 * MINUTE
    as_system(hasten_alert, message_id=second.message_id, now=NOW)
    assert reread(alert).next_at == NOW


def ask_for(*, by: None, alert: Alert) -> None:
    row = Alert.objects.select_related("patient", "owner", "team__site").get(pk=alert.pk)
    ask(by=by, alert=row, now=NOW)


# == What stays with whom ==
def test_what_is_urgent_stays_with_who_handed_it_on_until_it_is_acknowledged(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    give(clinic.doctor, alert, clinic.colleague)
    (row,) = inbox_of(clinic.doctor)
    assert (row.also, row.hand_on) == (f"Waiting for {clinic.colleague.full_name}", "")
    (row,) = inbox_of(clinic.colleague)
    assert row.also == ""
    assert row.hand_on.endswith("/hand-on")
    with acting_as(clinic.colleague):
        acknowledge_alert(by=clinic.colleague, alert=alert, now=NOW)
    assert inbox_of(clinic.doctor) == []


def test_what_is_less_goes_with_it(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor, severity="high", kind="failed_order")
    give(clinic.doctor, alert, clinic.colleague)
    assert inbox_of(clinic.doctor) == []
    assert len(inbox_of(clinic.colleague)) == 1


def test_its_story_is_told_in_order(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    as_system(ask_for, alert=alert)
    handing = give(clinic.doctor, alert, clinic.colleague, now=datetime(2100, 1, 1, tzinfo=UTC), word="On call now.")
    with acting_as(clinic.colleague):
        steps = queries.story_of(clinic.colleague, alert)
    assert [(step.handing, step.notice is None) for step in steps] == [(None, False), (handing, True)]
    for stranger in (staff("doctor"), clinic.account):
        with acting_as(stranger):
            assert queries.story_of(stranger, alert) == []
            assert list(Handing.objects.visible_to(stranger)) == []


# == Two at once ==
def test_who_comes_second_is_told_what_became_of_it(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient)
    give(clinic.doctor, alert, clinic.colleague)
    with pytest.raises(AlreadyAnswered, match=r"Okafor handed this alert on before you\. It waits for"):
        give(clinic.colleague, alert, team_at(clinic.site), turn=0)
    with pytest.raises(AlreadyAnswered, match=r"Okafor handed this alert on before you\. It waits for"):
        give(staff("doctor", clinic.site), alert, clinic.doctor, turn=0)
    with acting_as(clinic.doctor):
        acknowledge_alert(by=clinic.doctor, alert=alert, now=NOW)
    with pytest.raises(AlreadyAnswered, match="Okafor acknowledged this alert before you"):
        give(clinic.colleague, alert, clinic.doctor)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_first(clinic: Clinic) -> None:
    """One hands on to a third while another acknowledges or hands on; the row says one story."""
    third = staff("doctor", clinic.site)
    alerts = [AlertFactory(patient=clinic.patient) for _ in range(6)]
    gate, outcomes = threading.Barrier(2, timeout=20), []

    def press(user: User, to: User) -> None:
        try:
            with taking_role("web"):
                for alert in alerts:
                    gate.wait()
                    try:
                        with acting_as(user):
                            hand_on_alert(by=user, alert=alert, to=to, turn=0, now=NOW)
                        outcomes.append((alert.pk, to.pk))
                    except AlreadyAnswered:
                        outcomes.append((alert.pk, None))
        finally:
            connection.close()

    pairs = ((clinic.doctor, third), (clinic.colleague, clinic.doctor))
    threads = [threading.Thread(target=press, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = {alert: to for alert, to in outcomes if to}
    assert len(outcomes) == 12
    assert len([to for _, to in outcomes if to]) == len(first) == 6
    assert {alert.pk: reread(alert).owner_id for alert in alerts} == first
    assert as_worker(lambda: Handing.objects.count()) == 6


# == The second wall ==
def test_the_database_lets_a_page_hand_on_by_one_turn_and_to_who_may_alone(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    right = {
        "owner": clinic.colleague, "level": 0, "turn": 1, "handed_on_at": NOW, "handed_on_by": clinic.doctor,
        "next_at": NOW,
    }  # fmt: skip
    for wrong in (
        {"turn": 2},
        {"level": 1},
        {"next_at": None},
        {"owner": clinic.nurse},
        {"owner": staff("doctor")},
        {"owner": None, "team": team_at(SiteFactory())},
        {"handed_on_by": clinic.colleague},
    ):
        with acting_as(clinic.doctor), pytest.raises(DatabaseError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(**right | wrong)
    for user in (clinic.colleague, clinic.nurse):
        with acting_as(user), pytest.raises(DatabaseError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(**right | {"handed_on_by": user, "owner": None})
    with acting_as(clinic.doctor):
        assert Alert.objects.filter(pk=alert.pk).update(**right) == 1
        with pytest.raises(DatabaseError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(next_at=NOW + timedelta(days=9))
    with acting_as(clinic.colleague), pytest.raises(DatabaseError), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(
            state="acknowledged", acknowledged_by=clinic.colleague, acknowledged_at=NOW, next_at=None, owner=None
        )


def test_who_may_take_it_is_said_to_who_sees_it_alone(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, raised_at=LONG_AGO)
    for stranger in (staff("doctor"), clinic.account):
        with acting_as(stranger):
            assert queries.goals_for(stranger, alert) == {}
    with as_the_system():
        assert f"user:{clinic.doctor.pk}" in queries.goals_for(clinic.account, alert)
    alert.pk = HandingFactory().pk
    with acting_as(clinic.doctor):
        assert queries.goals_for(clinic.doctor, alert) == {}
