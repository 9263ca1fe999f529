"""The pages of the history: what is typed is kept, and what is on the list is asked about."""

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from records.actions.histories import Saying, record_living, record_operation, record_relative
from records.kinds.social_history import YES
from records.models import Entry
from records.rules.said import Operation, Relative
from tests.factories import EntryFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def current(patient, kind) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient=patient).of_kind(kind).current().order_by("id"))


def tell(user, patient) -> tuple[Entry, Entry]:
    now = timezone.now()
    with acting_as(user):
        operation = record_operation(
            by=user, patient=patient, operation=Operation("Hip replacement", "2019-04", "Bay State"), now=now
        )
        relative = record_relative(by=user, patient=patient, relative=Relative("MTH", "Stroke", "70"), now=now)
        answers = {"93033-9": YES, "72166-2": "LA18978-9", "76501-6": YES}
        record_living(by=user, patient=patient, answers=answers, now=now)
    return operation, relative


def test_from_never_asked_to_none_to_a_list(rosa, nurse, browser) -> None:
    client, url = browser(nurse), f"/records/{rosa.pk}/history/"
    page = client.get(url).content.decode()
    assert page.count("Never asked") == 3
    for subject, words in (("surgery", "Never operated on"), ("family", "Nothing known to run in the family")):
        assert client.post(f"{url}{subject}/none-known").status_code == 302
        assert words in client.get(url).content.decode()
    typed = {"name": "Appendix removed", "day": "5/2009", "where": "Bay State"}
    assert client.post(f"{url}surgery/add", typed).status_code == 302
    page = client.get(url).content.decode()
    assert "Appendix removed" in page
    assert "May 2009" in page
    assert "Never operated on" not in page
    client.post(f"{url}surgery/none-known")
    assert "Something is on the list" in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Missing: Operation"),
        ({"day": "once"}, "Enter a year, like 2009"),
        ({"day": "2999"}, "This lies in the future"),
        ({"day": "1967"}, "before the patient was born"),
        ({"day": "13/2009"}, "Enter a year, like 2009"),
        ({"where": "x" * 101}, "too long"),
        ({"note": "a\u202eb"}, "cannot be seen"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(typed, sentence, rosa, nurse, browser) -> None:
    said = {"name": "Cataract surgery", "day": "2011", "where": "Abroad", "outcome": "sees well"} | typed
    answer = browser(nurse).post(f"/records/{rosa.pk}/history/surgery/add", said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="sees well"' in page
    assert current(rosa, "surgical_history") == []


@pytest.mark.parametrize("typed", ["2009", "2009-05", "5/2009", "05/2009", "2009-05-04", "May 4, 2009"])
def test_when_is_read_as_people_write_it(typed, rosa, nurse, browser) -> None:
    answer = browser(nurse).post(f"/records/{rosa.pk}/history/surgery/add", {"name": "Hernia repair", "day": typed})
    assert answer.status_code == 302
    (row,) = current(rosa, "surgical_history")
    assert row.effective_at.year == 2009


def test_the_same_twice_is_asked_about_and_recorded_with_a_reason(rosa, nurse, browser) -> None:
    tell(nurse, rosa)
    client, url = browser(nurse), f"/records/{rosa.pk}/history/family/add"
    typed = {"relative": "MTH", "condition": "stroke", "died": "on"}
    answer = client.post(url, typed)
    assert answer.status_code == 422
    assert "It is on the list already" in answer.content.decode()
    assert client.post(url, typed | {"though": "A second one"}).status_code == 302
    assert len(current(rosa, "family_history")) == 2
    assert client.post(url, {"relative": "", "condition": "stroke"}).status_code == 422


def test_an_operation_and_a_relative_are_said_otherwise(rosa, doctor, browser) -> None:
    operation, relative = tell(doctor, rosa)
    client, url = browser(doctor), f"/records/{rosa.pk}/entries/{{}}/change-history"
    page = client.get(url.format(operation.pk)).content.decode()
    assert 'value="2019-04"' in page
    assert 'value="Bay State"' in page
    typed = {"name": "Hip replacement", "day": "2020", "body_site": "left"}
    assert client.post(url.format(operation.pk), typed).status_code == 302
    assert client.post(url.format(operation.pk), typed).status_code == 422  # changed meanwhile
    (row,) = current(rosa, "surgical_history")
    assert (row.supersedes_id, row.data["body_site"], row.effective_at.year) == (operation.pk, "left", 2020)
    page = client.get(url.format(relative.pk)).content.decode()
    assert 'value="Stroke"' in page
    assert 'value="70"' in page
    assert client.post(url.format(relative.pk), {"relative": "FTH", "condition": "Stroke"}).status_code == 302
    (row,) = current(rosa, "family_history")
    assert (row.display, row.data) == ("Father", {"conditions": [{"text": "Stroke"}]})
    undated = EntryFactory(
        patient=rosa, kind="surgical_history", display="Tonsils removed", data={"precision": "unknown"}
    )
    assert 'name="day" class="medium"' in client.get(url.format(undated.pk)).content.decode()


def test_what_another_system_tells_and_that_there_is_none_are_not_changed(rosa, doctor, browser) -> None:
    told = EntryFactory(patient=rosa, kind="surgical_history", display="Bypass", source="fhir:x", data={})
    none = EntryFactory(patient=rosa, kind="family_history", code="no-known-family-history", data={})
    other = EntryFactory(patient=rosa, kind="immunization", data={"elsewhere": True})
    for row in (told, none, other):
        assert browser(doctor).get(f"/records/{rosa.pk}/entries/{row.pk}/change-history").status_code == 404
    page = browser(doctor).get(f"/records/{rosa.pk}/history/").content.decode()
    assert "Elsewhere" in page


@pytest.mark.parametrize("address", ["dreams/add", "dreams/none-known"])
def test_there_is_no_other_subject(address, rosa, nurse, browser) -> None:
    assert browser(nurse).post(f"/records/{rosa.pk}/history/{address}").status_code == 404


def test_how_somebody_lives_is_asked_question_by_question(rosa, nurse, browser) -> None:
    client, url = browser(nurse), f"/records/{rosa.pk}/history/living"
    assert "Ask only when you are alone with the patient" in client.get(url).content.decode()
    assert "Nothing was answered." in client.post(url, {"note": "x"}).content.decode()
    refused = client.post(url, {"q_71802_3": "castle", "note": "kept"})
    assert refused.status_code == 422
    assert 'value="kept"' in refused.content.decode()
    typed = {"q_71802_3": "LA30190-5", "q_72166_2": "LA15920-4", "note": "since May"}
    assert client.post(url, typed).status_code == 302
    assert {row.code for row in current(rosa, "social_history")} == {"71802-3", "72166-2"}
    page = client.get(f"/records/{rosa.pk}/history/").content.decode()
    assert "Has no housing" in page
    assert "Used to smoke" in page


# == Elsewhere ==
def test_the_overview_shows_what_worries_first(rosa, nurse, browser, assert_queries) -> None:
    client = browser(nurse)
    assert client.get(f"/patients/{rosa.pk}/").content.decode().count("Never asked") >= 3
    tell(nurse, rosa)
    with assert_queries(at_most=12):
        page = client.get(f"/patients/{rosa.pk}/").content.decode()
    assert "Hip replacement" in page
    assert "Mother: Stroke (at 70)" in page
    assert page.index("Worried about housing") < page.index("Tobacco")


def test_patients_read_their_history_but_not_whether_they_are_safe(rosa, nurse, browser) -> None:
    client = browser(portal_user(rosa))
    assert "None written down." in client.get("/portal/health/").content.decode()
    tell(nurse, rosa)
    page = client.get("/portal/health/").content.decode()
    assert "Hip replacement" in page
    assert "Mother: Stroke" in page
    assert "Worried" in page
    assert "Afraid" not in page


def test_the_front_desk_reads_none_of_it(rosa, browser) -> None:
    desk = browser(staff("front_desk", rosa.site))
    for page in ("", "living", "family/add"):
        assert desk.get(f"/records/{rosa.pk}/history/{page}").status_code == 403


def test_a_marked_operation_says_so_to_who_may_see_it(rosa, doctor, browser) -> None:
    with acting_as(doctor):
        record_operation(
            by=doctor,
            patient=rosa,
            operation=Operation("Cesarean section", "2009"),
            now=timezone.now(),
            saying=Saying(sensitivity="reproductive"),
        )
    assert "Sensitive: Reproductive health" in browser(doctor).get(f"/records/{rosa.pk}/history/").content.decode()
    assert "Cesarean" not in browser(staff("nurse", rosa.site)).get(f"/records/{rosa.pk}/history/").content.decode()
