"""Papers for an hour without computers: who comes, what to know of them, locked, and what must not stand there."""

from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as, acting_as_system
from scheduling import actions, downtime, tasks
from scheduling.access import can_take_downtime
from scheduling.models import DowntimeKey
from tests.factories import (
    EntryFactory,
    MedicationStatementFactory,
    PatientFactory,
    PrescriptionFactory,
    RestrictionFactory,
    SiteFactory,
    staff,
)
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NINE, NOW, later
from tests.scheduling.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.pango]
ALLERGY = {"kind": "allergy", "display": "Penicillin", "clinical_status": "active", "data": {"reaction": "hives"}}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DOWNTIME_DIR = tmp_path / "downtime"
    return settings.DOWNTIME_DIR


def write(now=NOW):
    with taking_role("worker"), acting_as_system("downtime"):
        return actions.write_downtime_packets(by=None, now=now)


def words(site, kind):
    with as_the_system():
        return DowntimeKey.objects.open().get(site=site, kind=kind).secret


def read(site, kind):
    """What stands in the packet, on one line."""
    reader = PdfReader(BytesIO(downtime.place_of(site, kind).read_bytes()))
    assert reader.is_encrypted
    assert reader.decrypt(words(site, kind))
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


# == What stands there ==
def test_today_and_tomorrow_of_a_site_with_what_to_know(clinic):
    clinic.book()
    elsewhere = SiteFactory()
    late = clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site), start=later(60 * 48))
    EntryFactory(patient=clinic.patient, **ALLERGY)
    EntryFactory(patient=clinic.patient, kind="condition", display="Asthma", clinical_status="active")
    EntryFactory(patient=clinic.patient, kind="vital_signs", code="8867-4", value=71, unit="/min")
    PrescriptionFactory(patient=clinic.patient, status="picked_up", medicine="Salbutamol inhaler")
    MedicationStatementFactory(patient=clinic.patient, medicine="Ibuprofen", status="active")
    assert write() == 4
    clinical, desk = read(clinic.site, "clinical"), read(clinic.site, "desk")
    for said in (clinic.patient.family_name, clinic.patient.mrn, "9:00 am", clinic.provider.name):
        assert said in clinical
        assert said in desk
    for said in ("Penicillin (hives)", "Asthma", "71 /min", "Salbutamol inhaler", "Ibuprofen"):
        assert said in clinical
        assert said not in desk, "nothing of health for the desk"
    assert late.patient.family_name not in clinical, "the day after tomorrow"
    assert "Nobody is booked." in read(elsewhere, "desk")


def test_what_is_marked_stays_out_and_never_asked_is_not_none(clinic):
    clinic.book()
    other = clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site), start=later(60))
    EntryFactory(patient=clinic.patient, **ALLERGY)
    EntryFactory(patient=clinic.patient, kind="condition", display="Grief", sensitivity="mental_health")
    PrescriptionFactory(patient=clinic.patient, status="picked_up", medicine="Sertraline", sensitivity="mental_health")
    write()
    clinical = read(clinic.site, "clinical")
    assert "Penicillin (hives)" in clinical, "allergies are never marked"
    for hidden in ("Grief", "Sertraline"):
        assert hidden not in clinical
    assert clinical.count("NEVER ASKED") == 1, f"of {other.patient_id} alone"
    assert "specially protected" in clinical


def test_nothing_clinical_of_whom_somebody_must_not_see(clinic):
    clinic.book()
    EntryFactory(patient=clinic.patient, **ALLERGY)
    RestrictionFactory(patient=clinic.patient, user=staff("nurse", clinic.site))
    write()
    clinical = read(clinic.site, "clinical")
    assert "Kept back" in clinical
    assert "Penicillin" not in clinical
    assert clinic.patient.family_name in clinical


# == How it lies there ==
def test_it_opens_by_its_words_alone(clinic):
    write()
    content = downtime.place_of(clinic.site, "desk").read_bytes()
    for wrong in ("", "0000-0000", words(clinic.site, "clinical")):
        reader = PdfReader(BytesIO(content))
        assert not reader.decrypt(wrong)
        with pytest.raises(FileNotDecryptedError):
            reader.pages[0].extract_text()
    assert len(downtime.new_words()) == 24
    assert downtime.new_words() != downtime.new_words()


def test_a_part_that_fails_leaves_the_last_packet_and_other_sites_have_theirs(clinic, monkeypatch):
    with as_the_system():
        other = SiteFactory()
    clinic.book()
    write()
    before = downtime.place_of(clinic.site, "clinical").read_bytes()

    def fails(ids, _now):
        if ids:
            raise ValueError("no list")
        return {}

    monkeypatch.setattr("prescriptions.panels.taken_by", fails)
    downtime.place_of(other, "clinical").unlink()
    with pytest.raises(RuntimeError, match="could not say"):
        write(NOW + timedelta(minutes=15))
    assert downtime.place_of(clinic.site, "clinical").read_bytes() == before
    assert downtime.place_of(other, "clinical").exists()


def test_the_clock_writes_them_and_the_audit_says_so(clinic):
    with taking_role("worker"):
        tasks.write_downtime_packets()
    assert downtime.made_at(clinic.site, "desk")
    with as_the_system():
        assert AuditEvent.objects.filter(action="scheduling.write_downtime").count() == 2


# == Who has it ==
def take(user, site, kind):
    with acting_as(user):
        return actions.take_downtime_packet(by=user, site=site, kind=kind)


def test_clinical_lines_are_for_who_reads_charts_at_the_site(clinic):
    write()
    nurse, elsewhere = staff("nurse", clinic.site), staff("nurse", SiteFactory())
    for user, kind, may in (
        (nurse, "clinical", True),
        (nurse, "desk", True),
        (clinic.desk, "desk", True),
        (clinic.desk, "clinical", False),
        (elsewhere, "desk", False),
        (clinic.rosa, "desk", False),
    ):
        with acting_as(user):
            assert can_take_downtime(user, clinic.site, kind) is may
        if may:
            assert take(user, clinic.site, kind).startswith(b"%PDF-")
        else:
            with pytest.raises(NotAllowed):
                take(user, clinic.site, kind)


def test_where_there_is_none_yet_it_is_said(browser, clinic):
    with pytest.raises(actions.NoPacket):
        take(clinic.desk, clinic.site, "desk")
    desk = browser(clinic.desk)
    assert "none yet" in text(desk.get("/scheduling/downtime"))
    where = f"/scheduling/downtime/{clinic.site.pk}/desk.pdf"
    assert "no packet of this site yet" in text(desk.get(where, follow=True))
    assert desk.get(f"/scheduling/downtime/{clinic.site.pk}/other.pdf").status_code == 404


def test_the_page_offers_what_one_may_take(browser, clinic, audited):
    write()
    desk, nurse = browser(clinic.desk), browser(staff("nurse", clinic.site))
    assert text(desk.get("/scheduling/downtime")).count(".pdf") == 1
    assert text(nurse.get("/scheduling/downtime")).count(".pdf") == 2
    answer = desk.get(f"/scheduling/downtime/{clinic.site.pk}/desk.pdf")
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert audited(clinic.desk)[-1] == ("scheduling.take_downtime", "ok")
    assert desk.get(f"/scheduling/downtime/{clinic.site.pk}/clinical.pdf").status_code == 403


# == The words in the envelope ==
def test_administrators_read_the_words_and_make_others(browser, clinic, audited):
    write()
    boss = staff("administrator", clinic.site)
    browser_of_boss, where = browser(boss), f"/scheduling/downtime/{clinic.site.pk}/words"
    old = words(clinic.site, "desk")
    assert old in text(browser_of_boss.get(where))
    assert audited(boss)[-1] == ("scheduling.show_downtime_words", "ok")
    page = text(browser_of_boss.post(where, follow=True))
    assert old not in page
    assert words(clinic.site, "desk") in page
    write()
    assert "When the computers" in read(clinic.site, "desk")
    assert browser(clinic.desk).get(where).status_code == 403
    for verb, more in (("show_downtime_words", {}), ("renew_downtime_words", {"now": NINE})):
        with acting_as(clinic.desk), pytest.raises(NotAllowed):
            getattr(actions, verb)(by=clinic.desk, site=clinic.site, **more)


def test_the_database_shows_them_to_nobody_else(clinic):
    write()
    for user, count in ((staff("administrator", clinic.site), 2), (clinic.desk, 0), (clinic.provider.user, 0)):
        with acting_as(user):
            assert DowntimeKey.objects.filter(site=clinic.site).count() == count
