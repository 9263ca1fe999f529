"""Nobody is booked on a day that no licence covers; what is recorded of a licence is never overwritten."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.range import DateRange

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Provider, Site
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotBookable, NotSetUp
from scheduling.events import FreeTimeChanged
from scheduling.models import Appointment, Qualification
from scheduling.queries import free_spans, free_times, nearest_providers
from scheduling.queries.licences import day_at, licence_of
from scheduling.rules import OVER, Licence, day_span, licence_on, licensed_until, warning_due
from tests.accounts.conftest import audited as events_of
from tests.factories import (
    ProviderFactory,
    QualificationFactory,
    ResourceFactory,
    SiteFactory,
    WorkRuleFactory,
    bookable_provider,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.at_once import rounds
from tests.scheduling.conftest import NINE, NOW, Clinic, make_clinic

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
TODAY = date(2030, 5, 6)
ONE_DAY = timedelta(days=1)
DAYS = st.integers(0, 700).map(lambda n: date(2029, 1, 1) + ONE_DAY * n)
LENGTHS = st.none() | st.integers(0, 300)
PERIOD = st.tuples(DAYS, LENGTHS).map(lambda p: (p[0], None if p[1] is None else p[0] + ONE_DAY * p[1]))
PERIODS = st.lists(PERIOD, max_size=4)


@pytest.fixture
def boss() -> Any:
    return staff("administrator")


def do(boss: Any, verb: Any, **given: Any) -> Any:
    with acting_as(boss):
        return verb(by=boss, **given)


def licensed(provider: Provider, first: date, last: date | None = None, **more: Any) -> Qualification:
    return QualificationFactory(provider=provider, validity=DateRange(first, last and last + ONE_DAY), **more)


def asked(provider: Provider, **changes: Any) -> dict[str, Any]:
    given = {"kind": "licence", "name": "Physician", "identifier": "NY1", "issuer": "New York"}
    return {"provider": provider, "first_day": TODAY, **given, **changes}


def demanding(site: Site) -> Site:
    with as_the_system():
        site.demands_licence = True
        site.save(update_fields=["demands_licence"])
    return site


# == The rule ==
@given(PERIODS, DAYS, st.booleans())
def test_a_day_is_covered_by_a_licence_or_where_none_is_known_nor_demanded(found, day, demanded) -> None:
    licence = licence_on(day, found, demanded=demanded)
    inside = any(first <= day and (last is None or day <= last) for first, last in found)
    assert licence.covers == (inside or (not found and not demanded))
    assert licence.recorded == bool(found)
    if not licence.covers:
        assert licence.ended is None or licence.ended < day
        assert licence.begins is None or licence.begins > day


@given(st.lists(PERIOD, min_size=1, max_size=4), DAYS)
def test_licences_that_follow_each_other_are_one_time(found, today) -> None:
    until = licensed_until(today, found)
    if until is None:
        return
    if licence_on(today, found, demanded=True).covers:
        days = (until - today).days
        assert all(licence_on(today + ONE_DAY * n, found, demanded=True).covers for n in range(days + 1))
        assert not licence_on(until + ONE_DAY, found, demanded=True).covers


def test_the_end_of_what_never_began_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="no licence"):
        licensed_until(TODAY, [])


@pytest.mark.parametrize(
    ("left", "due"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, OVER), (-7, OVER), (-8, None)],
)
def test_warnings_come_three_times_and_once_when_it_is_over(left, due) -> None:
    assert warning_due(left) == due


# == Booking ==
def refusal(clinic: Clinic, *, by: Any = None, **changes: Any) -> str:
    with pytest.raises(NotBookable) as refused:
        clinic.book(by=by, **changes)
    return str(refused.value)


def test_of_whom_no_licence_is_recorded_is_held_to_none(clinic) -> None:
    assert clinic.book().pk


def test_the_last_day_counts_and_the_next_does_not(clinic) -> None:
    licensed(clinic.provider, TODAY, NINE.date())
    assert clinic.book().pk
    said = refusal(clinic, by=clinic.desk, start=NINE + ONE_DAY)
    assert said == f"The licence of {clinic.provider.name} ended after May 7, 2030, and no later one is recorded."


def test_a_patient_is_not_told_of_a_licence(clinic) -> None:
    licensed(clinic.provider, date(2020, 1, 1), TODAY)
    assert refusal(clinic) == f"{clinic.provider.name} does not see patients at that time."


def test_the_sentence_says_what_is_recorded(clinic) -> None:
    first = licensed(clinic.provider, NINE.date() + ONE_DAY)
    assert "begins on May 8, 2030." in refusal(clinic, by=clinic.desk)
    licensed(clinic.provider, date(2020, 1, 1), TODAY)
    assert "ended after May 6, 2030; the next begins on May 8, 2030." in refusal(clinic, by=clinic.desk)
    with as_the_system():
        Qualification.objects.all().update(withdrawn_at=NOW, withdraw_reason="Wrong")
    assert first.pk
    demanding(clinic.site)
    assert "No licence of" in refusal(clinic, by=clinic.desk)


def test_a_privilege_is_no_licence(clinic) -> None:
    demanding(clinic.site)
    licensed(clinic.provider, TODAY, kind="privilege")
    assert "this site demands one" in refusal(clinic, by=clinic.desk)
    licensed(clinic.provider, TODAY)
    assert clinic.book().pk


def test_a_visit_does_not_reach_over_the_end(clinic) -> None:
    """The provider works through the night; the visit would end on a day without a licence."""
    licensed(clinic.provider, TODAY, TODAY)
    late = datetime(2030, 5, 6, 23, 20, tzinfo=NEW_YORK)
    assert "ended after May 6" in refusal(clinic, by=clinic.desk, start=late + timedelta(minutes=5))
    assert clinic.book(by=clinic.desk, start=late).pk


def test_days_are_those_of_the_site() -> None:
    clinic = make_clinic()
    with as_the_system():
        clinic.site.time_zone = "Pacific/Kiritimati"
        clinic.site.save(update_fields=["time_zone"])
    licensed(clinic.provider, TODAY, TODAY)
    ends = datetime(2030, 5, 7, tzinfo=ZoneInfo("Pacific/Kiritimati"))
    earlier = NOW - timedelta(days=3)
    assert "ended after" in refusal(clinic, by=clinic.desk, start=ends, now=earlier)
    assert clinic.book(start=ends - timedelta(minutes=40), now=earlier).pk
    assert day_at(clinic.site, ends) == TODAY + ONE_DAY


def test_a_visit_is_not_moved_out_of_the_licence(clinic) -> None:
    visit = clinic.book()
    licensed(clinic.provider, TODAY, NINE.date())
    with acting_as(clinic.desk), pytest.raises(NotBookable, match="licence"):
        actions.move_appointment(by=clinic.desk, appointment=visit, start=NINE + ONE_DAY, now=NOW)
    with acting_as(clinic.desk):
        assert Appointment.objects.visible_to(clinic.desk).get(pk=visit.pk).starts_at == NINE


def test_two_licences_without_a_gap_are_one_time(clinic) -> None:
    licensed(clinic.provider, TODAY, TODAY)
    licensed(clinic.provider, TODAY + ONE_DAY)
    assert clinic.book(by=clinic.desk, start=datetime(2030, 5, 6, 23, 40, tzinfo=NEW_YORK)).pk


def test_days_without_a_licence_are_not_offered(clinic) -> None:
    licensed(clinic.provider, TODAY, NINE.date())
    offered = free_times(
        providers=[clinic.provider],
        visit_type=clinic.visit_type,
        between=day_span(TODAY, NEW_YORK)[:1] + day_span(NINE.date() + ONE_DAY, NEW_YORK)[1:],
        now=NOW,
        by_patient=True,
    )
    assert {time.start.astimezone(NEW_YORK).date() for time in offered} == {TODAY, NINE.date()}


def test_who_has_no_licence_has_no_next_free_time(clinic) -> None:
    other = bookable_provider(clinic.site, name="With one")
    licensed(other, TODAY)
    licensed(clinic.provider, date(2020, 1, 1), date(2021, 1, 1))
    with acting_as(clinic.rosa):
        found = nearest_providers(near=None, visit_type=clinic.visit_type, now=NOW, by_patient=True).found
    free = {near.provider.pk: near.next_free for near in found}
    assert free[other.pk] is not None
    assert free[clinic.provider.pk] is None


def test_the_one_question_of_a_day(clinic) -> None:
    licensed(clinic.provider, TODAY, TODAY)
    assert licence_of(clinic.provider, clinic.site, TODAY) == Licence(True, True)
    assert licence_of(clinic.provider, clinic.site, TODAY + ONE_DAY) == Licence(False, True, ended=TODAY)
    assert licence_of(clinic.provider, clinic.site, TODAY - ONE_DAY) == Licence(False, True, begins=TODAY)
    assert licence_of(ProviderFactory(), demanding(clinic.site), TODAY) == Licence(False, False)


# == The verbs ==
def test_a_licence_is_recorded_and_a_renewal_stands_beside_it(boss, clinic, announced) -> None:
    first = do(boss, actions.record_qualification, **asked(clinic.provider, last_day=date(2030, 12, 31)))
    assert (first.first_day, first.last_day, first.recorded_by) == (TODAY, date(2030, 12, 31), boss)
    assert FreeTimeChanged(resource_ids=(clinic.resource.pk,)) in announced(FreeTimeChanged)
    again = do(boss, actions.record_qualification, **asked(clinic.provider, first_day=date(2031, 1, 1)))
    assert again.last_day is None
    assert Qualification.objects.standing().licences().count() == 2
    assert events_of("scheduling.record_qualification", target_id=first.pk)[0].detail["kind"] == "licence"


def test_the_system_records_one_without_asking(clinic) -> None:
    with as_the_system():
        assert actions.record_qualification(by=None, **asked(clinic.provider)).recorded_by is None


def test_one_who_has_no_schedule_yet_gets_one_too(boss) -> None:
    assert do(boss, actions.record_qualification, **asked(ProviderFactory(), kind="privilege", identifier="")).pk


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Say what it is for"),
        ({"identifier": ""}, "its number"),
        ({"issuer": ""}, "who gave it"),
        ({"last_day": TODAY - ONE_DAY}, "before the first"),
    ],
)
def test_what_is_missing_is_said(boss, changes, said) -> None:
    with pytest.raises(NotSetUp, match=said):
        do(boss, actions.record_qualification, **asked(ProviderFactory(), **changes))


def test_the_same_twice_for_one_day_is_refused(boss) -> None:
    provider = ProviderFactory()
    do(boss, actions.record_qualification, **asked(provider, last_day=TODAY))
    with pytest.raises(NotSetUp, match="recorded already"):
        do(boss, actions.record_qualification, **asked(provider))
    assert do(boss, actions.record_qualification, **asked(provider, issuer="Vermont")).pk


def test_an_earlier_end_leaves_the_old_row_with_its_reason(boss, clinic) -> None:
    given = licensed(clinic.provider, date(2020, 1, 1), date(2031, 1, 1))
    shorter = do(boss, actions.end_qualification, qualification=given, last_day=TODAY, reason=" Suspended ", now=NOW)
    given.refresh_from_db()
    assert (given.withdrawn_at, given.withdrawn_by, given.withdraw_reason) == (NOW, boss, "Suspended")
    assert given.last_day == date(2031, 1, 1)
    assert (shorter.first_day, shorter.last_day, shorter.replaces) == (date(2020, 1, 1), TODAY, given)
    assert events_of("scheduling.end_qualification", target_id=given.pk)
    assert "ended after May 6" in refusal(clinic, by=clinic.desk)


def test_one_that_ends_before_it_began_counts_on_no_day(boss, clinic) -> None:
    licensed(clinic.provider, date(2020, 1, 1), TODAY)
    given = licensed(clinic.provider, TODAY + ONE_DAY)
    ended = do(boss, actions.end_qualification, qualification=given, last_day=TODAY, reason="Not renewed", now=NOW)
    assert ended is None
    assert "no later one" in refusal(clinic, by=clinic.desk)


def test_an_end_that_changes_nothing_is_refused(boss) -> None:
    given = licensed(ProviderFactory(), date(2020, 1, 1), TODAY)
    for last_day in (TODAY, TODAY + ONE_DAY):
        with pytest.raises(NotSetUp, match="as it is"):
            do(boss, actions.end_qualification, qualification=given, last_day=last_day, reason="Late", now=NOW)
    given.refresh_from_db()
    assert given.withdrawn_at is None


def test_what_was_entered_in_error_counts_as_never_recorded(boss, clinic) -> None:
    given = licensed(clinic.provider, date(2020, 1, 1), TODAY)
    do(boss, actions.withdraw_qualification, qualification=given, reason="Another person's", now=NOW)
    assert events_of("scheduling.withdraw_qualification", target_id=given.pk)
    assert clinic.book().pk
    with pytest.raises(NotSetUp, match="Another person"):
        do(boss, actions.withdraw_qualification, qualification=given, reason="Again", now=NOW)


def test_it_is_taken_back_for_a_reason(boss) -> None:
    given = licensed(ProviderFactory(), TODAY)
    with pytest.raises(NotSetUp, match="Say why"):
        do(boss, actions.withdraw_qualification, qualification=given, reason=" ", now=NOW)


@pytest.mark.parametrize("role", ["doctor", "front_desk", "privacy_officer"])
def test_administrators_alone_keep_qualifications(role) -> None:
    """A provider does not say of themselves that they may practise."""
    provider = ProviderFactory(user=staff(role))
    given, user = licensed(provider, TODAY), provider.user
    calls = [
        (actions.record_qualification, asked(provider)),
        (actions.end_qualification, {"qualification": given, "last_day": TODAY, "reason": "x", "now": NOW}),
        (actions.withdraw_qualification, {"qualification": given, "reason": "x", "now": NOW}),
    ]
    for verb, arguments in calls:
        with pytest.raises(NotAllowed):
            do(user, verb, **arguments)


# == What the database holds ==
def test_a_row_is_not_rewritten_by_a_page(boss) -> None:
    given = licensed(ProviderFactory(), TODAY)
    for change in ({"validity": DateRange(TODAY, None)}, {"identifier": "NY2"}, {"provider": ProviderFactory()}):
        with pytest.raises(DatabaseError), transaction.atomic(), acting_as(boss):
            Qualification.objects.filter(pk=given.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic(), acting_as(boss):
        Qualification.objects.filter(pk=given.pk).delete()


@pytest.mark.parametrize(
    "wrong",
    [
        {"validity": DateRange(empty=True)},
        {"validity": DateRange(None, TODAY)},
        {"withdrawn_at": NOW},
        {"withdraw_reason": "For nothing"},
    ],
)
def test_what_makes_no_sense_is_not_kept(wrong) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        QualificationFactory(**wrong)


@pytest.mark.django_db(transaction=True)
def test_a_licence_that_ends_while_somebody_books_is_seen_by_one_of_them() -> None:
    """Either the booking came first and stands, or the end did and the booking is refused: never a third thing."""
    clinic, boss = make_clinic(), staff("administrator")
    given = licensed(clinic.provider, date(2020, 1, 1))
    count = 8

    def book(number: int) -> str:
        try:
            clinic.book(by=clinic.desk, start=NINE + timedelta(hours=number))
        except NotBookable as refused:
            return "refused" if "licence" in str(refused) else str(refused)
        return "booked"

    def end(number: int) -> str:
        if number != count // 2:
            return "waits"
        do(boss, actions.end_qualification, qualification=given, last_day=TODAY, reason="Revoked", now=NOW)
        return "ended"

    outcomes = rounds(count, [book, end])
    assert set(outcomes) <= {"booked", "refused", "waits", "ended"}, outcomes
    assert outcomes["ended"] == 1
    assert outcomes["booked"] in (count // 2, count // 2 + 1)
    assert "licence" in refusal(clinic, by=clinic.desk, start=NINE + timedelta(hours=count))


def test_a_schedule_without_a_provider_needs_no_licence() -> None:
    """A room at a site that demands licences has its hours."""
    site = demanding(SiteFactory())
    room = WorkRuleFactory(resource=ResourceFactory(kind="room", provider=None, site=site, name="Room 1"), site=site)
    between = day_span(TODAY, NEW_YORK)
    assert free_spans([room.resource_id], between)[room.resource_id][site.pk]
    person = WorkRuleFactory(site=site)
    assert person.resource_id
    assert free_spans([person.resource_id], between)[person.resource_id] == {}
