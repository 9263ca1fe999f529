"""When results go out, on the pages: the doctor's, the patient's, the administrator's, and in /v1."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.db.context import acting_as
from records.actions.releasing import hold_result, review_hold
from records.models import Entry, ReleasePolicy, ReleaseWish, ResultRelease
from tests.events.draining import drain
from tests.factories import EntryFactory, ReleasePolicyFactory, ResultReleaseFactory, portal_user, staff
from tests.patients.conftest import sign_in
from tests.records.measuring import result
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def entry(rosa, nurse) -> Entry:
    return result(nurse, rosa)


def page_of(entry: Entry, name: str = "release_result") -> str:
    return reverse(f"records:{name}", args=[entry.patient_id, entry.pk])


def test_what_went_out_by_itself_takes_the_doctors_words_later(entry, rosa, doctor) -> None:
    client, patient = sign_in(doctor), sign_in(portal_user(rosa))
    assert "in a moment, by itself" in client.get(page_of(entry)).text
    assert patient.get(f"/portal/results/{entry.pk}/").status_code == 404
    drain()
    assert "What the doctor says" not in patient.get(f"/portal/results/{entry.pk}/").text
    listed = client.get(reverse("records:results", args=[rosa.pk])).text
    assert "Released" in listed
    assert "To read" in listed
    assert "Write to the patient about it" in client.get(page_of(entry)).text
    assert client.post(page_of(entry), {"comment": "Better than in spring."}).status_code == 302
    assert "Better than in spring." in patient.get(f"/portal/results/{entry.pk}/").text
    assert "Write to the patient about it" not in client.get(page_of(entry)).text


def test_after_reading_the_page_says_when_the_patient_sees_it(entry, rosa, nurse, doctor) -> None:
    client = sign_in(doctor)
    assert "in a moment" in client.post(page_of(entry), {"comment": "", "read_only": "1"}, follow=True).text
    ReleasePolicyFactory(when="after_days", days=2)
    other = result(nurse, rosa)
    assert "Not out yet" in client.get(page_of(other)).text
    assert "by itself on" in client.post(page_of(other), {"comment": "", "read_only": "1"}, follow=True).text


def test_one_is_held_back_looked_at_and_ended(entry, rosa, doctor) -> None:
    client, colleague = sign_in(doctor), sign_in(staff("doctor", rosa.site))
    hold, until = page_of(entry, "hold_result"), timezone.localdate() + 5 * DAY
    assert "45 CFR 171.201" in client.get(hold).text
    typed = {"reason": "", "until": until.isoformat()}
    answer = client.post(hold, typed)
    assert (answer.status_code, "Whom would it harm" in answer.text) == (422, True)
    assert "within the next 30" in client.post(hold, typed | {"reason": "x", "until": "2199-01-01"}).text
    assert "Held back" in client.post(hold, typed | {"reason": "He would hurt her."}, follow=True).text
    assert client.post(hold, {"stands": "yes"}).status_code == 422
    page = colleague.get("/records/results-to-read").text
    assert "Held back from the patient" in page
    assert "To look at" in page
    assert "I agree" in colleague.get(hold).text
    assert "You agree" in colleague.post(hold, {"stands": "yes"}, follow=True).text
    assert "He would hurt her." in client.get(hold).text
    drain()
    with as_the_system():
        assert Entry.objects.get(pk=entry.pk).released_at is None
    assert "no longer held back" in client.post(hold, {"stands": "no"}, follow=True).text
    drain()
    assert "does not wait" in client.get(hold, follow=True).text


def test_what_waits_of_a_marked_result_shows_to_whom_the_result_shows(rosa, doctor) -> None:
    marked = EntryFactory(patient=rosa, released_at=None, sensitivity="mental_health")
    plain = EntryFactory(patient=rosa, released_at=None)
    for one in (marked, plain):
        ResultReleaseFactory(entry=one)
    pharmacist = staff("pharmacist", rosa.site)
    for user in (doctor, pharmacist, portal_user(rosa)):
        with acting_as(user):
            seen = set(ResultRelease.objects.visible_to(user).values_list("entry_id", flat=True))
            assert seen == set(ResultRelease.objects.values_list("entry_id", flat=True))
            assert seen == set(Entry.objects.visible_to(user).values_list("pk", flat=True))


def test_v1_hides_from_a_patients_program_what_the_portal_hides(entry, rosa, api) -> None:
    program = api(portal_user(rosa))
    assert program.read("/records").json()["items"] == []
    assert program.read(f"/records/{entry.pk}").status_code == 404
    drain()
    assert [item["id"] for item in program.read("/records").json()["items"]] == [str(entry.pk)]
    assert program.read(f"/records/{entry.pk}").status_code == 200


def test_the_patient_says_how_results_are_to_come(entry, rosa, doctor) -> None:
    patient = portal_user(rosa)
    client = sign_in(patient)
    assert "How I get my results" in client.get("/portal/results/").text
    page = client.get("/portal/results/when").text
    assert "longer than 3 days" in page
    assert client.post("/portal/results/when", {"wants": "never"}).status_code == 422
    assert "Saved" in client.post("/portal/results/when", {"wants": "after_talk"}, follow=True).text
    with as_the_system():
        assert ReleaseWish.objects.get().wants == "after_talk"
    drain()
    assert client.get(f"/portal/results/{entry.pk}/").status_code == 404
    assert "wants to hear from a doctor first" in sign_in(doctor).get(page_of(entry)).text
    client.post("/portal/results/when", {"wants": "at_once"})
    drain()
    assert client.get(f"/portal/results/{entry.pk}/").status_code == 200
    client.post("/portal/results/when", {"wants": ""})
    assert client.get("/portal/results/when").text.count("checked") == 1


def test_reviewed_holds_say_by_whom(entry, rosa, doctor) -> None:
    other = staff("doctor", rosa.site)
    now = timezone.now()
    with acting_as(doctor):
        hold_result(by=doctor, entry=entry, reason="Harm", until=now + 9 * DAY, now=now)
    with acting_as(other):
        review_hold(by=other, entry=entry, stands=True, now=now)
    assert other.full_name in sign_in(doctor).get("/records/results-to-read").text


def test_the_admin_shows_what_a_delay_means_before_it_is_kept(rosa) -> None:
    client = sign_in(staff("administrator", rosa.site))
    add = reverse("admin:records_releasepolicy_add")
    form = {"category": "laboratory", "when": "after_days", "days": "2"}
    assert client.get(add).status_code == 200
    preview = client.post(add, form).text
    assert "information blocking (45 CFR 171.103)" in preview
    assert "longer than 3 days" in preview
    assert client.post(add, form | {"_confirmed": "1"}).status_code == 302
    assert client.post(add, form | {"when": "after_read", "_confirmed": "1"}).status_code == 200
    assert client.post(add, form | {"_confirmed": "1"}).status_code == 200
    with as_the_system():
        row = ReleasePolicy.objects.get()
    change = reverse("admin:records_releasepolicy_change", args=[row.pk])
    assert "information blocking" not in client.post(change, form | {"when": "at_once", "days": "0"}).text
    assert client.post(change, form | {"when": "at_once", "days": "0", "_confirmed": "1"}).status_code == 302
    assert "at_once" in str(ReleasePolicy.objects.values_list("when", flat=True)[0])
    history = reverse("admin:records_releasepolicy_history", args=[row.pk])
    assert "Changed" in client.get(history).text
    assert client.get(reverse("admin:records_releasepolicy_changelist")).status_code == 200
