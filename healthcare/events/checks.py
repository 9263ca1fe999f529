from typing import Any

from django.core.checks import CheckMessage, Error, register

from healthcare.events.jobs import all_jobs


@register()
def jobs_exist(**_: Any) -> list[CheckMessage]:
    """A name in BEAT that leads nowhere would be noticed only when its work is missed."""
    try:
        all_jobs()
    except (ImportError, AttributeError) as problem:
        return [Error(f"settings.BEAT names something that is no job: {problem}.", id="events.E001")]
    return []
