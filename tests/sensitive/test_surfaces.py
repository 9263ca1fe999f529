"""What is marked is nowhere for whoever may not see it: every page, every operation, every list and every count.

The addresses are those of the resolver, so a page to come is knocked at, too.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import User
from patients.models import Patient
from tests.architecture.urls import Operation, doors, label, named, operations
from tests.factories import (
    AlertFactory,
    CareRelationshipFactory,
    EncounterFactory,
    EntryFactory,
    MedicationStatementFactory,
    PatientFactory,
    PrescriptionFactory,
    ProviderFactory,
    SafetyCheckFactory,
    UserFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.patients.conftest import sign_in

pytestmark = pytest.mark.django_db
CANARY = b"canary"
LABELS = ["mental_health", "substance_use", "reproductive", "adolescent"]
NOTE = {name: "Canary song" for name in ("reason", "subjective", "objective", "assessment", "plan", "instructions")}
PAGES = [door for door in doors() if not door.is_admin and "<str:token>" not in door.route]
READS = [operation for operation in operations() if operation.method == "GET"]


@dataclass
class World:
    """Rosa's chart, in which everything that has a canary in it is marked."""

    patient: Patient
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        return {"patient": str(self.patient.pk), "q": "canary", "query": "canary", "old": "1"}


def world(mark: str = "mental_health") -> World:
    now = timezone.now()
    made = World(PatientFactory(family_name="Delgado", given_name="Rosa"))
    rosa, seen = made.patient, {"effective_at": now - timedelta(hours=2), "released_at": now, "sensitivity": mark}
    provider = ProviderFactory(user=UserFactory())
    visit = EncounterFactory(
        patient=rosa,
        provider=provider,
        site=rosa.site,
        status="finished",
        started_at=now - timedelta(hours=3),
        finished_at=now - timedelta(hours=1),
        note_signed_at=now,
    )
    plain = {"patient": rosa, "value": None, "unit": "", "code": "", "code_system": ""}
    EntryFactory(**plain, kind="condition", display="Canaryosis", clinical_status="active", encounter=visit, **seen)
    EntryFactory(**plain, kind="condition", display="Old canaryosis", clinical_status="resolved", **seen)
    author = {"signed_by": provider.user, "signed_at": now, "signature": "0" * 64}
    note = EntryFactory(**plain, kind="note", display="Canary note", data=NOTE, encounter=visit, **seen, **author)
    EntryFactory(**plain, kind="imported", display="Canary document", data={"type": "DocumentReference"}, **seen)
    EntryFactory(**plain, kind="observation", display="Canary scale", **seen)
    told = {"flag": "high", "laboratory": "Canary laboratories"}
    result = EntryFactory(patient=rosa, provider=provider, data=told, **seen | {"released_at": None})
    EntryFactory(patient=rosa, data=told, **seen)
    medicine = PrescriptionFactory(
        patient=rosa,
        medicine="canarycillin",
        reason="Canaryosis",
        sensitivity=mark,
        status="picked_up",
        encounter=visit,
    )
    finding = {"key": f"R1.{medicine.pk}", "kind": "interaction", "severity": "severe", "rule": "R1"}
    finding |= {"other": "canarycillin", "title": "Canary", "mechanism": "", "advice": "", "source": ""}
    open_one = PrescriptionFactory(patient=rosa, medicine="water", status="picked_up")
    SafetyCheckFactory(prescription=open_one, findings=[finding], labels=[mark])
    statement = MedicationStatementFactory(patient=rosa, medicine="canaryphen", sensitivity=mark)
    alert = AlertFactory(patient=rosa, source=f"records.entry:{result.pk}")
    made.ids = {
        "patient_id": rosa.pk,
        "entry_id": note.pk,
        "encounter_id": visit.pk,
        "prescription_id": medicine.pk,
        "statement_id": statement.pk,
        "alert_id": alert.pk,
    }
    return made


def knock(client: Client, address: str, query: dict[str, str]) -> bytes:
    answer = client.get(address, query)
    if answer.status_code >= 500 and answer.status_code != 503:
        raise AssertionError(f"{address} ends in {answer.status_code}.")
    return read(answer)


def read(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def found_by(user: User, made: World) -> set[str]:
    """The pages on which this person meets a canary."""
    client = sign_in(user)
    return {
        label(door)
        for door in PAGES
        if CANARY in knock(client, door.address(**made.ids), made.query | {"query": "", "q": ""}).lower()
    }


def holder(patient: Patient, *labels: str) -> User:
    """A doctor from another site in the patient's care team, who may see what is marked so."""
    doctor = staff("doctor")
    CareRelationshipFactory(patient=patient, user=doctor, role="doctor", labels=list(labels))
    return doctor


def proxy(patient: Patient) -> User:
    return proxy_of(patient)


OUTSIDE = ["doctor", "nurse", "pharmacist", "front_desk", "billing", "researcher", "privacy_officer", "administrator"]


@pytest.mark.parametrize("role", OUTSIDE)
def test_no_page_shows_what_is_marked_to_colleagues_of_the_site(role) -> None:
    made = world()
    assert found_by(staff(role, made.patient.site), made) == set()


def test_no_page_shows_it_to_who_acts_for_the_patient() -> None:
    made = world()
    mother = proxy(made.patient)
    assert found_by(mother, made) == set()
    assert found_for(mother, made) == set()


def found_for(mother: User, made: World) -> set[str]:
    """The same pages of the portal, for somebody else."""
    client, found, opened = sign_in(mother), set(), 0
    for door in PAGES:
        if door.route.startswith("portal/"):
            address = door.address(**made.ids).replace("/portal/", f"/portal/for/{made.patient.pk}/", 1)
            answer = client.get(address)
            opened += answer.status_code == 200
            found |= {address} if CANARY in read(answer).lower() else set()
    assert opened >= 6, "The pages open to whoever acts for the patient, without what is marked."
    return found


def test_the_pages_do_show_it_to_who_holds_the_label_and_to_the_patient() -> None:
    """Else the tests above would prove nothing."""
    made = world()
    holds = holder(made.patient, "mental_health")
    shown = found_by(holds, made)
    for page in ("problems/", "entries/", "imported/", "visits/<uuid:encounter_id>/", "patients/<uuid:patient_id>/"):
        assert any(page in address for address in shown), f"{page} should show what is marked to who may see it."
    assert any("portal" in address for address in found_by(portal_user(made.patient), made))


@pytest.mark.parametrize("other", [one for one in LABELS if one != "mental_health"])
def test_another_label_opens_nothing(other) -> None:
    made = world()
    holds = holder(made.patient, other)
    assert found_by(holds, made) == set()


def asked(program: Any, operation: Operation, made: World) -> bytes:
    answer = program.get(operation.address(**made.ids), made.query)
    assert answer.status_code < 500, f"{named(operation)} ends in {answer.status_code}."
    return bytes(answer.content).lower()


@pytest.mark.parametrize("role", ["doctor", "nurse", "pharmacist", "front_desk", "proxy"])
def test_no_operation_shows_what_is_marked(role, api) -> None:
    made = world()
    program = api(proxy(made.patient) if role == "proxy" else staff(role, made.patient.site))
    for operation in READS:
        assert CANARY not in asked(program, operation, made), f"{named(operation)} shows it to a {role}."


def test_the_operations_do_show_it_to_who_holds_the_label(api) -> None:
    made = world()
    program = api(holder(made.patient, "mental_health"))
    shown = {one.path.partition("/{")[0] for one in READS if CANARY in asked(program, one, made)}
    assert shown >= {"/records", "/prescriptions"}


def test_no_count_tells_of_it(api) -> None:
    """A chart in which everything is marked looks like one in which nothing is."""
    made = world()
    doctor, program = staff("doctor", made.patient.site), api(staff("doctor", made.patient.site))
    listed = program.read("/records", {"patient": str(made.patient.pk)}).json()
    assert listed == {"items": [], "next": None}
    assert [
        row["medicine"] for row in program.read("/prescriptions", {"patient": str(made.patient.pk)}).json()["items"]
    ]
    client = sign_in(doctor)
    page = client.get(f"/records/{made.patient.pk}/entries/").content.decode()
    assert "Nothing here yet" in page
    assert "No problem is on the list" in client.get(f"/records/{made.patient.pk}/problems/").content.decode()
    assert client.get(f"/records/{made.patient.pk}/imported/").context["types"] == {}
    visits = sign_in(proxy(made.patient)).get("/portal/summaries/")
    assert b"/portal/summaries/" not in visits.content or visits.status_code != 200 or not visits.context["encounters"]
