"""The pages of a merge: found, compared side by side, made one, looked at, and taken apart again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import Session
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import queries
from patients.models import Merge, Patient
from tests.factories import (
    AppointmentFactory,
    DuplicatePairFactory,
    EncounterFactory,
    EntryFactory,
    PatientFactory,
    PatientLinkFactory,
    PrescriptionFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.patients.merging import merge, undo

pytestmark = pytest.mark.django_db
REASON = {"reason": "Passport shown"}


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


def page(name, *ids) -> str:
    return reverse(f"patients:{name}", args=[getattr(one, "pk", one) for one in ids])


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


# == Finding the other ==
def test_the_chart_leads_to_it_for_who_may(browser, desk, site, kept):
    assert page("merge_with", kept) in text(browser(desk).get(page("chart", kept)))
    assert page("merge_with", kept) not in text(browser(staff("nurse", site)).get(page("chart", kept)))


def test_people_of_the_same_name_come_first_and_not_the_record_itself(browser, desk, kept, gone):
    hidden = PatientFactory(family_name="Marsh", given_name="Rosa")
    said = text(browser(desk).get(page("merge_with", kept)))
    assert page("merge", kept, gone) in said
    assert page("merge", kept, kept) not in said
    assert page("merge", kept, hidden) not in said
    assert "Not in your care: ask for access" in said


def test_the_other_is_found_by_its_number(browser, desk, site, kept):
    other = PatientFactory(site=site, family_name="Quite", given_name="Different")
    said = text(browser(desk).get(page("merge_with", kept), {"q": other.mrn}))
    assert page("merge", kept, other) in said
    assert "Nobody else found" in text(browser(desk).get(page("merge_with", kept), {"q": "999-99-9999"}))


def test_too_many_searches_are_said(browser, desk, kept, monkeypatch):
    def refuse(**_asked):
        raise queries.TooManySearches("Too many searches. Wait a minute.")

    monkeypatch.setattr("patients.actions.search_patients", refuse)
    assert "Wait a minute" in text(browser(desk).get(page("merge_with", kept)))


# == Side by side ==
def test_both_stand_side_by_side_with_what_goes_along(browser, desk, kept, gone, audited):
    AppointmentFactory(patient=gone)
    EntryFactory(patient=gone)
    said = text(browser(desk).get(page("merge", kept, gone)))
    for words in ("Rosa", "Rosie", kept.mrn, gone.mrn, "1 visit in the schedule", "1 entry of the record"):
        assert words in said
    assert 'name="from_given_name" value="kept" checked' in said
    assert 'name="from_email" value="gone" checked' in said, "What only the other says is proposed."
    assert 'name="from_family_name"' not in said, "Both agree."
    assert [what for what in audited(desk) if what[0] == "patients.compare"] == [("patients.compare", "ok")] * 2


def test_names_of_medicines_are_for_who_may_see_them(browser, desk, site, kept, gone):
    medicine = PrescriptionFactory(patient=gone).medicine
    assert medicine not in text(browser(desk).get(page("merge", kept, gone)))
    assert medicine in text(browser(staff("doctor", site)).get(page("merge", kept, gone)))


def test_a_record_out_of_scope_is_not_compared(browser, desk, kept, audited):
    foreign = PatientFactory()
    answer = browser(desk).get(page("merge", kept, foreign))
    assert answer.status_code == 403
    assert foreign.family_name not in text(answer)
    assert ("patients.open_chart", "denied") in audited(desk)


def test_it_asks_who_is_there_again_after_a_while(browser, desk, kept, gone):
    client = browser(desk)
    Session.objects.filter(user=desk).update(stepped_up_at=timezone.now() - timedelta(hours=1))
    assert "Which is right?" not in text(client.get(page("merge", kept, gone)))


# == Made one ==
def test_chosen_field_by_field_and_made_one(browser, desk, kept, gone):
    client = browser(desk)
    chosen = {"from_given_name": "gone", "from_email": "gone", "from_phone": "kept", **REASON}
    answer = client.post(page("merge", kept, gone), chosen)
    with acting_as(desk):
        row = Merge.objects.get()
        now = Patient.objects.get(pk=kept.pk)
    assert (answer.status_code, answer.url) == (302, page("merged", kept, row))
    assert (now.given_name, now.email, now.phone) == ("Rosie", "rosie@mail.example", "5550100")
    assert row.reason == "Passport shown"
    said = text(client.get(answer.url))
    assert answer.url in text(client.get(page("merge_with", kept)))
    assert gone.mrn in said
    assert "Rosie Marsh" in said
    assert "given name" in said
    assert gone.mrn in text(client.get(page("chart", kept)))


def test_without_a_reason_nothing_happens_and_nothing_chosen_is_lost(browser, desk, kept, gone):
    chosen = {"from_given_name": "gone", "from_email": "kept", "from_phone": "kept"}
    answer = browser(desk).post(page("merge", kept, gone), chosen)
    assert answer.status_code == 422
    assert 'name="from_given_name" value="gone" checked' in text(answer)
    assert 'name="from_email" value="kept" checked' in text(answer)
    with acting_as(desk):
        assert not Merge.objects.exists()


def test_what_stops_it_is_named_with_the_way_to_settle_it(browser, desk, kept, gone):
    start = timezone.now() + timedelta(days=2)
    visit, _other = (AppointmentFactory(patient=patient, start=start) for patient in (kept, gone))
    client = browser(desk)
    said = text(client.get(page("merge", kept, gone)))
    assert "Stops the merge" in said
    assert reverse("scheduling:visit", args=[kept.pk, visit.pk]) in said
    assert "Make them one record</button>" not in said
    chosen = {"from_given_name": "kept", "from_email": "kept", "from_phone": "kept", **REASON}
    answer = client.post(page("merge", kept, gone), chosen)
    assert answer.status_code == 422
    assert "Cancel one of them first" in text(answer)


def test_of_two_accounts_one_is_chosen(browser, desk, kept, gone):
    portal_user(kept)
    theirs = portal_user(gone)
    client = browser(desk)
    assert theirs.email in text(client.get(page("merge", kept, gone)))
    chosen = {"from_given_name": "kept", "from_email": "kept", "from_phone": "kept", **REASON}
    assert client.post(page("merge", kept, gone), chosen).status_code == 422
    assert client.post(page("merge", kept, gone), {**chosen, "account": theirs.pk}).status_code == 302
    with acting_as(theirs):
        assert Patient.objects.get().pk == kept.pk


# == Afterwards ==
def test_the_list_says_what_was_merged_and_undone(browser, desk, site, kept, gone):
    client = browser(desk)
    assert "Nothing was merged yet" in text(client.get(page("merges")))
    merged = merge(desk, kept, gone)
    assert page("merged", kept, merged) in text(client.get(page("merges")))
    undo(desk, merged)
    said = text(client.get(page("merges")))
    assert "Undone" in said
    assert page("merged", kept, merged) not in said
    with acting_as(desk, using="audit"):
        lists = AuditEvent.objects.using("audit").filter(actor_id=desk.pk, action="patients.list_merges")
        assert lists.count() == 3


def test_undone_with_a_report_of_what_goes_back_and_what_stays(browser, desk, kept, gone):
    AppointmentFactory(patient=gone)
    merged = merge(desk, kept, gone, taken=["email"])
    AppointmentFactory(patient=kept)
    with acting_as(desk):
        row = Patient.objects.get(pk=kept.pk)
        row.email = "new@mail.example"
        row.save(update_fields=["email"])
    client = browser(desk)
    said = text(client.get(page("merged", kept, merged)))
    assert "Goes back to the other record" in said
    assert "stays here" in said
    answer = client.post(page("merged", kept, merged), follow=True)
    assert answer.redirect_chain == [(page("chart", gone), 302)]
    assert "left as it is: e-mail" in text(answer)
    assert "This was undone" in text(client.get(page("merged", kept, merged)))


def test_what_would_be_torn_apart_is_said_and_refused(browser, desk, kept, gone):
    result = EntryFactory(patient=gone)
    merged = merge(desk, kept, gone)
    encounter = EncounterFactory(patient=kept)
    EntryFactory(patient=kept, encounter=encounter, supersedes=result)
    with_since = EncounterFactory(patient=kept)
    assert with_since
    client = browser(desk)
    said = text(client.get(page("merged", kept, merged)))
    assert "cannot be undone" in said
    assert "Make them two records again" not in said
    answer = client.post(page("merged", kept, merged))
    assert answer.status_code == 422
    assert "torn apart" in text(answer)


def test_the_merge_of_another_record_is_not_shown_under_this_one(browser, desk, site, kept, gone):
    merged = merge(desk, kept, gone)
    third = PatientFactory(site=site)
    assert browser(desk).get(page("merged", third, merged)).status_code == 404


def test_the_patient_reads_both_numbers(browser, desk, kept, gone):
    user = portal_user(kept)
    merge(desk, kept, gone)
    said = text(browser(user).get(reverse("portal:record")))
    assert kept.mrn in said
    assert gone.mrn in said
    assert "Registered twice?" not in said


# == Flagged pairs ==
def test_flagged_pairs_wait_and_lead_to_the_comparison(browser, desk, kept, gone):
    DuplicatePairFactory(patient=gone, other=kept)
    hidden = DuplicatePairFactory(patient=gone, other=PatientFactory())
    client = browser(desk)
    said = text(client.get(page("merges")))
    assert page("merge", kept, gone) in said
    assert "The other is not in your care" in said
    assert page("settle", hidden) not in said
    merged = merge(desk, kept, gone)
    assert page("merge", kept, gone) not in text(client.get(page("merges")))
    undo(desk, merged)
    assert page("merge", kept, gone) in text(client.get(page("merges")))


def test_a_pair_is_two_people(browser, desk, kept, gone):
    pair = DuplicatePairFactory(patient=gone, other=kept)
    client = browser(desk)
    assert client.post(page("settle", pair)).status_code == 302
    assert "No pair waits" in text(client.get(page("merges")))
    assert "looked at both and said that they are two people" in text(client.get(page("merge", kept, gone)))


def test_relatives_are_two_people(browser, desk, kept, gone):
    PatientLinkFactory(patient=gone, other=kept, relation="mother")
    said = text(browser(desk).get(page("merge", kept, gone)))
    assert "linked as relatives (Mother)" in said
    assert "Make them one record</button>" not in said
