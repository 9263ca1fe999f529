"""Primary non-adherence: of medicines prescribed for the first time and ready, the share that nobody came for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.actions import read_dashboard
from analytics.models import MedicineDay
from analytics.queries import Wanted
from healthcare.db.context import acting_as
from prescriptions.models import Dispense
from tests.analytics.conftest import LATER, MONDAY
from tests.factories import DispenseFactory, MedicationFactory, PatientFactory, PrescriptionFactory, UserFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
READY = datetime(2026, 11, 2, 17, tzinfo=UTC)  # seven days before Monday
UNTIL = READY + 7 * DAY


@pytest.fixture
def ready(site, provider):
    """`ready(status, picked_up_at=…)`: prepared a week before Monday."""

    def make(status: str = "ready", *, picked_up_at: datetime | None = None, **fields):
        fields.setdefault("patient", PatientFactory(site=site))
        fields.setdefault("medication", MedicationFactory())
        moments = {"signed_at": READY - DAY, "signed_by": UserFactory(), "ready_at": READY}
        if picked_up_at is not None:
            status, moments["picked_up_at"] = "picked_up", picked_up_at
        return PrescriptionFactory(site=site, prescriber=provider, status=status, **moments | fields)

    return make


def put_back(prescription: Any, at: datetime) -> None:
    with as_the_system():
        row = Dispense.objects.get(prescription=prescription)
        row.state, row.returned_at = "returned", at
        row.save(update_fields=["state", "returned_at"])


def counted() -> list[tuple[str, int, int]]:
    return [(str(row.day), row.ready, row.not_collected) for row in MedicineDay.objects.order_by("day")]


def test_each_counts_on_the_day_on_which_its_days_are_over(ready, count) -> None:
    ready(picked_up_at=READY + DAY)
    ready(picked_up_at=UNTIL)
    ready(picked_up_at=UNTIL + DAY)
    ready()
    ready("not_collected")
    count(MONDAY - 7 * DAY, MONDAY + 7 * DAY)
    assert counted() == [("2026-11-09", 5, 3)]
    count(MONDAY - 7 * DAY, MONDAY + 7 * DAY)
    assert counted() == [("2026-11-09", 5, 3)]


def test_its_own_number_of_days_decides(ready, count) -> None:
    ready(medication=MedicationFactory(pick_up_days=3))
    ready(medication=None, medicine="Cranberry")
    count(MONDAY - 7 * DAY, MONDAY)
    assert counted() == [("2026-11-05", 1, 1), ("2026-11-09", 1, 1)]


def test_what_the_patient_had_before_and_repeats_are_no_first_prescriptions(ready, count) -> None:
    first = ready(picked_up_at=READY + DAY)
    again = {"patient": first.patient, "medication": first.medication, "signed_at": READY - DAY / 2}
    ready("not_collected", **again)
    long_ago = READY - 40 * DAY
    repeated = ready(picked_up_at=long_ago, signed_at=long_ago, ready_at=long_ago, repeats=1, fill=1)
    waits = {"state": "prepared", "picked_up_at": None, "picked_up_by": "", "picked_up_relation": ""}
    DispenseFactory(prescription=repeated, fill=1, prepared_at=READY, handed_out_by=None, **waits)
    count()
    assert counted() == [("2026-11-09", 1, 0)]


def test_what_was_put_back_before_its_days_were_over_was_nobodys_to_collect(ready, count) -> None:
    for returned_at in (UNTIL - DAY, UNTIL + DAY):
        put_back(ready(), returned_at)
    count()
    assert counted() == [("2026-11-09", 1, 1)]


@pytest.mark.parametrize(("role", "figure"), [("administrator", "25.0 %"), ("researcher", "not shown")])
def test_the_tile_says_the_share_of_how_many_and_few_are_not_shown(site, ready, count, role, figure) -> None:
    for _number in range(3):
        ready(picked_up_at=READY + DAY)
    ready()
    count()
    reader = staff(role, site)
    with acting_as(reader):
        board = read_dashboard(by=reader, wanted=Wanted("week", MONDAY, LATER))
    (tile,) = [tile for tile in board.tiles if tile.label == "Never collected"]
    assert tile.figure == figure
    assert ("of 4 first prescriptions" in tile.means) == (role == "administrator")
