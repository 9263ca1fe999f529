"""Several sign: the nurse's part, co-signatures, and the marks that a reader has to see."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Provider
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.signing import can_cosign, can_write_nursing_note
from records.actions.encounters import NotClosed, close_encounter, finish_encounter
from records.actions.notes import add_addendum
from records.actions.signing import NotSigned, amend_note, cosign, list_to_cosign, sign_nursing_note
from records.actions.supervision import NotSupervised, add_supervision, end_supervision
from records.actions.writing import NotCurrent
from records.events import NoteCosigned
from records.models import Cosignature, Draft, Entry, Supervision
from records.queries.encounters import visit_page
from records.queries.signing import cosigned, is_cosignature_intact, notes_to_sign
from records.rules.notes import NoteText, copied_lines, is_late_entry, signature_of
from tests.factories import EncounterFactory, staff
from tests.patients.conftest import sign_in
from tests.records.visits import NOW, TEXT, Visit, doctor_of, events_of, supervised
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
DAYS = "Wrong number of days"
BETTER = replace(TEXT, plan="Urine culture. Nitrofurantoin for 7 days.")


def entry(pk) -> Entry:
    with as_the_system():
        return Entry.objects.select_related("patient", "encounter__provider__user").get(pk=pk)


def amends(
    running: Visit, note: Entry, text: NoteText = BETTER, because: str = "Wrong number of days", by=None
) -> Entry:
    user = by or running.doctor
    with acting_as(user):
        return amend_note(by=user, note=entry(note.pk), text=text, because=because, now=LATER)


def nurses(running: Visit, by=None, found: str = "Walks without help.", told: str = "") -> Entry:
    user = by or running.nurse
    with acting_as(user):
        return sign_nursing_note(by=user, encounter=running.encounter, told=told, found=found, now=NOW)


@pytest.fixture
def in_training(running) -> Visit:
    """The doctor of the visit is in training; the colleague supervises."""
    return supervised(running)


def cosigns(running: Visit, what: Entry, by=None) -> Cosignature:
    user = by or running.colleague
    with acting_as(user):
        return cosign(by=user, entry=entry(what.pk), now=LATER)


# == The nurse's part ==
def test_the_nurse_signs_a_part_of_the_same_visit(running) -> None:
    part = nurses(running, told="Slept badly.")
    assert part.data == {"subjective": "Slept badly.", "objective": "Walks without help."}
    assert (part.kind, part.signed_by_id, part.encounter_id) == ("nursing_note", running.nurse.pk, running.encounter.pk)
    assert events_of(running.nurse)[-1] == "records.sign_nursing_note"
    running.signs()
    with acting_as(running.doctor):
        page = visit_page(running.doctor, running.encounter)
    assert [(item.entry, item.intact) for item in page.nursing] == [(part, True)]


def test_each_nurse_signs_once(running) -> None:
    nurses(running)
    with pytest.raises(NotSigned, match="stands already"):
        nurses(running)
    assert nurses(running, by=staff("nurse", running.patient.site)).kind == "nursing_note"


def test_only_a_second_signature_is_told_as_one(running, monkeypatch) -> None:
    def refuse(*_args, **_named):
        raise IntegrityError('new row violates check constraint "records_entry_note_is_signed"')

    monkeypatch.setattr(Entry, "save", refuse)
    with pytest.raises(IntegrityError, match="check constraint"):
        nurses(running)


def test_what_is_no_nursing_note_is_refused(running) -> None:
    with pytest.raises(NotSigned, match="Write what"):
        nurses(running, found=" ")
    with pytest.raises(NotAllowed):
        nurses(running, by=running.doctor)
    with acting_as(running.doctor):
        assert not can_write_nursing_note(running.doctor, running.encounter)
    running.encounter = EncounterFactory(patient=running.patient, provider=running.provider, status="planned")
    with pytest.raises(NotSigned, match="no note"):
        nurses(running)
    running.encounter = EncounterFactory(patient=running.patient, provider=running.provider, status="entered_in_error")
    with pytest.raises(NotSigned, match="in error"):
        nurses(running)
    running.encounter = EncounterFactory(provider=running.provider)
    with pytest.raises(NotInScope):
        nurses(running)


# == Co-signed ==
def test_what_somebody_in_training_signs_waits(in_training) -> None:
    note = in_training.signs()
    assert note.record_status == "preliminary"
    with acting_as(in_training.rosa):
        assert not Entry.objects.visible_to(in_training.rosa).filter(kind="note").exists()
    with acting_as(in_training.colleague):
        assert [item.entry for item in list_to_cosign(by=in_training.colleague)] == [note]
    with acting_as(in_training.doctor):
        assert list_to_cosign(by=in_training.doctor) == []


def test_a_co_signature_makes_it_final_and_binds_the_first(in_training, announced) -> None:
    note = in_training.signs()
    given = cosigns(in_training, note)
    row = entry(note.pk)
    assert (row.record_status, row.signature) == ("final", note.signature)
    assert given.signature == signature_of(
        {"signature": note.signature},
        patient_id=note.patient_id,
        encounter_id=note.encounter_id,
        signer_id=in_training.colleague.pk,
        signed_at=LATER,
    )
    assert is_cosignature_intact(given, row)
    assert announced(NoteCosigned) == [
        NoteCosigned(entry_id=note.pk, patient_id=note.patient_id, encounter_id=note.encounter_id)
    ]
    with acting_as(in_training.rosa):
        assert list(Entry.objects.visible_to(in_training.rosa).filter(kind="note")) == [note]
        assert cosigned(in_training.rosa, [row]) == {note.pk: given}
        assert cosigned(in_training.rosa, []) == {}
    with acting_as(in_training.colleague):
        assert list_to_cosign(by=in_training.colleague) == []
    with pytest.raises(NotCurrent, match="no co-signature"):
        cosigns(in_training, note)


def test_nobody_else_co_signs(in_training) -> None:
    note = in_training.signs()
    other, _provider = doctor_of(in_training.patient.site)
    for user in (in_training.doctor, other, in_training.nurse):
        with pytest.raises(NotAllowed):
            cosigns(in_training, note, by=user)
        with acting_as(user):
            assert not can_cosign(user, entry(note.pk))
    with pytest.raises(NotInScope):
        cosigns(in_training, note, by=in_training.stranger)


def test_an_addendum_in_training_waits_too(in_training) -> None:
    note = in_training.signs()
    with acting_as(in_training.doctor):
        added = add_addendum(by=in_training.doctor, note=entry(note.pk), text="More", now=NOW)
    assert added.record_status == "preliminary"
    cosigns(in_training, added)
    assert entry(added.pk).record_status == "final"


def test_a_visit_is_not_closed_while_one_is_awaited(in_training) -> None:
    note = in_training.signs()
    with acting_as(in_training.doctor):
        finish_encounter(by=in_training.doctor, encounter=in_training.encounter, now=NOW)
        with pytest.raises(NotClosed, match="co-signature"):
            close_encounter(by=in_training.doctor, encounter=in_training.encounter, now=NOW)
        sql = "UPDATE records_encounter SET closed_at = now(), closed_by_id = %s WHERE id = %s"
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [in_training.doctor.pk, in_training.encounter.pk])
    cosigns(in_training, note)
    with acting_as(in_training.doctor):
        assert close_encounter(by=in_training.doctor, encounter=in_training.encounter, now=NOW).closed_at == NOW


def test_amended_in_training_it_waits_still_and_a_supervisor_makes_it_final(in_training) -> None:
    note = in_training.signs()
    version = amends(in_training, note)
    assert version.record_status == "preliminary"
    last = amends(in_training, version, replace(BETTER, plan="Nothing more."), by=in_training.colleague)
    assert last.record_status == "final"
    assert entry(last.pk).signed_by_id == in_training.colleague.pk
    with pytest.raises(NotAllowed, match="co-signed"):
        amends(in_training, last, TEXT)


def test_when_training_ends_what_waits_is_still_co_signed(in_training) -> None:
    note = in_training.signs()
    boss = staff("administrator", in_training.patient.site)
    with acting_as(boss):
        supervision = Supervision.objects.get()
        end_supervision(by=boss, supervision=supervision, now=NOW)
        end_supervision(by=boss, supervision=supervision, now=LATER)
        assert Supervision.objects.get().ended_at == NOW
    cosigns(in_training, note)
    assert entry(note.pk).record_status == "final"


@pytest.mark.parametrize("who", ["doctor", "colleague", "nurse"])
def test_no_sql_makes_it_final(in_training, who) -> None:
    note = in_training.signs()
    sql = "UPDATE records_entry SET record_status = 'final' WHERE id = %s"
    with (
        acting_as(getattr(in_training, who)),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [note.pk])


def test_no_sql_signs_as_final_in_training(in_training) -> None:
    row = Entry(patient=in_training.patient, encounter=in_training.encounter, kind="note", effective_at=NOW)
    row.enterer = row.author = row.signed_by = in_training.doctor
    row.signed_at, row.signature, row.record_status = NOW, "0" * 64, "final"
    with acting_as(in_training.doctor), pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)


def test_no_sql_co_signs_for_oneself_or_as_nobodys_supervisor(in_training) -> None:
    note = in_training.signs()
    for user in (in_training.doctor, in_training.nurse):
        row = Cosignature(patient=in_training.patient, entry=note, signed_by=user, signed_at=NOW, signature="0" * 64)
        with acting_as(user), pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)


# == Who supervises ==
def test_supervision_is_said_by_administrators(running) -> None:
    boss = staff("administrator", running.patient.site)
    with as_the_system():
        supervisor = Provider.objects.get(user=running.colleague)
    with acting_as(boss):
        row = add_supervision(by=boss, trainee=running.provider, supervisor=supervisor)
        assert row.added_by_id == boss.pk
        assert str(row).startswith("supervision ")
        with pytest.raises(NotSupervised, match="already"):
            add_supervision(by=boss, trainee=running.provider, supervisor=supervisor)
        with pytest.raises(NotSupervised, match="their own"):
            add_supervision(by=boss, trainee=supervisor, supervisor=supervisor)
    with acting_as(running.doctor), pytest.raises(NotAllowed):
        end_supervision(by=running.doctor, supervision=row, now=NOW)


def test_the_admin_adds_and_ends_it(running) -> None:
    boss = sign_in(staff("administrator", running.patient.site))
    with as_the_system():
        supervisor = Provider.objects.get(user=running.colleague)
    form = {"trainee": running.provider.pk, "supervisor": supervisor.pk, "_confirmed": "1"}
    add = reverse("admin:records_supervision_add")
    assert boss.get(add).status_code == 200
    assert boss.post(add, form).status_code == 302
    with as_the_system():
        row = Supervision.objects.get()
    change = reverse("admin:records_supervision_change", args=[row.pk])
    assert boss.get(change).status_code == 200
    boss.post(change, {"_confirmed": "1"})
    boss.post(change, {"end": "on", "_confirmed": "1"})
    with as_the_system():
        assert Supervision.objects.get().ended_at is not None
    assert boss.get(change).status_code == 200
    assert boss.get(reverse("admin:records_supervision_changelist")).status_code == 200


# == Marks ==
def test_lines_of_the_note_before_are_marked(running) -> None:
    first = running.signs()
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
    with as_the_system():
        running.encounter = EncounterFactory(
            patient=running.patient, provider=running.provider, site=running.patient.site, started_at=LATER
        )
    again = running.signs(replace(TEXT, plan="Nothing more to do today.\nUrine culture. Nitrofurantoin for 5 days."))
    assert again.data["copied"]["from"] == str(first.pk)
    assert again.data["copied"]["lines"]["plan"] == [1]
    page = sign_in(running.doctor).get(address("encounter", running)).text
    assert ">Urine culture. Nitrofurantoin for 5 days.</mark>" in page
    assert "Late entry" not in page


def test_short_lines_are_nobodys() -> None:
    assert copied_lines(NoteText(plan="Rest"), NoteText(plan="Rest")) == {}


def test_what_was_written_days_later_says_so(running) -> None:
    assert not is_late_entry(NOW, NOW + timedelta(hours=48))
    running.signs(now=NOW + timedelta(days=3))
    assert "Late entry" in sign_in(running.doctor).get(address("encounter", running)).text


# == On the pages ==
def address(name: str, running: Visit, *more) -> str:
    return reverse(f"records:{name}", args=[running.patient.pk, *(more or [running.encounter.pk])])


def test_the_page_of_the_nurse(running) -> None:
    nurse = sign_in(running.nurse)
    assert "Write the nurse" in nurse.get(address("encounter", running)).text
    assert "What you saw and did" in nurse.get(address("nursing_note", running)).text
    assert nurse.post(address("nursing_note", running), {"told": "", "found": ""}).status_code == 422
    assert nurse.post(address("nursing_note", running), {"told": "x" * 20_001, "found": ""}).status_code == 422
    shown = nurse.post(address("nursing_note", running), {"told": "", "found": "Walks without help."}, follow=True)
    assert "Walks without help." in shown.text
    assert "What was seen and done" in shown.text


def test_the_supervisors_list_leads_to_the_signature(in_training) -> None:
    note = in_training.signs()
    with acting_as(in_training.doctor):
        add_addendum(by=in_training.doctor, note=entry(note.pk), text="More", now=NOW)
    supervisor = sign_in(in_training.colleague)
    waiting = supervisor.get(reverse("records:notes_to_sign")).text
    assert "Waiting for your co-signature" in waiting
    assert "1 to co-sign" in supervisor.get("/").text
    page = supervisor.get(address("encounter", in_training)).text
    assert "Co-sign the note" in page
    assert "Co-sign the addendum" in page
    done = supervisor.post(address("cosign", in_training, note.pk), follow=True).text
    assert "Co-signed by Tom Reyes" in done
    assert "no co-signature any more" in supervisor.post(address("cosign", in_training, note.pk), follow=True).text


def test_what_is_late_stands_apart(running) -> None:
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
        assert notes_to_sign(running.doctor, NOW + timedelta(days=2))[0].late
    page = sign_in(running.doctor)
    assert "Notes to sign" in page.get(reverse("records:notes_to_sign")).text
    with as_the_system():
        assert not Draft.objects.exists()
