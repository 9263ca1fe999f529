"""However three at once end, they end in one legal state."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcare.audit.models import AuditEvent
from patients.models import CareRelationship
from scheduling import actions
from scheduling.events import AppointmentBooked, AppointmentCancelled, AppointmentMoved, TimeBlocked
from scheduling.models import PatientClaim, TimeClaim
from scheduling.rules import source_of
from tests.roles import as_the_system
from tests.scheduling.at_once import deadlocks
from tests.scheduling.conftest import NINE, make_clinic
from tests.scheduling.three_actors import Aftermath, Plan, three_at_once

pytestmark = pytest.mark.django_db(transaction=True)
plans = st.builds(
    Plan,
    move_by=st.integers(-24, 48).map(lambda n: n * 5),
    block_from=st.integers(-12, 24).map(lambda n: n * 5),
    block_for=st.sampled_from([10, 40, 60, 180]),
    waits=st.tuples(*[st.sampled_from([0, 0, 3, 8, 20])] * 3),
)


def test_they_end_in_one_legal_state(announced):
    clinic, days, seen = make_clinic(), count(), deadlocks()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(plans)
    def check(plan):
        start = NINE + timedelta(days=next(days))
        end = three_at_once(clinic, plan, start)
        assert (end.cancelled, end.blocked) == ("done", "done")  # the desk and the doctor are never refused here
        holds_together(end, plan, start, announced)

    check()
    assert deadlocks() == seen


def holds_together(end: Aftermath, plan: Plan, start, announced) -> None:
    visit = end.visit
    facts = [fact for fact in announced() if getattr(fact, "appointment_id", None) == visit.pk]
    moves = [fact.sequence for fact in facts if isinstance(fact, AppointmentMoved)]
    assert visit.status == "cancelled"
    assert isinstance(facts[0], AppointmentBooked)
    assert moves == ([1] if end.moved == "done" and plan.move_by else [])
    assert visit.sequence == len(moves)
    assert [fact.sequence for fact in facts if isinstance(fact, AppointmentCancelled)] == [visit.sequence]
    assert visit.starts_at == start + timedelta(minutes=plan.move_by if moves else 0)
    with as_the_system():
        assert not TimeClaim.objects.filter(appointment_id=visit.pk).exists()
        assert not PatientClaim.objects.filter(appointment=visit).exists()
        assert not CareRelationship.objects.filter(source=source_of(visit.pk), ended_at=None).exists()
        assert TimeClaim.objects.filter(pk=end.block.pk).exists()
        kinds = AuditEvent.objects.filter(target_id=visit.pk, action__startswith="scheduling.").values_list(
            "action", flat=True
        )
        assert sorted(kinds) == sorted(["scheduling.book", "scheduling.cancel", *["scheduling.move"] * len(moves)])
    (named,) = [f.appointment_ids for f in announced(TimeBlocked) if f.claim_id == end.block.pk]
    assert set(named) <= {visit.pk}


def test_a_move_and_a_block_at_once_lose_no_visit(announced):
    """Without the desk the visit stands: outside of the block, or named by it as one to move."""
    clinic, days = make_clinic(), count()

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(plans)
    def check(plan):
        start = NINE + timedelta(days=next(days))
        end = two_at_once(clinic, plan, start)
        with as_the_system():
            claim = TimeClaim.objects.get(appointment_id=end.visit.pk)
            assert claim.blocked == end.visit.during
        (named,) = [f.appointment_ids for f in announced(TimeBlocked) if f.claim_id == end.block.pk]
        block, during = end.block.blocked, end.visit.during
        inside = during.lower < block.upper and block.lower < during.upper
        assert not inside or named == (end.visit.pk,), "A visit lies in blocked time and nobody was told."

    check()


def two_at_once(clinic, plan: Plan, start) -> Aftermath:
    """The desk looks on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "cancel_appointment", lambda **_said: None)
        return three_at_once(clinic, plan, start)
