"""What follows facts about providers' time."""

from healthcare.events import after
from scheduling import actions
from scheduling.events import FreeTimeChanged


@after(FreeTimeChanged)
def forget_free_times(fact: FreeTimeChanged) -> None:
    actions.forget_free_times(by=None, resource_ids=fact.resource_ids)
