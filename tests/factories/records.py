"""Rows of the chart."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from healthcare.accounts.models import Provider, User
from healthcare.db.uuids import uuid7
from records.models import (
    AmendmentRequest,
    Cosignature,
    DiagnosisCode,
    DiagnosisFavorite,
    DiagnosisWord,
    Draft,
    Encounter,
    Entry,
    Favourite,
    FavouriteOrder,
    Macro,
    Paper,
    Recall,
    RecallCall,
    ReleasePolicy,
    ReleaseWish,
    ResultDue,
    ResultRelease,
    ServiceRequest,
    Supervision,
    UnmatchedResult,
)
from records.rules.unmatched import Person, Told, as_text, headline_of
from tests.factories.ground import Factory, PatientFactory, ProviderFactory, SiteFactory, UserFactory
from tests.factories.scheduling import VisitTypeFactory

__all__ = [
    "AmendmentRequestFactory",
    "CosignatureFactory",
    "DiagnosisCodeFactory",
    "DiagnosisFavoriteFactory",
    "DiagnosisWordFactory",
    "DraftFactory",
    "EncounterFactory",
    "EntryFactory",
    "FavouriteFactory",
    "FavouriteOrderFactory",
    "MacroFactory",
    "PaperFactory",
    "RecallCallFactory",
    "RecallFactory",
    "ReleasePolicyFactory",
    "ReleaseWishFactory",
    "ResultDueFactory",
    "ResultReleaseFactory",
    "ServiceRequestFactory",
    "SupervisionFactory",
    "UnmatchedResultFactory",
]
TAKEN = datetime(2026, 11, 9, 14, 0, tzinfo=UTC)
DAYS = {"first_day": "2026-11-09", "last_day": "2026-11-11", "off": "work"}


class DiagnosisCodeFactory(Factory):
    class Meta:
        model = DiagnosisCode

    code = "E11.9"
    display = "Type 2 diabetes mellitus without complications"
    billable = True
    terms = factory.LazyAttribute(lambda row: f"{row.code} {row.display}".lower())


class DiagnosisWordFactory(Factory):
    class Meta:
        model = DiagnosisWord

    word = factory.Sequence(lambda number: f"word{number}")
    codes = 1


class DiagnosisFavoriteFactory(Factory):
    class Meta:
        model = DiagnosisFavorite

    user = factory.SubFactory(UserFactory)
    code = "E11.9"


class EncounterFactory(Factory):
    class Meta:
        model = Encounter

    patient = factory.SubFactory(PatientFactory)
    provider = factory.SubFactory(ProviderFactory)
    site = factory.SubFactory(SiteFactory)
    started_at = TAKEN
    voided_at = factory.LazyAttribute(lambda visit: TAKEN if visit.status == "entered_in_error" else None)
    void_reason = factory.LazyAttribute(lambda visit: "Wrong patient" if visit.voided_at else "")
    status = "in_progress"


class EntryFactory(Factory):
    """A final, released hemoglobin A1c."""

    class Meta:
        model = Entry

    patient = factory.SubFactory(PatientFactory)
    kind = "laboratory_result"
    code = "4548-4"
    code_system = "loinc"
    display = "Hemoglobin A1c"
    value = Decimal("7.4")
    unit = "%"
    effective_at = TAKEN
    released_at = TAKEN


class DraftFactory(Factory):
    class Meta:
        model = Draft

    patient = factory.SubFactory(PatientFactory)
    author = factory.SubFactory(UserFactory)
    kind = "note"


class ServiceRequestFactory(Factory):
    """A basic metabolic panel, ordered and not answered."""

    class Meta:
        model = ServiceRequest

    patient = factory.SubFactory(PatientFactory)
    provider = factory.SubFactory(ProviderFactory)
    category = "laboratory"
    code = "24321-2"
    code_system = "loinc"
    display = "Basic metabolic 2000 panel - Serum or Plasma"
    status = "active"
    written_by = factory.SubFactory(UserFactory)
    ordered_by = factory.LazyAttribute(lambda order: None if order.status == "draft" else order.written_by)
    ordered_at = factory.LazyAttribute(lambda order: None if order.status == "draft" else TAKEN)
    expected_by = TAKEN.date()


class FavouriteOrderFactory(Factory):
    class Meta:
        model = FavouriteOrder

    user = factory.SubFactory(UserFactory)
    code = "24321-2"


class ResultDueFactory(Factory):
    class Meta:
        model = ResultDue

    entry = factory.SubFactory(EntryFactory)
    patient = factory.LazyAttribute(lambda due: due.entry.patient)
    next_at = TAKEN


class PaperFactory(Factory):
    """A sick note of three days, signed and not yet made; `made` with the bytes of a PDF."""

    class Meta:
        model = Paper

    class Params:
        made = factory.Trait(
            state="made", version=1, content_hash="0" * 64, made_at=TAKEN, document=factory.LazyFunction(uuid7)
        )

    patient = factory.SubFactory(PatientFactory)
    kind = "sick_note"
    encounter = factory.LazyAttribute(
        lambda paper: EncounterFactory(patient=paper.patient) if paper.kind in ("sick_note", "summary") else None
    )
    asked_by = factory.SubFactory(UserFactory)
    asked_as = "doctor"
    asked_at = TAKEN
    language = "en"
    data = factory.LazyAttribute(lambda paper: DAYS if paper.kind == "sick_note" else {})
    signature = factory.LazyAttribute(lambda paper: "0" * 64 if paper.kind == "sick_note" else "")


class ReleasePolicyFactory(Factory):
    class Meta:
        model = ReleasePolicy

    category = "laboratory"
    when = "after_read"


class ReleaseWishFactory(Factory):
    class Meta:
        model = ReleaseWish

    patient = factory.SubFactory(PatientFactory)
    said_by = factory.SubFactory(UserFactory)
    wants = "after_talk"


class ResultReleaseFactory(Factory):
    """Waits for its moment; held back by nobody."""

    class Meta:
        model = ResultRelease

    entry = factory.SubFactory(EntryFactory, released_at=None)
    patient = factory.LazyAttribute(lambda waiting: waiting.entry.patient)
    final_at = TAKEN
    next_at = TAKEN


class SupervisionFactory(Factory):
    class Meta:
        model = Supervision

    trainee = factory.SubFactory(ProviderFactory)
    supervisor = factory.SubFactory(ProviderFactory)


class CosignatureFactory(Factory):
    """Under an addendum of somebody in training; whoever is given as `signed_by` supervises them."""

    class Meta:
        model = Cosignature

    patient = factory.SubFactory(PatientFactory)
    signed_by = factory.SubFactory(UserFactory)
    signed_at = TAKEN
    signature = "0" * 64

    @factory.lazy_attribute
    def entry(self) -> Entry:
        trainee = ProviderFactory(user=UserFactory())
        supervisor = ProviderFactory(user=self.signed_by) if not _seen(self.signed_by) else _seen(self.signed_by)
        SupervisionFactory(trainee=trainee, supervisor=supervisor)
        signed = {"signed_by": trainee.user, "signed_at": TAKEN, "signature": "0" * 64}
        entry: Entry = EntryFactory(
            patient=self.patient, kind="addendum", code="", value=None, unit="", record_status="preliminary", **signed
        )
        return entry


def _seen(user: User) -> Provider | None:
    return Provider.objects.filter(user=user).first()


class MacroFactory(Factory):
    """A phrase for every specialty."""

    class Meta:
        model = Macro

    shortcut = factory.Sequence(lambda number: f"phrase-{number}")
    name = "Lungs clear"
    text = "Lungs clear on both sides, no wheeze."


class FavouriteFactory(Factory):
    class Meta:
        model = Favourite

    user = factory.SubFactory(UserFactory)
    macro = factory.SubFactory(MacroFactory)


class AmendmentRequestFactory(Factory):
    """One that waits, about a result, asked just now."""

    class Meta:
        model = AmendmentRequest

    patient = factory.SubFactory(PatientFactory)
    entry = factory.SubFactory(EntryFactory, patient=factory.SelfAttribute("..patient"))
    written_by = factory.LazyAttribute(lambda request: request.entry and request.entry.author)
    wanted = "It should say that I was fasting."
    reason = "I had eaten nothing since the evening."
    asked_by = factory.SubFactory(UserFactory)
    asked_at = factory.LazyFunction(timezone.now)
    due_at = factory.LazyAttribute(lambda request: request.asked_at + timedelta(days=60))


class RecallCallFactory(Factory):
    class Meta:
        model = RecallCall

    recall = factory.SubFactory("tests.factories.records.RecallFactory")
    patient = factory.LazyAttribute(lambda call: call.recall.patient)
    outcome = "no_answer"
    called_at = factory.LazyFunction(timezone.now)
    called_by = factory.SubFactory(UserFactory)


class RecallFactory(Factory):
    """One that is planned for next year; the plan item is there, and says why."""

    class Meta:
        model = Recall

    patient = factory.SubFactory(PatientFactory)
    entry = factory.SubFactory(
        EntryFactory,
        patient=factory.SelfAttribute("..patient"),
        kind="plan_item",
        code="",
        value=None,
        unit="",
        display="Look at the potassium again",
        clinical_status="active",
    )
    visit_type = factory.SubFactory(VisitTypeFactory)
    due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=365))
    planned_by = factory.SubFactory(UserFactory)
    next_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=365))


class UnmatchedResultFactory(Factory):
    """A potassium of somebody who is not known here; `told` says what arrived."""

    class Meta:
        model = UnmatchedResult

    why = "nobody"
    system = "https://lab.example/fhir"
    resource_type = "Observation"
    source_id = factory.Sequence(lambda number: f"o{number}")
    digest = factory.Sequence(lambda number: f"{number:064d}")
    run = factory.LazyFunction(uuid7)

    @classmethod
    def _create(cls, model_class: type, *args: object, **kwargs: object) -> object:
        told = kwargs.pop("told", None) or POTASSIUM
        kwargs = {"headline": headline_of(told), "content": as_text(told)} | kwargs  # type: ignore[arg-type]
        return super()._create(model_class, *args, **kwargs)


POTASSIUM = Told(
    kind="laboratory_result",
    code="2823-3",
    code_system="loinc",
    display="Potassium",
    value="6.9",
    unit="mmol/L",
    effective_at=TAKEN.isoformat(),
    data={"flag": ""},
    person=Person("Teodora Brightwater", "1968-03-12", "female", ("LAB-77",)),
)
