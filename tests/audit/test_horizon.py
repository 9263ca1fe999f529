"""What is sealed waits for what may still commit below it."""

import pytest

from healthcare.audit.figures import audit_figures
from healthcare.audit.models import AuditEvent, AuditSeal
from healthcare.audit.queries import get_sealing_state
from healthcare.audit.sealing import seal_pending
from healthcare.db.context import Actor, acting_as_system, sign
from tests.audit.conftest import seal_until, write_events
from tests.roles import taking_role

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_late_commit_is_waited_for_and_not_skipped(anchors, another):
    slow = another("worker")
    slow.execute("SELECT set_config('app.context', %s, true)", [sign(Actor(purpose="slow"))])
    slow.execute(
        "INSERT INTO audit_auditevent (action, actor_role, purpose, target_type, outcome, detail, request_id)"
        " VALUES ('a.slow', '', 'slow', '', 'ok', '{}', '')"
    )
    write_events(3)
    with taking_role("worker"):
        assert seal_pending() == 0  # the three began after the slow one, which may still commit
    assert (get_sealing_state().waiting, get_sealing_state().seals) == (3, 0)
    assert audit_figures()["oldest_waiting_seconds"] > 0
    slow.commit()
    seal_until(4)
    with taking_role("worker"), acting_as_system("test"):
        first = AuditEvent.objects.get(pk=AuditSeal.objects.get(number=1).event_ids[0])
    assert first.action == "a.slow"
    assert audit_figures() == {"events_sealed": 4, "events_waiting": 0, "oldest_waiting_seconds": 0.0}


def test_an_event_rolled_back_late_leaves_no_gap(anchors, another, check):
    slow = another("worker")
    slow.execute("SELECT set_config('app.context', %s, true)", [sign(Actor(purpose="slow"))])
    slow.execute("SELECT pg_current_xact_id()")
    write_events(2)
    slow.rollback()
    seal_until(2)
    assert check().ok
