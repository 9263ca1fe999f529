"""A visit under way: its patient, the doctor who holds it, and others who may or may not come near."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from healthcare.accounts.models import Provider, User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.encounters import start_encounter
from records.actions.notes import save_draft, sign_note
from records.models import Draft, Encounter, Entry
from records.rules.notes import NoteText
from tests.factories import PatientFactory, ProviderFactory, SiteFactory, SupervisionFactory, portal_user, staff
from tests.roles import as_the_system

# A Thursday, ten in the morning in New York.
NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
TEXT = NoteText(
    reason="Burning when passing urine",
    subjective="Three days of burning. No fever.",
    objective="Belly soft. Urine strip: nitrite positive.",
    assessment="Lower urinary tract infection.",
    plan="Urine culture. Nitrofurantoin for 5 days.",
    instructions="Take the tablets with food. Come back if you get a fever.",
)


@dataclass
class Visit:
    """Alice: `doctor`, who holds it. Bob: `colleague` and `nurse` of the same site. Charlie: `stranger`, `rosa`."""

    patient: Patient
    provider: Provider
    doctor: User
    colleague: User
    nurse: User
    stranger: User
    rosa: User
    encounter: Encounter

    def saves(self, text: NoteText = TEXT, *, version: int = 0, pen: str = "", by: User | None = None) -> Draft:
        user = by or self.doctor
        with acting_as(user):
            return save_draft(by=user, encounter=self.encounter, text=text, version=version, pen=pen)

    def signs(self, text: NoteText = TEXT, *, version: int = 0, by: User | None = None, now: datetime = NOW) -> Entry:
        user = by or self.doctor
        with acting_as(user):
            return sign_note(by=user, encounter=self.encounter, text=text, version=version, now=now)

    def mistaken(self) -> None:
        """Its row says so, and what stood in it, past the verb."""
        with as_the_system():
            found = Encounter.objects.get(pk=self.encounter.pk)
            found.status, found.voided_at, found.void_reason = "entered_in_error", NOW, "Wrong patient"
            found.voided_by = self.doctor
            found.save()
            for row in Entry.objects.filter(encounter=found, patient_id=found.patient_id).current():
                row.record_status, row.voided_at, row.void_reason = "entered_in_error", NOW, "Wrong patient"
                row.save(update_fields=["record_status", "voided_at", "void_reason", "updated_at"])

    def draft(self) -> Draft | None:
        with as_the_system():
            return Draft.objects.filter(encounter=self.encounter).first()

    def now_is(self) -> Encounter:
        with as_the_system():
            return Encounter.objects.get(pk=self.encounter.pk)


def doctor_of(site: Any, **fields: Any) -> tuple[User, Provider]:
    """A doctor of this site who sees patients."""
    with as_the_system():
        doctor = staff("doctor", site, **fields)
        provider = ProviderFactory(user=doctor, name=f"Dr. {doctor.full_name}")
        provider.sites.add(site)
    return doctor, provider


def visit(**fields: Any) -> Visit:
    with as_the_system():
        site = SiteFactory(time_zone="America/New_York")
        patient = PatientFactory(site=site, family_name="Delgado", given_name="Rosa")
        doctor, provider = doctor_of(site, full_name="Maren Okafor")
        colleague, _provider = doctor_of(site, full_name="Tom Reyes")
        stranger, _provider = doctor_of(SiteFactory())
    given = {"reason": "Burning when passing urine", "now": NOW} | fields
    with acting_as(doctor):
        encounter = start_encounter(by=doctor, patient=patient, provider=provider, site=site, **given)
    return Visit(
        patient=patient,
        provider=provider,
        doctor=doctor,
        colleague=colleague,
        nurse=staff("nurse", site, full_name="Priya Raman"),
        stranger=stranger,
        rosa=portal_user(patient),
        encounter=encounter,
    )


def events_of(user: User, *actions: str) -> list[str]:
    """What the audit says this person changed."""
    from healthcare.audit.models import AuditEvent

    with as_the_system():
        seen = AuditEvent.objects.filter(actor_id=user.pk, action__startswith="records.").order_by("id")
        return [action for action in seen.values_list("action", flat=True) if not actions or action in actions]


def supervised(running: Visit) -> Visit:
    """The doctor of the visit is in training from now on; the colleague supervises."""
    with as_the_system():
        supervisor = Provider.objects.get(user=running.colleague)
        SupervisionFactory(trainee=running.provider, supervisor=supervisor)
    return running
