"""Conversations with patients that somebody was given, or that wait for too long: who is to answer is told."""

from alerts import actions
from healthcare.events import after
from records.events import ThreadHandedOn, ThreadOverdue


@after(ThreadHandedOn)
def tell_of_handing_on(fact: ThreadHandedOn) -> None:
    actions.tell_of_thread(
        by=None, letter="message_to_answer", thread_id=fact.thread_id, occasion=f"handed:{fact.hand_id}"
    )


@after(ThreadOverdue)
def tell_of_overdue(fact: ThreadOverdue) -> None:
    since = int(fact.waiting_since.timestamp())
    actions.tell_of_thread(
        by=None, letter="message_overdue", thread_id=fact.thread_id, occasion=f"{fact.thread_id}:{since}"
    )
