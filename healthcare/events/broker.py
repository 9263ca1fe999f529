"""The way to Celery, for the relay alone: handing over never takes long, also when nobody answers."""

import logging
import time
from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from kombu.exceptions import KombuError, OperationalError

log = logging.getLogger("healthcare.events")
PAUSE = 5.0  # seconds without another try after a failure


class Broker:
    """Remembers for a few seconds that the broker was away, so that a dead one costs one attempt and not one each."""

    def __init__(self) -> None:
        self._retry_at = 0.0

    @property
    def is_up(self) -> bool:
        return time.monotonic() >= self._retry_at

    def hand(self, model: str, keys: Collection[UUID], queue: str) -> bool:
        """Send the ids to the workers, as one task; False when the broker is away."""
        return self._send("events.carry_out", {"model": model, "keys": [str(key) for key in keys]}, queue)

    def begin(self, job: str, queue: str) -> bool:
        """Ask the workers to begin a job; False when the broker is away."""
        return self._send("events.job", {"name": job}, queue)

    def _send(self, task: str, arguments: dict[str, object], queue: str) -> bool:
        if not self.is_up:
            return False
        try:
            import_string(settings.CELERY_APP).send_task(task, kwargs=arguments, queue=queue, retry=False)
        except (OperationalError, KombuError, OSError) as problem:
            log.error("the broker is away", extra={"error": type(problem).__name__})
            self._retry_at = time.monotonic() + PAUSE
            return False
        return True
