"""Where a conversation stands in the chart."""

from healthcare.accounts.models import User
from records.kinds.conversation import SLUG
from records.models import Entry, Message, Thread


def filed_as(user: User, thread: Thread) -> Entry | None:
    """The copy in the chart that stands now, as far as this person may see it."""
    rows = Entry.objects.visible_to(user).filter(patient_id=thread.patient_id, data__thread=str(thread.pk))
    found: Entry | None = rows.of_kind(SLUG).current().select_related("author", "patient").newest_first().first()
    return found


def is_whole(filed: Entry | None, last: Message) -> bool:
    """Whether the copy goes up to this message, the last one of the conversation."""
    return filed is not None and filed.data["last"] == str(last.pk)
