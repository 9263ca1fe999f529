"""A small clinic for those who knock at every door: eleven people, and three patients with one of everything.

Rosa is in everybody's care, Wanda in a colleague's alone though she is of the same site, Ivan of another site. A fourth
does not exist. Everybody knocks at the doors of all four.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from analytics.actions import roll_up
from billing.models import Invoice, LedgerEntry
from healthcare.accounts.models import Provider, Session, Site, Team, User
from healthcare.accounts.roles import STAFF_ROLES
from healthcare.api.tokens import mint
from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from healthcare.messaging.actions import queue_message
from healthcare.messaging.models import Message as Posted
from healthcare.storage.objects import put
from patients.models import CareRelationship, EmergencyAccess, Patient, Proxy
from records.actions.notes import sign_note
from records.models import Attachment, Encounter, Entry, Message, Thread
from tests.accounts.conftest import sign_in
from tests.bearer import Program
from tests.factories import (
    LONG_AGO,
    AccessRequestFactory,
    AlertFactory,
    AmendmentRequestFactory,
    AnomalyFactory,
    AppointmentFactory,
    AttachmentFactory,
    CareRelationshipFactory,
    CloseWatchFactory,
    CoverageFactory,
    CoverFactory,
    DuplicatePairFactory,
    EncounterFactory,
    EntryFactory,
    FavouritePrescriptionFactory,
    GroupSessionFactory,
    InvoiceFactory,
    MacroFactory,
    MedicationStatementFactory,
    MembershipFactory,
    MergeFactory,
    MessageFactory,
    PaperFactory,
    PatientFactory,
    PatientLinkFactory,
    PatientNameFactory,
    PrescriptionFactory,
    PrescriptionSheetFactory,
    PrivacyCaseFactory,
    ProposedChangeFactory,
    ProviderPhotoFactory,
    RecallFactory,
    RefillRequestFactory,
    RestrictionFactory,
    SecondFactorResetFactory,
    SelfRegistrationFactory,
    ServiceRequestFactory,
    SiteFactory,
    TimeClaimFactory,
    UnmatchedResultFactory,
    VisitTypeFactory,
    WaitFactory,
    bookable_provider,
    portal_user,
    proxy_of,
    staff,
)
from tests.records.visits import TEXT
from tests.roles import as_the_system

WHOSE = ("own", "colleagues", "foreign", "missing")
#: In every text of each patient; who is refused never reads one.
CANARIES = {"own": "Ownhart", "colleagues": "Colleaguehart", "foreign": "Foreignhart"}
ANONYMOUS = "anonymous"
LONG = timedelta(hours=4)
ACTORS = ("patient", "proxy", *STAFF_ROLES, "superuser", ANONYMOUS)
Ids = dict[str, Any]


@dataclass
class World:
    users: dict[str, User]
    patients: dict[str, Patient]
    ids: dict[str, Ids]
    browsers: dict[str, Any] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    def of(self, actor: str, whose: str) -> Ids:
        """What stands in an address: ids of this patient's rows, and of the accounts that go with them."""
        return self.ids[whose] | account_ids(self, actor, whose)


def build() -> World:
    site, elsewhere = SiteFactory(name="Alder Street"), SiteFactory(name="Birch Street")
    patients = {
        "own": PatientFactory(site=site, family_name=CANARIES["own"], given_name="Rosa"),
        "colleagues": PatientFactory(site=site, family_name=CANARIES["colleagues"], given_name="Wanda"),
        "foreign": PatientFactory(site=elsewhere, family_name=CANARIES["foreign"], given_name="Ivan"),
    }
    users = {role: staff(role, site) for role in STAFF_ROLES}
    users["patient"] = portal_user(patients["own"])
    proxy = CareRelationshipFactory(patient=patients["own"], kind="proxy", role="patient")
    users["proxy"] = proxy.user.in_role("patient")
    users["superuser"] = staff("doctor", SiteFactory(name="Cedar Street"), is_superuser=True)
    colleague = staff("doctor", elsewhere)
    _leave_to(colleague, patients["colleagues"])
    treating = {"own": users["doctor"], "colleagues": colleague, "foreign": staff("doctor", elsewhere)}
    providers = {whose: bookable_provider(patients[whose].site, user=user) for whose, user in treating.items()}
    ids = {whose: rows_of(patient, providers[whose]) for whose, patient in patients.items()}
    ids["own"]["colleague"], ids["colleagues"]["colleague"] = users["nurse"], colleague
    ids["foreign"]["colleague"] = staff("nurse", elsewhere)
    ids["missing"] = {name: uuid7() for name in ids["foreign"] if name != "colleague"} | {"visit_type": "none"}
    kind = VisitTypeFactory()
    for known in ids.values():  # what a body asks for besides a patient is there
        known |= {"bookable": providers["own"].pk, "visit_type_id": kind.pk}
    with as_the_system():
        roll_up(by=None, day=timezone.now().date(), now=timezone.now())
    world = World(users, patients, ids)
    _sign_in_all(world)
    return world


def registered_twice(patient: Patient) -> Patient:
    """Another record, open to those to whom this patient's is."""
    other = PatientFactory()
    with as_the_system():
        open_to = list(CareRelationship.objects.current().filter(patient=patient, kind__in=["site", "care_team"]))
    for row in open_to:
        held = {"kind": row.kind, "user": row.user, "role": row.role, "site": row.site, "scopes": row.scopes}
        CareRelationshipFactory(patient=other, **held)
    return other


def _leave_to(colleague: User, patient: Patient) -> None:
    """The site's teams no longer reach this patient; one colleague does."""
    CareRelationshipFactory(patient=patient, user=colleague, role="doctor")
    with as_the_system():
        for opened in CareRelationship.objects.filter(patient=patient, kind="site"):
            start = opened.validity.lower or LONG_AGO
            opened.validity, opened.ended_at = TimestamptzRange(start, start), start
            opened.save(update_fields=["validity", "ended_at"])


def _sign_in_all(world: World) -> None:
    """Everybody has proven who they are, and goes on having done so however long the walk takes."""
    later = timezone.now() + timedelta(hours=2)
    for name, user in world.users.items():
        world.browsers[name] = sign_in(user, role=user.acting_role)
        world.browsers[name].raise_request_exception = False
        scopes = frozenset({"read", "write"})
        token, _claims = mint(
            user=user, role=str(user.acting_role), scopes=scopes, lifetime=LONG, now=later, signed_in_at=later
        )
        world.programs[name] = Program(token)
    Session.objects.update(stepped_up_at=later, last_action_at=later)
    world.browsers[ANONYMOUS] = Client(raise_request_exception=False)
    world.programs[ANONYMOUS] = Program("")


def emergency(patient: Patient) -> EmergencyAccess:
    opened = CareRelationshipFactory(patient=patient, kind="break_glass")
    with as_the_system():
        return EmergencyAccess.objects.get(relationship=opened)


def acted_for(patient: Patient) -> Proxy:
    helper = proxy_of(patient)
    with as_the_system():
        return Proxy.objects.get(user=helper)


def opened(patient: Patient, provider: Provider) -> AuditEvent:
    """The provider opens the chart, and the audit says so."""
    user = User.objects.get(pk=provider.user_id).in_role("doctor")
    with acting_as(user):
        record("patients.open_chart", by=user, patient_id=patient.pk)
        event = AuditEvent.objects.by_actor(user.pk).first()
    assert event
    return event


class Nobody:
    """Stands for a row that belongs to no patient, and is not there."""

    @property
    def pk(self) -> UUID:
        return uuid7()


def signed_visit(patient: Patient, provider: Provider) -> Encounter:
    encounter = EncounterFactory(patient=patient, provider=provider, site=patient.site, status="in_progress")
    user = User.objects.get(pk=provider.user_id).in_role("doctor")
    with acting_as(user):
        sign_note(by=user, encounter=encounter, text=TEXT, version=0, now=timezone.now())
    return encounter


def kept_pdf() -> UUID:
    with as_the_system():
        return put(b"%PDF-1.7\n" + b"synthetic " * 50, content_type="application/pdf", name="bill.pdf").pk


def letter_with(thread: Thread) -> Attachment:
    """A file of the first message."""
    with as_the_system():
        message = Message.objects.select_related("patient", "author").get(thread=thread)
    return AttachmentFactory(message=message, document=kept_pdf())


def printed(patient: Patient) -> Invoice:
    return InvoiceFactory(patient=patient, document=kept_pdf())


def payment_of(invoice: Invoice) -> LedgerEntry:
    with as_the_system():
        return LedgerEntry.objects.get(invoice=invoice, kind="payment")


def entry(patient: Patient, kind: str, **fields: Any) -> Entry:
    return EntryFactory(patient=patient, kind=kind, display=f"Of {patient.name}", clinical_status="active", **fields)


Make = Callable[[Patient, Provider, dict[str, Any]], Any]
#: Name in an address → a row of this patient, given the rows before it. A route with a new name needs a line here.
ROWS: dict[str, Make] = {
    "patient_id": lambda patient, _provider, _made: patient,
    "relationship_id": lambda patient, _provider, _made: CareRelationshipFactory(patient=patient, kind="share"),
    "appointment_id": lambda patient, provider, _made: AppointmentFactory(
        patient=patient, provider=provider, site=patient.site, booked_by=provider.user
    ),
    "encounter_id": lambda patient, provider, _made: EncounterFactory(
        patient=patient, provider=provider, site=patient.site, status="in_progress"
    ),
    "signed_encounter_id": lambda patient, provider, _made: signed_visit(patient, provider),
    "entry_id": lambda patient, _provider, _made: EntryFactory(patient=patient, display=f"Of {patient.name}"),
    "vital_id": lambda patient, _provider, _made: entry(patient, "vital_signs", data={"part": "heart_rate"}),
    "report_id": lambda patient, _provider, _made: entry(patient, "diagnostic_report", data={"text": "Clear."}),
    "condition_id": lambda patient, _provider, _made: entry(patient, "condition", code="I10", code_system="icd-10-cm"),
    "allergy_id": lambda patient, _provider, _made: entry(patient, "allergy", code=""),
    "note_id": lambda patient, _provider, made: entry(patient, "note", code="", encounter=made["encounter_id"]),
    "macro_id": lambda _patient, _provider, _made: MacroFactory(),
    "plan_id": lambda patient, _provider, _made: entry(patient, "plan_item", code=""),
    "operation_id": lambda patient, _provider, _made: entry(patient, "surgical_history", code=""),
    "order_id": lambda patient, provider, _made: ServiceRequestFactory(
        patient=patient, provider=provider, display=f"Of {patient.name}"
    ),
    "draft_order_id": lambda patient, provider, _made: ServiceRequestFactory(
        patient=patient, provider=provider, status="draft", display=f"Of {patient.name}"
    ),
    "amendment_id": lambda patient, _provider, made: AmendmentRequestFactory(
        patient=patient, entry=made["entry_id"], wanted=f"Of {patient.name}"
    ),
    "recall_id": lambda patient, _provider, _made: RecallFactory(patient=patient),
    "paper_id": lambda patient, provider, made: PaperFactory(
        patient=patient, encounter=made["encounter_id"], asked_by=provider.user, made=True, document=kept_pdf()
    ),
    "unmatched_id": lambda _patient, _provider, _made: UnmatchedResultFactory(),
    "thread_id": lambda patient, _provider, _made: MessageFactory(thread__patient=patient).thread,
    "attachment_id": lambda _patient, _provider, made: letter_with(made["thread_id"]),
    "other_id": lambda patient, _provider, _made: registered_twice(patient),
    "merge_id": lambda patient, _provider, _made: MergeFactory(patient=patient),
    "restriction_id": lambda patient, _provider, _made: RestrictionFactory(patient=patient),
    "prescription_id": lambda patient, provider, _made: PrescriptionFactory(patient=patient, prescriber=provider),
    "favourite_id": lambda _patient, provider, _made: FavouritePrescriptionFactory(user=provider.user),
    "refill_id": lambda patient, provider, _made: RefillRequestFactory(
        prescription=PrescriptionFactory(
            patient=patient, prescriber=provider, status="picked_up", medicine=f"Of {patient.name}"
        )
    ),
    "sheet_id": lambda patient, provider, _made: PrescriptionSheetFactory(
        prescription=PrescriptionFactory(patient=patient, prescriber=provider), asked_by=provider.user
    ),
    "statement_id": lambda patient, _provider, _made: MedicationStatementFactory(patient=patient),
    "invoice_id": lambda patient, _provider, _made: printed(patient),
    "coverage_id": lambda patient, _provider, _made: CoverageFactory(patient=patient),
    "paid_invoice_id": lambda patient, _provider, _made: InvoiceFactory(patient=patient, status="settled"),
    "payment_id": lambda _patient, _provider, made: payment_of(made["paid_invoice_id"]),
    "alert_id": lambda patient, _provider, _made: AlertFactory(patient=patient),
    "provider_id": lambda _patient, provider, _made: ProviderPhotoFactory(provider=provider).provider,
    "team_id": lambda patient, _provider, _made: Team.objects.get(site=patient.site, role="nurse"),
    "message_id": lambda _patient, _provider, _made: Nobody(),
    "letter_id": lambda _patient, _provider, _made: letter_that_failed(),
    "site": lambda _patient, provider, _made: provider.sites.get(),
    "visit_type_id": lambda _patient, _provider, _made: VisitTypeFactory(),
    "emergency_id": lambda patient, _provider, _made: emergency(patient),
    "cover_id": lambda _patient, _provider, _made: CoverFactory(),
    "proxy_id": lambda patient, _provider, _made: acted_for(patient),
    "detail_id": lambda patient, _provider, _made: PatientNameFactory(patient=patient),
    "proposal_id": lambda patient, _provider, _made: ProposedChangeFactory(patient=patient),
    "request_id": lambda patient, _provider, _made: AccessRequestFactory(patient=patient),
    "case_id": lambda patient, _provider, _made: PrivacyCaseFactory(patient=patient),
    "watch_id": lambda patient, _provider, _made: CloseWatchFactory(patient=patient),
    "link_id": lambda patient, _provider, _made: PatientLinkFactory(patient=patient),
    "registration_id": lambda patient, _provider, _made: SelfRegistrationFactory(site=patient.site),
    "pair_id": lambda patient, _provider, _made: DuplicatePairFactory(patient=patient),
    "anomaly_id": lambda _patient, _provider, _made: AnomalyFactory(),
    "event_id": lambda patient, provider, _made: opened(patient, provider),
    "wait_id": lambda patient, _provider, _made: WaitFactory(patient=patient),
    "site_id": lambda patient, _provider, _made: patient.site,
    "session_id": lambda patient, provider, _made: GroupSessionFactory(
        provider=provider, site=patient.site, start=timezone.now() + timedelta(days=200)
    ),
    "claim_id": lambda _patient, provider, _made: TimeClaimFactory(resource=provider.resource),
}


def letter_that_failed() -> Posted:
    asked = {"channel": "email", "address": "a@b.example", "template": "portal_opened", "parameters": {}}
    with as_the_system():
        key = queue_message(by=None, dedupe_key=str(uuid7()), **asked)
        Posted.objects.filter(pk=key).update(status="failed", next_at=None)
        return Posted.objects.get(pk=key)


def rows_of(patient: Patient, provider: Provider) -> Ids:
    made: dict[str, Any] = {}
    for name, make in ROWS.items():
        made[name] = make(patient, provider, made)
    return {name: row.pk for name, row in made.items()} | {"visit_type": made["visit_type_id"].slug}


def account_ids(world: World, actor: str, whose: str) -> Ids:
    """`session`: one's own, a colleague's, that of somebody elsewhere; `account` likewise, with a role and a reset."""
    if whose == "missing":
        return {name: uuid7() for name in ("session", "account", "membership", "reset")}
    user = world.users.get(actor) if whose == "own" else world.ids[whose]["colleague"]
    return accounts_rows(world, user or world.ids[whose]["colleague"])


def accounts_rows(world: World, user: User) -> Ids:
    known: dict[UUID, Ids] = world.__dict__.setdefault("_accounts", {})
    if user.pk not in known:
        if not Session.objects.filter(user=user).exists():
            sign_in(user, role=user.acting_role)
        site: Site = SiteFactory()
        known[user.pk] = {
            "account": user.pk,
            "session": Session.objects.filter(user=user).order_by("started_at").values_list("pk", flat=True)[0],
            "membership": MembershipFactory(user=user, site=site, role="nurse").pk,
            "reset": SecondFactorResetFactory(user=user).pk,
        }
    return known[user.pk]
