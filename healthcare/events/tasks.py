"""What Celery carries: names and ids. Each task makes one call."""

from uuid import UUID

from celery import shared_task

from healthcare.events.delivering import prune_delivered
from healthcare.events.jobs import every
from healthcare.events.ticking import prune_ticks, run_job
from healthcare.events.work import kind_of


@shared_task(name="events.carry_out")
def carry_out(*, model: str, keys: list[str]) -> None:
    kind_of(model).run_all([UUID(key) for key in keys])


@shared_task(name="events.job")
def job(*, name: str) -> None:
    run_job(name)


@every(seconds=3600)
def prune_events() -> None:
    prune_delivered()
    prune_ticks()
