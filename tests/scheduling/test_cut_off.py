"""How late patients may change their mind by themselves; then the clinic's number stands in place of the button."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.rules import too_late_to_cancel
from tests.factories import VisitTypeFactory
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, Clinic, later
from tests.scheduling.pages import text, visit_at

MINUTE = timedelta(minutes=1)
CALL = "It is too close to the visit to change or cancel it here. Please call the clinic"


@given(st.integers(0, 10_000), st.integers(-20_000, 20_000))
def test_too_late_is_from_so_many_minutes_before_on(ahead: int, before: int) -> None:
    late = too_late_to_cancel(NINE, NINE - before * MINUTE, cancel_minutes=ahead)
    assert late == (before <= ahead)


@pytest.fixture
def strict(clinic: Clinic) -> Clinic:
    """Two hours ahead, at a site with a telephone."""
    with as_the_system():
        clinic.visit_type = VisitTypeFactory(cancel_minutes=120)
        clinic.site.phone = "+15085550100"
        clinic.site.save(update_fields=["phone"])
    return clinic


def cancel(visit: Any, by: Any, minutes_before: int) -> Any:
    with acting_as(by):
        now = NINE - minutes_before * MINUTE
        return actions.cancel_appointment(by=by, appointment=visit, reason="", now=now)


@pytest.mark.django_db
def test_a_patient_cancels_until_then(strict: Clinic) -> None:
    assert cancel(strict.book(), strict.rosa, 121).status == "cancelled"


@pytest.mark.django_db
@pytest.mark.parametrize("minutes_before", [120, 1, -30])
def test_and_calls_from_then_on(strict: Clinic, minutes_before: int) -> None:
    visit = strict.book()
    with pytest.raises(actions.NotBookable, match=r"Please call the clinic: 508-555-0100\."):
        cancel(visit, strict.rosa, minutes_before)
    with as_the_system():
        visit.refresh_from_db()
    assert visit.status == "booked"


@pytest.mark.django_db
def test_the_desk_cancels_whenever_somebody_calls(strict: Clinic) -> None:
    assert cancel(strict.book(), strict.desk, 1).status == "cancelled"


@pytest.mark.django_db
def test_what_cannot_be_cancelled_is_not_moved_away_either(strict: Clinic) -> None:
    visit = strict.book()
    with acting_as(strict.rosa), pytest.raises(actions.NotBookable, match=CALL):
        actions.move_appointment(by=strict.rosa, appointment=visit, start=later(24 * 60), now=NINE - 60 * MINUTE)
    with acting_as(strict.desk):
        moved = actions.move_appointment(
            by=strict.desk, appointment=visit, start=later(24 * 60), now=NINE - 60 * MINUTE
        )
    assert moved.sequence == 1


@pytest.mark.django_db
def test_a_site_without_a_telephone_says_so_in_few_words(clinic: Clinic) -> None:
    visit = clinic.book()
    with pytest.raises(actions.NotBookable, match=r"Please call the clinic\.$"):
        cancel(visit, clinic.rosa, 0)


@pytest.mark.django_db
def test_the_pages_give_the_number_in_place_of_the_buttons(strict: Clinic, browser: Any) -> None:
    soon = visit_at(strict, (timezone.now() + 60 * MINUTE).replace(second=0, microsecond=0))
    client, address = browser(strict.rosa), f"/portal/visits/{soon.pk}"
    page = text(client.get(address))
    assert f"{CALL}: 508-555-0100." in page
    assert f"{address}/cancel" not in page
    asked = text(client.get(f"{address}/cancel"))
    assert 'href="tel:+15085550100"' in asked
    assert "Why do you cancel?" not in asked
    refused = text(client.post(f"{address}/cancel", {"reason": ""}), 422)
    assert f"{CALL}: 508-555-0100." in refused
    with as_the_system():
        soon.refresh_from_db()
    assert soon.status == "booked"


@pytest.mark.django_db
def test_in_time_the_buttons_are_there(strict: Clinic, browser: Any) -> None:
    visit = visit_at(strict, (timezone.now() + 600 * MINUTE).replace(second=0, microsecond=0))
    page = text(browser(strict.rosa).get(f"/portal/visits/{visit.pk}"))
    assert f"/portal/visits/{visit.pk}/cancel" in page
    assert CALL not in page
