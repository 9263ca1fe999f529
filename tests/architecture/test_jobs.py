"""What is marked to run by the clock does: a job that stands in no list would be missed only when its work is."""

from importlib import import_module
from types import ModuleType

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule

from healthcare.events import every
from healthcare.events.jobs import Job


def jobs_in(module: ModuleType) -> set[str]:
    marked = [getattr(each, "job", None) for each in vars(module).values()]
    return {job.name for job in marked if isinstance(job, Job) and job.name.startswith(f"{module.__name__}.")}


def test_every_job_of_every_app_is_beaten() -> None:
    configs = [config for config in apps.get_app_configs() if module_has_submodule(config.module, "tasks")]
    marked = set().union(*(jobs_in(import_module(f"{config.name}.tasks")) for config in configs))
    assert marked == set(settings.BEAT)


def test_a_job_is_found_where_it_is_written_and_not_where_it_is_imported() -> None:
    here, there = ModuleType(__name__), ModuleType("elsewhere")

    @every(seconds=60)
    def job() -> None: ...

    for module in (here, there):
        module.job, module.no_job = job, jobs_in  # type: ignore[attr-defined]
    assert (jobs_in(here), jobs_in(there)) == ({job.job.name}, set())  # type: ignore[attr-defined]
