from datetime import UTC, datetime

from healthcare.events import every
from healthcare.storage.objects import sweep


@every(seconds=24 * 3600)
def sweep_objects() -> None:
    sweep(datetime.now(UTC))
