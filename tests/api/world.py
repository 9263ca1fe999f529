"""A patient A with one of everything that an address of /v1 can name, for those who must not get at it.

`OF_A` has a factory for each name that stands in an address or a query as the id of a row. An operation with a new name
needs a line here: the walk says so.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from patients.models import Patient
from tests.factories import (
    AlertFactory,
    AppointmentFactory,
    EntryFactory,
    InvoiceFactory,
    PrescriptionFactory,
    RefillRequestFactory,
    WaitFactory,
)

#: Name in an address → the id of a row of this patient.
OF_A: dict[str, Callable[[Patient], UUID]] = {
    "patient_id": lambda patient: patient.pk,
    "appointment_id": lambda patient: AppointmentFactory(patient=patient).pk,
    "wait_id": lambda patient: WaitFactory(patient=patient).pk,
    "entry_id": lambda patient: EntryFactory(patient=patient).pk,
    "prescription_id": lambda patient: PrescriptionFactory(patient=patient).pk,
    "refill_id": lambda patient: RefillRequestFactory(prescription__patient=patient).pk,
    "alert_id": lambda patient: AlertFactory(patient=patient).pk,
}
#: Name in a query → the id of a row of this patient. Other names of a query are words, places and times of nobody.
ASKED_OF_A: dict[str, Callable[[Patient], UUID]] = {"patient": lambda patient: patient.pk}
#: Names of queries that are ids of what belongs to no patient.
OF_NOBODY = {"site", "provider", "visit_type"}
CANARY = "Canaryson"


def everything_of(patient: Patient) -> dict[str, Any]:
    """One row of each kind, and a bill besides, which has no address of its own."""
    InvoiceFactory(patient=patient)
    return {name: make(patient) for name, make in OF_A.items()}
