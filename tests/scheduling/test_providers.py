"""Providers as administrators keep them, what they keep themselves, and the letters before a licence ends."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.actions import change_provider
from healthcare.accounts.models import Provider
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from scheduling import actions, tasks
from scheduling.models import Qualification
from scheduling.panels import licences_card
from scheduling.queries.providers import Missing, active_providers, in_need, lines_of
from tests.factories import (
    ProviderFactory,
    QualificationFactory,
    ResourceFactory,
    SiteFactory,
    bookable_provider,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
PROVIDERS, NEW, OWN = "/scheduling/providers", "/scheduling/providers/new", "/scheduling/own-page"
NEW_YORK = ZoneInfo("America/New_York")


def today() -> date:
    return timezone.localdate(timezone=NEW_YORK)


def licensed(provider: Provider, *, days: int | None, **more: Any) -> Qualification:
    """Up to so many days from today, the last one included."""
    last = None if days is None else today() + timedelta(days=days + 1)
    return QualificationFactory(provider=provider, validity=DateRange(date(2020, 1, 1), last), **more)


@pytest.fixture
def boss(browser, clinic) -> Any:
    return browser(staff("administrator", clinic.site))


def ready(provider: Provider) -> Provider:
    with as_the_system():
        provider.specialty, provider.languages = "Cardiology", ["en"]
        provider.save(update_fields=["specialty", "languages"])
    return provider


# == The list ==
def test_who_needs_somebody_comes_first_by_the_end_of_the_licence(clinic) -> None:
    names = {"over": -1, "week": 6, "month": 29, "later": 61, "endless": None}
    for name, days in names.items():
        provider = ready(bookable_provider(clinic.site, name=name, user=staff("doctor", clinic.site)))
        licensed(provider, days=days)
    lines = lines_of(list(active_providers()), today())
    found = {line.provider.name: line for line in lines}
    assert found["over"].is_over
    assert not found["over"].ends_soon
    assert found["week"].ends_soon
    assert not found["later"].needs_somebody
    assert found["endless"].until is None
    first = [line.provider.name for line in in_need(lines) if line.provider != clinic.provider]
    assert first == ["over", "week", "month"]


def test_what_is_missing_is_listed(clinic) -> None:
    bare = ProviderFactory(name="Bare", specialty="", languages=[], user=None)
    elsewhere = ProviderFactory(name="Elsewhere", user=staff("doctor"))
    (line,) = lines_of([bare], today())
    assert set(line.missing) == set(Missing) - {Missing.ROLE}
    (line,) = lines_of([elsewhere], today())
    assert Missing.ROLE in line.missing
    provider = ready(clinic.provider)
    licensed(provider, days=None)
    assert lines_of([provider], today())[0].missing == ()


def test_the_list_of_providers(boss, clinic) -> None:
    over = bookable_provider(clinic.site, name="Ina Over")
    licensed(over, days=-1)
    fine = ready(bookable_provider(clinic.site, name="Una Fine", user=staff("doctor", clinic.site)))
    licensed(fine, days=None)
    page = text(boss.get(PROVIDERS))
    assert "Ina Over" in page
    assert "Ended after" in page
    assert "Una Fine" not in page
    assert "Without an end" in text(boss.get(PROVIDERS, {"all": "yes"}))
    assert "Ina Over" not in text(boss.get(PROVIDERS, {"q": "una"}))
    assert "Nobody found" in text(boss.get(PROVIDERS, {"q": "nobody of this name"}))


def test_a_list_without_anybody_says_so(browser) -> None:
    assert "Everybody is ready" in text(browser(staff("administrator")).get(PROVIDERS))


def test_the_list_costs_the_same_for_ten(boss, clinic, assert_queries) -> None:
    text(boss.get(PROVIDERS, {"all": "yes"}))
    with assert_queries() as few:
        text(boss.get(PROVIDERS, {"all": "yes"}))
    for n in range(10):
        licensed(bookable_provider(clinic.site, name=f"P {n}"), days=n)
    with assert_queries() as many:
        text(boss.get(PROVIDERS, {"all": "yes"}))
    assert len(few) == len(many)


def test_others_do_not_read_it(browser, clinic) -> None:
    for somebody in (clinic.desk, clinic.provider.user, clinic.rosa):
        assert browser(somebody).get(PROVIDERS).status_code == 403


# == One provider ==
def one(provider: Provider) -> str:
    return f"{PROVIDERS}/{provider.pk}"


def licence(**changes: Any) -> dict[str, str]:
    typed = {"kind": "licence", "name": "Physician", "identifier": "NY7", "issuer": "New York"}
    return {**typed, "first_day": "May 1, 2020", "last_day": "April 30, 2099", **changes}


def test_a_licence_is_recorded_on_their_page(boss, clinic) -> None:
    page = text(boss.get(one(clinic.provider)))
    assert "None recorded" in page
    assert "Nothing recorded" in page
    page = text(boss.post(one(clinic.provider), licence(), follow=True))
    assert "Recorded." in page
    assert "Until Apr 30, 2099" in page
    assert "recorded already" in text(boss.post(one(clinic.provider), licence()), 422)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"identifier": ""}, "A licence has a number"),
        ({"last_day": "April 30, 2019"}, "The last day comes after the first"),
        ({"first_day": ""}, "error"),
        ({"issuer": "x" * 121}, "error"),
        ({"kind": "diploma"}, "error"),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_field(boss, clinic, changes, said) -> None:
    page = text(boss.post(one(clinic.provider), licence(**changes)), 422)
    assert said in page
    assert "NY7" in page or "identifier" in changes
    assert not Qualification.objects.exists()


def test_visits_after_the_last_day_are_counted(boss, clinic) -> None:
    licensed(clinic.provider, days=2)
    visit_at(clinic, at(9, days=5))
    page = text(boss.get(one(clinic.provider)))
    assert "1 visit is booked after the last licensed day." in page
    with as_the_system():
        row = Qualification.objects.get()
        row.withdrawn_at, row.withdraw_reason = timezone.now(), "Another person's"
        row.save(update_fields=["withdrawn_at", "withdraw_reason"])
    page = text(boss.get(one(clinic.provider)))
    assert "Another person" in page
    assert "is booked after" not in page


def test_a_licence_that_begins_later_says_so(boss, clinic) -> None:
    QualificationFactory(provider=clinic.provider, validity=DateRange(today() + timedelta(days=3), None))
    assert "Begins on" in text(boss.get(one(clinic.provider)))


def test_a_site_that_demands_one_makes_a_missing_licence_an_obstacle(boss, clinic) -> None:
    with as_the_system():
        clinic.site.demands_licence = True
        clinic.site.save(update_fields=["demands_licence"])
    assert '<span class="tag bad">None recorded</span>' in text(boss.get(one(clinic.provider)))


# == A colleague comes ==
def comes(clinic: Any, user: Any, **changes: Any) -> dict[str, Any]:
    typed = {"colleague": user.email, "name": "Ines Moll", "credentials": "MD", "specialty": "Cardiology"}
    return {**typed, "npi": "1234567893", "sites": [str(clinic.site.pk)], **changes}


def test_a_colleague_is_brought_in_and_the_rest_is_listed(boss, clinic) -> None:
    doctor = staff("doctor", clinic.site, full_name="Dr. Ines Moll")
    assert "Invite them first" in text(boss.get(NEW))
    page = text(boss.post(NEW, comes(clinic, doctor), follow=True))
    made = Provider.objects.get(user=doctor)
    assert (made.name, made.specialty, made.npi, list(made.sites.all())) == (
        "Ines Moll",
        "Cardiology",
        "1234567893",
        [clinic.site],
    )
    assert made.resource.time_zone == clinic.site.time_zone
    assert "What is still missing stands below." in page
    (line,) = lines_of([made], today())
    assert set(line.missing) == {Missing.HOURS, Missing.LICENCE, Missing.LANGUAGES}
    assert "They can be booked already" in text(boss.post(NEW, comes(clinic, doctor, npi="")), 422)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colleague": "nobody of this name"}, "Nobody who works here has this name"),
        ({"colleague": "Twin"}, "Several fit"),
        ({"npi": "12"}, "It has ten digits"),
        ({"npi": "9999999999"}, "Another provider has this number"),
        ({"sites": []}, "Choose where they see patients"),
        ({"sites": ["x"]}, "error"),
    ],
)
def test_a_refusal_keeps_what_was_typed(boss, clinic, changes, said) -> None:
    doctor = staff("doctor", clinic.site)
    for _each in range(2):
        staff("doctor", clinic.site, full_name="Dr. Twin")
    ProviderFactory(npi="9999999999")
    page = text(boss.post(NEW, comes(clinic, doctor, **changes)), 422)
    assert said in page
    assert "Ines Moll" in page
    assert not Provider.objects.filter(name="Ines Moll").exists()


def test_administrators_alone_bring_somebody_in(clinic) -> None:
    doctor = staff("doctor", clinic.site)
    with acting_as(clinic.desk), pytest.raises(NotAllowed):
        actions.bring_in_provider(by=clinic.desk, user=doctor, values={"name": "X"}, sites=[clinic.site])


# == What providers keep themselves ==
def test_a_provider_says_what_patients_read(browser, clinic) -> None:
    licensed(clinic.provider, days=20)
    doctor = browser(clinic.provider.user)
    assert "Until" in text(doctor.get(OWN))
    sent = {"languages": " Spanish, english,es ", "about": "I listen first."}
    assert "Patients see it from now on" in text(doctor.post(OWN, sent, follow=True))
    clinic.provider.refresh_from_db()
    assert (clinic.provider.languages, clinic.provider.accepting) == (["es", "en"], False)
    assert 'value="Spanish, English"' in text(doctor.get(OWN))
    page = browser(clinic.rosa).get(
        f"/portal/book/{clinic.provider.pk}", {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug}
    )
    assert "I listen first." in text(page)
    refused = text(doctor.post(OWN, {"languages": "Spanish, Klingon", "about": "y" * 601}), 422)
    assert "We do not know the language “Klingon”" in refused
    assert "Spanish, Klingon" in refused
    assert "y" * 601 in refused


def test_who_treats_nobody_has_no_page(browser, clinic) -> None:
    nobody = browser(staff("doctor", clinic.site)).get(OWN)
    assert (nobody.status_code, "Nobody is booked with you" in nobody.content.decode()) == (404, True)
    assert browser(clinic.desk).get(OWN).status_code == 403


def test_providers_change_what_is_theirs_and_no_more(clinic) -> None:
    doctor = clinic.provider.user
    with acting_as(doctor):
        change_provider(by=doctor, provider=clinic.provider, values={"about": "Hello", "accepting": False})
        for values, sites in (({"name": "Professor"}, None), ({"specialty": "All"}, None), ({}, [SiteFactory()])):
            with pytest.raises(NotAllowed):
                change_provider(by=doctor, provider=clinic.provider, values=values, sites=sites)
    other = ProviderFactory()
    with acting_as(doctor), pytest.raises(NotAllowed):
        change_provider(by=doctor, provider=other, values={"about": "Hello"})


def test_an_administrator_says_where_somebody_works(clinic) -> None:
    boss, site = staff("administrator"), SiteFactory()
    with acting_as(boss):
        change_provider(by=boss, provider=clinic.provider, values={}, sites=[site])
        change_provider(by=boss, provider=clinic.provider, values={}, sites=[site])
    assert list(clinic.provider.sites.all()) == [site]


# == Warnings ==
def letters() -> list[tuple[str, str]]:
    with as_the_system():
        rows = Message.objects.filter(template__startswith="scheduling/licence").order_by("created_at", "id")
        return sorted((row.template.split("/")[1], row.address) for row in rows)


def test_letters_go_to_the_provider_and_to_administrators_once(clinic) -> None:
    boss = staff("administrator")
    licensed(clinic.provider, days=30)
    bookable_provider(clinic.site, name="Nobody's business")
    for _day in range(2):
        tasks.warn_of_licences()
    expected = sorted([clinic.provider.user.email, boss.email])
    assert letters() == [("licence_ends", address) for address in expected]


def test_each_step_has_its_letter_and_a_renewal_ends_them(clinic) -> None:
    last = date(2030, 12, 31)
    row = QualificationFactory(provider=clinic.provider, validity=DateRange(date(2020, 1, 1), last + timedelta(days=1)))
    noon = datetime(2030, 12, 31, 12, tzinfo=NEW_YORK)
    counts = {}
    with as_the_system():
        for left in (61, 60, 59, 30, 7, 0, -1, -7, -8):
            counts[left] = actions.warn_of_licences(by=None, now=noon - timedelta(days=left))
    assert counts == {61: 0, 60: 1, 59: 1, 30: 1, 7: 1, 0: 1, -1: 1, -7: 1, -8: 0}
    address = clinic.provider.user.email
    assert letters() == [("licence_ends", address)] * 3 + [("licence_over", address)]
    QualificationFactory(
        provider=clinic.provider, validity=DateRange(row.validity.upper, None), identifier="The next one"
    )
    with as_the_system():
        assert actions.warn_of_licences(by=None, now=noon) == 0


def test_a_provider_without_an_account_is_told_of_to_administrators(clinic) -> None:
    boss = staff("administrator")
    licensed(ProviderFactory(user=None), days=3)
    tasks.warn_of_licences()
    assert letters() == [("licence_ends", boss.email)]


def test_administrators_see_whose_licence_ends_at_home(clinic) -> None:
    boss, now = staff("administrator"), timezone.now()
    with acting_as(boss):
        assert licences_card(boss, now) is None
    licensed(clinic.provider, days=3)
    licensed(ResourceFactory().provider, days=-3)
    with acting_as(boss):
        card = licences_card(boss, now)
    assert card is not None
    assert [said[0] for _provider, said in card.context["lines"]] == ["bad", "warn"]
    with acting_as(clinic.provider.user):
        assert licences_card(clinic.provider.user, now) is None


def test_the_card_on_the_home_page(boss, clinic) -> None:
    licensed(clinic.provider, days=3)
    assert "Licences that end" in text(boss.get("/"))
