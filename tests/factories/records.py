"""Rows of the chart."""

from datetime import UTC, datetime
from decimal import Decimal

import factory

from healthcare.accounts.models import Provider, User
from records.models import (
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
    Message,
    ResultDue,
    ServiceRequest,
    Supervision,
    Thread,
)
from tests.factories.ground import Factory, PatientFactory, ProviderFactory, SiteFactory, UserFactory

__all__ = [
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
    "MessageFactory",
    "ResultDueFactory",
    "ServiceRequestFactory",
    "SupervisionFactory",
    "ThreadFactory",
]
TAKEN = datetime(2026, 11, 9, 14, 0, tzinfo=UTC)


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


class ThreadFactory(Factory):
    """A question of the patient that waits."""

    class Meta:
        model = Thread

    patient = factory.SubFactory(PatientFactory)
    site = factory.LazyAttribute(lambda thread: thread.patient.site)
    category = "question"
    started_by = factory.SubFactory(UserFactory)
    last_at = TAKEN
    waiting_since = TAKEN


class MessageFactory(Factory):
    class Meta:
        model = Message

    thread = factory.SubFactory(ThreadFactory)
    patient = factory.LazyAttribute(lambda message: message.thread.patient)
    author = factory.LazyAttribute(lambda message: message.thread.started_by)
    author_role = "patient"
    to_patient = False
    body = "May I take it with food?"
    sent_at = TAKEN


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
