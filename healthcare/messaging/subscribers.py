from healthcare.events import after
from healthcare.messaging import sending  # (its work is registered by importing it)
from healthcare.messaging.events import CarrierReported


@after(CarrierReported)
def apply_carrier_report(fact: CarrierReported) -> None:
    sending.apply_report(fact.message_id, fact.carrier_id, fact.state, fact.error)
