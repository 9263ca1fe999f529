"""The subscriber itself, delivered as the relay may deliver it."""

from typing import Any

import pytest

from healthcare.devservices.carriers import Carriers
from healthcare.messaging.events import CarrierReported
from healthcare.messaging.models import Message
from healthcare.messaging.subscribers import apply_carrier_report
from tests.events.draining import drain
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def test_delivered_twice_is_one_state(carriers: Carriers, post: Any) -> None:
    key = post("sms")
    drain()
    fact = CarrierReported(message_id=key, carrier_id="SM1", state="delivered", error="")
    state = deliver_twice(apply_carrier_report, fact, lambda: Message.objects.values_list("status").get(pk=key))
    assert state == ("delivered",)
