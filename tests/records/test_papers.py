"""Papers: asked for, made by a worker for the eyes of who asked, opened by them while they see all that is in it."""

from datetime import date, timedelta

import pytest

from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from healthcare.events.models import OutboxEvent
from healthcare.ops.printing import CannotPrint
from healthcare.storage.objects import open_object
from patients.access import NotInScope
from records.access.papers import can_ask
from records.actions import add_addendum, amend_note, mark_entry, void_entry
from records.actions.papers import NotAsked, NotOpened, ask_paper, make_paper, open_paper
from records.events import PaperAsked
from records.models import Entry, Paper
from records.subscribers import make_chart, make_short_paper
from tests.accounts.conftest import audited
from tests.factories import (
    CareRelationshipFactory,
    EntryFactory,
    PaperFactory,
    PatientFactory,
    PrescriptionFactory,
    RestrictionFactory,
    ServiceRequestFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.records.papering import LATER, Kind, asks, made, opens, printed, signed_visit
from tests.records.visits import TEXT, visit
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = [pytest.mark.django_db, pytest.mark.pango]


@pytest.fixture
def signed():
    return signed_visit()


# == A visit ==
def test_the_summary_says_what_was_signed_and_by_whom(signed) -> None:
    with as_the_system():
        more = {"patient": signed.patient, "encounter": signed.encounter, "author": signed.doctor}
        EntryFactory(**more, kind="condition", display="Cystitis", code="N30.00", value=None, unit="")
        gone = EntryFactory(**more, kind="condition", display="Gonorrhea", code="A54.9", value=None, unit="")
        wrong = EntryFactory(**more, record_status="final", superseded_at=LATER)
        EntryFactory(**more, supersedes=wrong, record_status="corrected", value="4.8")
        ServiceRequestFactory(patient=signed.patient, encounter=signed.encounter, display="Urine culture")
        PrescriptionFactory(
            patient=signed.patient, encounter=signed.encounter, medicine="nitrofurantoin", status="ready"
        )
    with acting_as(signed.doctor):
        note = Entry.objects.get(kind="note")
        void_entry(by=signed.doctor, entry=gone, reason="Another patient's", now=LATER)
        note = amend_note(
            by=signed.doctor,
            note=note,
            text=TEXT.__class__(**(vars(TEXT) | {"plan": "Rest"})),
            because="Culture",
            now=LATER,
        )
        add_addendum(by=signed.doctor, note=note, text="Called her.", now=LATER)
    text = printed(asks(signed.doctor, signed.patient, Kind.SUMMARY, signed.encounter))
    for part in (
        *("Delgado", signed.patient.mrn, "Three days of burning", "Rest", "Signed by Maren Okafor", "Called her."),
        *("Amended: Culture", "This replaced the version", "Cystitis", "Urine culture", "nitrofurantoin", "Corrected"),
        *("Version 1", "Page 1 of", "4.8"),
    ):
        assert part in text, part
    assert "Gonorrhea" not in text
    assert "Nitrofurantoin for 5 days" not in text  # what the amended version no longer says


def test_there_is_no_summary_before_the_note_is_signed(running) -> None:
    for encounter in (None, running.encounter, visit().encounter):
        with pytest.raises(NotAsked, match="not signed yet"):
            asks(running.doctor, running.patient, Kind.SUMMARY, encounter)


def test_the_birth_date_stays_the_day_that_it_is(signed) -> None:
    with as_the_system():
        signed.patient.birth_date = date(1968, 3, 1)
        signed.patient.save(update_fields=["birth_date"])
        signed.patient.site.time_zone = "Pacific/Honolulu"
        signed.patient.site.save(update_fields=["time_zone"])
    assert "Mar 1, 1968" in printed(asks(signed.doctor, signed.patient, Kind.SUMMARY, signed.encounter))


# == Versions ==
def test_what_says_the_same_keeps_its_version_and_what_differs_is_the_next(signed) -> None:
    def asked(now):
        return made(asks(signed.doctor, signed.patient, Kind.SUMMARY, signed.encounter, now), now)

    first, again = asked(LATER), asked(LATER + timedelta(hours=1))
    assert (first.version, again.version) == (1, 1)
    assert first.content_hash == again.content_hash
    assert first.pk != again.pk
    with acting_as(signed.doctor):
        add_addendum(by=signed.doctor, note=Entry.objects.get(kind="note"), text="Called.", now=LATER)
    assert asked(LATER + timedelta(hours=2)).version == 2
    assert made(asks(signed.doctor, signed.patient, Kind.CHART)).version == 1  # each kind counts its own


def test_whoever_asks_while_one_is_being_made_gets_that_one(signed) -> None:
    first = asks(signed.doctor, signed.patient)
    assert asks(signed.doctor, signed.patient, now=LATER + timedelta(minutes=14)).pk == first.pk
    assert asks(signed.colleague, signed.patient).pk != first.pk
    assert asks(signed.doctor, signed.patient, now=LATER + timedelta(minutes=16)).pk != first.pk


def test_a_worker_makes_it_once_and_an_unknown_one_never() -> None:
    patient = PatientFactory()
    paper = asks(staff("doctor", patient.site), patient, Kind.IMMUNIZATIONS)
    with as_the_system():
        assert make_paper(by=None, paper_id=uuid7(), now=LATER) is None
    one = made(paper)
    assert made(paper, LATER + timedelta(hours=1)).document == one.document


def told(kind: str) -> PaperAsked:
    patient = PatientFactory()
    paper = asks(staff("doctor", patient.site), patient, kind)
    with as_the_system():
        assert OutboxEvent.objects.filter(name="records.PaperAsked", payload__paper_id=str(paper.pk)).count() == 1
    return PaperAsked(paper_id=paper.pk, patient_id=patient.pk, kind=kind)


def test_make_chart_told_twice_makes_one_chart_and_nothing_else() -> None:
    fact, other = told(Kind.CHART), told(Kind.IMMUNIZATIONS)
    deliver_twice(make_chart, fact, lambda: Paper.objects.get(pk=fact.paper_id).document)
    with as_the_system():
        make_chart(other)
        assert Paper.objects.get(pk=other.paper_id).state == "asked"


def test_make_short_paper_told_twice_makes_one_paper_and_no_chart() -> None:
    fact, other = told(Kind.IMMUNIZATIONS), told(Kind.CHART)
    deliver_twice(make_short_paper, fact, lambda: Paper.objects.get(pk=fact.paper_id).document)
    with as_the_system():
        make_short_paper(other)
        assert Paper.objects.get(pk=other.paper_id).state == "asked"


# == Failures ==
@pytest.mark.parametrize(
    ("problem", "said"), [(CannotPrint("x"), "no_printer"), (RuntimeError("Rosa"), "RuntimeError")]
)
def test_a_failure_is_kept_by_its_kind_and_can_be_asked_for_again(problem, said, monkeypatch) -> None:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site)

    def fails(_html):
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr("records.actions.papers.render_pdf", fails)
        paper = made(asks(doctor, patient))
    assert (paper.state, paper.failure, paper.document, paper.holds) == ("failed", said, None, {})
    assert audited("records.make_paper")[0].detail["state"] == "failed"
    with pytest.raises(NotOpened, match="not made yet"):
        opens(doctor, paper)
    assert made(asks(doctor, patient, now=LATER + timedelta(minutes=1))).state == "made"


def test_nothing_is_made_for_whom_the_record_was_closed_meanwhile(signed) -> None:
    paper = asks(signed.colleague, signed.patient)
    with as_the_system():
        RestrictionFactory(patient=signed.patient, user=signed.colleague)
    assert made(paper).failure == "scope"


def test_a_note_that_was_voided_meanwhile_leaves_nothing_to_print(signed) -> None:
    paper = asks(signed.doctor, signed.patient, Kind.SUMMARY, signed.encounter)
    with acting_as(signed.doctor):
        void_entry(by=signed.doctor, entry=Entry.objects.get(kind="note"), reason="Wrong patient", now=LATER)
    assert made(paper).failure == "nothing"


# == For whose eyes ==
def test_each_paper_is_made_for_the_eyes_of_who_asked(signed) -> None:
    with as_the_system():
        secret = {"patient": signed.patient, "encounter": signed.encounter, "value": None, "unit": "", "code": ""}
        EntryFactory(**secret, kind="condition", display="Depression", sensitivity="mental_health")
        treats = staff("doctor", signed.patient.site)
        CareRelationshipFactory(patient=signed.patient, user=treats, role="doctor", labels=["mental_health"])
    for kind, encounter in ((Kind.CHART, None), (Kind.SUMMARY, signed.encounter)):
        assert "Depression" in printed(asks(treats, signed.patient, kind, encounter))
        assert "Depression" not in printed(asks(signed.colleague, signed.patient, kind, encounter))
        assert "Depression" not in printed(asks(proxy_of(signed.patient), signed.patient, kind, encounter))


def test_it_opens_for_who_asked_alone(signed) -> None:
    paper = made(asks(signed.doctor, signed.patient))
    assert opens(signed.doctor, paper) == paper.document
    for other in (signed.colleague, signed.nurse, signed.rosa, signed.stranger):
        with acting_as(other):
            assert not Paper.objects.filter(pk=paper.pk).exists()
            with pytest.raises(NotInScope):
                open_paper(by=other, paper=paper)
    (line,) = audited("records.open_paper")
    assert (line.actor_id, line.patient_id, line.target_id) == (signed.doctor.pk, signed.patient.pk, paper.pk)


def test_it_stays_closed_once_something_in_it_is_hidden_from_them(signed) -> None:
    with as_the_system():
        entry = EntryFactory(patient=signed.patient)
        holder = staff("doctor", signed.patient.site)
        CareRelationshipFactory(patient=signed.patient, user=holder, role="doctor", labels=["adolescent"])
    papers = {user: made(asks(user, signed.patient)) for user in (holder, signed.colleague)}
    with acting_as(holder):
        mark_entry(by=holder, entry=entry, label="adolescent", now=LATER)
    assert opens(holder, papers[holder])
    with pytest.raises(NotOpened, match="not open to you any more"):
        opens(signed.colleague, papers[signed.colleague])
    assert audited("records.refuse_paper")[0].actor_id == signed.colleague.pk


def test_of_rows_that_nobody_answers_for_nothing_opens(signed) -> None:
    paper = made(asks(signed.doctor, signed.patient))
    with as_the_system():
        told = {"holds": {"nobody.knows": []}, "document": paper.document}
        row = PaperFactory(patient=signed.patient, kind="chart", asked_by=signed.doctor, made=True, **told)
    with pytest.raises(NotOpened):
        opens(signed.doctor, row)


def test_the_patient_has_their_own_and_no_drafts_or_unreleased_results(signed) -> None:
    with as_the_system():
        EntryFactory(patient=signed.patient, display="Potassium", code="", released_at=None, data={"name": "Potassium"})
    text = printed(asks(signed.rosa, signed.patient))
    assert "Lower urinary tract infection" in text
    assert "Potassium" not in text


# == The chart ==
def test_the_chart_holds_versions_voids_and_addenda_for_the_staff_and_what_stands_for_the_patient(signed) -> None:
    with as_the_system():
        more = {"patient": signed.patient, "kind": "condition", "value": None, "unit": "", "code": ""}
        before = EntryFactory(**more, display="Fever of unknown cause", superseded_at=LATER)
        EntryFactory(**more, display="Malaria", supersedes=before, record_status="amended")
        wrong = EntryFactory(**more, display="Scurvy")
        panel = EntryFactory(patient=signed.patient, kind="vital_signs", code="85353-1", value=None, unit="")
        EntryFactory(patient=signed.patient, kind="vital_signs", code="8867-4", value="72", unit="/min", parent=panel)
        PrescriptionFactory(patient=signed.patient, medicine="quinine", status="picked_up")
    with acting_as(signed.doctor):
        note = Entry.objects.get(kind="note")
        void_entry(by=signed.doctor, entry=wrong, reason="Of another", now=LATER)
        add_addendum(by=signed.doctor, note=note, text="She called.", now=LATER)
    staffs, own = printed(asks(signed.doctor, signed.patient)), printed(asks(signed.rosa, signed.patient))
    for part in ("Malaria", "She called.", "Lower urinary tract infection", "72", "Page 1 of"):
        assert part in staffs
        assert part in own, part
    for part in ("Version before", "Fever of unknown cause", "Scurvy", "Of another", "quinine"):
        assert part in staffs, part
    assert "Scurvy" not in own
    assert "Fever of unknown cause" not in own


def test_a_part_that_fails_fails_the_paper(signed, monkeypatch) -> None:
    def broken(*_given):
        raise LookupError

    monkeypatch.setattr("records.queries.papers.parts_of", lambda _name: (broken,))
    assert made(asks(signed.doctor, signed.patient)).failure == "LookupError"


@pytest.mark.parametrize(
    ("given_name", "family_name"),
    [("Noor", "نور الهدى"), ("Zoë", "Nguyễn"), ("A" * 60, "B" * 60), ("שרה", "כהן")],
)
def test_every_name_is_printed(given_name, family_name) -> None:
    patient = PatientFactory(given_name=given_name, family_name=family_name)
    paper = made(asks(staff("doctor", patient.site), patient, Kind.IMMUNIZATIONS))
    with as_the_system():
        assert open_object(paper.document).content.startswith(b"%PDF-")


# == Vaccines ==
def test_the_certificate_lists_doses_and_no_refusals() -> None:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site, full_name="Maren Okafor")
    with as_the_system():
        dose = {"patient": patient, "kind": "immunization", "code_system": "cvx", "value": None, "unit": ""}
        here = {"elsewhere": False, "lot": "L0T7", "site": "LA"}
        EntryFactory(**dose, code="140", display="Influenza", data=here, author=doctor)
        EntryFactory(**dose, code="115", display="Tdap", data={"elsewhere": True})
        EntryFactory(**dose, code="21", display="Varicella", data={"elsewhere": False, "status": "not-done"})
        EntryFactory(**dose | {"kind": "vaccine_declined"}, code="03", display="Measles", data={"why": "refused"})
    text = printed(asks(doctor, patient, Kind.IMMUNIZATIONS))
    for part in ("Influenza", "CVX 140", "L0T7", "Left arm", "Maren Okafor", "Reported, not given here", "Tetanus"):
        assert part in text, part
    assert "Measles" not in text
    assert "Chickenpox" not in text


# == Who ==
def test_who_asks(signed) -> None:
    for user, may in ((signed.doctor, True), (signed.nurse, True), (signed.rosa, True), (signed.stranger, False)):
        with acting_as(user):
            assert can_ask(user, signed.patient) is may
    desk = staff("front_desk", signed.patient.site)
    with acting_as(desk):
        assert not can_ask(desk, signed.patient)


def test_a_proxy_reads_papers_of_their_own_alone(signed) -> None:
    other = portal_user(PatientFactory())
    with acting_as(other), pytest.raises(NotInScope):
        ask_paper(by=other, patient=signed.patient, kind=Kind.CHART, now=LATER)
