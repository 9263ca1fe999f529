"""Every page that lists or composes, with the parts of all apps: within the budget, and no dearer with ten times as
many rows."""

from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.models import Patient
from tests.accounts.conftest import sign_in
from tests.factories import (
    AlertFactory,
    AppointmentFactory,
    CareRelationshipFactory,
    EncounterFactory,
    EntryFactory,
    FavouritePrescriptionFactory,
    GroupSessionFactory,
    InvoiceFactory,
    MedicationFactory,
    MessageFactory,
    OrderSetLineFactory,
    PaperFactory,
    PatientFactory,
    PrescriptionFactory,
    ProviderFactory,
    RecallCallFactory,
    RecallFactory,
    ServiceRequestFactory,
    SiteFactory,
    ThreadFactory,
    UnmatchedResultFactory,
    VisitTypeFactory,
    WaitFactory,
    WaitOfferFactory,
    bookable_provider,
    portal_user,
    staff,
)
from tests.strict import Queries

pytestmark = pytest.mark.django_db
BROKEN = "could not be shown"
BUDGET = 12
FEW = 1
ANY_NUMBER = 1000

OVERVIEWS = {
    "patients:chart": "doctor nurse front_desk pharmacist billing",
    "patients:access": "doctor nurse front_desk",
    "patients:profile": "doctor nurse front_desk",
    "scheduling:visits": "doctor nurse front_desk",
    "scheduling:book": "front_desk",
    "scheduling:waits": "front_desk",
    "records:encounters": "doctor nurse",
    "records:results": "doctor nurse",
    "records:orders": "doctor nurse",
    "records:problems": "doctor nurse",
    "records:allergies": "doctor nurse",
    "records:immunizations": "doctor nurse",
    "records:entries": "doctor nurse",
    "records:growth": "doctor nurse",
    "records:papers": "doctor nurse",
    "records:messages": "doctor nurse front_desk",
    "prescriptions:medicines": "doctor nurse pharmacist",
    "prescriptions:choose": "doctor",
    "billing:account": "billing front_desk",
    "billing:coverage": "billing front_desk",
}
LISTS = {
    "home": "doctor nurse front_desk pharmacist billing researcher administrator privacy_officer",
    "patients:list": "doctor nurse front_desk",
    "patients:search": "doctor nurse front_desk",
    "scheduling:day": "doctor nurse front_desk",
    "scheduling:flow": "doctor nurse front_desk",
    "scheduling:waitlist": "doctor nurse front_desk",
    "scheduling:sessions": "doctor nurse front_desk",
    "scheduling:plan_session": "doctor nurse front_desk",
    "records:recalls_to_call": "doctor nurse front_desk",
    "scheduling:block": "doctor front_desk",
    "records:notes_to_sign": "doctor",
    "records:results_to_read": "doctor",
    "records:overdue_orders": "doctor nurse",
    "records:unmatched_results": "doctor nurse",
    "records:overdue_tests": "front_desk",
    "records:inbox": "doctor nurse front_desk",
    "prescriptions:written": "doctor",
    "prescriptions:refills": "doctor",
    "prescriptions:favourites": "doctor",
    "prescriptions:dispensary": "pharmacist",
    "prescriptions:overrides": "pharmacist administrator",
    "billing:list": "billing front_desk",
    "alerts:list": "doctor nurse front_desk pharmacist",
    "alerts:inbox": "doctor nurse front_desk pharmacist",
    "alerts:post": "administrator",
    "analytics:dashboard": "administrator researcher doctor billing",
}
PORTAL = (
    "portal:home",
    "portal:record",
    "portal:openings",
    "scheduling_portal:find",
    "scheduling_portal:visits",
    "scheduling_portal:waits",
    "scheduling_portal:sessions",
    "records_portal:summaries",
    "records_portal:results",
    "records_portal:health",
    "records_portal:papers",
    "records_portal:messages",
    "prescriptions_portal:medicines",
    "prescriptions_portal:doses",
    "billing_portal:list",
)
ROLES = sorted({"patient"}.union(*(roles.split() for roles in (OVERVIEWS | LISTS).values())))


class World:
    """A site with something of everything, a patient who has as much, and a doctor to whom it all belongs."""

    def __init__(self) -> None:
        self.site = SiteFactory(time_zone="America/New_York")
        self.patient = PatientFactory(site=self.site)
        self.account = portal_user(self.patient)
        self.doctor = staff("doctor", self.site)
        self.provider = bookable_provider(self.site, user=self.doctor)
        self.visit = {"provider": self.provider, "visit_type": VisitTypeFactory(), "booked_by": self.doctor}
        self.medicine = MedicationFactory()
        self.days = count(1)

    def enter(self, role: str) -> Client:
        known = {"doctor": self.doctor, "patient": self.account}
        person = known[role] if role in known else staff(role, self.site)
        return sign_in(person, role=role)

    def fill(self, rows: int) -> None:
        for _each in range(rows):
            self.place(self.patient)
            other = PatientFactory(site=self.site)
            self.place(other)
            self.come(other)

    def place(self, patient: Patient) -> None:
        """One row of each kind, in each state that a list asks for."""
        day, now = timedelta(days=next(self.days)), timezone.now()
        AppointmentFactory(patient=patient, start=now + day, **self.visit)
        AppointmentFactory(patient=patient, start=now - day, **self.visit)
        EncounterFactory(patient=patient, site=self.site, provider=self.provider, note_signed_at=now)
        EncounterFactory(patient=patient, site=self.site, provider=self.provider)
        EntryFactory(patient=patient, provider=self.provider)
        PaperFactory(patient=patient)
        WaitOfferFactory(wait=WaitFactory(patient=patient), provider=self.provider, state="expired", next_at=None)
        RecallCallFactory(recall=RecallFactory(patient=patient, due_on=now.date()))
        UnmatchedResultFactory()
        FavouritePrescriptionFactory(user=self.doctor, medication=self.medicine)
        OrderSetLineFactory(medication=self.medicine)
        ServiceRequestFactory(patient=patient, provider=self.provider)
        EntryFactory(patient=patient, kind="vital_signs", code="8867-4", display="Heart rate", unit="/min")
        for kind, code in (("condition", "I10"), ("allergy", ""), ("immunization", "140")):
            EntryFactory(patient=patient, kind=kind, code=code, value=None, unit="", clinical_status="active")
        CareRelationshipFactory(patient=patient, granted_by=self.doctor)
        MessageFactory(thread=ThreadFactory(patient=patient, started_by=self.account))
        answered = ThreadFactory(patient=patient, waiting_since=None, started_by=self.doctor)
        MessageFactory(thread=answered, to_patient=True, author_role="doctor")
        InvoiceFactory(patient=patient, provider=self.provider)
        InvoiceFactory(patient=patient, provider=self.provider, status="settled")
        AlertFactory(patient=patient)
        for status in ("draft", "signed", "ready", "not_collected", "picked_up"):
            PrescriptionFactory(patient=patient, status=status, prescriber=self.provider, medication=self.medicine)

    def come(self, patient: Patient) -> None:
        """Somebody is here, and somebody is expected; each with a provider of their own."""
        now = timezone.now()
        for status, at in (("arrived", now), ("booked", now + timedelta(hours=1))):
            fields = {"provider": ProviderFactory(), "arrived_at": now if status == "arrived" else None}
            AppointmentFactory(patient=patient, start=at, status=status, **(self.visit | fields))
        GroupSessionFactory(site=self.site, start=now + timedelta(hours=2))


def addresses_of(role: str, patient: Patient) -> list[str]:
    if role == "patient":
        return [reverse(name) for name in PORTAL]
    charts = [reverse(name, args=[patient.pk]) for name, roles in OVERVIEWS.items() if role in roles.split()]
    return charts + [reverse(name) for name, roles in LISTS.items() if role in roles.split()]


def test_a_page_costs_the_same_for_one_row_and_for_ten(assert_queries) -> None:
    """Each page is opened once before it is counted: what a process learns for all its life is not the page's."""
    world = World()
    people = {role: world.enter(role) for role in ROLES}
    few: dict[str, Queries] = {}
    many: dict[str, Queries] = {}
    for found, rows in ((few, FEW), (many, 9 * FEW)):
        world.fill(rows)
        for role, client in people.items():
            for address in addresses_of(role, world.patient):
                page = f"{role} {address}"
                if rows == FEW:
                    client.get(address)
                with assert_queries(at_most=ANY_NUMBER) as found[page]:
                    opened = client.get(address)
                assert (opened.status_code, BROKEN in opened.content.decode()) == (200, False), page
    over = [f"{page}\n{queries}" for page, queries in many.items() if len(queries) > BUDGET]
    more = [f"{page}\n{few[page]}\n\n{queries}" for page, queries in many.items() if len(queries) > len(few[page])]
    assert not over, "\n\n".join(over)
    assert not more, "\n\n".join(more)
