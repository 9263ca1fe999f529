from prescriptions.models.dispenses import Dispense, DispenseQuerySet
from prescriptions.models.doses import DoseMark, DoseMarkQuerySet, DosePlan, DosePlanQuerySet
from prescriptions.models.favourites import FavouritePrescription
from prescriptions.models.formulary import KEPT, OFF, Ingredient, Medication, MedicationQuerySet, SafetyRule
from prescriptions.models.halted import HOLD, STOP
from prescriptions.models.halts import Halt, HaltQuerySet
from prescriptions.models.outreach import Outreach, OutreachQuerySet
from prescriptions.models.prescriptions import (
    DISPENSERS,
    PRESCRIBERS,
    USUAL_DAYS,
    CollectionDeadline,
    CollectionDeadlineQuerySet,
    Prescription,
    PrescriptionQuerySet,
    SafetyCheck,
    taken_at,
)
from prescriptions.models.refills import RefillRequest, RefillRequestQuerySet
from prescriptions.models.reviews import MedicationReview
from prescriptions.models.sets import OrderSet, OrderSetLine, OrderSetQuerySet
from prescriptions.models.sheets import PrescriptionSheet, PrescriptionSheetQuerySet
from prescriptions.models.statements import MedicationStatement, MedicationStatementQuerySet

__all__ = [
    "DISPENSERS",
    "HOLD",
    "KEPT",
    "OFF",
    "PRESCRIBERS",
    "STOP",
    "USUAL_DAYS",
    "CollectionDeadline",
    "CollectionDeadlineQuerySet",
    "Dispense",
    "DispenseQuerySet",
    "DoseMark",
    "DoseMarkQuerySet",
    "DosePlan",
    "DosePlanQuerySet",
    "FavouritePrescription",
    "Halt",
    "HaltQuerySet",
    "Ingredient",
    "Medication",
    "MedicationQuerySet",
    "MedicationReview",
    "MedicationStatement",
    "MedicationStatementQuerySet",
    "OrderSet",
    "OrderSetLine",
    "OrderSetQuerySet",
    "Outreach",
    "OutreachQuerySet",
    "Prescription",
    "PrescriptionQuerySet",
    "PrescriptionSheet",
    "PrescriptionSheetQuerySet",
    "RefillRequest",
    "RefillRequestQuerySet",
    "SafetyCheck",
    "SafetyRule",
    "taken_at",
]
