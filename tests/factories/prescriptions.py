"""The formulary, the knowledge and prescriptions, as small as a test needs them."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from prescriptions.models import (
    CollectionDeadline,
    Dispense,
    DoseMark,
    DosePlan,
    FavouritePrescription,
    Halt,
    Ingredient,
    Medication,
    MedicationReview,
    MedicationStatement,
    OrderSet,
    OrderSetLine,
    Outreach,
    Prescription,
    PrescriptionSheet,
    RefillRequest,
    SafetyCheck,
    SafetyRule,
)
from prescriptions.rules.sig import Sig, quantity_of, sig_text
from tests.factories.ground import Factory, PatientFactory, ProviderFactory, UserFactory
from tests.roles import taking_role

__all__ = [
    "CollectionDeadlineFactory",
    "DispenseFactory",
    "DoseMarkFactory",
    "DosePlanFactory",
    "FavouritePrescriptionFactory",
    "HaltFactory",
    "IngredientFactory",
    "MedicationFactory",
    "MedicationReviewFactory",
    "MedicationStatementFactory",
    "OrderSetFactory",
    "OrderSetLineFactory",
    "OutreachFactory",
    "PrescriptionFactory",
    "PrescriptionSheetFactory",
    "RefillRequestFactory",
    "SafetyCheckFactory",
    "SafetyRuleFactory",
]

NOON = datetime(2026, 11, 2, 17, tzinfo=UTC)
SIG = Sig(Decimal(1), "tablet", "oral", "once_daily", 30, ongoing=True)
ORDER = ("draft", "signed", "ready", "not_collected", "picked_up")


class IngredientFactory(Factory):
    class Meta:
        model = Ingredient

    name = factory.Sequence(lambda n: f"substance{n}")


class MedicationFactory(Factory):
    """A tablet of one ingredient of the same name; `of=` names others."""

    class Meta:
        model = Medication

    name = factory.Sequence(lambda n: f"substance{n}")
    key = factory.Sequence(lambda n: f"medicine-{n}")
    strength = "5 mg"
    form = "tablet"
    route = "oral"
    dose_unit = "tablet"
    label = factory.LazyAttribute(lambda medication: f"{medication.name} {medication.strength}, tablet")
    search_text = factory.LazyAttribute(lambda medication: medication.label)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, of: Iterable[Ingredient] = (), **kwargs: Any) -> Any:
        medication = super()._create(model_class, *args, **kwargs)
        with taking_role("owner"):
            medication.ingredients.set(of)
        return medication


class SafetyRuleFactory(Factory):
    class Meta:
        model = SafetyRule

    code = factory.Sequence(lambda n: f"TEST-{n}")
    kind = "interaction"
    left = ["warfarin"]
    right = ["aspirin"]
    severity = "severe"
    title = "Bleeding"
    mechanism = "Both keep blood from clotting."
    advice = "Use acetaminophen."
    source = "A test"
    kb_version = "test"


class FavouritePrescriptionFactory(Factory):
    class Meta:
        model = FavouritePrescription

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"favourite {n}")
    medication = factory.SubFactory(MedicationFactory)
    sig = SIG.content()


class OrderSetFactory(Factory):
    """For every site, with no line yet."""

    class Meta:
        model = OrderSet

    name = factory.Sequence(lambda n: f"order set {n}")


class OrderSetLineFactory(Factory):
    class Meta:
        model = OrderSetLine

    order_set = factory.SubFactory(OrderSetFactory)
    position = 1
    medication = factory.SubFactory(MedicationFactory)
    sig = SIG.content()


class PrescriptionFactory(Factory):
    """Signed by its prescriber, unless `status` says otherwise; each status has what comes before it."""

    class Meta:
        model = Prescription

    class Params:
        directions = SIG

    patient = factory.SubFactory(PatientFactory)
    prescriber = factory.SubFactory(ProviderFactory, user=factory.SubFactory(UserFactory))
    site = factory.LazyAttribute(lambda made: made.patient.site)
    medication = factory.SubFactory(MedicationFactory)
    medicine = factory.LazyAttribute(lambda made: made.medication.label)
    status = "signed"
    sig = factory.LazyAttribute(lambda made: made.directions.content())
    sig_text = factory.LazyAttribute(lambda made: sig_text(made.directions))
    quantity = factory.LazyAttribute(lambda made: quantity_of(made.directions)[0])
    quantity_unit = factory.LazyAttribute(lambda made: quantity_of(made.directions)[1])

    @factory.lazy_attribute
    def signed_at(made: Any) -> datetime | None:
        return None if made.status == "draft" else NOON

    signed_by = factory.LazyAttribute(lambda made: made.signed_at and made.prescriber.user)
    signature = factory.LazyAttribute(lambda made: "0" * 64 if made.signed_at else "")
    ready_at = factory.LazyAttribute(lambda made: NOON if was(made, "ready") else None)
    ready_by = factory.LazyAttribute(lambda made: UserFactory() if made.ready_at else None)
    collect_by = factory.LazyAttribute(lambda made: made.ready_at and made.ready_at + timedelta(days=7))
    not_collected_at = factory.LazyAttribute(lambda made: made.collect_by if made.status == "not_collected" else None)
    picked_up_at = factory.LazyAttribute(lambda made: NOON if made.status == "picked_up" else None)
    picked_up_by = factory.LazyAttribute(lambda made: "Somebody" if made.picked_up_at else "")
    picked_up_relation = factory.LazyAttribute(lambda made: "self" if made.picked_up_at else "")
    handed_out_by = factory.LazyAttribute(lambda made: made.ready_by if made.picked_up_at else None)
    cancelled_at = factory.LazyAttribute(lambda made: NOON if made.status == "cancelled" else None)
    not_dispensed_at = factory.LazyAttribute(lambda made: NOON if made.status == "not_dispensed" else None)
    not_dispensed_by = factory.LazyAttribute(lambda made: UserFactory() if made.not_dispensed_at else None)
    not_dispensed_reason = factory.LazyAttribute(lambda made: "out_of_stock" if made.not_dispensed_at else "")
    cancelled_by = factory.LazyAttribute(lambda made: made.prescriber.user if made.cancelled_at else None)
    cancel_reason = factory.LazyAttribute(lambda made: "wrong" if made.cancelled_at else "")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        """What is ready or was collected was prepared: with the dispense that says so."""
        prescription = super()._create(model_class, *args, **kwargs)
        if prescription.status in ORDER[2:]:
            DispenseFactory(prescription=prescription)
            prescription.dispensed = prescription.quantity
        return prescription


def was(made: Any, status: str) -> bool:
    return made.status in ORDER[ORDER.index(status) :]


class DispenseFactory(Factory):
    """The whole supply, standing as its prescription stands."""

    class Meta:
        model = Dispense

    prescription = factory.SubFactory(PrescriptionFactory)
    patient = factory.LazyAttribute(lambda made: made.prescription.patient)
    fill = 0
    quantity = factory.LazyAttribute(lambda made: made.prescription.quantity)
    state = factory.LazyAttribute(lambda made: "handed_out" if made.prescription.picked_up_at else "prepared")
    prepared_at = factory.LazyAttribute(lambda made: made.prescription.ready_at or NOON)
    prepared_by = factory.LazyAttribute(lambda made: made.prescription.ready_by or UserFactory())
    picked_up_at = factory.LazyAttribute(lambda made: made.prescription.picked_up_at)
    picked_up_by = factory.LazyAttribute(lambda made: made.prescription.picked_up_by)
    picked_up_relation = factory.LazyAttribute(lambda made: made.prescription.picked_up_relation)
    handed_out_by = factory.LazyAttribute(lambda made: made.prescription.handed_out_by)


class SafetyCheckFactory(Factory):
    class Meta:
        model = SafetyCheck

    prescription = factory.SubFactory(PrescriptionFactory)
    patient = factory.LazyAttribute(lambda check: check.prescription.patient)
    kb_version = "test"
    ran_at = NOON


class CollectionDeadlineFactory(Factory):
    class Meta:
        model = CollectionDeadline

    prescription = factory.SubFactory(PrescriptionFactory, status="ready")
    patient = factory.LazyAttribute(lambda deadline: deadline.prescription.patient)
    next_at = factory.LazyAttribute(lambda deadline: deadline.prescription.collect_by)


class MedicationStatementFactory(Factory):
    """By the word of another system the patient takes simvastatin."""

    class Meta:
        model = MedicationStatement

    patient = factory.SubFactory(PatientFactory)
    source = "fhir:https://other.example/fhir"
    medicine = "Simvastatin 20 MG Oral Tablet"
    status = "active"
    said_at = NOON


class RefillRequestFactory(Factory):
    """It waits for an answer."""

    class Meta:
        model = RefillRequest

    prescription = factory.SubFactory(PrescriptionFactory, status="picked_up")
    patient = factory.LazyAttribute(lambda made: made.prescription.patient)
    asked_by = factory.SubFactory(UserFactory)
    asked_at = NOON


class OutreachFactory(Factory):
    """By phone, and nobody answered."""

    class Meta:
        model = Outreach

    prescription = factory.SubFactory(PrescriptionFactory, status="not_collected")
    patient = factory.LazyAttribute(lambda made: made.prescription.patient)
    way = "phone"
    outcome = "not_reached"
    reached_at = NOON
    reached_by = factory.SubFactory(UserFactory)


class HaltFactory(Factory):
    """Put on hold since noon, before an operation."""

    class Meta:
        model = Halt

    prescription = factory.SubFactory(PrescriptionFactory)
    patient = factory.LazyAttribute(lambda made: (made.prescription or made.statement).patient)
    act = "hold"
    starts_at = NOON
    reason = "operation"
    said_at = NOON
    said_by = factory.SubFactory(UserFactory)


class MedicationReviewFactory(Factory):
    class Meta:
        model = MedicationReview

    patient = factory.SubFactory(PatientFactory)
    reviewed_at = NOON
    reviewed_by = factory.SubFactory(UserFactory)
    changed = False


class PrescriptionSheetFactory(Factory):
    """Asked for by its prescriber, and not made yet."""

    class Meta:
        model = PrescriptionSheet

    prescription = factory.SubFactory(PrescriptionFactory)
    patient = factory.LazyAttribute(lambda made: made.prescription.patient)
    asked_by = factory.LazyAttribute(lambda made: made.prescription.prescriber.user)
    asked_as = "doctor"
    asked_at = factory.LazyFunction(timezone.now)
    language = "en"


class DosePlanFactory(Factory):
    """Every morning at eight in New York, since noon."""

    class Meta:
        model = DosePlan

    prescription = factory.SubFactory(PrescriptionFactory, status="picked_up")
    patient = factory.LazyAttribute(lambda made: made.prescription.patient)
    times = factory.LazyFunction(lambda: [time(8)])
    time_zone = "America/New_York"
    first_day = NOON.date()
    starts_at = NOON
    set_by = factory.SubFactory(UserFactory)


class DoseMarkFactory(Factory):
    """Taken on the day after the plan began."""

    class Meta:
        model = DoseMark

    plan = factory.SubFactory(DosePlanFactory)
    patient = factory.LazyAttribute(lambda made: made.plan.patient)
    day = factory.LazyAttribute(lambda made: made.plan.first_day + timedelta(days=1))
    at = factory.LazyAttribute(lambda made: made.plan.times[0])
    state = "taken"
    marked_at = NOON
    marked_by = factory.LazyAttribute(lambda made: made.plan.set_by)
