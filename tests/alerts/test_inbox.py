"""All that waits for one person in one list: whose, in which order, each with its page, and nothing twice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from alerts import panels
from alerts.queries.inbox import inbox_page
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.accounts.parts import Pile, Waiting
from healthcare.db.context import acting_as
from records.actions.messages import list_waiting
from records.panels import inbox as parts
from tests.alerts.conftest import Clinic
from tests.factories import (
    AlertFactory,
    EncounterFactory,
    EntryFactory,
    PoolFactory,
    PoolMemberFactory,
    PrescriptionFactory,
    ProviderFactory,
    RefillRequestFactory,
    SupervisionFactory,
    ThreadFactory,
    staff,
)

pytestmark = pytest.mark.django_db
PAGE = "/alerts/inbox"
LONG_AGO = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rows_of(browser: Any, user: User, kind: str = "") -> list[Waiting]:
    answer = browser(user).get(PAGE, {"kind": kind})
    assert answer.status_code == 200
    return list(answer.context["page"].rows)


def tabs_of(browser: Any, user: User) -> dict[str, int]:
    return {tab.name: tab.count for tab in browser(user).get(PAGE).context["page"].tabs}


def one_of_each(clinic: Clinic) -> None:
    soon = timezone.now() + timedelta(days=400)
    EntryFactory(patient=clinic.patient, provider=clinic.provider, data={"flag": "high"})
    ThreadFactory(patient=clinic.patient, provider=clinic.provider, started_by=clinic.account, due_at=soon)
    RefillRequestFactory(
        prescription=PrescriptionFactory(
            patient=clinic.patient, prescriber=clinic.provider, status="picked_up", site=clinic.site
        )
    )
    EncounterFactory(patient=clinic.patient, provider=clinic.provider, site=clinic.site, reason="Cough")
    AlertFactory(patient=clinic.patient, severity="high")


# == What stands there ==
def test_everything_of_a_doctor_is_in_one_list_with_its_page(browser: Any, clinic: Clinic) -> None:
    one_of_each(clinic)
    client = browser(clinic.doctor)
    answer = client.get(PAGE)
    page = answer.context["page"]
    assert {tab.name: tab.count for tab in page.tabs} == {
        "": 5, "results": 1, "messages": 1, "notes": 1, "refills": 1, "alerts": 1,
    }  # fmt: skip
    text = answer.content.decode()
    for row in page.rows:
        assert row.url in text
        assert client.get(row.url).status_code == 200, row.url
    assert "/hand-on" in text
    assert "Cough" in text


def test_by_kind_and_what_is_no_kind_shows_all(browser: Any, clinic: Clinic) -> None:
    one_of_each(clinic)
    assert [row.title for row in rows_of(browser, clinic.doctor, "refills")] == ["Refill"]
    assert len(rows_of(browser, clinic.doctor, "everything")) == 5


def test_each_role_has_its_own(browser: Any, clinic: Clinic) -> None:
    one_of_each(clinic)
    assert set(tabs_of(browser, clinic.desk)) == {"", "messages", "alerts"}
    assert set(tabs_of(browser, clinic.nurse)) == {"", "messages", "alerts"}
    assert set(tabs_of(browser, staff("pharmacist", clinic.site))) == {"", "alerts"}
    assert browser(staff("billing", clinic.site)).get(PAGE).status_code == 403


def test_a_stranger_sees_nothing_of_it(browser: Any, clinic: Clinic) -> None:
    one_of_each(clinic)
    AlertFactory(patient=clinic.patient)
    assert rows_of(browser, staff("doctor")) == []


def test_nothing_waits(browser: Any, clinic: Clinic) -> None:
    text = browser(clinic.doctor).get(PAGE).content.decode()
    assert "Nothing waits for you" in text


# == In which order ==
def test_the_urgent_first_then_the_oldest(browser: Any, clinic: Clinic) -> None:
    critical = EntryFactory(patient=clinic.patient, provider=clinic.provider, data={"flag": "critical_high"})
    late = ThreadFactory(
        patient=clinic.patient, provider=clinic.provider, waiting_since=LONG_AGO, due_at=LONG_AGO + HOUR
    )
    urgent = ThreadFactory(patient=clinic.patient, provider=clinic.provider, waiting_since=LONG_AGO, urgent=True)
    old = EncounterFactory(
        patient=clinic.patient, provider=clinic.provider, site=clinic.site, started_at=LONG_AGO - HOUR
    )
    info = AlertFactory(patient=clinic.patient, severity="info", kind="picked_up", owner=clinic.doctor)
    rows = rows_of(browser, clinic.doctor)
    assert [row.source.rpartition(":")[2] for row in rows] == [
        str(urgent.pk),
        str(critical.pk),
        str(late.pk),
        str(old.pk),
        info.source.rpartition(":")[2],
    ]
    assert [row.rank for row in rows] == [0, 0, 1, 2, 2]


def test_a_note_that_is_late_says_so_and_a_draft_too(clinic: Clinic) -> None:
    visit = {"patient": clinic.patient, "provider": clinic.provider, "site": clinic.site}
    EncounterFactory(**visit, status="finished", started_at=LONG_AGO, finished_at=LONG_AGO + HOUR)
    EncounterFactory(**visit)
    with acting_as(clinic.doctor):
        pile = parts.notes(clinic.doctor, timezone.now())
    assert pile is not None
    assert [(row.rank, row.tag) for row in pile.rows] == [(1, "Late"), (2, "Not begun")]


def test_what_a_trainee_signed_waits_for_who_supervises_them(browser: Any, clinic: Clinic) -> None:
    trainee = ProviderFactory(user=clinic.colleague)
    SupervisionFactory(trainee=trainee, supervisor=clinic.provider)
    visit = EncounterFactory(patient=clinic.patient, provider=trainee, site=clinic.site, note_signed_at=LONG_AGO)
    EntryFactory(
        patient=clinic.patient,
        encounter=visit,
        kind="note",
        record_status="preliminary",
        signed_by=clinic.colleague,
        signed_at=LONG_AGO,
        signature="0" * 64,
    )
    (row,) = rows_of(browser, clinic.doctor)
    assert (row.title, row.tag) == ("Note to co-sign", "Co-signature")
    assert browser(clinic.doctor).get(row.url).status_code == 200


# == Whose ==
def test_messages_are_mine_of_my_pools_and_nobodys(browser: Any, clinic: Clinic) -> None:
    kept = {"patient": clinic.patient, "started_by": clinic.account}
    mine = ThreadFactory(**kept, taken_by=clinic.doctor, taken_at=LONG_AGO)
    nobodys = ThreadFactory(**kept)
    pool, others = PoolFactory(site=clinic.site), PoolFactory(site=clinic.site)
    PoolMemberFactory(pool=pool, user=clinic.doctor)
    of_pool = ThreadFactory(**kept, pool=pool)
    gone = ThreadFactory(
        **kept, taken_by=staff("doctor", clinic.site, is_active=False, deactivated_at=LONG_AGO), taken_at=LONG_AGO
    )
    ThreadFactory(**kept, pool=others)
    ThreadFactory(**kept, taken_by=clinic.colleague, taken_at=LONG_AGO)
    ThreadFactory(**kept, taken_by=clinic.doctor, taken_at=LONG_AGO, waiting_since=None, due_at=None, status="asked")
    found = {row.source for row in rows_of(browser, clinic.doctor)}
    assert found == {f"records.thread:{thread.pk}" for thread in (mine, nobodys, of_pool, gone)}


def test_alerts_are_mine_my_teams_and_whatever_is_urgent(browser: Any, clinic: Clinic) -> None:
    kept = {"patient": clinic.patient, "severity": "high"}
    mine = AlertFactory(**kept, owner=clinic.doctor)
    teams = AlertFactory(**kept)
    urgent = AlertFactory(patient=clinic.patient, owner=clinic.colleague)
    AlertFactory(**kept, owner=clinic.colleague)
    assert {row.source for row in rows_of(browser, clinic.doctor)} == {mine.source, teams.source, urgent.source}
    assert {row.source for row in rows_of(browser, clinic.nurse)} == {urgent.source}


def test_only_who_may_lists_messages(clinic: Clinic) -> None:
    by = staff("pharmacist", clinic.site)
    with acting_as(by), pytest.raises(NotAllowed):
        list_waiting(by=by)


def test_that_somebody_looks_is_said(browser: Any, clinic: Clinic, audited: Any) -> None:
    browser(clinic.doctor).get(PAGE)
    said = {action for action, _outcome in audited(clinic.doctor)}
    assert {
        "records.list_unread_results",
        "records.list_inbox",
        "records.list_notes_to_sign",
        "prescriptions.list_refills",
        "alerts.list",
    } <= said


# == Nothing twice ==
@pytest.mark.parametrize("kind", ["unread_result", "corrected_result"])
def test_an_alert_that_ends_with_the_result_is_one_line_with_it(browser: Any, clinic: Clinic, kind: str) -> None:
    entry = EntryFactory(patient=clinic.patient, provider=clinic.provider)
    AlertFactory(
        patient=clinic.patient, kind=kind, severity="high", owner=clinic.doctor, source=f"records.entry:{entry.pk}"
    )
    AlertFactory(
        patient=clinic.patient,
        kind="unread_result",
        severity="info",
        owner=clinic.doctor,
        source=f"records.entry:{entry.pk}",
        occasion="once more",
    )
    (row,) = rows_of(browser, clinic.doctor)
    assert (row.rank, row.source) == (1, f"records.entry:{entry.pk}")
    assert row.also in ("Result not read", "Result corrected after it was read")


def test_a_request_that_has_an_alert_is_one_line(browser: Any, clinic: Clinic) -> None:
    one_of_each(clinic)
    (row,) = rows_of(browser, clinic.doctor, "refills")
    AlertFactory(patient=clinic.patient, kind="refill_request", severity="info", owner=clinic.doctor, source=row.source)
    assert len(rows_of(browser, clinic.doctor)) == 5
    assert rows_of(browser, clinic.doctor, "refills")[0].also == ""


def test_an_alert_that_has_to_be_acknowledged_stays(browser: Any, clinic: Clinic) -> None:
    entry = EntryFactory(patient=clinic.patient, provider=clinic.provider)
    AlertFactory(patient=clinic.patient, source=f"records.entry:{entry.pk}")
    assert [row.rank for row in rows_of(browser, clinic.doctor)] == [0, 2]


def test_without_the_things_own_line_the_alert_stands(browser: Any, clinic: Clinic) -> None:
    AlertFactory(patient=clinic.patient, kind="unread_result", severity="high", owner=clinic.doctor)
    assert [row.title for row in rows_of(browser, clinic.doctor)] == ["Result not read"]


# == More than stands here, and an app that fails ==
def test_what_is_cut_says_so_and_leads_to_the_whole_list() -> None:
    row = Waiting(source=f"a.thing:{uuid4()}", patient=None, title="", since=LONG_AGO, url="")
    page = inbox_page([Pile("results", "Results", "/all", [row], cut=True), Pile("notes", "Notes", "/notes", [])], "")
    assert [(tab.count, tab.cut) for tab in page.tabs] == [(1, True), (1, True), (0, False)]
    assert [pile.url for pile in page.fuller] == ["/all"]
    assert inbox_page([], "").rows == []


def test_an_app_that_fails_leaves_the_others(browser: Any, clinic: Clinic, monkeypatch: Any, caplog: Any) -> None:
    one_of_each(clinic)
    monkeypatch.setattr(panels, "alerts_for", lambda user: 1 / 0)
    answer = browser(clinic.doctor).get(PAGE)
    assert len(answer.context["page"].rows) == 4
    assert "Part of this list could not be shown" in answer.content.decode()
    assert "a part failed" in caplog.text
