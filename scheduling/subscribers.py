"""What follows facts about providers and their time."""

from django.utils import timezone

from healthcare.accounts.events import UserDeactivated
from healthcare.events import after, inside
from patients.events import PatientDied
from scheduling import actions
from scheduling.events import CancelAsked, ConfirmAsked, FreeTimeChanged, TimeFreed


@after(FreeTimeChanged)
def forget_free_times(fact: FreeTimeChanged) -> None:
    actions.forget_free_times(by=None, resource_ids=fact.resource_ids)


@after(TimeFreed)
def offer_freed_time(fact: TimeFreed) -> None:
    freed = fact.begins, fact.ends
    actions.offer_freed_time(by=None, resource_id=fact.resource_id, freed=freed, now=timezone.now())


@after(CancelAsked)
def cancel_by_link(fact: CancelAsked) -> None:
    actions.cancel_by_link(by=None, appointment_id=fact.appointment_id, sequence=fact.sequence, asked_at=fact.asked_at)


@after(ConfirmAsked)
def confirm_by_link(fact: ConfirmAsked) -> None:
    actions.confirm_by_link(by=None, appointment_id=fact.appointment_id, sequence=fact.sequence, now=timezone.now())


@inside(UserDeactivated)
def keep_time_of_who_left(fact: UserDeactivated) -> None:
    actions.block_time_of_who_left(by=None, user_id=fact.user_id, now=timezone.now())


@after(UserDeactivated)
def end_feeds_of_who_left(fact: UserDeactivated) -> None:
    actions.end_feeds_of_who_left(by=None, user_id=fact.user_id, now=timezone.now())


@after(PatientDied, queue="urgent")
def cancel_visits_of_the_dead(fact: PatientDied) -> None:
    actions.cancel_visits_of_the_dead(by=None, patient_id=fact.patient_id, now=timezone.now())
