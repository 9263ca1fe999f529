from prescriptions.models.dispenses import Dispense, DispenseQuerySet
from prescriptions.models.formulary import KEPT, OFF, Ingredient, Medication, MedicationQuerySet, SafetyRule
from prescriptions.models.prescriptions import (
    PRESCRIBERS,
    USUAL_DAYS,
    CollectionDeadline,
    CollectionDeadlineQuerySet,
    Prescription,
    PrescriptionQuerySet,
    SafetyCheck,
    taken_at,
)
from prescriptions.models.statements import MedicationStatement, MedicationStatementQuerySet

__all__ = [
    "KEPT",
    "OFF",
    "PRESCRIBERS",
    "USUAL_DAYS",
    "CollectionDeadline",
    "CollectionDeadlineQuerySet",
    "Dispense",
    "DispenseQuerySet",
    "Ingredient",
    "Medication",
    "MedicationQuerySet",
    "MedicationStatement",
    "MedicationStatementQuerySet",
    "Prescription",
    "PrescriptionQuerySet",
    "SafetyCheck",
    "SafetyRule",
    "taken_at",
]
