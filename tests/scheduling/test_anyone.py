"""Booked with anybody who will do: of those who qualify and are free, in turn or the first by name."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Provider
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.models import Appointment
from scheduling.queries.anyone import next_of, who_qualifies
from scheduling.rules import in_turn
from tests.factories import (
    PatientFactory,
    QualificationFactory,
    ResourceFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    bookable_provider,
    portal_user,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.at_once import deadlocks, rounds
from tests.scheduling.conftest import NINE, NOW, Clinic, later, make_clinic
from tests.scheduling.pages import at, text

pytestmark = pytest.mark.django_db


def team(clinic: Any, *names: str, **fields: Any) -> list[Provider]:
    return [bookable_provider(clinic.site, name=name, **fields) for name in names]


@pytest.fixture
def three(clinic) -> list[Provider]:
    """Anna, Bela and Cleo; the clinic's own provider takes nobody new."""
    with as_the_system():
        clinic.provider.accepting = False
        clinic.provider.save()
    return team(clinic, "Anna", "Bela", "Cleo")


def book(clinic: Any, **changes: Any) -> Appointment:
    patient = PatientFactory(site=clinic.site)
    asked: dict[str, Any] = {"patient": patient, "site": clinic.site, "visit_type": clinic.visit_type, "start": NINE}
    asked |= {"by": portal_user(patient), "now": NOW} | changes
    with acting_as(asked["by"]):
        return actions.book_with_anyone(**asked)


# == Who ==
def test_in_turn_by_the_visits_of_the_day(clinic, three):
    assert [book(clinic, start=later(40 * n)).provider.name for n in range(4)] == ["Anna", "Bela", "Cleo", "Anna"]
    assert book(clinic, start=later(24 * 60)).provider.name == "Anna"  # another day


def test_whoever_is_free_comes_before_whose_turn_it_is(clinic, three):
    book(clinic)
    assert [book(clinic).provider.name for _each in range(2)] == ["Bela", "Cleo"]
    with pytest.raises(TimeTaken, match="Nobody is free") as taken:
        book(clinic)
    assert [time.start for time in taken.value.alternatives] == [later(-45), later(-40), later(40)]


def test_the_first_by_name_where_the_kind_says_so(clinic, three):
    clinic.visit_type = VisitTypeFactory(anyone="first")
    assert [book(clinic, start=later(40 * n)).provider.name for n in range(2)] == ["Anna", "Anna"]
    assert book(clinic).provider.name == "Bela"


def test_what_was_called_off_counts_no_more(clinic, three):
    visit = book(clinic)
    with acting_as(clinic.desk):
        actions.cancel_appointment(by=clinic.desk, appointment=visit, reason="Ill", now=NOW)
    assert book(clinic, start=later(40)).provider.name == "Anna"


def test_only_who_qualifies(clinic, three):
    anna, bela, cleo = three
    other = SiteFactory()
    with as_the_system():
        bela.specialty = "Dermatology"
        bela.save()
        cleo.sites.set([other])
        anna.ended_at = NOW
        anna.save()
    team(clinic, "Dora", accepting=False)
    with acting_as(clinic.rosa):
        assert [one.name for one in who_qualifies(clinic.visit_type, clinic.site)] == ["Bela"]
        skin = VisitTypeFactory(specialty="Dermatology")
        assert [one.name for one in who_qualifies(skin, clinic.site)] == ["Bela"]
        assert who_qualifies(skin, clinic.site, specialty="Cardiology") == []
        assert [one.name for one in who_qualifies(clinic.visit_type, clinic.site, specialty="Dermatology")] == ["Bela"]
    with pytest.raises(NotBookable, match="Nobody at this site"):
        book(clinic, specialty="Cardiology")


def test_ones_own_doctor_is_among_them_although_they_take_nobody_new(clinic, three):
    with as_the_system():
        clinic.provider.accepting = True
        clinic.provider.save()
    clinic.book()
    with as_the_system():
        clinic.provider.accepting = False
        clinic.provider.save()
    with acting_as(clinic.rosa):
        known = who_qualifies(clinic.visit_type, clinic.site, clinic.patient)
        assert clinic.provider in known
        assert clinic.provider not in who_qualifies(clinic.visit_type, clinic.site, PatientFactory.build())


def test_licences_privileges_caps_blocks_and_rooms_count(clinic, three):
    _anna, bela, cleo = three
    clinic.visit_type = VisitTypeFactory(privilege="Biopsy", most_per_day=1, needs=["Procedure room"])
    with as_the_system():
        ResourceFactory(kind="room", provider=None, site=clinic.site, name="P1", category="Procedure room")
        for provider in (bela, cleo):
            QualificationFactory(provider=provider, kind="privilege", name="Biopsy", identifier="", issuer="")
    assert book(clinic).provider.name == "Bela"
    assert book(clinic, start=later(40)).provider.name == "Cleo"
    with pytest.raises(TimeTaken, match="Nobody is free"):  # both have as many as they may, and Anna no privilege
        book(clinic, start=later(80))
    day = 24 * 60
    TimeClaimFactory(resource=bela.resource, blocked=span(later(day), 60))
    assert book(clinic, start=later(day)).provider.name == "Cleo"
    with pytest.raises(TimeTaken, match="Nobody is free"):  # the room is taken
        book(clinic, start=later(day + 20))


@pytest.mark.parametrize(("minutes", "why"), [(1, "begin at that minute"), (-99995, "is over"), (9999995, "at most")])
def test_a_time_that_nobody_offers_is_said(clinic, three, minutes, why):
    with pytest.raises(NotBookable, match=why):
        book(clinic, start=later(minutes))


def test_a_patient_who_is_elsewhere_then_is_told_so(clinic, three):
    given = {"by": clinic.rosa, "patient": clinic.patient}
    book(clinic, **given)
    with pytest.raises(TimeTaken, match="another visit at this time already"):
        book(clinic, **given, start=later(10))


def test_who_may(clinic, three):
    with pytest.raises(NotInScope):
        book(clinic, by=clinic.rosa)
    with pytest.raises(NotAllowed):
        book(clinic, by=staff("billing", clinic.site))
    assert book(clinic, by=clinic.desk).booked_by == clinic.desk


def test_the_system_books_with_anyone_too(clinic, three):
    asked = {"patient": clinic.patient, "site": clinic.site, "visit_type": clinic.visit_type, "start": NINE}
    with as_the_system():
        assert actions.book_with_anyone(by=None, now=NOW, **asked).provider.name == "Anna"


def test_the_same_form_sent_twice_books_once(clinic, three):
    given = {"by": clinic.rosa, "patient": clinic.patient, "idempotency_key": "form"}
    assert book(clinic, **given) == book(clinic, **given)


def test_somebody_who_was_quicker_leaves_the_next_one(clinic, three, monkeypatch):
    """What was free a moment ago is taken when it is claimed."""
    from scheduling.actions import anyone

    TimeClaimFactory(resource=three[0].resource, blocked=span(NINE))
    monkeypatch.setattr(anyone, "next_of", lambda people, *_asked, **_more: people)
    assert book(clinic).provider.name == "Bela"


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_at_once_are_spread_evenly():
    clinic = make_clinic()
    clinic.visit_type = VisitTypeFactory(specialty="Dermatology")
    team(clinic, "Anna", "Bela", "Cleo", specialty="Dermatology")
    people = [PatientFactory(site=clinic.site) for _each in range(6)]
    users = [portal_user(patient) for patient in people]

    def asker(number: int) -> Callable[[int], str]:
        def ask(turn: int) -> str:
            start = later(turn * 24 * 60 + 60 * number)
            return book(clinic, patient=people[number], by=users[number], start=start).status

        return ask

    seen = deadlocks()
    assert rounds(3, [asker(number) for number in range(6)]) == {"booked": 18}
    assert deadlocks() == seen
    assert set(_by_provider_and_day(clinic).values()) == {2}


def _by_provider_and_day(clinic: Clinic) -> Counter[tuple[UUID, str]]:
    with as_the_system():
        rows = Appointment.objects.values_list("provider_id", "wall_start")
        return Counter((provider, start[:10]) for provider, start in rows)


IDS = st.lists(st.uuids(), max_size=8, unique=True)


@given(IDS, st.data())
def test_who_has_fewest_comes_first_and_nobody_is_lost(people, data):
    visits = {one: data.draw(st.integers(0, 5)) for one in people if data.draw(st.booleans())}
    order = in_turn(people, visits)
    assert sorted(order) == sorted(people)
    counts = [visits.get(one, 0) for one in order]
    assert counts == sorted(counts)
    for one, two in pairwise(order):
        assert visits.get(one, 0) < visits.get(two, 0) or people.index(one) < people.index(two)


def test_it_asks_as_often_for_three_as_for_ten(clinic, three, django_assert_num_queries):
    for _each in range(2):
        with acting_as(clinic.rosa):
            people = who_qualifies(clinic.visit_type, clinic.site, clinic.patient)
            with django_assert_num_queries(3):
                next_of(people, clinic.visit_type, clinic.site, NINE, NOW, by_patient=True)
        team(clinic, *(f"Zoe {number}" for number in range(7)))


# == The desk ==
def test_the_desk_books_with_anyone_and_reads_with_whom(browser, clinic, three):
    desk, url = browser(clinic.desk), f"/scheduling/patients/{clinic.patient.pk}/book"
    typed = {"provider": "anyone", "visit_type": clinic.visit_type.pk, "site": clinic.site.pk}
    typed |= {"day": f"{at(9):%Y-%m-%d}"}
    page = text(desk.get(url, typed))
    assert "Times when somebody is free" in page
    assert page.count(f'value="{at(9).astimezone(UTC).isoformat()}"') == 1
    sent = typed | {"start": at(9).isoformat(), "key": str(uuid4()), "reason": "Cough"}
    answer = desk.post(url, sent, follow=True)
    assert "Booked with Anna" in text(answer)
    on_top = sent | {"key": str(uuid4()), "on_top_at": "9 am", "overbook": "Cannot wait"}
    assert "Choose with whom" in text(desk.post(url, on_top), 422)


def test_a_visit_is_moved_to_somebody_who_is_named(browser, clinic):
    visit = clinic.book(now=NOW, start=NINE)
    page = text(browser(clinic.desk).get(f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}/move"))
    assert "Anyone who is free" not in page


# == The portal ==
def test_the_portal_offers_anyone_and_leads_to_the_last_step_with_somebody(browser, clinic, three):
    rosa = browser(clinic.rosa)
    found = text(rosa.get("/portal/book", {"visit_type": clinic.visit_type.slug}))
    assert f"/portal/book/anyone?site={clinic.site.pk}&amp;visit_type={clinic.visit_type.slug}" in found
    asked = {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug, "day": f"{at(9):%Y-%m-%d}"}
    page = text(rosa.get("/portal/book/anyone", asked))
    assert "When would you like to come?" in page
    assert "Later days" in page
    chosen = rosa.get("/portal/book/anyone", asked | {"start": at(9).isoformat()})
    assert chosen.status_code == 302
    assert f"/portal/book/{three[0].pk}/visit?" in chosen.headers["Location"]
    assert "Anna" in text(rosa.get(chosen.headers["Location"]))
    with as_the_system():
        assert not Appointment.objects.exists()


def test_a_time_that_is_gone_leads_back_to_the_times(browser, clinic, three):
    for provider in three:
        TimeClaimFactory(resource=provider.resource, blocked=span(at(9), 60))
    asked = {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug, "start": at(9).isoformat()}
    page = text(browser(clinic.rosa).get("/portal/book/anyone", asked | {"specialty": three[0].specialty}))
    assert "Nobody is free at this time any more" in page
    assert browser(clinic.rosa).get("/portal/book/anyone", {"site": "x"}).status_code == 404


# == /v1 ==
def test_a_program_books_with_anyone_at_a_site(api, clinic, three):
    body = {"visit_type": clinic.visit_type.slug, "site": str(clinic.site.pk), "start": at(9).isoformat()}
    answer = api(clinic.rosa).write("/appointments", body)
    assert answer.status_code == 201
    assert answer.json()["provider"] == str(three[0].pk)
    for changes, field in (({"site": None}, "provider"), ({"overbook": "Cannot wait"}, "overbook")):
        wrong = api(clinic.desk).write("/appointments", body | changes | {"patient": str(clinic.patient.pk)})
        assert wrong.status_code == 422
        assert field in wrong.content.decode()


def test_a_program_hears_when_nobody_is_free(api, clinic, three):
    for provider in three:
        TimeClaimFactory(resource=provider.resource, blocked=span(at(9) - timedelta(minutes=30), 120))
    body = {"visit_type": clinic.visit_type.slug, "site": str(clinic.site.pk), "start": at(9).isoformat()}
    answer = api(clinic.rosa).write("/appointments", body)
    assert answer.status_code == 409
    assert len(answer.json()["alternatives"]) == 3
