"""A prescription on paper with its code, and the public page that says valid, used or cancelled and nothing else."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.ops.printing import CannotPrint, render_pdf
from patients.models import Patient
from prescriptions import actions, subscribers
from prescriptions.actions import sheets
from prescriptions.events import SheetAsked
from prescriptions.models import Prescription, PrescriptionSheet
from prescriptions.printing import sheet_of
from prescriptions.queries.codes import digest_of
from tests.factories import PatientFactory, PrescriptionFactory, PrescriptionSheetFactory, portal_user, staff
from tests.patients.conftest import no_audit  # noqa: F401
from tests.prescriptions.conftest import NOW, audit_of, drafted, provider, ready, signed
from tests.prescriptions.test_halts import hold, stop
from tests.prescriptions.test_prescribe_page import address, text_of
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
SAID = {"name": "Rosa", "relation": "self", "identity_checked": True}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every document that was to become a PDF; none is made, for that takes its time."""
    found: list[str] = []
    monkeypatch.setattr(sheets, "render_pdf", lambda html: found.append(html) or b"%PDF-1.7 a test")
    return found


def asked(by: User, prescription: Prescription, now: Any = NOW) -> PrescriptionSheet:
    with acting_as(by):
        return actions.print_prescription(by=by, prescription=prescription, now=now)


def made(by: User, prescription: Prescription) -> PrescriptionSheet:
    sheet = asked(by, prescription)
    with as_the_system():
        return actions.make_sheet(by=None, sheet_id=sheet.pk, now=NOW)


def code_in(html: str) -> str:
    return re.search(r"/prescriptions/check/([\w-]+)", html).group(1)


def read(code: str) -> tuple[int, str]:
    answer = Client().get(f"/prescriptions/check/{code}")
    return answer.status_code, answer.content.decode()


def said_before(row: Prescription) -> list[str]:
    """What was audited before an answer left: on the connection of the audit."""
    with taking_role("owner", "audit"):
        rows = AuditEvent.objects.using("audit").filter(target_id=row.pk)
        return list(rows.order_by("id").values_list("action", flat=True))


# == Asked for and made ==
def test_a_signed_prescription_becomes_a_paper_with_a_code(doctor, patient, drawn) -> None:
    row = signed(doctor, patient, repeats=2)
    sheet = made(doctor, row)
    (html,) = drawn
    for said in (patient.name, patient.mrn, row.medicine, row.sig_text, "14 capsules", doctor.full_name, "data:image"):
        assert said in html
    code = code_in(html)
    assert len(code) == 43, "256 bits"
    assert sheet.digest == digest_of(code)
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(s)::text FROM prescriptions_prescriptionsheet s")
        assert code not in cursor.fetchone()[0]
    assert audit_of(row)[-2:] == ["prescriptions.print", "prescriptions.make_sheet"]


def test_what_one_waits_for_comes_back(doctor, pharmacist, patient, drawn) -> None:
    row = signed(doctor, patient)
    first = asked(doctor, row)
    assert asked(doctor, row) == first
    assert asked(pharmacist, row) != first
    assert asked(doctor, row, NOW + timedelta(minutes=20)) != first, "the worker is taken as lost"


def test_made_twice_is_made_once(doctor, patient, drawn) -> None:
    sheet = asked(doctor, signed(doctor, patient))
    fact = SheetAsked(sheet_id=sheet.pk, patient_id=patient.pk)
    deliver_twice(subscribers.make_sheet, fact, lambda: list(PrescriptionSheet.objects.values_list("digest")))
    assert len(drawn) == 1
    with as_the_system():
        assert actions.make_sheet(by=None, sheet_id=uuid4(), now=NOW) is None


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda doctor, row: stop(doctor, row), "cancelled or stopped"),
        (lambda doctor, row: cancel(doctor, row), "cancelled or stopped"),
    ],
)
def test_what_counts_no_more_is_not_printed(spoil, sentence, doctor, patient) -> None:
    row = signed(doctor, patient)
    spoil(doctor, row)
    with pytest.raises(actions.NotPossible, match=sentence):
        asked(doctor, row)


def test_neither_a_draft_nor_one_of_last_year_is_printed(doctor, patient) -> None:
    with pytest.raises(actions.NotPossible, match="once it is signed"):
        asked(doctor, drafted(doctor, patient))
    with pytest.raises(actions.NotPossible, match="more than a year ago"):
        asked(doctor, signed(doctor, patient), NOW + timedelta(days=366))


def test_who_may_not_read_medicines_prints_none(doctor, patient) -> None:
    row = signed(doctor, patient)
    with pytest.raises(NotAllowed):
        asked(staff("front_desk", patient.site), row)
    with pytest.raises(Prescription.DoesNotExist):
        asked(provider(PatientFactory()), row)


@pytest.mark.parametrize(("problem", "failure"), [(CannotPrint("x"), "no_printer"), (OSError("x"), "OSError")])
def test_a_failure_is_kept_by_its_kind(problem, failure, doctor, patient, monkeypatch) -> None:
    def fail(_html: str) -> bytes:
        raise problem

    monkeypatch.setattr(sheets, "render_pdf", fail)
    sheet = made(doctor, signed(doctor, patient))
    assert (sheet.state, sheet.failure, sheet.digest, sheet.document) == ("failed", failure, None, None)


def test_nothing_is_made_for_who_sees_it_no_more(doctor, patient, drawn) -> None:
    row = signed(doctor, patient)
    nurse = staff("nurse", patient.site)
    sheet = asked(nurse, row)
    with acting_as(doctor):
        actions.mark_prescription(by=doctor, prescription=row, label="mental_health", now=NOW)
    with as_the_system():
        assert actions.make_sheet(by=None, sheet_id=sheet.pk, now=NOW).failure == "scope"
    assert drawn == []


def test_a_sheet_is_seen_where_its_prescription_is_and_nobody_rewrites_it(doctor, pharmacist, patient, drawn) -> None:
    sheet = made(doctor, signed(doctor, patient, sensitivity="mental_health"))
    for by, seen in ((doctor, 1), (pharmacist, 1), (staff("nurse", patient.site), 0)):
        with acting_as(by):
            assert (PrescriptionSheet.objects.visible_to(by).count(), PrescriptionSheet.objects.count()) == (seen, seen)
    with acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE prescriptions_prescriptionsheet SET digest = 'x' WHERE id = %s", [sheet.pk])


@pytest.mark.pango
def test_the_pdf_is_a_pdf(doctor, patient) -> None:
    sheet = PrescriptionSheetFactory(prescription=signed(doctor, patient))
    with as_the_system():
        assert render_pdf(sheet_of(sheet, "a" * 43, NOW)).startswith(b"%PDF-")


# == The public page ==
def cancel(doctor: User, row: Prescription) -> None:
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=row, reason="wrong", now=NOW)


def test_the_code_says_valid_and_the_clinic_and_nothing_else(doctor, patient, drawn) -> None:
    row = signed(doctor, patient)
    made(doctor, row)
    status, page = read(code_in(drawn[0]))
    assert (status, "Valid" in page, patient.site.name in page) == (200, True, True)
    for secret in (
        patient.family_name,
        patient.given_name,
        patient.mrn,
        "moxicillin",
        doctor.full_name,
        str(row.pk),
        str(patient.pk),
    ):
        assert secret not in page
    assert said_before(row) == ["prescriptions.check_code"]


def test_cancelling_and_stopping_reach_it_at_once(doctor, patient, drawn) -> None:
    for number, end in enumerate((cancel, stop)):
        row = signed(doctor, patient)
        made(doctor, row)
        assert "Valid" in read(code_in(drawn[number]))[1]
        end(doctor, row)
        assert "Cancelled" in read(code_in(drawn[number]))[1]


def test_used_is_what_was_handed_out_with_all_its_repeats(doctor, pharmacist, patient, drawn) -> None:
    row = ready(doctor, patient, repeats=1)
    made(doctor, row)
    code = code_in(drawn[0])
    with acting_as(pharmacist):
        actions.pick_up(by=pharmacist, prescription=row, now=NOW, **SAID)
    assert "Valid" in read(code)[1], "a repeat is left"
    with acting_as(pharmacist):
        actions.repeat_prescription(by=pharmacist, prescription=row, now=NOW)
        actions.mark_ready(by=pharmacist, prescription=row, now=NOW)
        actions.pick_up(by=pharmacist, prescription=row, now=NOW, **SAID)
    assert "Used" in read(code)[1]


def test_on_hold_or_a_year_old_it_is_not_valid(doctor, patient, drawn) -> None:
    row = signed(doctor, patient)
    made(doctor, row)
    hold(doctor, row)
    assert "Not valid now" in read(code_in(drawn[0]))[1]
    old = PrescriptionFactory(patient=patient, signed_at=timezone.now() - timedelta(days=366))
    PrescriptionSheetFactory(prescription=old, state="made", digest=digest_of("old"), document=uuid4(), made_at=NOW)
    assert "Not valid now" in read("old")[1]


def test_what_is_not_known_gets_one_calm_page(doctor, patient, drawn) -> None:
    row = signed(doctor, patient)
    sheet = made(doctor, row)
    pages = {read(code) for code in ("x", "a" * 43, str(row.pk), str(sheet.pk), sheet.digest)}
    ((status, page),) = {(status, re.sub(r'nonce="[^"]*"|[0-9A-Z]{5}-[0-9A-Z]{5}', "", page)) for status, page in pages}
    assert status == 404
    assert "This code is not known" in page


def test_whoever_tries_many_is_told_to_wait(settings) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"address": 2}
    answers = [Client(REMOTE_ADDR="192.0.2.77").get(f"/prescriptions/check/{uuid4()}") for _ in range(8)]
    assert 429 in {answer.status_code for answer in answers}
    assert all(answer["Retry-After"] for answer in answers if answer.status_code == 429)


def test_without_the_audit_it_tells_nothing(doctor, patient, drawn, request) -> None:
    made(doctor, signed(doctor, patient))
    request.getfixturevalue("no_audit")
    status, page = read(code_in(drawn[0]))
    assert status == 503
    assert patient.site.name not in page


def test_the_page_is_read_and_never_written(doctor, patient, drawn) -> None:
    made(doctor, signed(doctor, patient))
    assert Client().post(f"/prescriptions/check/{code_in(drawn[0])}").status_code == 405


# == In the browser ==
def test_staff_print_it_and_open_the_pdf(browser, doctor, patient, drawn) -> None:
    row = signed(doctor, patient)
    client = browser(doctor)
    assert address(patient, row, "/print") in text_of(client.get(address(patient, row)))
    page = client.post(address(patient, row, "/print"), follow=True)
    assert "Being made" in page.content.decode()
    here = page.redirect_chain[-1][0]
    assert "Being made" in text_of(client.get(f"{here}?open=1"))
    with as_the_system():
        actions.make_sheet(by=None, sheet_id=PrescriptionSheet.objects.get().pk, now=timezone.now())
    assert "Download the PDF" in text_of(client.get(here))
    pdf = client.get(f"{here}?open=1", follow=True)
    assert b"".join(pdf.streaming_content if pdf.streaming else [pdf.content]).startswith(b"%PDF")
    assert "prescriptions.open_sheet" in said_before(row)
    assert "Download the PDF" in text_of(browser(staff("nurse", patient.site)).get(here))
    stop(doctor, row)
    assert address(patient, row, "/print") not in text_of(client.get(address(patient, row)))
    refused = client.post(address(patient, row, "/print"), follow=True)
    assert "not printed any more" in refused.content.decode()


def test_patients_print_their_own(browser, doctor, patient, drawn) -> None:
    row, draft = signed(doctor, patient), drafted(doctor, patient, "lisinopril 20 mg, tablet")
    foreign = PrescriptionFactory()
    client = browser(portal_user(patient))
    door = f"/portal/medicines/{row.pk}/print"
    assert door in text_of(client.get("/portal/medicines"))
    page = client.post(door, follow=True)
    here = page.redirect_chain[-1][0]
    with as_the_system():
        actions.make_sheet(by=None, sheet_id=PrescriptionSheet.objects.get().pk, now=timezone.now())
    assert "Download the PDF" in text_of(client.get(here))
    assert client.get(f"{here}?open=1").status_code == 302
    for other in (draft, foreign):
        assert client.post(f"/portal/medicines/{other.pk}/print").status_code == 404
    assert client.get(f"/portal/medicines/papers/{uuid4()}").status_code == 404
    cancel(doctor, row)
    refused = client.post(door, follow=True)
    assert "not printed any more" in refused.content.decode()
    assert door not in text_of(client.get("/portal/medicines"))


def test_the_sheet_cannot_be_opened_before_it_is_made(doctor, patient: Patient) -> None:
    sheet = asked(doctor, signed(doctor, patient))
    with acting_as(doctor), pytest.raises(actions.NotPossible, match="not made yet"):
        actions.open_sheet(by=doctor, sheet=sheet)


def test_one_that_is_late_or_failed_says_so(browser, doctor, patient) -> None:
    row = signed(doctor, patient)
    told = {"prescription": row, "asked_by": doctor, "asked_as": "doctor"}
    for said, sentence in (
        ({"asked_at": timezone.now() - timedelta(hours=1)}, "far longer than it should"),
        ({"state": "failed", "failure": "no_printer"}, "cannot make PDFs"),
    ):
        sheet = PrescriptionSheetFactory(**told, **said)
        assert sentence in text_of(browser(doctor).get(f"{address(patient)}papers/{sheet.pk}"))
