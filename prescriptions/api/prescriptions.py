"""Prescriptions for other programs: read, draft, sign, cancel, make ready and hand out."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy
from ninja import Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope, Sensitivity
from healthcare.api.doors import operation
from healthcare.api.etags import check_match, tagged
from healthcare.api.idempotency import idempotent
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.problems import problem_for
from healthcare.api.schemas import Given, Number, Page, Shown
from healthcare.audit import record_now
from patients.doors import patient_asked_for
from prescriptions import actions
from prescriptions.api.medications import medication_of
from prescriptions.models import Dispense, Prescription
from prescriptions.rules.safety import Answer
from prescriptions.rules.sig import FREQUENCIES, MOST_STEPS, ROUTES, UNITS, Content, Sig, Step
from records.doors import find_encounter

router = Router(tags=["Prescriptions"])
SENSITIVITIES = ", ".join(Sensitivity)
READING = (Permission.READ_MEDICATIONS, Permission.OWN_RECORD)
ROW = "/prescriptions/{uuid:prescription_id}"


def findings(refused: actions.FindingsUnanswered) -> dict[str, Any]:
    """What stands between the prescriber and the signature: sign again with an answer to each key of `unanswered`."""
    return {"check": refused.result.content(), "unanswered": list(refused.missing)}


problem_for(actions.NotPrescribable, status=422, title=_lazy("Not prescribable"))
problem_for(actions.NotPossible, status=409, title=_lazy("Not possible now"))
problem_for(actions.FindingsUnanswered, status=409, title=_lazy("Safety check unanswered"), extra=findings)


# == What goes in and out ==
class TaperStep(Given):
    dose: Decimal = Field(examples=["0.5"], max_digits=8, decimal_places=2)
    days: int = Field(examples=[3])


class Directions(Given):
    """How it is taken. `duration_days` is what this supply lasts; `ongoing`: the treatment goes on after it.

    Of a taper, `dose` and `duration_days` are the first step, and `then` are the others.
    """

    dose: Decimal = Field(examples=["1"], max_digits=8, decimal_places=2)
    dose_unit: str = Field(examples=["capsule"], description=f"One of: {', '.join(UNITS)}.")
    route: str = Field(examples=["oral"], description=f"One of: {', '.join(ROUTES)}.")
    frequency: str = Field(examples=["three_times_daily"], description=f"One of: {', '.join(FREQUENCIES)}.")
    duration_days: int = Field(examples=[7])
    ongoing: bool = False
    as_needed: bool = False
    as_needed_for: str = Field("", max_length=80)
    note: str = Field("", max_length=120)
    then: list[TaperStep] = Field([], max_length=MOST_STEPS)

    def sig(self) -> Sig:
        then = tuple(Step(step.dose, step.days) for step in self.then)
        return Sig(**self.model_dump() | {"then": then})


class PrescriptionOut(Shown):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000c1",
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "encounter": None,
                    "prescriber": "01937a5e-8c00-7000-8000-0000000000e1",
                    "site": "01937a5e-8c00-7000-8000-0000000000b1",
                    "medication": "01937a5e-8c00-7000-8000-0000000000d1",
                    "medicine": "Amoxicillin 500 mg capsule",
                    "sig_text": "Take 1 capsule by mouth 3 times a day for 7 days.",
                    "quantity": "21",
                    "quantity_unit": "capsule",
                    "repeats": 0,
                    "may_substitute": True,
                    "sensitivity": "",
                    "reason": "",
                    "status": "signed",
                    "signed_at": "2026-02-03T14:05:00Z",
                    "ready_at": None,
                    "collect_by": None,
                    "fill": 0,
                    "dispensed": "0",
                    "not_dispensed_reason": "",
                    "picked_up_at": None,
                    "cancelled_at": None,
                    "halt": "",
                    "halt_from": None,
                    "created_at": "2026-02-03T14:02:00Z",
                    "updated_at": "2026-02-03T14:05:00Z",
                }
            ]
        }
    )
    id: UUID
    patient: UUID = Field(validation_alias="patient_id")
    encounter: UUID | None = Field(validation_alias="encounter_id")
    prescriber: UUID = Field(validation_alias="prescriber_id", description="A provider.")
    site: UUID = Field(validation_alias="site_id", description="Whose dispensary prepares it.")
    medication: UUID | None = Field(validation_alias="medication_id", description="null: written by hand.")
    medicine: str
    sig_text: str
    quantity: Number | None
    quantity_unit: str
    repeats: int
    may_substitute: bool
    sensitivity: str = Field(description=f"How it is marked: {SENSITIVITIES}. Empty: not.")
    reason: str
    status: str = Field(description=f"One of: {', '.join(Prescription.Status.values)}.")
    signed_at: datetime | None
    ready_at: datetime | None
    collect_by: datetime | None
    fill: int = Field(description="Which supply is due or was given last: 0 the first, 1 the first repeat.")
    dispensed: Number = Field(description="Prepared or handed out so far; at most `quantity` for each supply.")
    not_dispensed_reason: str = Field(description=f"Empty, or one of: {', '.join(Prescription.WhyNot.values)}.")
    picked_up_at: datetime | None
    cancelled_at: datetime | None
    halt: str = Field(description="Empty, `hold` or `stop`: the clinic's word that it is not taken.")
    halt_from: datetime | None = Field(description="From when that counts; a hold may lie ahead.")
    created_at: datetime
    updated_at: datetime


class Draft(Given):
    """Either `medication`, a line of the formulary, or `medicine` in words, about which no rule can be asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "medication": "01937a5e-8c00-7000-8000-0000000000d1",
                    "sig": {
                        "dose": "1",
                        "dose_unit": "capsule",
                        "route": "oral",
                        "frequency": "three_times_daily",
                        "duration_days": 7,
                    },
                }
            ]
        }
    )
    patient: UUID
    medication: UUID | None = None
    medicine: str = Field("", max_length=240)
    sig: Directions | None = None
    reason: str = Field("", max_length=200)
    repeats: int = Field(0, ge=0, le=12)
    may_substitute: bool = True
    sensitivity: Sensitivity | Literal[""] = Field("", description="A mark under which few see it.")
    encounter: UUID | None = None


class Said(Given):
    """Why a finding does not stop the prescriber, or the dispensary; `reason` is a code that the finding takes."""

    key: str = Field(max_length=200, examples=["unchecked.allergies"])
    reason: str = Field(max_length=40, examples=["asked_patient"])
    words: str = Field("", max_length=300, examples=["Says none at all."])


class Answering(Given):
    answers: list[Said] = Field([], max_length=50, description="To each key that a 409 lists as `unanswered`.")

    def said(self) -> dict[str, Any]:
        """What a verb takes: the answers as `overrides`, and the rest as it is called."""
        answers = [Answer(said.key, said.reason, said.words) for said in self.answers]
        return {"overrides": answers} | self.model_dump(exclude={"answers"})


class Signature(Answering):
    pass


class Cancelling(Given):
    reason: Prescription.CancelReason = Field(examples=["not_needed"])
    note: str = Field("", max_length=300, examples=["The cough is gone."])


class Marking(Given):
    sensitivity: Sensitivity | Literal[""] = Field(examples=[""], description="Empty takes the mark off.")


class Preparing(Answering):
    quantity: Decimal | None = Field(
        None, description="Empty: all that is due.", max_digits=9, decimal_places=2, examples=["30"]
    )
    product: str = Field(
        "", max_length=120, description="Another maker's, where that may be given.", examples=["Sandoz"]
    )
    part_reason: Dispense.PartReason | Literal[""] = Field(
        "", description="Why it is less than is due.", examples=["out_of_stock"]
    )


class NotDispensing(Given):
    reason: Prescription.WhyNot = Field(examples=["out_of_stock"])
    note: str = Field("", max_length=300, examples=["Back in two weeks."])


class PickUp(Answering):
    name: str = Field(max_length=120, examples=["Rosa Delgado"])
    relation: Prescription.Relation = Field(examples=["self"])
    identity_checked: bool = Field(description="Whether a document was looked at.", examples=[True])


# == Read ==
@router.get("/prescriptions", response=Page[PrescriptionOut], summary="List prescriptions")
@operation(Scope.MEDICATION, *READING)
def list_prescriptions(
    request: HttpRequest,
    patient: UUID | None = None,
    status: Prescription.Status | None = None,
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[PrescriptionOut]:
    """Of one patient, or of everybody in reach; the newest first. Drafts are seen by those who prescribe."""
    user: Any = request.user
    narrowed = Q(status=status) if status else Q()
    if patient:
        narrowed &= Q(patient=patient_asked_for(user, patient))
    else:
        record_now("prescriptions.list", by=user, detail={"status": status or ""})
    rows = Prescription.objects.visible_to(user).filter(narrowed)
    return Page[PrescriptionOut].model_validate(page(rows, cursor=cursor, limit=limit, key=("id",)))


@router.get(ROW, response=PrescriptionOut, summary="Read one prescription")
@operation(Scope.MEDICATION, *READING)
def get_prescription(request: HttpRequest, prescription_id: UUID) -> PrescriptionOut:
    found = found_or_404(request, prescription_id)
    patient_asked_for(request.user, found.patient_id)  # type: ignore[arg-type]
    return _shown(found)


# == Write ==
@router.post("/prescriptions", response={201: PrescriptionOut}, summary="Draft a prescription")
@operation(Scope.MEDICATION, Permission.PRESCRIBE, write=True)
@idempotent
def draft_prescription(request: HttpRequest, body: Draft) -> PrescriptionOut:
    """Nothing is prescribed before it is signed."""
    user: Any = request.user
    patient = patient_asked_for(user, body.patient)
    sig = body.sig.sig() if body.sig else None
    draft = actions.draft_prescription(
        by=user,
        patient=patient,
        medication=medication_of(body.medication),
        medicine=body.medicine,
        content=Content(sig, body.reason, body.repeats, body.may_substitute, body.sensitivity),
        encounter=find_encounter(user, patient.pk, body.encounter) if body.encounter else None,
        now=timezone.now(),
    )
    return _shown(draft)


@router.post(f"{ROW}/sign", response=PrescriptionOut, summary="Sign a draft")
@operation(Scope.MEDICATION, Permission.PRESCRIBE, write=True, fresh=True)
@idempotent
def sign_prescription(request: HttpRequest, prescription_id: UUID, body: Signature) -> PrescriptionOut:
    """The safety check runs now, in this transaction. What it says is answered with the signature, or it is a 409."""
    return changed(request, prescription_id, actions.sign_prescription, **body.said())


@router.post(f"{ROW}/cancel", response=PrescriptionOut, summary="Cancel a prescription")
@operation(Scope.MEDICATION, Permission.PRESCRIBE, write=True)
@idempotent
def cancel_prescription(request: HttpRequest, prescription_id: UUID, body: Cancelling) -> PrescriptionOut:
    """Until it is handed out."""
    return changed(request, prescription_id, actions.cancel_prescription, reason=body.reason, note=body.note)


@router.post(f"{ROW}/ready", response=PrescriptionOut, summary="Say that it is prepared")
@operation(Scope.MEDICATION, Permission.DISPENSE, write=True)
@idempotent
def mark_ready(request: HttpRequest, prescription_id: UUID, body: Preparing | None = None) -> PrescriptionOut:
    """All that is due, unless the body says otherwise. The safety check runs now: what it says and nobody has answered
    yet is answered here, or it is a 409.
    """
    return changed(request, prescription_id, actions.mark_ready, **(body.said() if body else {}))


@router.post(f"{ROW}/not-dispensed", response=PrescriptionOut, summary="Say why it is not dispensed")
@operation(Scope.MEDICATION, Permission.DISPENSE, write=True)
@idempotent
def not_dispense(request: HttpRequest, prescription_id: UUID, body: NotDispensing) -> PrescriptionOut:
    """Nothing of it, or no more of it; the prescriber hears."""
    return changed(request, prescription_id, actions.not_dispense, **body.model_dump())


@router.post(f"{ROW}/repeat", response=PrescriptionOut, summary="Have the next supply prepared")
@operation(Scope.MEDICATION, Permission.READ_MEDICATIONS, write=True)
@idempotent
def repeat_prescription(request: HttpRequest, prescription_id: UUID) -> PrescriptionOut:
    """The next of its repeats: for who prescribes and who dispenses."""
    return changed(request, prescription_id, actions.repeat_prescription)


@router.post(f"{ROW}/pick-up", response=PrescriptionOut, summary="Hand it out")
@operation(Scope.MEDICATION, Permission.DISPENSE, write=True)
@idempotent
def pick_up(request: HttpRequest, prescription_id: UUID, body: PickUp) -> PrescriptionOut:
    """To somebody whose identity was checked; the prescriber hears of it. The safety check runs as for `ready`."""
    return changed(request, prescription_id, actions.pick_up, **body.said())


@router.post(f"{ROW}/mark", response=PrescriptionOut, summary="Mark a prescription as sensitive")
@operation(Scope.MEDICATION, Permission.PRESCRIBE, write=True)
@idempotent
def mark_prescription(request: HttpRequest, prescription_id: UUID, body: Marking) -> PrescriptionOut:
    """Few see it from now on. Safety checks count it all the same, without its name."""
    return changed(request, prescription_id, actions.mark_prescription, label=body.sensitivity)


# == Rows ==
def found_or_404(request: HttpRequest, prescription_id: UUID) -> Prescription:
    """Somebody else's and nobody's look the same."""
    user: Any = request.user
    found: Prescription | None = Prescription.objects.visible_to(user).filter(pk=prescription_id).first()
    if found is None:
        raise Http404
    return found


def changed(
    request: HttpRequest, prescription_id: UUID, verb: Any, *, under: str = "prescription", **said: Any
) -> PrescriptionOut:
    """One verb on it, which takes it under this name."""
    found = found_or_404(request, prescription_id)
    patient_asked_for(request.user, found.patient_id)  # type: ignore[arg-type]
    check_match(request, found)
    verb(by=request.user, now=timezone.now(), **{under: found}, **said)
    found.refresh_from_db()
    return _shown(found)


def _shown(row: Prescription) -> PrescriptionOut:
    return tagged(PrescriptionOut.model_validate(row), row)
