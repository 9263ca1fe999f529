"""What a conversation is about: a result, a prescription or a bill, by a reference that the app of the row resolves."""

import re
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from healthcare.events import parts
from records.actions import messages as verbs
from records.actions.entries import void_entry
from records.models import Thread
from records.parts import Subject, Subjects
from records.queries.subjects import category_of, subject_of
from tests.factories import EntryFactory, InvoiceFactory, PatientFactory, PrescriptionFactory, proxy_of, staff
from tests.records.writing import CALM, NOW, Talk, signed_in, talk

pytestmark = pytest.mark.django_db
NOWHERE = "0190a5f0-0000-7000-8000-000000000000"
KINDS = ("records.entry", "prescriptions.prescription", "billing.invoice", "patients.patient")
MADE_UP = [f"{kind}:{NOWHERE}" for kind in KINDS]
START = reverse("records_portal:start_thread")


@pytest.fixture
def told() -> Talk:
    return talk()


def result(patient: Any, **given: Any) -> Any:
    said = {"kind": "laboratory_result", "code": "2823-3", "display": "Potassium", "released_at": NOW} | given
    return EntryFactory(patient=patient, **said)


def three(patient: Any) -> dict[str, Any]:
    return {
        "records.entry": result(patient),
        "prescriptions.prescription": PrescriptionFactory(patient=patient, status="signed"),
        "billing.invoice": InvoiceFactory(patient=patient),
    }


def sources(patient: Any) -> dict[str, str]:
    return {kind: f"{kind}:{row.pk}" for kind, row in three(patient).items()}


def seen(user: Any, patient: Any, source: str) -> Subject | None:
    with acting_as(user):
        return subject_of(user, patient, source)


def typed(**more: str) -> dict[str, str]:
    return {"body": CALM, "key": str(uuid7()), "category": "result", "confirmed": ""} | more


# == Who sees what ==
def test_each_reader_sees_what_is_open_to_them(told) -> None:
    of = sources(told.patient)
    readers = {
        told.rosa: set(of),
        told.doctor: {"records.entry", "prescriptions.prescription"},
        told.nurse: {"records.entry", "prescriptions.prescription"},
        told.desk: {"billing.invoice"},
        staff("billing", told.patient.site): {"billing.invoice"},
        told.pharmacist: {"prescriptions.prescription"},
        told.stranger: set(),
        told.other_rosa: set(),
    }
    for reader, expected in readers.items():
        assert {kind for kind, source in of.items() if seen(reader, told.patient, source)} == expected, reader


def test_it_leads_to_the_reader_s_own_page(told) -> None:
    of = sources(told.patient)
    for reader, kinds in ((told.rosa, of), (told.doctor, ["records.entry", "prescriptions.prescription"])):
        client = signed_in(reader)
        for kind in kinds:
            found = seen(reader, told.patient, of[kind])
            assert client.get(found.url).status_code == 200, found
            assert found.label
    assert signed_in(told.desk).get(seen(told.desk, told.patient, of["billing.invoice"]).url).status_code == 200


@pytest.mark.parametrize("source", ["", "records.entry", "records.entry:", "records.entry:x", "x" * 300, *MADE_UP])
def test_what_is_made_up_leads_nowhere(told, source) -> None:
    assert seen(told.rosa, told.patient, source) is None
    assert seen(told.doctor, told.patient, source) is None


def test_what_is_another_s_leads_nowhere(told) -> None:
    other = PatientFactory(site=told.patient.site)
    for source in sources(other).values():
        assert seen(told.doctor, told.patient, source) is None
        assert seen(told.rosa, told.patient, source) is None


def test_a_result_that_was_not_released_and_what_is_no_result(told) -> None:
    assert not seen(told.rosa, told.patient, f"records.entry:{result(told.patient, released_at=None).pk}")
    vital = EntryFactory(patient=told.patient, kind="vital_signs", released_at=NOW)
    assert not seen(told.rosa, told.patient, f"records.entry:{vital.pk}")


def test_a_corrected_result_leads_to_its_correction(told) -> None:
    first = result(told.patient, superseded_at=NOW)
    second = result(told.patient, supersedes=first, record_status="corrected")
    for reader in (told.rosa, told.doctor):
        assert str(second.pk) in seen(reader, told.patient, f"records.entry:{first.pk}").url


def test_what_it_is_about_is_known_by_its_kind() -> None:
    assert [
        category_of(f"{kind}:x") for kind in ("records.entry", "prescriptions.prescription", "billing.invoice")
    ] == [
        "result",
        "medicine",
        "bill",
    ]
    assert category_of("patients.patient:x") == ""


def test_an_app_that_fails_leaves_the_conversation_standing(told, monkeypatch) -> None:
    def fails(*_given: Any) -> Subject:
        raise RuntimeError

    thread = told.starts(source=sources(told.patient)["billing.invoice"])
    broken = Subjects("billing.invoice", "bill", fails)
    monkeypatch.setattr(parts, "parts_of", lambda _name: (broken,) * len(parts.names_of("records.Subjects")))
    with acting_as(told.rosa):
        assert subject_of(told.rosa, told.patient, thread.source) is None


# == The verb ==
def test_it_is_kept_with_the_conversation_for_good(told) -> None:
    source = sources(told.patient)["records.entry"]
    thread = told.starts(source=source)
    assert thread.source == source
    with pytest.raises(DatabaseError), acting_as(told.nurse), connection.cursor() as cursor:
        cursor.execute("UPDATE records_thread SET source = '' WHERE id = %s", [thread.pk])


def test_what_is_not_open_to_the_writer_begins_nothing(told) -> None:
    other = PatientFactory(site=told.patient.site)
    for source in (*sources(other).values(), "records.entry:x", f"patients.patient:{NOWHERE}"):
        with pytest.raises(verbs.NotOpen, match="not here to ask about"):
            told.starts(source=source)
    with pytest.raises(verbs.NotOpen):
        told.starts(told.nurse, source=sources(told.patient)["billing.invoice"])


def test_the_database_takes_references_alone(told) -> None:
    with pytest.raises(IntegrityError, match="thread_source"), acting_as(told.rosa), transaction.atomic():
        Thread(
            patient=told.patient,
            site=told.patient.site,
            category="bill",
            started_by=told.rosa,
            last_at=NOW,
            source="Rosa Delgado",
        ).save(force_insert=True)


# == Pages ==
def test_ask_about_this_on_each_page_and_both_sides_see_it(told) -> None:
    rows, rosa = three(told.patient), signed_in(told.rosa)
    pages = {
        "records.entry": reverse("records_portal:result", args=[rows["records.entry"].pk]),
        "prescriptions.prescription": reverse("prescriptions_portal:medicines"),
        "billing.invoice": reverse("billing_portal:invoice", args=[rows["billing.invoice"].pk]),
    }
    abouts = {"records.entry": "result", "prescriptions.prescription": "medicine", "billing.invoice": "bill"}
    for kind, page in pages.items():
        source = f"{kind}:{rows[kind].pk}"
        link = f"{START}?about={source}"
        assert link in rosa.get(page).content.decode(), kind
        form = rosa.get(link).content.decode()
        found = seen(told.rosa, told.patient, source)
        assert found.label in form
        assert f'value="{source}"' in form
        assert re.search(rf'value="{abouts[kind]}"[^>]* checked', form), "what it is about is chosen already"
        answer = rosa.post(START, typed(about=source), follow=True)
        assert found.url in answer.content.decode()
        with acting_as(told.rosa):
            thread = Thread.objects.get(source=source)
        for reader in (told.doctor, told.desk):
            shown = signed_in(reader).get(reverse("records:thread", args=[told.patient.pk, thread.pk]))
            mine = seen(reader, told.patient, source)
            text = shown.content.decode()
            assert (mine.url in text) if mine else ("not open to you" in text and found.label not in text)


@pytest.mark.parametrize("source", ["records.entry:x", MADE_UP[0], "<script>", f"a.b:{NOWHERE}"])
def test_what_is_made_up_is_refused_with_a_sentence_and_nothing_is_lost(told, source) -> None:
    rosa = signed_in(told.rosa)
    page = rosa.get(START, {"about": source}).content.decode()
    assert "not here to ask about" in page
    answer = rosa.post(START, typed(about=source, body="Is it <b>high</b>?"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "not here to ask about" in page
    assert "Is it &lt;b&gt;high&lt;/b&gt;?" in page
    assert f'value="{source}"' not in page, "a second press goes without it"
    with acting_as(told.rosa):
        assert not Thread.objects.exists()


def test_what_is_gone_is_said_neutrally(told) -> None:
    entry = result(told.patient)
    thread = told.starts(source=f"records.entry:{entry.pk}")
    with acting_as(told.nurse):
        void_entry(by=told.nurse, entry=entry, reason="of somebody else", now=NOW)
    page = signed_in(told.rosa).get(reverse("records_portal:thread", args=[thread.pk])).content.decode()
    assert "not shown here" in page
    assert "Potassium" not in page


def test_who_acts_for_the_patient_asks_about_what_is_open_to_them(told) -> None:
    son = proxy_of(told.patient, scopes=["identity", "message"])
    of = sources(told.patient)
    assert not any(seen(son, told.patient, source) for source in of.values())
    with pytest.raises(verbs.NotOpen):
        told.starts(son, source=of["records.entry"])


def test_without_the_right_to_write_there_is_no_button(told) -> None:
    daughter = proxy_of(told.patient, scopes=["identity", "billing"])
    bill = InvoiceFactory(patient=told.patient)
    page = signed_in(daughter).get(f"/portal/for/{told.patient.pk}/bills/{bill.pk}/").content.decode()
    assert bill.number in page
    assert "?about=" not in page
