"""Conversations between patients and the clinic, and who answers them."""

from datetime import UTC, datetime
from uuid import uuid4

import factory

from records.models import Attachment, Message, MessageTemplate, Pool, PoolMember, Thread
from records.rules.messages import answer_due
from tests.factories.ground import Factory, PatientFactory, SiteFactory, UserFactory

__all__ = [
    "AttachmentFactory",
    "MessageFactory",
    "MessageTemplateFactory",
    "PoolFactory",
    "PoolMemberFactory",
    "ThreadFactory",
]
TAKEN = datetime(2026, 11, 9, 14, 0, tzinfo=UTC)


class PoolFactory(Factory):
    class Meta:
        model = Pool

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence(lambda number: f"Nurses {number}")


class MessageTemplateFactory(Factory):
    """In English, for every site."""

    class Meta:
        model = MessageTemplate

    language = "en"
    name = factory.Sequence(lambda number: f"With food {number}")
    body = "Dear {patient}, yes: take it with food."


class PoolMemberFactory(Factory):
    class Meta:
        model = PoolMember

    pool = factory.SubFactory(PoolFactory)
    user = factory.SubFactory(UserFactory)
    added_by = factory.SubFactory(UserFactory)


class ThreadFactory(Factory):
    """A question of the patient that waits; from the start nobody's, and at work once somebody took it."""

    class Meta:
        model = Thread

    patient = factory.SubFactory(PatientFactory)
    site = factory.LazyAttribute(lambda thread: thread.patient.site)
    category = "question"
    started_by = factory.SubFactory(UserFactory)
    last_at = TAKEN
    waiting_since = TAKEN
    due_at = factory.LazyAttribute(lambda thread: thread.waiting_since and answer_due(thread.waiting_since, "UTC"))
    status = factory.LazyAttribute(lambda thread: "open" if getattr(thread, "taken_by", None) else "new")


class MessageFactory(Factory):
    class Meta:
        model = Message

    thread = factory.SubFactory(ThreadFactory)
    patient = factory.LazyAttribute(lambda message: message.thread.patient)
    author = factory.LazyAttribute(lambda message: message.thread.started_by)
    author_role = "patient"
    to_patient = False
    body = "May I take it with food?"
    sent_at = TAKEN


class AttachmentFactory(Factory):
    """A letter as PDF that nobody scanned; its stored object is made up."""

    class Meta:
        model = Attachment

    message = factory.SubFactory(MessageFactory)
    patient = factory.LazyAttribute(lambda file: file.message.patient)
    added_by = factory.LazyAttribute(lambda file: file.message.author)
    name = "letter.pdf"
    content_type = "application/pdf"
    size = 558
    document = factory.LazyFunction(uuid4)
    state = "unknown"
