"""What both records have and one person can have once, and what was written between a merge and its undoing."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.audit.changes import bulk_verb
from healthcare.db.context import acting_as
from healthcare.events import publish
from healthcare.events.models import OutboxEvent
from patients import actions
from patients.access import find_visible
from patients.events import PatientChanged
from patients.models import CareRelationship, CloseWatch, Consent, Patient
from patients.queries import merging
from prescriptions.actions.steps import is_intact as prescription_is_intact
from prescriptions.actions.steps import signature_of as prescription_signature
from prescriptions.models import Prescription
from records.models import Encounter, Entry
from records.queries.encounters import is_intact
from scheduling.models import Appointment, PatientClaim
from tests.factories import (
    AlertFactory,
    AppointmentFactory,
    CareRelationshipFactory,
    CloseWatchFactory,
    ConsentFactory,
    ContactPointFactory,
    DraftFactory,
    EncounterFactory,
    EntryFactory,
    InvoiceFactory,
    PatientFactory,
    PrescriptionFactory,
    SiteFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.patients.merging import call, difference, everything, merge, signed_note, undo
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return SiteFactory()


@pytest.fixture
def desk(site):
    return staff("front_desk", site)


@pytest.fixture
def kept(site):
    return PatientFactory(site=site)


@pytest.fixture
def gone(site):
    return PatientFactory(site=site)


def notes(by, kept, gone) -> list[tuple[bool, str]]:
    with acting_as(by):
        found = merging.notes_on(kept, gone, user=by, now=timezone.now())
    return [(note.stops, note.text) for note in found]


# == Portal accounts ==
def selves() -> set[tuple[object, object]]:
    with as_the_system():
        return set(CareRelationship.objects.filter(kind="self", ended_at=None).values_list("patient_id", "user_id"))


def test_the_account_of_the_kept_record_goes_on_unless_the_other_is_chosen(desk, kept, gone):
    ours, theirs = portal_user(kept), portal_user(gone)
    assert "Both have a portal account" in notes(desk, kept, gone)[0][1]
    merged = merge(desk, kept, gone)
    assert selves() == {(kept.pk, ours.pk)}
    undo(desk, merged)
    assert selves() == {(kept.pk, ours.pk), (gone.pk, theirs.pk)}
    merge(desk, kept, gone, account=theirs.pk)
    assert selves() == {(kept.pk, theirs.pk)}


def test_the_account_opens_the_record_or_does_not_from_the_next_statement_on(desk, kept, gone):
    ours, theirs = portal_user(kept), portal_user(gone)
    merged = merge(desk, kept, gone, account=theirs.pk)
    for user, sees in ((ours, False), (theirs, True)):
        with acting_as(user):
            assert bool(find_visible(user, kept.pk)) is sees
            assert Patient.objects.count() == int(sees)
    undo(desk, merged)
    for user, own in ((ours, kept), (theirs, gone)):
        with acting_as(user):
            assert list(Patient.objects.values_list("pk", flat=True)) == [own.pk]


def test_an_account_alone_goes_along(desk, kept, gone):
    theirs = portal_user(gone)
    merge(desk, kept, gone)
    assert selves() == {(kept.pk, theirs.pk)}


def test_an_account_that_found_another_record_meanwhile_stays_there(desk, site, kept, gone):
    theirs = portal_user(gone)
    portal_user(kept)
    merged = merge(desk, kept, gone)
    third = PatientFactory(site=site)
    CareRelationshipFactory(patient=third, kind="self", role="patient", user=theirs)
    undo(desk, merged)
    assert (third.pk, theirs.pk) in selves()
    assert gone.pk not in {patient for patient, _user in selves()}


# == What stands once ==
def test_the_later_answer_stands(desk, kept, gone):
    early = ConsentFactory(patient=kept, given_at=timezone.now() - timedelta(days=9))
    late = ConsentFactory(patient=gone, decision="deny", given_at=timezone.now())
    other = ConsentFactory(patient=gone, purpose="research")
    merged = merge(desk, kept, gone)
    with as_the_system():
        assert set(Consent.objects.filter(withdrawn_at=None)) == {late, other}
    undo(desk, merged)
    with as_the_system():
        assert set(Consent.objects.filter(withdrawn_at=None)) == {early, late, other}


def test_an_answer_given_since_is_not_pushed_aside_by_the_old_one(desk, kept, gone):
    ConsentFactory(patient=kept, given_at=timezone.now() - timedelta(days=9))
    late = ConsentFactory(patient=gone, given_at=timezone.now() - timedelta(days=2))
    merged = merge(desk, kept, gone)
    with as_the_system():
        row = Consent.objects.get(pk=late.pk)
        row.withdrawn_at, row.withdrawn_by = timezone.now(), row.recorded_by
        row.validity = TimestamptzRange(row.validity.lower, row.withdrawn_at)
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "validity"])
    newest = ConsentFactory(patient=kept, decision="deny", given_at=timezone.now())
    undo(desk, merged)
    with as_the_system():
        assert newest in set(Consent.objects.filter(withdrawn_at=None, patient=kept))
        assert Consent.objects.filter(withdrawn_at=None, patient=kept).count() == 1


def test_a_second_watch_is_set_aside_and_put_back(desk, kept, gone):
    for patient in (kept, gone):
        CloseWatchFactory(patient=patient)
    merged = merge(desk, kept, gone)
    with as_the_system():
        assert CloseWatch.objects.count() == 1
    assert list(merged.aside) == ["patients_closewatch"]
    undo(desk, merged)
    with as_the_system():
        assert CloseWatch.objects.count() == 2


def test_who_writes_in_both_has_to_end_one_first(desk, kept, gone):
    draft = DraftFactory(patient=kept)
    DraftFactory(patient=gone, author=draft.author)
    with pytest.raises(actions.NotMerged, match="writing in both"):
        merge(desk, kept, gone)


def test_what_no_app_has_words_for_is_refused_in_general_ones():
    assert "only once" in merging.refusal_of("no_such_constraint")


def test_a_death_of_one_alone_stops(desk, site, kept):
    dead = PatientFactory(site=site, deceased=True)
    assert notes(desk, kept, dead)[0][0]
    with pytest.raises(actions.NotMerged, match="died"):
        merge(desk, kept, dead)


def test_what_speaks_for_two_people_is_said(desk, site, kept):
    other = PatientFactory(site=site, sex="male", birth_date=date(1970, 1, 1))
    proxy_of(other)
    said = [text for _stops, text in notes(desk, kept, other)]
    assert [text.split()[0] for text in said] == ["The", "The", "Person"]
    assert "acts for the other record" in said[2]


# == Visits, medicines, bills ==
def test_visits_at_one_time_stop_it_and_one_is_cancelled_first(desk, kept, gone):
    start = timezone.now() + timedelta(days=2)
    ours, theirs = (AppointmentFactory(patient=patient, start=start) for patient in (kept, gone))
    with acting_as(desk):
        note = next(note for note in merging.notes_on(kept, gone, user=desk, now=timezone.now()) if note.stops)
    assert str(ours.pk) in note.url
    with as_the_system(), bulk_verb(), connection.cursor() as cursor:
        cursor.execute("SELECT app.release_claims('{}', %s, NULL)", [theirs.pk])
        Appointment.objects.filter(pk=theirs.pk).update(status="cancelled", cancelled_at=timezone.now())
    merge(desk, kept, gone)


def test_two_who_were_here_at_one_time_are_two_people(desk, kept, gone):
    start = timezone.now() - timedelta(days=2)
    was = {"status": "checked_out", "arrived_at": start, "started_at": start, "finished_at": start}
    for patient in (kept, gone):
        AppointmentFactory(patient=patient, start=start, **was)
    with pytest.raises(actions.NotMerged, match="two people"):
        merge(desk, kept, gone)


def test_the_database_has_the_last_word_on_visits_at_one_time(desk, kept, gone, monkeypatch):
    start = timezone.now() + timedelta(days=2)
    for patient in (kept, gone):
        AppointmentFactory(patient=patient, start=start)
    monkeypatch.setattr("patients.actions.merging.notes_on", lambda *_args, **_named: [])
    with pytest.raises(actions.NotMerged, match="cancelled first"):
        merge(desk, kept, gone)


def test_medicines_and_open_bills_are_named_to_who_may_see_them(site, desk, kept, gone):
    ours = PrescriptionFactory(patient=kept)
    PrescriptionFactory(patient=gone, medication=ours.medication, medicine=ours.medicine)
    bill = InvoiceFactory(patient=gone)
    doctor = [text for _stops, text in notes(staff("doctor", site), kept, gone)]
    assert f"Medicines that come to the list: {ours.medicine}." in doctor
    assert any("On both lists" in text and ours.medicine in text for text in doctor)
    front = [text for _stops, text in notes(desk, kept, gone)]
    assert front == [f"Bill {bill.number} comes along: $142.00 is owed on it."]


# == Signatures ==
def test_signatures_fit_before_between_and_after(desk, site, kept, gone):
    encounter = EncounterFactory(patient=gone)
    note = signed_note(gone, encounter)
    medicine = PrescriptionFactory(patient=gone)
    told = prescription_signature(medicine)
    doctor = staff("doctor", site)

    def fit() -> tuple[bool, bool]:
        with acting_as(doctor):
            row = Prescription.objects.get(pk=medicine.pk)
            row.signature = told
            return is_intact(Entry.objects.get(pk=note.pk)), prescription_is_intact(row)

    before = fit()
    assert before[0]
    merged = merge(desk, kept, gone)
    assert fit() == before
    late = signed_note(kept, Encounter(pk=encounter.pk), kind="nursing_note")
    undo(desk, merged)
    assert fit() == before
    with acting_as(doctor):
        followed = Entry.objects.get(pk=late.pk)
        assert followed.patient_id == gone.pk
        assert is_intact(followed)
        followed.data = {"plan": "Something else"}
        assert not is_intact(followed)


# == In between ==
def test_what_was_made_since_stays_and_what_hangs_on_what_goes_back_goes_along(desk, kept, gone):
    visit = AppointmentFactory(patient=gone)
    merged = merge(desk, kept, gone)
    stays = AppointmentFactory(patient=kept, start=timezone.now() + timedelta(days=40))
    encounter = EncounterFactory(patient=kept, appointment=Appointment(pk=visit.pk))
    entry = EntryFactory(patient=kept, encounter=encounter)
    alert = AlertFactory(patient=kept, source=f"records.entry:{entry.pk}")
    with acting_as(desk):
        report = {what: {one.table: one.rows for one in rows} for what, rows in merging.rows_to_unmerge(merged).items()}
    assert report["stays"]["scheduling_appointment"] == 1
    assert report["back"]["scheduling_appointment"] == 1
    assert report["along"] == {"records_encounter": 1, "records_entry": 1, "alerts_alert": 1}
    undo(desk, merged)
    with as_the_system():
        assert Appointment.objects.get(pk=stays.pk).patient_id == kept.pk
        for row in (visit, encounter, entry, alert):
            assert type(row).objects.get(pk=row.pk).patient_id == gone.pk
        assert PatientClaim.objects.get(appointment=visit).patient_id == gone.pk


def test_a_booking_in_between_is_all_that_differs_afterwards(desk, kept, gone):
    for patient in (kept, gone):
        portal_user(patient)
        PrescriptionFactory(patient=patient)
    before = everything()
    merged = merge(desk, kept, gone)
    visit = AppointmentFactory(patient=kept, start=timezone.now() + timedelta(days=40))
    undo(desk, merged)
    left = difference(before, everything())
    assert all(not found["missing"] for found in left.values())
    assert all(str(visit.pk) in row for row in left["scheduling_appointment"]["new"])
    assert not {"patients_carerelationship", "prescriptions_prescription", "patients_patient"} & left.keys()


def test_a_row_that_hangs_on_both_keeps_them_together(desk, kept, gone):
    result = EntryFactory(patient=gone)
    own = EncounterFactory(patient=kept)
    merged = merge(desk, kept, gone)
    EntryFactory(patient=kept, encounter=own, supersedes=result)
    with acting_as(desk):
        assert [one.table for one in merging.rows_to_unmerge(merged)["torn"]] == ["records_entry"]
    with pytest.raises(actions.NotMerged, match="torn apart: 1 entry of the record"):
        undo(desk, merged)
    with acting_as(desk), pytest.raises(IntegrityError), transaction.atomic():
        call("app.unmerge_patients", merged.pk, timezone.now())


# == Facts on their way ==
def test_a_fact_that_nobody_heard_yet_tells_of_the_row_where_it_is_now(desk, kept, gone):
    entry = EntryFactory(patient=gone)
    with as_the_system():
        publish(PatientChanged(patient_id=gone.pk, fields=(str(entry.pk),)))
        publish(PatientChanged(patient_id=kept.pk, fields=("own",)))

    def told() -> list[tuple[str, str]]:
        with as_the_system():
            rows = OutboxEvent.objects.filter(name="patients.PatientChanged").order_by("id")
            return [(row.payload["patient_id"], row.payload["fields"][0]) for row in rows]

    merged = merge(desk, kept, gone)
    assert told() == [(str(kept.pk), str(entry.pk)), (str(kept.pk), "own")]
    undo(desk, merged)
    assert told() == [(str(gone.pk), str(entry.pk)), (str(kept.pk), "own")]


def test_the_same_telephone_number_of_both_stands_once(desk, kept, gone):
    for patient in (kept, gone):
        ContactPointFactory(patient=patient, value="+15085550123")
    before = everything()
    merged = merge(desk, kept, gone)
    assert list(merged.aside) == ["patients_contactpoint"]
    undo(desk, merged)
    assert difference(before, everything()) == {}
