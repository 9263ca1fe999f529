"""Forty patients with a row of every kind, and people with every kind of access: what the two walls are held against.

Days lie between now and what is to come: however long a run takes, nothing begins or ends in it but what is meant to.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLES, STAFF_ROLES
from patients.models import Consent, ImportedSource, Patient, PatientOrigin
from records.models import Encounter
from scheduling.models import Appointment
from tests import factories as made
from tests.access.rule import MARKS
from tests.factories import ALWAYS
from tests.roles import as_the_system

NOW = datetime.now(UTC)  # of the import: the world is built soon after
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PATIENTS = 40
RUNNING = TimestamptzRange(NOW - HOUR, NOW + 10 * DAY)
ENDED = TimestamptzRange(NOW - 2 * HOUR, NOW - HOUR)
DETAILS = (
    made.PatientNameFactory,
    made.AddressFactory,
    made.ContactPointFactory,
    made.RelatedPersonFactory,
    made.ContactPreferenceFactory,
    made.LetterWishFactory,
)
TO_COME = TimestamptzRange(NOW + 10 * DAY, NOW + 20 * DAY)
EVERY = [scope.value for scope in Scope]
BY_SITE = ((TO_COME, EVERY), (ALWAYS, ["clinical"]), (ALWAYS, ["identity", "schedule"]))


@dataclass
class Matrix:
    patients: list[Patient]
    sites: list[Site]
    people: dict[str, User] = field(default_factory=dict)

    def every_actor(self) -> Iterator[tuple[str, User]]:
        """Each in their own role; whoever holds more than a team's access in every other role too."""
        for name, user in self.people.items():
            role = str(user.acting_role)
            yield name, User.objects.get(pk=user.pk).in_role(role)
            for other in ROLES if name in SEVERAL_ROLES else ():
                if other != role:
                    yield f"{name} as {other}", User.objects.get(pk=user.pk).in_role(other)


#: Who left a draft about every patient, whom they reach, reached or will reach.
AUTHORS = (
    *("care team", "care team to come", "clinical alone", "visits alone"),
    *("ended meanwhile", "shut out", "own chart", "gone"),
)
#: Who has a calendar address of every patient; one of them by a site alone, for a time and in part.
FEED_OWNERS = (*AUTHORS, "doctor elsewhere")
#: Who is tried in every role: what they hold in one must not open anything in another.
SEVERAL_ROLES = ("proxy", "care team", "own chart", "stands in", "shared with", "writer and patient")
#: Who asked about every record, whom they act for, acted for, will act for, or see in another role alone.
DOUBTERS = (
    *("patient", "proxy", "proxy for visits", "proxy to come"),
    *("proxy without name", "proxy until now", "care team"),
)


def build() -> Matrix:
    sites = [made.SiteFactory() for _each in range(3)]
    patients = [made.PatientFactory(site=sites[number % 2]) for number in range(PATIENTS)]
    matrix = Matrix(patients, sites)
    matrix.people |= {f"{role} at {site.slug}": made.staff(role, site) for site in sites[:1] for role in STAFF_ROLES}
    matrix.people |= {
        "doctor elsewhere": made.staff("doctor", sites[2]),
        "nurse of the other": made.staff("nurse", sites[1]),
    }
    matrix.people["superuser"] = made.staff("doctor", sites[2], is_superuser=True)
    _give(matrix)
    _take(matrix)
    writer = matrix.people["writer and patient"]
    for number, patient in enumerate(patients):
        _rows_of(patient, number, matrix.people["doctor at " + sites[0].slug], writer)
        for author in AUTHORS:
            made.DraftFactory(patient=patient, author=matrix.people[author])
        made.DraftFactory(patient=patient, author=matrix.people["gone"], kind="vitals", sensitivity=MARKS[number % 4])
        for owner in FEED_OWNERS:
            made.PatientFeedFactory(patient=patient, owner=matrix.people[owner])
        for doubter in DOUBTERS:
            made.PrivacyCaseFactory(patient=patient, opened_by=matrix.people[doubter])
        for undone in ({}, {"undone_at": NOW, "undone_by": writer}):  # another's, that this one was or is a part of
            made.MergeFactory(patient=patients[number - 7], merged=patient.pk, merged_by=writer, **undone)
    made.AccessRequestFactory(patient=None, asked_for=uuid4(), user=writer)  # of somebody who is not there
    made.SelfRegistrationFactory(site=sites[0])
    _let_run_out(matrix)
    del matrix.people["gone"]  # an account that is closed: nobody signs in as it
    return matrix


def _holds(kind: str, role: str, *patients: Patient, user: User | None = None, **fields: Any) -> User:
    user = user or made.UserFactory()
    fields = {"scopes": sorted(ROLES[role].scopes)} | fields
    for patient in patients:
        made.CareRelationshipFactory(kind=kind, role=role, patient=patient, user=user, **fields)
    return user.in_role(role)


def _give(matrix: Matrix) -> None:
    """Personal access of every kind: whole and in part, past and to come, with labels and without."""
    one = iter(matrix.patients)
    people = matrix.people
    people["patient"] = _holds("self", "patient", next(one))
    people["proxy"] = _holds("proxy", "patient", next(one), next(one))
    people["proxy for visits"] = _holds("proxy", "patient", next(one), scopes=["identity", "schedule"])
    people["proxy for bills"] = _holds("proxy", "patient", next(one), scopes=["identity", "billing"])
    people["proxy no more"] = _holds("proxy", "patient", next(one), validity=ENDED)
    people["proxy to come"] = _holds("proxy", "patient", matrix.patients[36], validity=TO_COME)
    people["proxy without name"] = _holds("proxy", "patient", matrix.patients[36], scopes=["schedule"])
    people["proxy until now"] = made.UserFactory().in_role("patient")
    people["visits alone"] = _holds("care_team", "doctor", matrix.patients[36], scopes=["schedule"])
    people["care team"] = _holds("care_team", "doctor", *(next(one) for _each in range(8)), labels=MARKS)
    people["care team to come"] = _holds("care_team", "doctor", next(one), validity=TO_COME)
    people["by a visit"] = _holds("appointment", "nurse", next(one), validity=RUNNING, labels=["adolescent"])
    people["shared with"] = _holds("share", "doctor", next(one), next(one), scopes=["identity", "clinical"])
    people["shared, consent withdrawn"] = _holds("share", "doctor", lost := next(one))
    with as_the_system():
        for consent in Consent.objects.filter(patient=lost):
            consent.validity = TimestamptzRange(consent.validity.lower, NOW - HOUR)
            consent.withdrawn_at, consent.withdrawn_by = NOW, made.UserFactory()
            consent.save(update_fields=["validity", "withdrawn_at", "withdrawn_by"])
    made.ConsentFactory(patient=matrix.patients[37], decision="deny")
    people["shared, refused"] = _holds("share", "doctor", matrix.patients[37])
    made.ConsentFactory(patient=matrix.patients[0], purpose="substance_use", validity=ENDED)
    people["emergency"] = _holds("break_glass", "doctor", next(one), validity=_four_hours(datetime.now(UTC)))
    later = _four_hours(RUNNING.upper)  # one span with what runs, in which it is theirs alone later
    for kind, validity in (("care_team", RUNNING), ("break_glass", later)):
        _holds(kind, "doctor", matrix.patients[39], user=people["emergency"], validity=validity)
    people["clinical alone"] = _holds("care_team", "doctor", next(one), scopes=["clinical"])
    for validity, labels in ((ALWAYS, []), (TO_COME, MARKS)):  # what is not marked now, and the rest later
        held = {"validity": validity, "labels": labels}
        _holds("care_team", "doctor", matrix.patients[29], user=people["clinical alone"], **held)
    people["ended meanwhile"] = made.UserFactory().in_role("doctor")
    for patient, (validity, scopes) in zip(matrix.patients[33:], BY_SITE, strict=False):
        _open_to(matrix.sites[2], patient, validity=validity, scopes=scopes)
    for patient in matrix.patients[7:10]:
        made.ConsentFactory(patient=patient, purpose="substance_use")
    made.ConsentFactory(patient=matrix.patients[10], purpose="substance_use", decision="deny")
    made.ConsentFactory(patient=matrix.patients[12], purpose="substance_use", validity=ENDED)
    people["writer and patient"] = _holds("proxy", "patient", *matrix.patients[30:33])
    made.MembershipFactory(user=people["writer and patient"], site=matrix.sites[0], role="doctor")


def _four_hours(start: datetime) -> TimestamptzRange:
    """As long as an emergency can last."""
    return TimestamptzRange(start, start + 4 * HOUR)


def _open_to(site: Site, patient: Patient, **fields: Any) -> None:
    made.CareRelationshipFactory(kind="site", user=None, role="", site=site, patient=patient, **fields)


def _let_run_out(matrix: Matrix) -> None:
    """Projected while it holds, and over when anybody looks: nothing but the clock ends it."""
    soon = datetime.now(UTC) + timedelta(seconds=2)
    for patient in matrix.patients[27:29]:
        over = TimestamptzRange(NOW - HOUR, soon)
        _holds("care_team", "doctor", patient, user=matrix.people["ended meanwhile"], validity=over)
        _holds("proxy", "patient", patient, user=matrix.people["proxy until now"], validity=over)
        _open_to(matrix.sites[2], patient, validity=over)
        _holds("care_team", "doctor", patient, user=matrix.people["clinical alone"])
        _holds("care_team", "doctor", patient, user=matrix.people["clinical alone"], validity=over, labels=MARKS)
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()))


def _take(matrix: Matrix) -> None:
    """One's own chart, whom a patient shut out, who stands in for whom, and memberships that are over."""
    people, site = matrix.people, matrix.sites[0]
    people["own chart"] = _holds("self", "patient", matrix.patients[20])
    made.MembershipFactory(user=people["own chart"], site=site, role="nurse")
    people["own chart"] = User.objects.get(pk=people["own chart"].pk).in_role("nurse")
    people["shut out"] = made.staff("doctor", site)
    for patient in matrix.patients[20:26]:
        made.RestrictionFactory(patient=patient, user=people["shut out"])
    made.RestrictionFactory(patient=matrix.patients[26], user=people["shut out"], validity=ENDED)
    people["stands in"] = made.staff("doctor", matrix.sites[2])
    people["stood in"] = made.staff("doctor", matrix.sites[2])
    made.CoverFactory(cover=people["stands in"], absent=people["care team"])
    made.CoverFactory(cover=people["stands in"], absent=people["emergency"])  # theirs alone
    made.CoverFactory(cover=people["stood in"], absent=people["care team"], validity=ENDED)
    made.CoverFactory(cover=people["stands in"], absent=people["by a visit"])  # as a doctor: not what a nurse holds
    made.RestrictionFactory(patient=matrix.patients[8], user=people["stands in"])
    _holds("proxy", "patient", matrix.patients[8], user=User.objects.get(pk=people["stands in"].pk))  # not closed so
    people["gone"] = _holds(
        *("care_team", "doctor", *matrix.patients[28:31]),
        user=made.UserFactory(is_active=False, deactivated_at=NOW),
        labels=MARKS[:1],
    )
    made.CoverFactory(cover=people["stands in"], absent=people["gone"])
    people["own chart no more"] = made.staff("nurse", site)
    made.CareRelationshipFactory(
        kind="self",
        role="patient",
        user=people["own chart no more"],
        patient=matrix.patients[22],
        validity=ENDED,
        ended_at=NOW,
    )
    people["left"] = made.UserFactory().in_role("doctor")
    made.MembershipFactory(user=people["left"], site=site, role="doctor", validity=ENDED)


def _warnings_of(kept: dict[str, Any], writer: User) -> None:
    for area, kind in (("clinical", "abnormal_value"), ("medication", "not_collected"), ("schedule", "abnormal_value")):
        made.HandingFactory(alert=made.AlertFactory(**kept, area=area, kind=kind))
    for area in ("clinical", "medication", "schedule", "message", "billing"):
        made.NoticeFactory(**kept, area=area)
        made.NoticeFactory(**kept, area=area, recipient=writer)
    made.DigestFactory(**kept)
    made.PutOffFactory(**kept)
    made.PutOffFactory(**kept, user=writer)


def _rows_of(patient: Patient, number: int, doctor: User, writer: User) -> None:
    """One of everything, in states that differ from patient to patient."""
    kept: dict[str, Any] = {"patient": patient}
    site, provider = patient.site, _provider(doctor)
    visit = made.AppointmentFactory(**kept, provider=provider, visit_type=_visit_type(), booked_by=doctor)
    _waits_of(visit, doctor, writer)
    encounter = made.EncounterFactory(**kept, provider=provider, site=site)
    made.EncounterFactory(**kept, provider=provider, site=site, status="entered_in_error", void_told=number % 2 == 0)
    made.EntryFactory(**kept, released_at=None, sensitivity=MARKS[number % 4], author=writer, enterer=writer)
    other = [{"sensitivity": MARKS[1], who: writer} for who in ("author", "enterer")]
    other += [{"sensitivity": mark} for mark in ("", "", *MARKS)]
    for said in (*other, {"record_status": "preliminary"}, {"superseded_at": NOW}):
        made.EntryFactory(**kept, **said)
    _orders_of({**kept, "provider": provider}, number, writer)
    made.CosignatureFactory(**kept, signed_by=doctor)
    for author in (doctor, writer):
        made.DraftFactory(**kept, author=author, encounter=encounter)
        made.PatientFeedFactory(**kept, owner=author)
    _papers_of(encounter, doctor, writer)
    made.AttachmentFactory(message=made.MessageFactory(thread=made.ThreadFactory(**kept, started_by=doctor)))
    _medicines_of(kept, provider, number, writer)
    made.InvoiceFactory(**kept, provider=provider, site=site)
    card = made.VisitCoverageFactory(coverage=made.CoverageFactory(**kept)).coverage
    made.EligibilityCheckFactory(coverage=card)
    made.UnbilledVisitFactory(**kept, appointment=made.AppointmentFactory(**kept, provider=provider, site=site))
    _warnings_of(kept, writer)
    made.PortalCodeFactory(**kept, issued_by=doctor)
    made.ConsentFactory(**kept, purpose="privacy_notice", recorded_by=doctor)
    made.DeathReportFactory(**kept, reported_by=doctor)
    for detail in DETAILS:
        detail(**kept, added_by=doctor)
    made.ProposedChangeFactory(**kept, proposed_by=writer)
    made.ProposedChangeFactory(**kept, proposed_by=None, field="state", told_in=uuid4())
    made.RestrictionFactory(**kept, user=_somebody(), agreed_by=doctor)
    made.CareRelationshipFactory(**kept, kind="break_glass", user=_somebody())
    made.DisclosureFactory(**kept, made_by=doctor)
    for acts in (_somebody(), writer):
        made.ProxyFactory(**kept, user=acts, checked_by=doctor)
    made.AccessRequestFactory(**kept, user=writer if number % 2 else _somebody())
    made.PrivacyCaseFactory(**kept, opened_by=writer)
    made.CloseWatchFactory(**kept, placed_by=doctor)
    made.MergeFactory(**kept, merged_by=doctor)
    for one in (made.PatientIdentifierFactory, made.PatientLinkFactory, made.DuplicatePairFactory):
        one(**kept)
    _imported(patient)


def _waits_of(visit: Appointment, doctor: User, writer: User) -> None:
    """For the reminder; for another time, with one that is kept; for a call about coming again; and what was said."""
    made.ReminderFactory(appointment=visit)
    for item, who in (("details", doctor), ("allergies", writer)):
        made.AheadAnswerFactory(appointment=visit, item=item, answered_by=who)
    wait = made.WaitFactory(patient=visit.patient, visit_type=_visit_type(), added_by=doctor)
    made.WaitOfferFactory(wait=wait, provider=visit.provider)
    made.RecallCallFactory(recall=made.RecallFactory(patient=visit.patient), called_by=doctor)


def _papers_of(encounter: Encounter, doctor: User, writer: User) -> None:
    """What is one's own alone, and what is everybody's at the chart."""
    kept = {"patient": encounter.patient}
    for author in (doctor, writer):
        made.PaperFactory(**kept, kind="chart", asked_by=author, asked_as=author.acting_role)
    made.PaperFactory(**kept, encounter=encounter, asked_by=doctor)


def _orders_of(kept: dict[str, Any], number: int, writer: User) -> None:
    """Of one who wrote, of one who signed, of neither; marked and not. Last one whom nobody has signed yet."""
    other = _somebody()
    for mark in ("", MARKS[number % 4]):
        for one, two in ((other, other), (writer, other), (other, writer)):
            made.ServiceRequestFactory(**kept, sensitivity=mark, written_by=one, ordered_by=two)
        made.ServiceRequestFactory(**kept, sensitivity=mark, written_by=other, status="draft")
    mark = ["", *MARKS][number % 5]
    due = made.ResultDueFactory(entry=made.EntryFactory(patient=kept["patient"], sensitivity=mark))
    unmarked = made.EntryFactory.create_batch(2, patient=kept["patient"])
    for entry in (due.entry, *unmarked):
        made.ResultReleaseFactory(entry=entry)
    made.ReleaseWishFactory(patient=kept["patient"], said_by=writer)
    made.AmendmentRequestFactory(patient=kept["patient"], asked_by=other)
    made.AmendmentRequestFactory(patient=kept["patient"], sensitivity=mark, asked_by=writer)
    made.AmendmentRequestFactory(
        patient=kept["patient"], sensitivity=MARKS[number % 4], asked_by=other, written_by=writer
    )


def _medicines_of(kept: dict[str, Any], provider: Provider, number: int, writer: User) -> None:
    """What is marked and what is not, in every state, and what was checked of it."""
    ready = made.PrescriptionFactory(**kept, prescriber=provider, medication=_medication(), status="ready")
    made.PrescriptionFactory(**kept, prescriber=provider, medication=_medication(), status="draft")
    made.CollectionDeadlineFactory(prescription=ready)
    made.SafetyCheckFactory(prescription=ready)
    marked = {"prescriber": provider, "medication": _medication(), "sensitivity": MARKS[number % 4], **kept}
    for status in ("draft", "signed", "picked_up", "not_dispensed"):
        signed = made.PrescriptionFactory(**marked, status=status)
        made.SafetyCheckFactory(prescription=signed)
        made.SafetyCheckFactory(prescription=signed, labels=[MARKS[number % 4]])
    made.CollectionDeadlineFactory(prescription=made.PrescriptionFactory(**marked, status="ready"))
    handed = made.PrescriptionFactory(**marked, status="picked_up", handed_out_by=writer, signed_by=writer)
    made.SafetyCheckFactory(prescription=handed, labels=[MARKS[number % 4]])
    for asked in (handed, made.PrescriptionFactory(**kept, prescriber=provider, status="picked_up")):
        made.RefillRequestFactory(prescription=asked)
        plan = made.DosePlanFactory(prescription=asked, set_by=writer)
        made.DoseMarkFactory(plan=plan)
    for sensitivity in ("", MARKS[number % 4]):
        uncollected = made.PrescriptionFactory(**marked | {"sensitivity": sensitivity}, status="not_collected")
        made.OutreachFactory(prescription=uncollected)
    made.HaltFactory(prescription=handed)
    for asker in (provider.user, writer):
        made.PrescriptionSheetFactory(prescription=handed, asked_by=asker)
    made.PrescriptionSheetFactory(prescription=ready, asked_by=provider.user)
    made.MedicationReviewFactory(patient=kept["patient"])
    for mark in ["", *MARKS]:
        told = made.MedicationStatementFactory(**kept, sensitivity=mark)
        made.HaltFactory(prescription=None, statement=told, patient=told.patient)


def _imported(patient: Patient) -> None:
    ids = {"patient": patient, "system": "https://other.example/", "source_id": str(uuid4())}
    row = {"resource_type": "Patient", "model": "patients.Patient", "row_id": patient.pk, "kept": False}
    with as_the_system():
        PatientOrigin(**ids, content="{}").save(force_insert=True)
        ImportedSource(**ids, **row, digest="0" * 64, run=uuid4()).save(force_insert=True)


def once(make: Callable[..., Any]) -> Callable[..., Any]:
    """Shared by all patients; kept on the function for as long as the module's transaction runs."""
    known: dict[Any, Any] = {}

    def kept(*given: Any) -> Any:
        key = tuple(getattr(thing, "pk", thing) for thing in given)
        if key not in known:
            known[key] = make(*given)
        return known[key]

    kept.forget = known.clear  # type: ignore[attr-defined]
    return kept


@once
def _provider(user: User) -> Provider:
    return made.ProviderFactory(user=user)


@once
def _visit_type() -> Any:
    return made.VisitTypeFactory()


@once
def _medication() -> Any:
    return made.MedicationFactory()


@once
def _somebody() -> User:
    return made.UserFactory()


def forget() -> None:
    for shared in (_provider, _visit_type, _medication, _somebody):
        shared.forget()  # type: ignore[attr-defined]
