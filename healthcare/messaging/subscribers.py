from contextlib import suppress

from django.utils import timezone

from healthcare.events import after
from healthcare.messaging import opting, sending  # (sending's work is registered by importing it)
from healthcare.messaging.actions import NotSendable, send_again
from healthcare.messaging.events import CarrierReported, ReplyReceived, ResendAsked


@after(CarrierReported)
def apply_carrier_report(fact: CarrierReported) -> None:
    sending.apply_report(fact.message_id, fact.carrier_id, fact.state, fact.error)


@after(ReplyReceived, queue="urgent")  # who wrote STOP gets nothing more
def handle_reply(fact: ReplyReceived) -> None:
    opting.handle_reply(fact.reply_id, timezone.now())


@after(ResendAsked)
def resend(fact: ResendAsked) -> None:
    """Sent meanwhile, or asked for twice: nothing."""
    with suppress(NotSendable):
        send_again(by=None, message_id=fact.message_id, now=timezone.now())
