"""What the relay and the workers would do, done here and now in the test's own transaction."""

from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events.delivering import explode_events
from healthcare.events.relay import due_work, take
from tests.roles import taking_role


def drain(passes: int = 5) -> int:
    """Explode and carry out everything that is due, and what follows from it; returns how many pieces of work."""
    done = 0
    with taking_role("worker"):
        for _ in range(passes):
            explode_events()
            now = timezone.now()
            work = [(due.kind, key) for due in due_work(now) for key in take(due, 1000, now)]
            for kind, key in work:
                kind.run(key)
            done += len(work)
            if not work:
                break
    return done


def as_worker(function, *args):
    """Ask or change something as the worker's system."""
    with taking_role("worker"), acting_as_system("test"):
        return function(*args)
