"""Order sets that can be chosen for a patient."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models.functions import Lower

from patients.models import Patient
from prescriptions.models import OrderSet, OrderSetLine
from prescriptions.rules.allergens import plain


@dataclass(frozen=True)
class OfferedSet:
    """A set with its lines in their order, and which of them are no longer offered."""

    order_set: OrderSet
    lines: Sequence[OrderSetLine]

    @property
    def offered(self) -> list[OrderSetLine]:
        return [line for line in self.lines if line.medication.active]

    @property
    def gone(self) -> list[OrderSetLine]:
        return [line for line in self.lines if not line.medication.active]


def order_sets_for(patient: Patient, text: str) -> list[OfferedSet]:
    """Those of the patient's site and of all, by name, which have every word of the text in their name or in that of
    one of their medicines; without those of which nothing is offered any more. One query.
    """
    usable = OrderSet.objects.usable().at(patient.site_id)
    rows = OrderSetLine.objects.filter(order_set__in=usable).select_related("order_set", "medication")
    found: dict[object, list[OrderSetLine]] = {}
    for row in rows.order_by(Lower("order_set__name"), "order_set", "position"):
        found.setdefault(row.order_set_id, []).append(row)
    sets = [OfferedSet(lines[0].order_set, lines) for lines in found.values()]
    words = plain(text).split()
    return [one for one in sets if one.offered and all(word in _searched(one) for word in words)]


def _searched(one: OfferedSet) -> str:
    return " ".join([plain(one.order_set.name), *(line.medication.search_text for line in one.offered)])
