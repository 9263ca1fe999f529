"""Records that are merged in tests: pieces of a chart, one of each kind, and the database as it stands."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg.types.range import DateRange

from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from patients import actions
from patients.models import ImportedSource, Merge, Patient, PatientOrigin
from records.rules.notes import signature_of
from tests.factories import (
    AccessRequestFactory,
    AddressFactory,
    AheadAnswerFactory,
    AlertFactory,
    AmendmentRequestFactory,
    AppointmentFactory,
    AttachmentFactory,
    CareRelationshipFactory,
    CloseWatchFactory,
    CollectionDeadlineFactory,
    ConsentFactory,
    ContactPointFactory,
    ContactPreferenceFactory,
    CosignatureFactory,
    CoverageFactory,
    DeathReportFactory,
    DigestFactory,
    DisclosureFactory,
    DoseMarkFactory,
    DosePlanFactory,
    DraftFactory,
    DuplicatePairFactory,
    EligibilityCheckFactory,
    EncounterFactory,
    EntryFactory,
    HaltFactory,
    HandingFactory,
    InvoiceFactory,
    LedgerEntryFactory,
    LetterWishFactory,
    MedicationReviewFactory,
    MedicationStatementFactory,
    MessageFactory,
    NoticeFactory,
    OutreachFactory,
    PaperFactory,
    PatientFeedFactory,
    PatientIdentifierFactory,
    PatientLinkFactory,
    PatientNameFactory,
    PortalCodeFactory,
    PrescriptionFactory,
    PrescriptionSheetFactory,
    PrivacyCaseFactory,
    ProposedChangeFactory,
    PutOffFactory,
    RecallCallFactory,
    RecallFactory,
    RefillRequestFactory,
    RelatedPersonFactory,
    ReleaseWishFactory,
    ReminderFactory,
    RestrictionFactory,
    ResultDueFactory,
    ResultReleaseFactory,
    SafetyCheckFactory,
    ServiceRequestFactory,
    ThreadFactory,
    UnbilledVisitFactory,
    UserFactory,
    VisitCoverageFactory,
    WaitFactory,
    WaitOfferFactory,
    portal_user,
    proxy_of,
)
from tests.roles import as_the_system, taking_role

#: What changes with every request, and what the machine keeps of its own work.
NOT_COMPARED = ("audit_", "events_", "django_", "auth_", "accounts_session", "axes_")
LATER = {"n": 0}


def chart(patient: Patient) -> None:
    """A visit, with everything that hangs on it at any depth."""
    LATER["n"] += 1
    start = timezone.now() + timedelta(days=1, hours=2 * LATER["n"])
    visit = AppointmentFactory(patient=patient, start=start)
    ReminderFactory(appointment=visit)
    AheadAnswerFactory(appointment=visit)
    encounter = EncounterFactory(patient=patient, appointment=visit)
    panel = EntryFactory(patient=patient, encounter=encounter)
    EntryFactory(patient=patient, encounter=encounter, parent=panel)
    EntryFactory(patient=patient, encounter=encounter, supersedes=panel)
    signed_note(patient, encounter)
    DraftFactory(patient=patient, encounter=encounter)
    bill = InvoiceFactory(patient=patient, encounter=encounter, appointment=visit, status="settled")
    NoticeFactory(patient=patient, source=f"billing.invoice:{bill.pk}")


def orders(patient: Patient) -> None:
    """What was asked for, a result that answers it and waits to be read, and a co-signature."""
    asked = ServiceRequestFactory(patient=patient)
    result = EntryFactory(patient=patient, request=asked)
    ResultDueFactory(patient=patient, entry=result)
    ResultReleaseFactory(patient=patient, entry=result)
    ReleaseWishFactory(patient=patient)
    CosignatureFactory(patient=patient)
    AmendmentRequestFactory(patient=patient, entry=result)
    RecallCallFactory(recall=RecallFactory(patient=patient))
    PaperFactory(patient=patient)
    PaperFactory(patient=patient, kind="chart", made=True)


def signed_note(patient: Patient, encounter: Any, kind: str = "note") -> Any:
    signer, now = UserFactory(), timezone.now()
    content = {"plan": "Rest"}
    signature = signature_of(
        content, patient_id=patient.pk, encounter_id=encounter.pk, signer_id=signer.pk, signed_at=now
    )
    told = {"signed_at": now, "signed_by": signer, "signature": signature, "author": signer, "released_at": None}
    return EntryFactory(
        patient=patient, encounter=encounter, kind=kind, code="", value=None, unit="", data=content, **told
    )


def medicines(patient: Patient) -> None:
    prescription = PrescriptionFactory(patient=patient, status="ready")
    SafetyCheckFactory(prescription=prescription)
    OutreachFactory(prescription=PrescriptionFactory(patient=patient, status="not_collected"))
    RefillRequestFactory(prescription=PrescriptionFactory(patient=patient, status="picked_up"))
    CollectionDeadlineFactory(prescription=prescription)
    PrescriptionFactory(patient=patient, status="cancelled")
    told = MedicationStatementFactory(patient=patient)
    HaltFactory(prescription=None, statement=told, patient=patient)
    HaltFactory(prescription=prescription)
    MedicationReviewFactory(patient=patient)
    PrescriptionSheetFactory(prescription=prescription)
    DoseMarkFactory(plan=DosePlanFactory(prescription=PrescriptionFactory(patient=patient, status="picked_up")))


def letters(patient: Patient) -> None:
    AttachmentFactory(message=MessageFactory(thread=ThreadFactory(patient=patient)))
    now = timezone.now()
    closed = {"status": "closed", "waiting_since": None, "closed_at": now, "closed_by": UserFactory()}
    MessageFactory(thread=ThreadFactory(patient=patient, **closed), read_at=now, read_by=UserFactory())


def money(patient: Patient) -> None:
    LedgerEntryFactory(invoice=InvoiceFactory(patient=patient))


def warnings(patient: Patient) -> None:
    alert = AlertFactory(patient=patient)
    NoticeFactory(patient=patient, alert=alert)
    HandingFactory(patient=patient, alert=alert)
    PutOffFactory(patient=patient, source=f"alerts.alert:{alert.pk}")
    DigestFactory(patient=patient)


def elsewhere(patient: Patient) -> None:
    """As an import leaves it: the number that a row there has here is the patient's own."""
    with as_the_system():
        PatientOrigin(patient=patient, system="there", source_id=str(patient.pk), content="{}").save(force_insert=True)
        known = {"resource_type": "Patient", "model": "patients.Patient", "kept": False, "digest": "0" * 64}
        source = {"system": "there", "source_id": str(patient.pk), "run": uuid7(), **known}
        ImportedSource(patient=patient, row_id=patient.pk, **source).save(force_insert=True)


def insurance(patient: Patient) -> None:
    """A card of a year that no other has, with what was asked of it and copied of it; a visit without a bill."""
    LATER["n"] += 1
    year = date(1950 + LATER["n"] % 1000, 1, 1)
    card = CoverageFactory(patient=patient, validity=DateRange(year, year + timedelta(days=365)))
    CoverageFactory(patient=patient, status="replaced", ended_at=timezone.now(), supersedes=card)
    visit = AppointmentFactory(patient=patient, start=timezone.now() + timedelta(days=600 + LATER["n"]))
    VisitCoverageFactory(coverage=card, appointment=visit, service_date=year)
    EligibilityCheckFactory(coverage=card, appointment=visit)
    UnbilledVisitFactory(patient=patient, appointment=visit)


def glass(patient: Patient) -> None:
    CareRelationshipFactory(patient=patient, kind="break_glass")


def profile(patient: Patient) -> None:
    """What both may have, and what one person has once."""
    PatientNameFactory(patient=patient)
    AddressFactory(patient=patient)
    RelatedPersonFactory(patient=patient)
    ContactPointFactory(patient=patient)
    ContactPointFactory(patient=patient, value="+15085550100")
    ContactPreferenceFactory(patient=patient)
    LetterWishFactory(patient=patient)
    ProposedChangeFactory(patient=patient)


PIECES: dict[str, Callable[[Patient], Any]] = {
    "account": portal_user,
    "proxy": proxy_of,
    "chart": chart,
    "another visit": chart,
    "orders": orders,
    "medicines": medicines,
    "letters": letters,
    "money": money,
    "insurance": insurance,
    "warnings": warnings,
    "elsewhere": elsewhere,
    "glass": glass,
    "consent": lambda patient: ConsentFactory(patient=patient),
    "restriction": lambda patient: RestrictionFactory(patient=patient),
    "request": lambda patient: AccessRequestFactory(patient=patient),
    "disclosure": lambda patient: DisclosureFactory(patient=patient),
    "code": lambda patient: PortalCodeFactory(patient=patient),
    "doubt": lambda patient: PrivacyCaseFactory(patient=patient),
    "watch": lambda patient: CloseWatchFactory(patient=patient),
    "death report": lambda patient: DeathReportFactory(patient=patient),
    "profile": profile,
    "draft": lambda patient: DraftFactory(patient=patient),
    "waitlist": lambda patient: WaitOfferFactory(wait=WaitFactory(patient=patient), state="expired", next_at=None),
    "feed": lambda patient: PatientFeedFactory(patient=patient),
    "number": lambda patient: PatientIdentifierFactory(patient=patient),
    "family": lambda patient: (PatientLinkFactory(patient=patient), PatientLinkFactory(other=patient)),
    "pair": lambda patient: (DuplicatePairFactory(patient=patient), DuplicatePairFactory(other=patient)),
}


def everything() -> dict[str, set[str]]:
    """Every row of every table, as the owner reads it; of grants not their number, which projecting gives anew."""
    found: dict[str, set[str]] = {}
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace AND relname <> 'patients_merge' ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            if not table.startswith(NOT_COMPARED):
                number = " - 'id'" if table in ("patients_usergrant", "patients_groupgrant") else ""
                cursor.execute(f'SELECT (to_jsonb(t){number})::text FROM "{table}" t')
                found[table] = {row[0] for row in cursor.fetchall()}
    return found


def difference(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, Any]:
    """Table → what is missing and what is new; empty where nothing is."""
    return {
        table: {"missing": before[table] - after[table], "new": after[table] - before[table]}
        for table in before
        if before[table] != after[table]
    }


def tables_of(patient_id: Any) -> dict[str, int]:
    """How many rows name this patient, by table and column."""
    found = {}
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT tab, col FROM app.patient_columns()")
        for table, column in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [patient_id])
            found[f"{table}.{column}"] = cursor.fetchone()[0]
    return found


def merge(by: Any, kept: Patient, gone: Patient, **said: Any) -> Merge:
    """By the verb, with a reason, now; unless said otherwise."""
    with acting_as(by):
        return actions.merge_patients(
            by=by, kept=kept, gone=gone, **{"reason": "Same passport shown", "now": timezone.now(), **said}
        )


def undo(by: Any, merged: Merge) -> actions.Parted:
    with acting_as(by):
        return actions.unmerge_patients(by=by, merge=merged, now=timezone.now())


def call(function: str, *arguments: Any) -> None:
    """The function of the database itself, past the verb."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({', '.join(['%s'] * len(arguments))})", arguments)
