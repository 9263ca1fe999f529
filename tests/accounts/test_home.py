"""Each role lands on a page of its own; every page about oneself draws itself for everybody."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.panels import audit_card, people_card
from healthcare.accounts.parts import Card
from healthcare.accounts.roles import ROLES
from healthcare.audit import record
from healthcare.db.context import acting_as
from healthcare.events.parts import names_of, part_names, parts_of
from healthcare.messaging.actions import queue_message
from healthcare.messaging.models import Message
from tests.accounts.conftest import colleague, person, sign_in
from tests.factories import SecondFactorResetFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
OWN = ["account", "rename", "change_password", "change_email", "enrol", "renew_codes", "switch_role", "step_up"]


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("role", ["doctor", "administrator", "patient"])
def test_pages_about_oneself_are_for_everybody(name: str, role: str) -> None:
    user = person() if role == "patient" else colleague(role)
    assert sign_in(user, role=role).get(reverse(f"accounts:{name}")).status_code == 200


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"patient"}))
def test_every_role_has_a_home(role: str) -> None:
    answer = sign_in(colleague(role)).get("/")
    assert answer.status_code == 200
    assert "<h1>" in answer.content.decode()


def test_patients_go_to_the_portal() -> None:
    assert sign_in(person()).get("/").headers["Location"] == reverse("portal:home")


def test_without_a_portal_patients_see_that_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("healthcare.accounts.views.home.parts_of", lambda name: ())
    assert "Nothing waits for you here" in sign_in(person()).get("/").content.decode()


def test_cards_stand_in_their_order_wide_ones_first(takes_part: Any) -> None:
    def part(order: int, wide: bool = False) -> Any:
        return lambda user, now: Card("ui/failed_card.html", order=order, wide=wide)

    def silent(user: Any, now: datetime) -> None:
        return None

    parts = (part(30), part(10), silent, part(99, True))
    takes_part("accounts.HomeCard", *parts)
    answer = sign_in(colleague("doctor")).get("/")
    assert [card.order for card in answer.context["wide"]] == [99]
    assert [card.order for card in answer.context["narrow"]] == [10, 30]


def test_administrators_see_what_waits_for_them() -> None:
    admin = colleague("administrator")
    SecondFactorResetFactory(user=colleague("doctor"), requested_by=admin)
    with acting_as(admin):
        card = people_card(admin, timezone.now())
    assert card is not None
    assert (card.context["counts"].resets, card.context["counts"].active) == (1, 2)
    assert people_card(staff("doctor"), timezone.now()) is None


def test_administrators_see_letters_that_nobody_got() -> None:
    admin, now = colleague("administrator"), timezone.now()
    with as_the_system():
        for status in ("failed", "queued", "withdrawn"):
            queue_message(
                by=None,
                channel="email",
                address="a@x.example",
                template="portal_opened",
                parameters={},
                dedupe_key=status,
            )
        Message.objects.filter(dedupe_key="failed").update(status="failed", next_at=None)
        taken_back = Message.objects.filter(dedupe_key="withdrawn")
        taken_back.update(status="failed", error="withdrawn", next_at=None)
    with acting_as(admin):
        card = people_card(admin, now)
    assert card is not None
    assert card.context["counts"].undelivered == 1
    assert "Letters not delivered" in sign_in(admin).get("/").content.decode()


def test_the_privacy_officer_sees_the_way_to_the_audit() -> None:
    assert audit_card(staff("privacy_officer"), timezone.now())
    assert audit_card(staff("administrator"), timezone.now()) is None


def test_the_privacy_officer_sees_what_was_refused_and_whether_it_is_sealed() -> None:
    officer, doctor = colleague("privacy_officer"), colleague("doctor")
    now = timezone.now()
    with acting_as(doctor):
        record("patients.open_chart", by=doctor)
        record("patients.open_chart", by=doctor, outcome="denied")
        record("patients.grant_access", by=doctor)
        record("accounts.sign_in", by=doctor, outcome="failed")
    with acting_as(officer):
        card = audit_card(officer, now)
        later = audit_card(officer, now + timedelta(minutes=10))
        next_day = audit_card(officer, now + timedelta(days=2))
    assert card
    assert later
    assert next_day
    counts = card.context["counts"]
    assert (counts.denied, counts.failed_sign_ins, counts.access_changes, counts.openings) == (1, 1, 1, 1)
    assert (counts.seal_is_late, later.context["counts"].seal_is_late) == (False, True)
    assert next_day.context["counts"].openings == 0
    page = sign_in(officer).get("/").content.decode()
    assert "Waiting for the seal" in page
    assert "?outcome=denied" in page


# == Parts by name ==
def test_parts_are_found_along_the_journey() -> None:
    assert "accounts.HomeCard" in part_names()
    assert names_of("accounts.HomeCard")[:2] == OF_ACCOUNTS
    assert parts_of("accounts.HomeCard")[:2] == (people_card, audit_card)
    assert parts_of("no.Such") == ()


OF_ACCOUNTS = ["healthcare.accounts.panels.people_card", "healthcare.accounts.panels.audit_card"]


def test_a_part_that_leads_nowhere_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("healthcare.events.parts.names_of", lambda name: ["healthcare.accounts.panels.no_such"])
    parts_of.cache_clear()
    with pytest.raises(ImportError):
        parts_of("accounts.Broken")
    parts_of.cache_clear()
