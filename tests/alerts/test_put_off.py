"""Lines of the inbox that somebody puts off: for themselves alone, until a moment, and nothing is answered by it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from alerts import panels, queries
from alerts.actions import NotPutOff, escalate_alert, put_off_line, take_back_line
from alerts.forms import offered
from alerts.models import PutOff
from alerts.navigation import waiting as bell
from alerts.queries.inbox import inbox_page
from alerts.rules.putting_off import moments, morning_of, why_not_until
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.accounts.parts import Pile, Waiting
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from tests.alerts.conftest import Clinic, as_system, reread
from tests.alerts.test_inbox import one_of_each
from tests.events.draining import as_worker
from tests.factories import AlertFactory, EntryFactory, PutOffFactory, ThreadFactory, staff

pytestmark = pytest.mark.django_db
PAGE, PUT_OFF, TAKE_BACK = "/alerts/inbox", "/alerts/inbox/put-off", "/alerts/inbox/take-back"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOSTON = "America/New_York"
MONDAY = datetime(2026, 11, 23, 14, 40, tzinfo=UTC)  # twenty to ten in the morning there


def references(browser: Any, user: User, kind: str = "") -> set[str]:
    page = browser(user).get(PAGE, {"kind": kind}).context["page"]
    return {row.reference for row in page.rows} | {row.reference for row, _until in page.later}


def line(clinic: Clinic, **fields: Any) -> Waiting:
    now = timezone.now()
    kept = {"source": "records.entry:01937a5e-8c00-7000-8000-000000000011", "patient": clinic.patient, "url": "/"}
    return Waiting(**{**kept, "title": "Potassium", "since": now - HOUR, **fields})


def put(user: User, given: Waiting, until: datetime, now: datetime) -> PutOff:
    with acting_as(user):
        return put_off_line(by=user, line=given, until=until, now=now)


# == Until when ==
def test_in_an_hour_this_afternoon_and_tomorrow_morning_by_the_clock_of_the_site() -> None:
    found = moments(MONDAY, BOSTON)
    assert list(found) == ["hour", "afternoon", "morning"]
    assert found["hour"] == MONDAY + HOUR
    assert found["afternoon"] == datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert found["morning"] == datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert list(moments(MONDAY + 3 * HOUR, BOSTON)) == ["hour", "morning"], "it is afternoon already"


def test_nobody_is_reminded_on_a_weekend() -> None:
    friday, saturday = MONDAY + 4 * DAY, MONDAY + 5 * DAY
    for now in (friday, saturday):
        assert moments(now, BOSTON)["morning"] == datetime(2026, 11, 30, 14, tzinfo=UTC)
    assert "afternoon" not in moments(saturday, BOSTON)
    assert morning_of(date(2026, 11, 1), BOSTON) == datetime(2026, 11, 2, 14, tzinfo=UTC), "the clock was set back"


def test_every_button_says_its_moment() -> None:
    assert [str(words) for _name, words in offered(MONDAY, BOSTON)] == [
        "In an hour, 10:40 am EST", "This afternoon, 1:00 pm EST", "Tomorrow morning, 9:00 am EST",
    ]  # fmt: skip
    assert str(offered(MONDAY + 4 * DAY, BOSTON)[-1][1]) == "Monday, 9:00 am EST"


def test_neither_in_the_past_nor_far_away(clinic: Clinic) -> None:
    gaps = (DAY, 0 * DAY, -DAY, 61 * DAY)
    assert [why_not_until(MONDAY + gap, MONDAY) for gap in gaps] == ["", "past", "past", "far"]
    for gap, said in ((-DAY, "still to come"), (61 * DAY, "within the next 60 days")):
        with pytest.raises(NotPutOff, match=said):
            put(clinic.doctor, line(clinic), MONDAY + gap, MONDAY)
    assert as_worker(lambda: PutOff.objects.count()) == 0


# == What it changes, and what not ==
def test_every_kind_is_put_off_and_stands_apart(browser: Any, clinic: Clinic) -> None:
    one_of_each(clinic)
    client = browser(clinic.doctor)
    before = references(browser, clinic.doctor)
    assert len(before) == 5
    for reference in sorted(before):
        answer = client.post(PUT_OFF, {"line": reference, "when": "morning", "kind": "", "at": "0"})
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?at=0")
    assert references(browser, clinic.doctor) == set()
    assert references(browser, clinic.doctor, "later") == before
    page = client.get(PAGE).context["page"]
    assert {tab.name: tab.count for tab in page.tabs} == {
        "": 0, "results": 0, "messages": 0, "notes": 0, "refills": 0, "alerts": 0, "later": 5,
    }  # fmt: skip
    assert len(references(browser, clinic.colleague)) == 1, "the colleague's list is as it was"
    lines = as_worker(lambda: list(AuditEvent.objects.filter(action="alerts.put_off")))
    assert {(event.actor_id, event.patient_id) for event in lines} == {(clinic.doctor.pk, clinic.patient.pk)}
    assert {f"{event.target_type}:{event.target_id}" for event in lines} == before


def test_it_comes_back_by_itself(browser: Any, clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, severity="high", raised_at=timezone.now() - 2 * HOUR)
    reference = f"alerts.alert:{alert.pk}"
    row = PutOffFactory(patient=clinic.patient, user=clinic.doctor, source=reference)
    assert references(browser, clinic.doctor) == set()
    assert "Put off until" in browser(clinic.doctor).get(PAGE, {"kind": "later"}).content.decode()
    as_worker(lambda: PutOff.objects.filter(pk=row.pk).update(put_off_at=row.put_off_at - DAY, until=timezone.now()))
    assert references(browser, clinic.doctor) == {reference}
    assert "put nothing off" in browser(clinic.doctor).get(PAGE, {"kind": "later"}).content.decode()


def test_an_alert_put_off_asks_the_next_ones_as_before(browser: Any, clinic: Clinic) -> None:
    now = timezone.now()
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor, severity="high", raised_at=now - 2 * HOUR)
    before = reread(alert).next_at
    put(clinic.doctor, line(clinic, own=f"alerts.alert:{alert.pk}"), now + DAY, now)
    assert (reread(alert).state, reread(alert).next_at) == ("open", before)
    as_system(escalate_alert, alert_id=alert.pk, now=now)
    assert reread(alert).level == 1
    with acting_as(clinic.doctor):
        (shown,) = queries.open_lines(clinic.doctor)
        assert shown.put_off_until == now + DAY
        assert queries.pressing_lines(clinic.doctor) == []
        assert bell(clinic.doctor).count == 0
    with acting_as(clinic.colleague):
        assert len(queries.pressing_lines(clinic.colleague)) == 1
        assert bell(clinic.colleague).count == 1
    assert "You put it off until" in browser(clinic.doctor).get("/alerts/").content.decode()


def test_what_is_urgent_is_not_put_off_and_what_becomes_so_does_not_wait(browser: Any, clinic: Clinic) -> None:
    now = timezone.now()
    with pytest.raises(NotPutOff, match="urgent cannot be put off"):
        put(clinic.doctor, line(clinic, rank=0), now + HOUR, now)
    thread = ThreadFactory(patient=clinic.patient, provider=clinic.provider, waiting_since=now - DAY)
    PutOffFactory(patient=clinic.patient, user=clinic.doctor, source=f"records.thread:{thread.pk}")
    assert references(browser, clinic.doctor) == set()
    as_worker(lambda: type(thread).objects.filter(pk=thread.pk).update(urgent=True))
    assert references(browser, clinic.doctor) == {f"records.thread:{thread.pk}"}
    assert "Put off<" not in browser(clinic.doctor).get(PAGE).content.decode()


def test_what_came_anew_since_stands_there_again(clinic: Clinic) -> None:
    now = timezone.now()
    given = line(clinic)
    until = {given.reference: PutOff(put_off_at=now, until=now + DAY)}

    def shown(row: Waiting) -> int:
        return len(inbox_page([Pile("results", "Results", "/", [row])], "", until).rows)

    assert shown(given) == 0
    assert shown(line(clinic, since=now + HOUR)) == 1, "the patient wrote again after an answer"
    assert shown(line(clinic, renewed_at=now + HOUR)) == 1, "it was handed back"


def test_put_off_again_the_later_word_counts_and_taken_back_it_is_there(browser: Any, clinic: Clinic) -> None:
    now, given = timezone.now(), line(clinic)
    put(clinic.doctor, given, now + HOUR, now)
    put(clinic.doctor, given, now + DAY, now)
    (row,) = as_worker(lambda: list(PutOff.objects.all()))
    assert row.until == now + DAY
    with acting_as(clinic.doctor):
        for left in (1, 0):
            assert take_back_line(by=clinic.doctor, source=given.reference, now=now) == left
    assert as_worker(lambda: AuditEvent.objects.filter(action="alerts.take_back").count()) == 1


def test_nobody_elses_is_seen_or_taken_back(clinic: Clinic) -> None:
    row = PutOffFactory(patient=clinic.patient, user=clinic.doctor)
    for other in (clinic.colleague, clinic.account, staff("doctor")):
        with acting_as(other):
            assert list(PutOff.objects.visible_to(other)) == list(PutOff.objects.all()) == []
    with acting_as(clinic.colleague):
        assert take_back_line(by=clinic.colleague, source=row.source, now=timezone.now()) == 0
        times = {"until": row.until, "put_off_at": row.put_off_at}
        with pytest.raises(DatabaseError), transaction.atomic():
            PutOff(patient=clinic.patient, user=clinic.doctor, source="a:b", **times).save()
    billing = staff("billing", clinic.site)
    with acting_as(billing), pytest.raises(NotAllowed):
        put_off_line(by=billing, line=line(clinic), until=timezone.now() + HOUR, now=timezone.now())
    with acting_as(billing), pytest.raises(NotAllowed):
        take_back_line(by=billing, source=row.source, now=timezone.now())


# == On the page ==
def test_until_a_day_and_back(browser: Any, clinic: Clinic) -> None:
    EntryFactory(patient=clinic.patient, provider=clinic.provider, data={"flag": "high"})
    client, (reference,) = browser(clinic.doctor), references(browser, clinic.doctor)
    day = timezone.localdate() + 3 * DAY
    said = {"line": reference, "when": "day", "day": day.isoformat(), "kind": "results"}
    answer = client.post(PUT_OFF, said, follow=True)
    assert "Only your own list changes" in answer.content.decode()
    row = as_worker(lambda: PutOff.objects.get())
    assert row.until == morning_of(day, clinic.site.time_zone)
    answer = client.post(TAKE_BACK, {"line": reference, "kind": "later"}, follow=True)
    assert "in your list again" in answer.content.decode()
    assert references(browser, clinic.doctor) == {reference}
    assert client.post(TAKE_BACK, {"line": reference}).status_code == 302


@pytest.mark.parametrize(
    ("day", "why"),
    [("", "Choose a day"), ("2020-01-01", "still to come"), ("2999-01-04", "within the next 60"), ("x", "valid date")],
)
def test_a_day_that_cannot_be_says_why_and_keeps_it(browser: Any, clinic: Clinic, day: str, why: str) -> None:
    EntryFactory(patient=clinic.patient, provider=clinic.provider, data={"flag": "high"})
    (reference,) = references(browser, clinic.doctor)
    answer = browser(clinic.doctor).post(PUT_OFF, {"line": reference, "when": "day", "day": day, "kind": "results"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert why in text
    assert f'value="{day}"' in text
    assert "<details open>" in text
    assert as_worker(lambda: PutOff.objects.count()) == 0


def test_what_does_not_wait_any_more_says_so(browser: Any, clinic: Clinic) -> None:
    said = {"line": "records.entry:01937a5e-8c00-7000-8000-000000000011", "when": "hour"}
    assert "not wait for you any more" in browser(clinic.doctor).post(PUT_OFF, said, follow=True).content.decode()
    assert as_worker(lambda: PutOff.objects.count()) == 0
    assert browser(clinic.doctor).post(PUT_OFF, {}).status_code == 422


def test_the_afternoon_that_has_come_is_the_next_morning(browser: Any, clinic: Clinic) -> None:
    EntryFactory(patient=clinic.patient, provider=clinic.provider, data={"flag": "high"})
    (reference,) = references(browser, clinic.doctor)
    browser(clinic.doctor).post(PUT_OFF, {"line": reference, "when": "afternoon"})
    now, row = timezone.now(), as_worker(lambda: PutOff.objects.get())
    assert now < row.until <= moments(now, clinic.site.time_zone)["morning"] + 3 * DAY


def test_acknowledged_from_the_list_one_stays_in_the_list(browser: Any, clinic: Clinic) -> None:
    first, second = (AlertFactory(patient=clinic.patient, severity=severity) for severity in ("urgent", "high"))
    client = browser(clinic.doctor)
    row = client.get(PAGE).context["page"].rows[0]
    answer = client.post(row.acknowledge, {"from": "inbox", "kind": "alerts", "at": "0"})
    assert answer["Location"] == f"{PAGE}?kind=alerts&at=0"
    text = client.get(answer["Location"]).content.decode()
    assert "data-focus autofocus" in text
    assert str(second.pk) in text
    assert str(first.pk) not in text
    assert client.get(PAGE, {"at": "x"}).status_code == 200
    client.post(f"/alerts/of/{clinic.patient.pk}/{second.pk}/acknowledge", {"from": "inbox", "at": "0"})
    assert "data-focus" not in client.get(PAGE, {"at": "0"}).content.decode()


def test_who_may_not_answer_has_no_button(clinic: Clinic) -> None:
    AlertFactory(patient=clinic.patient)
    with acting_as(clinic.nurse):
        (row,) = panels.waiting(clinic.nurse, timezone.now()).rows
    assert (row.acknowledge, row.hand_on) == ("", "")
