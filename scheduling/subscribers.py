"""What follows facts about providers and their time."""

from django.utils import timezone

from healthcare.accounts.events import UserDeactivated
from healthcare.events import after, inside
from patients.events import PatientDied
from scheduling import actions
from scheduling.events import FreeTimeChanged


@after(FreeTimeChanged)
def forget_free_times(fact: FreeTimeChanged) -> None:
    actions.forget_free_times(by=None, resource_ids=fact.resource_ids)


@inside(UserDeactivated)
def keep_time_of_who_left(fact: UserDeactivated) -> None:
    actions.block_time_of_who_left(by=None, user_id=fact.user_id, now=timezone.now())


@after(PatientDied, queue="urgent")
def cancel_visits_of_the_dead(fact: PatientDied) -> None:
    actions.cancel_visits_of_the_dead(by=None, patient_id=fact.patient_id, now=timezone.now())
