"""The workers' and beat's Celery. It carries names and ids; what is due, and what was done, is in PostgreSQL.

Any of these settings can lose or repeat a task; that is safe because every task claims its row first.
"""

import os
import sys
from typing import Any

os.environ.setdefault("HC_PROCESS", "worker")  # before Django reads its settings
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcare.settings.dev")

import django
from celery import Celery, bootsteps
from celery.beat import PersistentScheduler
from celery.signals import task_postrun, task_prerun
from django.apps import apps
from django.conf import settings
from django.db import close_old_connections
from kombu import Queue

from healthcare.events.jobs import all_jobs
from healthcare.events.pulse import EVERY, pulse
from healthcare.events.queues import QUEUES

if not apps.ready:
    django.setup()


@task_prerun.connect
@task_postrun.connect
def keep_connections(**_: Any) -> None:
    """Between two tasks a thread keeps its connection, unless it is old or broken.

    A new one for each would cost a process of the database, and every statement's plan anew.
    """
    close_old_connections()


class Beat(PersistentScheduler):
    def tick(self, *args: Any, **options: Any) -> Any:
        pulse("beat")
        return super().tick(*args, **options)


class Pulse(bootsteps.StartStopStep):
    """Signs of life while the worker takes up tasks; without the broker it takes up none."""

    requires = {"celery.worker.consumer.tasks:Tasks"}

    def start(self, consumer: Any) -> None:
        names = [f"worker:{queue}" for queue in consumer.app.amqp.queues.consume_from]
        pulse(*names)
        self.timer = consumer.timer.call_repeatedly(EVERY, pulse, tuple(names))

    def stop(self, consumer: Any) -> None:
        self.timer.cancel()


app = Celery("healthcare")
app.steps["consumer"].add(Pulse)
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker waits for the broker as long as it takes
    broker_transport_options={
        # The default of an hour is how long the task of a killed worker would stay away.
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # The default, none, can block for ever on a half-open connection.
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        # With kombu's own retries, handing over to a dead broker took 6 s; with none, 2 ms.
        "max_retries": 0,
    },
    task_publish_retry=False,
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=60,
    task_soft_time_limit=45,
    worker_soft_shutdown_timeout=30,
    worker_hijack_root_logger=False,  # logging is Django's
    # Celery's own way closes every connection before and after each task; `keep_connections` sees to them instead.
    CELERY_DB_REUSE_MAX=sys.maxsize,
    worker_enable_remote_control=False,  # whoever reaches the broker could stop workers by it
    worker_send_task_events=False,
    accept_content=["json"],
    task_serializer="json",
    enable_utc=True,
    timezone="UTC",
    task_default_queue="default",
    task_queues=[Queue(name) for name in QUEUES],
    beat_scheduler="healthcare.celery:Beat",
    beat_schedule={
        job.name: {
            "task": "events.job",
            "schedule": job.seconds,
            "kwargs": {"name": job.name},
            "options": {"queue": job.queue, "expires": job.seconds},
        }
        for job in all_jobs().values()
    },
)
app.autodiscover_tasks()
