"""Two records of one person become one, and two again, and nothing is lost on the way."""

import random
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from patients import actions
from patients.access import NotInScope
from patients.events import PatientsMerged, PatientsParted
from patients.models import Merge, Patient
from tests.factories import AppointmentFactory, PatientFactory, SiteFactory, staff
from tests.patients.merging import PIECES, difference, everything, merge, tables_of, undo
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return SiteFactory()


@pytest.fixture
def desk(site):
    return staff("front_desk", site)


@pytest.fixture
def kept(site):
    return PatientFactory(site=site, given_name="Rosa", family_name="Marsh", phone="5550100")


@pytest.fixture
def gone(site):
    return PatientFactory(site=site, given_name="Rosie", family_name="Marsh", email="rosie@mail.example")


# == Everything goes, and comes back ==
def test_all_that_a_patient_can_have_goes_to_the_one_record(desk, kept, gone):
    for piece in PIECES.values():
        piece(gone)
    had = {place: rows for place, rows in tables_of(gone.pk).items() if rows}
    merge(desk, kept, gone)
    assert not any(tables_of(gone.pk).values())
    has = tables_of(kept.pk)
    assert all(has[place] >= rows for place, rows in had.items())
    with as_the_system():
        assert not Patient.objects.filter(pk=gone.pk).exists()


def test_the_pieces_of_these_tests_are_of_every_table(kept):
    for piece in PIECES.values():
        piece(kept)
    empty = [place for place, rows in tables_of(kept.pk).items() if not rows]
    assert empty == ["patients_merge.patient_id"], f"Add a piece to tests/patients/merging.py for: {empty}"


@pytest.mark.parametrize("seed", range(6))
def test_merge_then_unmerge_leaves_every_table_as_it_was(seed, desk, kept, gone):
    """The property, of charts put together by chance; the first seeds have everything on both sides."""
    chance = random.Random(seed)
    for patient in (kept, gone):
        for piece in PIECES if seed < 2 else chance.sample(sorted(PIECES), k=chance.randint(0, len(PIECES))):
            PIECES[piece](patient)
    before = everything()
    merged = merge(desk, kept, gone)
    assert difference(before, everything())
    undo(desk, merged)
    assert difference(before, everything()) == {}


def test_no_table_with_a_patient_is_forgotten():
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tab FROM app.patient_columns()")
        tables = {row[0] for row in cursor.fetchall()}
    named = {table for part in parts_of("patients.Merge") for table in part.goes}
    assert tables - named == set(), "Name it in `goes` of the app's part for `patients.Merge`."
    assert named - tables == set(), "No such table points to a patient any more."


def test_each_app_names_its_own_tables():
    for config in apps.get_app_configs():
        for part in getattr(config, "parts", {}).get("patients.Merge", []):
            assert part.startswith(f"{config.name}.")
    for part in parts_of("patients.Merge"):
        assert len({table.split("_")[0] for table in part.goes}) == 1


# == Who may, and what is said of it ==
def test_who_may_not_merge_is_refused(site, kept, gone):
    nurse = staff("nurse", site)
    with pytest.raises(NotAllowed):
        merge(nurse, kept, gone)


def test_a_doctor_may(site, kept, gone):
    assert merge(staff("doctor", site), kept, gone).former_mrn == gone.mrn


def test_both_have_to_be_in_scope(desk, kept):
    elsewhere = PatientFactory()
    for one, other in ((kept, elsewhere), (elsewhere, kept)):
        with pytest.raises(NotInScope):
            merge(desk, one, other)


def test_a_record_is_not_merged_with_itself(desk, kept):
    with pytest.raises(NotAllowed):
        merge(desk, kept, kept)


def test_a_reason_is_asked_for(desk, kept, gone):
    with pytest.raises(actions.NotMerged, match="same person"):
        merge(desk, kept, gone, reason="  ")


def test_it_is_audited_under_both_and_announced(desk, kept, gone, announced):
    merged = merge(desk, kept, gone, taken=["email"])
    with as_the_system():
        lines = list(AuditEvent.objects.filter(action="patients.merge").order_by("id"))
    assert [line.patient_id for line in lines] == [kept.pk, gone.pk]
    assert lines[0].detail == {"merged": str(gone.pk), "merge": str(merged.pk), "fields": ["email"]}
    assert announced(PatientsMerged) == [PatientsMerged(kept.pk, gone.pk, merged.pk)]
    undo(desk, merged)
    assert announced(PatientsParted) == [PatientsParted(kept.pk, gone.pk, merged.pk)]


def test_nothing_stands_of_a_merge_that_fails(desk, kept, gone):
    start = timezone.now() + timedelta(days=2)
    for patient in (kept, gone):
        AppointmentFactory(patient=patient, start=start)
    before = everything()
    with pytest.raises(actions.NotMerged, match="at one time"):
        merge(desk, kept, gone, taken=["email"])
    assert difference(before, everything()) == {}


# == The details ==
def test_what_is_taken_over_and_what_is_kept(desk, kept, gone):
    merged = merge(desk, kept, gone, taken=["email", "given_name", "birth_date"])
    with acting_as(desk):
        now = Patient.objects.get(pk=kept.pk)
    assert (now.given_name, now.email, now.phone, now.mrn) == ("Rosie", "rosie@mail.example", "5550100", kept.mrn)
    assert merged.fields["given_name"] == ["Rosa", "Rosie"]
    undo(desk, merged)
    with acting_as(desk):
        again = Patient.objects.in_bulk([kept.pk, gone.pk])
    assert (again[kept.pk].given_name, again[kept.pk].email) == ("Rosa", "")
    assert (again[gone.pk].given_name, again[gone.pk].email) == ("Rosie", "rosie@mail.example")
    assert again[gone.pk].mrn == gone.mrn


def test_details_changed_since_stay_and_are_named(desk, kept, gone):
    merged = merge(desk, kept, gone, taken=["email", "given_name"])
    with acting_as(desk):
        row = Patient.objects.get(pk=kept.pk)
        row.email = "new@mail.example"
        row.save(update_fields=["email"])
    assert undo(desk, merged).stayed == ("email",)
    with acting_as(desk):
        again = Patient.objects.get(pk=kept.pk)
    assert (again.given_name, again.email) == ("Rosa", "new@mail.example")


def test_what_is_empty_can_be_taken_over_too(desk, kept, gone):
    merged = merge(desk, kept, gone, taken=["phone"])
    with acting_as(desk):
        assert Patient.objects.get(pk=kept.pk).phone == ""
    undo(desk, merged)
    with acting_as(desk):
        assert Patient.objects.get(pk=kept.pk).phone == "5550100"


# == Undoing ==
def test_it_is_undone_once(desk, kept, gone):
    merged = merge(desk, kept, gone)
    undo(desk, merged)
    with pytest.raises(actions.NotMerged, match="already"):
        undo(desk, merged)


def test_two_people_again_leave_nothing_of_each_other(desk, kept, gone):
    merged = merge(desk, kept, gone, taken=["email"])
    undo(desk, merged)
    with acting_as(desk):
        row = Merge.objects.get(pk=merged.pk)
    assert (row.record, row.fields, row.aside, row.settled, row.former_name) == ({}, {}, {}, {}, "")


def test_who_may_not_cannot_undo_either(desk, site, kept, gone):
    merged = merge(desk, kept, gone)
    with pytest.raises(NotAllowed):
        undo(staff("nurse", site), merged)
    with pytest.raises(NotInScope):
        undo(staff("front_desk"), merged)


def test_merged_the_other_way_round_after_it_was_undone(desk, kept, gone):
    undo(desk, merge(desk, kept, gone))
    assert merge(desk, gone, kept).former_mrn == kept.mrn


def test_the_later_of_two_merges_in_a_row_is_undone_first(desk, site, kept, gone):
    third = PatientFactory(site=site)
    before = everything()
    first = merge(desk, kept, gone)
    second = merge(desk, third, kept)
    with acting_as(desk):
        assert set(Merge.objects.standing().values_list("patient_id", flat=True)) == {third.pk}
    with pytest.raises(actions.NotMerged, match="later one first"):
        undo(desk, first)
    undo(desk, second)
    undo(desk, first)
    assert difference(before, everything()) == {}


def test_who_went_meanwhile_is_in_nobodys_scope(desk, site, kept, gone):
    merge(desk, PatientFactory(site=site), gone)
    with pytest.raises(NotInScope):
        merge(desk, kept, gone)


def test_of_two_who_merge_at_once_the_second_is_told(desk, kept, gone, monkeypatch):
    """Both were allowed to; when the second gets hold of the rows, one is no longer there."""
    merge(desk, PatientFactory(site=kept.site), gone)
    monkeypatch.setattr("patients.actions.merging.check_can_merge", lambda *_args: None)
    with pytest.raises(actions.NotMerged, match="meanwhile"):
        merge(desk, kept, gone)
