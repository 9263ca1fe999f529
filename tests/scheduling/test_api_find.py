"""Providers, kinds of visits and free times through /v1."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from scheduling.queries import cached
from tests.factories import (
    AppointmentFactory,
    PatientFactory,
    ResourceFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    WorkExceptionFactory,
    bookable_provider,
    portal_user,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.test_api_book import asked, soon

pytestmark = pytest.mark.django_db
LOOKING = ("/providers", "/slots", "/visit-types")


@pytest.fixture(autouse=True)
def _no_old_times(monkeypatch) -> None:
    monkeypatch.setattr(cached, "SECONDS", 1)


@pytest.fixture
def towns(clinic):
    """Somebody in Worcester, Boston and New York; the clinic's own provider is nowhere."""
    return {
        town: bookable_provider(SiteFactory(postal_code=code), name=town, specialty="Cardiology", languages=languages)
        for town, code, languages in (
            ("New York", "10013", ["en", "es"]),
            ("Boston", "02115", ["en"]),
            ("Worcester", "01608", []),
        )
    }


def query_of(path: str, clinic) -> dict[str, str]:
    return {"provider": str(clinic.provider.pk)} if path == "/slots" else {}


@pytest.mark.parametrize("path", LOOKING)
def test_patients_and_those_with_the_schedule_look(api, clinic, path) -> None:
    for user in (clinic.rosa, clinic.desk, staff("nurse", clinic.site), staff("doctor", clinic.site)):
        answer = api(user, "schedule.read").read(path, query_of(path, clinic))
        assert answer.status_code == 200, answer.content
        assert answer.json()["items"]
    assert api(None).read(path).status_code == 401
    assert api(staff("administrator")).read(path).status_code == 403
    assert api(clinic.rosa, "clinical.read schedule.write").read(path).status_code == 403


# == Providers ==
def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["name"] for item in answer.json()["items"]]


def test_the_nearest_comes_first_with_distance_and_first_free_time(api, clinic, towns) -> None:
    answer = api(clinic.rosa).read("/providers", {"near": "01608", "specialty": "Cardiology"})
    assert names(answer) == ["Worcester", "Boston", "New York"]
    first = answer.json()["items"][0]
    assert first["distance_km"] == 0.0
    assert first["site"] == str(towns["Worcester"].sites.get().pk)
    assert timezone.now() < datetime.fromisoformat(first["next_free"]) < timezone.now() + timedelta(days=1)
    by_degrees = api(clinic.rosa).read("/providers", {"near": "40.72,-74.0", "specialty": "Cardiology"})
    assert names(by_degrees)[0] == "New York"


def test_without_a_place_nobody_has_a_distance(api, clinic, towns) -> None:
    items = api(clinic.desk).read("/providers").json()["items"]
    assert {item["distance_km"] for item in items} == {None}
    assert [item["name"] for item in items] == sorted(item["name"] for item in items)


def test_it_is_narrowed_by_site_language_and_specialty(api, clinic, towns) -> None:
    read = api(clinic.rosa).read
    assert names(read("/providers", {"language": "es"})) == ["New York"]
    assert names(read("/providers", {"site": str(clinic.site.pk)})) == [clinic.provider.name]
    assert len(names(read("/providers", {"specialty": "Cardiology"}))) == 3
    assert names(read("/providers", {"specialty": "Alchemy"})) == []


def test_each_provider_stands_once_at_the_nearest_site(api, clinic, towns) -> None:
    boston = towns["Boston"].sites.get()
    with as_the_system():
        towns["New York"].sites.add(boston)
    items = api(clinic.rosa).read("/providers", {"near": "02115", "specialty": "Cardiology"}).json()["items"]
    assert [item["site"] for item in items if item["name"] == "New York"] == [str(boston.pk)]
    assert len(items) == 3


def test_of_those_who_take_nobody_new_their_own_patients_hear_and_the_staff(api, clinic) -> None:
    full = bookable_provider(clinic.site, name="Full", accepting=False)
    AppointmentFactory(patient=clinic.patient, provider=full, site=clinic.site)
    stranger = portal_user(PatientFactory(site=clinic.site))
    assert "Full" in names(api(clinic.rosa).read("/providers"))
    assert "Full" not in names(api(stranger).read("/providers"))
    assert names(api(clinic.desk).read("/providers", {"accepting": "false"})) == ["Full"]
    assert "Full" not in names(api(clinic.desk).read("/providers", {"accepting": "true"}))


def test_looking_for_a_patient_is_in_the_audit(api, audited, clinic) -> None:
    api(clinic.rosa).read("/providers")
    api(clinic.desk).read("/providers")
    assert audited(clinic.rosa) == [("patients.open_chart", "ok")]
    assert audited(clinic.desk) == []


@pytest.mark.parametrize("near", ["", "01608"])
def test_page_after_page_each_once(api, clinic, towns, near) -> None:
    for _each in range(4):
        bookable_provider(clinic.site, name="Same")
    read, seen, cursor = api(clinic.desk).read, [], ""
    while cursor is not None:
        body = read("/providers", {"limit": 2, "near": near, "cursor": cursor}).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"near": "somewhere"}, "near"),
        ({"near": "91,0"}, "near"),
        ({"site": str(uuid.uuid4())}, "site"),
        ({"visit_type": "nonsense"}, "visit_type"),
        ({"accepting": "perhaps"}, "accepting"),
        ({"cursor": "bm9uc2Vuc2U="}, "cursor"),
        ({"cursor": "WzEsMiwzLDRd"}, "cursor"),
        ({"cursor": "WzFd"}, "cursor"),
    ],
)
def test_what_cannot_be_read_names_its_field(api, clinic, query, field) -> None:
    answer = api(clinic.rosa).read("/providers", query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_ten_cost_as_many_queries_as_one(api, clinic, assert_queries) -> None:
    program = api(clinic.desk)
    with assert_queries(at_most=5) as one:
        program.read("/providers")
    for _each in range(9):
        bookable_provider(clinic.site)
    with assert_queries(at_most=5) as ten:
        program.read("/providers")
    assert len(one) == len(ten)


# == Kinds of visits ==
def test_patients_see_what_they_book_themselves(api, clinic) -> None:
    hidden = VisitTypeFactory(portal_mode="off")
    slugs = {
        user: {item["slug"] for item in api(user).read("/visit-types").json()["items"]}
        for user in (clinic.rosa, clinic.desk)
    }
    assert slugs[clinic.desk] - slugs[clinic.rosa] == {hidden.slug}


# == Slots ==
def slots(program, **query) -> list[dict]:
    answer = program.read("/slots", {name.strip("_"): str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def test_what_is_shown_can_be_booked(api, clinic) -> None:
    program = api(clinic.rosa)
    slot = slots(program, provider=clinic.provider.pk, visit_type=clinic.visit_type.slug, from_=soon().isoformat())[0]
    assert set(slot) == {"provider", "site", "visit_type", "start", "end"}
    assert datetime.fromisoformat(slot["start"]) == soon()
    booked = program.write("/appointments", {name: slot[name] for name in ("provider", "site", "visit_type", "start")})
    assert booked.status_code == 201


def test_taken_time_is_no_slot(api, clinic) -> None:
    TimeClaimFactory(resource=clinic.resource, blocked=span(soon(), 120))
    found = slots(api(clinic.rosa), provider=clinic.provider.pk, from_=soon().isoformat(), limit=1)
    assert datetime.fromisoformat(found[0]["start"]) == soon(minutes=120)


def test_page_after_page_each_start_once_in_order(api, clinic) -> None:
    others = [bookable_provider(clinic.site, specialty="Cardiology") for _each in range(3)]
    query = {"specialty": "Cardiology", "from": soon().isoformat(), "to": soon(minutes=60).isoformat(), "limit": "7"}
    seen, cursor = [], ""
    while cursor is not None:
        body = api(clinic.rosa).read("/slots", query | {"cursor": cursor}).json()
        seen += [(item["start"], item["provider"]) for item in body["items"]]
        cursor = body["next"]
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 12 * len(others)


def test_the_site_and_the_kind_narrow(api, clinic) -> None:
    elsewhere = SiteFactory()
    assert slots(api(clinic.rosa), provider=clinic.provider.pk, site=elsewhere.pk) == []
    special = VisitTypeFactory(specialty="Cardiology")
    assert slots(api(clinic.rosa), provider=clinic.provider.pk, visit_type=special.pk) == []
    with as_the_system():
        clinic.provider.specialty = "Cardiology"
        clinic.provider.save()
    found = slots(api(clinic.rosa), specialty="Cardiology", visit_type=special.pk, site=clinic.site.pk)
    assert {item["visit_type"] for item in found} == {str(special.pk)}


def test_nothing_is_offered_in_the_past_or_beyond_the_horizon(api, clinic) -> None:
    program = api(clinic.rosa)
    assert slots(program, provider=clinic.provider.pk, from_=soon(-9).isoformat(), to=soon(-3).isoformat()) == []
    assert slots(program, provider=clinic.provider.pk, from_=soon(900).isoformat()) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"provider": ""}, "provider"),
        ({"from": "2030-01-01"}, "from"),
        ({"from": "2030-01-01T00:00:00"}, "from"),
        ({"from": "2030-01-01T00:00:00Z", "to": "2030-03-01T00:00:00Z"}, "to"),
        ({"from": "2030-01-02T00:00:00Z", "to": "2030-01-01T00:00:00Z"}, "to"),
        ({"provider": str(uuid.uuid4())}, "provider"),
        ({"site": str(uuid.uuid4())}, "site"),
        ({"visit_type": str(uuid.uuid4())}, "visit_type"),
        ({"cursor": "WyJ4IiwyLDNd"}, "cursor"),
        ({"limit": "0"}, "limit"),
    ],
)
def test_a_slot_that_cannot_be_asked_for_names_its_field(api, clinic, query, field) -> None:
    answer = api(clinic.rosa).read("/slots", {"provider": str(clinic.provider.pk)} | query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_neither_provider_nor_specialty_is_too_much(api, clinic, monkeypatch) -> None:
    assert api(clinic.rosa).read("/slots").json()["errors"][0]["field"] == "provider"
    monkeypatch.setattr("scheduling.api.slots.MOST_PROVIDERS", 1)
    for _each in range(2):
        bookable_provider(clinic.site, specialty="Cardiology")
    assert api(clinic.rosa).read("/slots", {"specialty": "Cardiology"}).json()["errors"][0]["field"] == "specialty"


def test_a_slot_taken_meanwhile_is_refused_with_others(api, clinic) -> None:
    """The cache may be a minute old; the booking never asks it."""
    slot = slots(api(clinic.rosa), provider=clinic.provider.pk, from_=soon().isoformat())[0]
    other = portal_user(PatientFactory(site=clinic.site))
    assert api(other).write("/appointments", asked(clinic, start=slot["start"])).status_code == 201
    answer = api(clinic.rosa).write("/appointments", asked(clinic, start=slot["start"]))
    assert (answer.status_code, len(answer.json()["alternatives"])) == (409, 3)


# == Rooms ==
def test_rooms_are_told_with_their_times_to_staff_alone(api, clinic) -> None:
    here, at, minute = clinic.site, soon(), timedelta(minutes=1)
    with as_the_system():
        room = ResourceFactory(kind="room", provider=None, site=here, name="Procedure 1", category="Procedure room")
        other = ResourceFactory(kind="device", provider=None, site=here, name="Ultrasound 1", category="Ultrasound")
        ResourceFactory(kind="room", provider=None, site=SiteFactory(), name="Procedure 2", category="Procedure room")
        TimeClaimFactory(resource=room, kind="block", lane=-1, blocked=span(at + 120 * minute, 30))
        for after, left in ((180, -5), (240, 5)):
            until = timezone.now() + left * minute
            TimeClaimFactory(resource=room, kind="hold", blocked=span(at + after * minute, 30), hold_until=until)
        WorkExceptionFactory(resource=other, site=here, kind="closed", during=span(at, 600))
    visit = clinic.book(
        by=clinic.desk, visit_type=VisitTypeFactory(needs=["Procedure room"]), start=at, now=timezone.now()
    )
    read = api(clinic.desk).read
    items = read("/rooms", {"site": str(here.pk)}).json()["items"]
    assert [item["name"] for item in items] == ["Procedure 1", "Ultrasound 1"]
    assert [taken["appointment"] for taken in items[0]["taken"]] == [str(visit.pk), None, None]
    starts = [datetime.fromisoformat(taken["start"]) - at for taken in items[0]["taken"]]
    assert starts == [after * minute for after in (0, 120, 240)]
    assert len(items[1]["taken"]) == 1
    by_stranger = api(staff("front_desk")).read("/rooms", {"site": str(here.pk)}).json()["items"]
    assert [taken["appointment"] for taken in by_stranger[0]["taken"]] == [None, None, None]
    assert api(clinic.rosa).read("/rooms").status_code == 403


def test_rooms_are_narrowed_and_come_page_after_page(api, clinic) -> None:
    with as_the_system():
        for number in (2, 1):
            site, name = SiteFactory(), f"Procedure {number}"
            ResourceFactory(kind="room", provider=None, site=site, name=name, category="Procedure room")
        ResourceFactory(kind="device", provider=None, site=clinic.site, name="Ultrasound 1", category="Ultrasound")
    read, asked = api(clinic.desk).read, {"category": "Procedure room"}
    assert names(read("/rooms", asked)) == ["Procedure 1", "Procedure 2"]
    first = read("/rooms", asked | {"limit": 1}).json()
    assert [item["name"] for item in first["items"]] == ["Procedure 1"]
    assert names(read("/rooms", asked | {"cursor": first["next"]})) == ["Procedure 2"]
    later = asked | {"from": (soon() + timedelta(days=2)).isoformat()}
    assert [item["taken"] for item in read("/rooms", later).json()["items"]] == [[], []]
    assert read("/rooms", later | {"to": soon().isoformat()}).status_code == 422
    assert read("/rooms", {"site": str(uuid.uuid4())}).status_code == 422


def test_a_kind_of_visit_says_what_it_needs(api, clinic) -> None:
    VisitTypeFactory(slug="minor-surgery", needs=["Procedure room", "Ultrasound"])
    kinds = {kind["slug"]: kind["needs"] for kind in api(clinic.desk).read("/visit-types").json()["items"]}
    assert kinds["minor-surgery"] == ["Procedure room", "Ultrasound"]
    assert [] in kinds.values()
