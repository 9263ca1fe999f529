"""Who is asked about what, and how soon who is next: arranged by an administrator, on pages that show it first."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from alerts import queries
from alerts.access import can_acknowledge
from alerts.actions import NotArranged, arrange_ladder, arrange_recipients, escalate_alert, raise_alert
from alerts.models import Alert, Ladder, Recipients
from alerts.queries.arranging import roles_for
from alerts.rules import HIGH, KINDS, LATEST, URGENT, Waits, next_at, usual_waits, why_no_ladder
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from tests.alerts.conftest import Clinic, as_system, reread
from tests.events.draining import as_worker
from tests.factories import AlertFactory, LadderFactory, RecipientsFactory, staff
from tests.scheduling.test_admin import previewed_then_saved

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def boss(clinic: Clinic) -> User:
    return staff("administrator", clinic.site, email="boss@clinic.example")


def raised(clinic: Clinic, kind: str = "failed_order", severity: str = "urgent") -> Alert:
    alert: Alert = as_system(
        raise_alert,
        patient=clinic.patient,
        kind=kind,
        severity=severity,
        source=f"records.entry:{uuid4()}",
        now=timezone.now(),
    )
    return alert


# == Who is asked ==
def test_from_then_on_the_people_of_that_role_are_asked_and_may_answer(
    clinic: Clinic, boss: User, posted: Callable[[], list[Any]]
) -> None:
    before = raised(clinic, "unread_result")
    with acting_as(boss):
        arrange_recipients(by=boss, kind="failed_order", role="nurse")
        arrange_recipients(by=boss, kind="unread_result", role="nurse")
    mailed = len(posted())
    alert = raised(clinic)
    assert (alert.team_role, reread(before).team.role) == ("nurse", "doctor")
    assert {letter.address for letter in posted()[mailed:]} == {clinic.nurse.email}
    with acting_as(clinic.nurse):
        assert can_acknowledge(clinic.nurse, alert)
        assert not can_acknowledge(clinic.doctor, alert)
        assert alert.pk in {line.alert.pk for line in queries.pressing_lines(clinic.nurse)}


def test_an_owner_of_another_role_is_not_asked(clinic: Clinic) -> None:
    RecipientsFactory(kind="failed_order", role="nurse")
    with_owner = as_system(
        raise_alert, patient=clinic.patient, kind="failed_order", severity="high", source=f"records.entry:{uuid4()}",
        owners=[clinic.doctor, clinic.nurse], now=timezone.now(),
    )  # fmt: skip
    assert with_owner.owner == clinic.nurse


@pytest.mark.parametrize(("kind", "role"), [("failed_order", "front_desk"), ("abnormal_value", "pharmacist")])
def test_who_cannot_see_what_it_is_about_is_not_asked(boss: User, kind: str, role: str) -> None:
    with acting_as(boss), pytest.raises(NotArranged, match="cannot see"):
        arrange_recipients(by=boss, kind=kind, role=role)


def test_as_delivered_every_kind_goes_to_who_can_see_it() -> None:
    assert [kind for kind, rule in KINDS.items() if rule.team not in roles_for(kind)] == []


def test_nobody_else_arranges(clinic: Clinic) -> None:
    with acting_as(clinic.doctor):
        with pytest.raises(NotAllowed):
            arrange_recipients(by=clinic.doctor, kind="failed_order", role="nurse")
        with pytest.raises(NotAllowed):
            arrange_ladder(by=clinic.doctor, severity=URGENT, waits=Waits(1, 2, 3))


# == How soon ==
def test_who_is_next_is_asked_so_soon(clinic: Clinic, boss: User) -> None:
    with acting_as(boss):
        arrange_ladder(by=boss, severity=URGENT, waits=Waits(1, 2, 4))
    alert = raised(clinic)
    assert alert.next_at == alert.raised_at + MINUTE
    for minutes, following in ((1, 2), (2, 4), (4, None)):
        as_system(escalate_alert, alert_id=alert.pk, now=alert.raised_at + minutes * MINUTE)
        alert = reread(alert)
        assert alert.next_at == (alert.raised_at + following * MINUTE if following else None)
    assert alert.level == 3


def test_what_waits_goes_by_it_from_its_next_step_on(clinic: Clinic, boss: User) -> None:
    alert = raised(clinic)
    with acting_as(boss):
        arrange_ladder(by=boss, severity=URGENT, waits=Waits(1, 6, 7))
    as_system(escalate_alert, alert_id=alert.pk, now=alert.raised_at + 5 * MINUTE)
    assert reread(alert).next_at == alert.raised_at + 6 * MINUTE


@given(st.sampled_from(sorted(LATEST)), st.integers(-5, 9000), st.integers(-5, 9000), st.integers(-5, 9000))
def test_a_ladder_goes_up_and_ends_in_time(severity: str, again: int, team: int, supervisors: int) -> None:
    waits = Waits(again, team, supervisors)
    good = 0 < again < team < supervisors <= LATEST[severity]
    assert (why_no_ladder(severity, waits) == "") is good


@pytest.mark.parametrize("severity", [URGENT, HIGH])
def test_as_delivered_it_does(severity: str) -> None:
    waits, now = usual_waits(severity), timezone.now()
    assert why_no_ladder(severity, waits) == ""
    assert [next_at(severity, level, now, waits) for level in range(4)] == [
        next_at(severity, level, now) for level in range(4)
    ]


@pytest.mark.parametrize(("waits", "says"), [(Waits(5, 4, 9), "later than"), (Waits(5, 10, 61), "within an hour")])
def test_one_that_does_not_is_refused_in_a_sentence(boss: User, waits: Waits, says: str) -> None:
    with acting_as(boss), pytest.raises(NotArranged, match=says):
        arrange_ladder(by=boss, severity=URGENT, waits=waits)


@pytest.mark.parametrize(
    "values", [{"team": 2}, {"again": 0}, {"supervisors": 61}, {"severity": "info"}, {"severity": "high", "team": 9}]
)
def test_the_database_refuses_it_too(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LadderFactory(**values)


# == The pages ==
def test_the_pages_show_what_follows_before_it_is_kept(clinic: Clinic, boss: User, browser: Any) -> None:
    page = browser(boss)
    said = previewed_then_saved(page, reverse("admin:alerts_recipients_add"), {"kind": "failed_order", "role": "nurse"})
    assert f"{clinic.site.name}: 1 would be asked" in said
    row = as_worker(lambda: Recipients.objects.get())
    change = reverse("admin:alerts_recipients_change", args=[row.pk])
    assert "Doctor" in previewed_then_saved(page, change, {"role": "doctor"})
    assert as_worker(lambda: Recipients.objects.get().role) == "doctor"
    typed = {"severity": "urgent", "again": "2", "team": "4", "supervisors": "8"}
    said = previewed_then_saved(page, reverse("admin:alerts_ladder_add"), typed)
    assert "After 8 minutes the supervisors are, and it stands on the red board." in said
    row = as_worker(lambda: Ladder.objects.get())
    previewed_then_saved(page, reverse("admin:alerts_ladder_change", args=[row.pk]), typed | {"again": "3"})
    assert as_worker(lambda: Ladder.objects.get().waits) == Waits(3, 4, 8)
    for model in ("recipients", "ladder"):
        assert page.get(reverse(f"admin:alerts_{model}_changelist")).status_code == 200


@pytest.mark.parametrize(
    ("model", "typed", "says"),
    [
        ("recipients", {"kind": "failed_order", "role": "pharmacist"}, "cannot see what"),
        ("ladder", {"severity": "urgent", "again": "5", "team": "4", "supervisors": "9"}, "later than the one before"),
        ("ladder", {"severity": "urgent", "again": "5", "team": "", "supervisors": "9"}, "This field is required"),
    ],
)
def test_what_cannot_be_is_said_on_the_page_and_not_kept(
    boss: User, browser: Any, model: str, typed: dict[str, str], says: str
) -> None:
    answer = browser(boss).post(reverse(f"admin:alerts_{model}_add"), typed)
    assert says in answer.content.decode()
    assert as_worker(lambda: Recipients.objects.count() + Ladder.objects.count()) == 0


def test_what_is_arranged_is_looked_at_by_administrators_alone(clinic: Clinic, boss: User) -> None:
    RecipientsFactory()
    LadderFactory()
    for user, count in ((boss, 1), (clinic.doctor, 0), (clinic.account, 0)):
        with acting_as(user):
            assert (Recipients.objects.count(), Ladder.objects.count()) == (count, count)


def test_an_alert_of_another_role_can_be_shown_and_acknowledged_by_it(clinic: Clinic, browser: Any) -> None:
    RecipientsFactory(kind="abnormal_value", role="nurse")
    alert = raised(clinic, "abnormal_value")
    page = reverse("alerts:acknowledge", args=[alert.patient_id, alert.pk])
    answer = browser(clinic.nurse).post(page, follow=True)
    assert "You have acknowledged this alert" in answer.content.decode()
    assert AlertFactory(patient=clinic.patient).team_role == "doctor"
