"""Secret addresses for calendars: who makes and ends them, what they tell, and to whom no more."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from healthcare.accounts import actions as accounts
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.events import UserDeactivated
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from patients.models import CareRelationship
from scheduling import actions, subscribers
from scheduling.models import PatientFeed, ProviderFeed
from scheduling.panels import held
from scheduling.queries.feeds import find_feed
from tests.events.draining import as_worker
from tests.factories import (
    GroupSessionFactory,
    PatientFactory,
    SiteFactory,
    TimeClaimFactory,
    portal_user,
    proxy_of,
    span,
    staff,
)
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import Clinic
from tests.scheduling.pages import at, text, visit_at
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def of_provider(clinic: Clinic) -> str:
    """The address of the provider's feed, made by them."""
    doctor = clinic.provider.user
    with acting_as(doctor):
        secret = actions.make_provider_feed(by=doctor, provider=clinic.provider, now=timezone.now())
    return f"/scheduling/feeds/{secret}/visits.ics"


def of_patient(clinic: Clinic, by: Any = None) -> str:
    by = by or clinic.rosa
    with acting_as(by):
        secret = actions.make_patient_feed(by=by, patient=clinic.patient, now=timezone.now())
    return f"/scheduling/feeds/{secret}/visits.ics"


def read(address: str, **headers: str) -> Any:
    return Client().get(address, headers=headers)


def events(address: str) -> list[Any]:
    answer = read(address)
    assert answer.status_code == 200, answer.content
    return Calendar.from_ical(answer.content).walk("VEVENT")


# == What is told ==
def test_a_patients_calendar_has_time_place_and_the_way_to_the_page(clinic: Clinic) -> None:
    visit = visit_at(clinic, at(9), sequence=2)
    (event,) = events(of_patient(clinic))
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (visit.starts_at, visit.ends_at)
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    assert event["UID"].startswith(str(visit.pk))
    assert (event["SEQUENCE"], event["STATUS"]) == (2, "CONFIRMED")
    assert event["LOCATION"].startswith(clinic.site.name)
    assert event["URL"] == f"{settings.PUBLIC_URL}/portal/visits/{visit.pk}"
    assert event["DTSTAMP"].dt == visit.updated_at.replace(microsecond=0)


def test_the_mail_and_the_feed_name_one_entry(clinic: Clinic, browser: Any) -> None:
    visit = visit_at(clinic, at(9), sequence=1)
    (fed,) = events(of_patient(clinic))
    file = browser(clinic.rosa).get(f"/portal/visits/{visit.pk}/visit.ics")
    (taken,) = Calendar.from_ical(file.content).walk("VEVENT")
    for name in ("UID", "SEQUENCE", "LOCATION", "SUMMARY", "STATUS"):
        assert fed[name] == taken[name], name
    assert fed["DTSTART"].dt == taken["DTSTART"].dt


def test_neither_feed_says_who_what_for_or_with_whom(clinic: Clinic) -> None:
    visit = visit_at(clinic, at(9), reason="A secret cough")
    for address in (of_patient(clinic), of_provider(clinic)):
        words = read(address).content.decode().replace("\r\n ", "")
        patient = clinic.patient
        for secret in ("secret", patient.family_name, patient.given_name, patient.mrn, visit.visit_type.name):
            assert secret not in words
        assert clinic.provider.name not in words
    assert str(patient.pk) not in words, "nor is the patient's id in an address that a provider's calendar keeps"


def test_a_providers_calendar_says_visit_and_leads_to_the_day(clinic: Clinic) -> None:
    start = at(9)
    visit_at(clinic, start)
    (event,) = events(of_provider(clinic))
    assert event["SUMMARY"] == "Visit"
    day = start.astimezone(ZoneInfo("America/New_York")).date()
    assert event["URL"] == f"{settings.PUBLIC_URL}/scheduling/?day={day}"


def test_each_has_their_own_visits_alone(clinic: Clinic) -> None:
    mine = visit_at(clinic, at(9))
    other = visit_at(clinic, at(10), patient=as_worker(lambda: PatientFactory(site=clinic.site)))
    assert [event["UID"].split("@")[0] for event in events(of_patient(clinic))] == [str(mine.pk)]
    assert [event["UID"].split("@")[0] for event in events(of_provider(clinic))] == [str(mine.pk), str(other.pk)]


def test_what_was_cancelled_lately_says_so_and_what_was_missed_or_is_long_over_is_gone(clinic: Clinic) -> None:
    now = timezone.now()
    gone = visit_at(clinic, at(9), status="cancelled", cancelled_at=now, sequence=1)
    visit_at(clinic, at(10), status="cancelled", cancelled_at=now - timedelta(days=40))
    visit_at(clinic, at(9, days=-2), status="no_show", missed_at=now)
    visit_at(clinic, at(9, days=-40), status="no_show", missed_at=now)
    (event,) = events(of_patient(clinic))
    assert event["UID"].startswith(str(gone.pk))
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 2)


def test_a_calendar_without_visits_is_one(clinic: Clinic) -> None:
    assert events(of_patient(clinic)) == []


def test_every_zone_is_spelled_out_once(clinic: Clinic) -> None:
    berlin = as_worker(lambda: SiteFactory(time_zone="Europe/Berlin"))
    visit_at(clinic, at(9))
    visit_at(clinic, at(9, days=2))
    visit_at(clinic, at(9, days=3), site=berlin, time_zone="Europe/Berlin")
    calendar = Calendar.from_ical(read(of_patient(clinic)).content)
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["America/New_York", "Europe/Berlin"]
    assert calendar["X-WR-CALNAME"] == f"Visits at {settings.CLINIC_NAME}"


def test_blocked_time_of_a_provider_is_busy_and_not_why(clinic: Clinic) -> None:
    block = TimeClaimFactory(resource=clinic.resource, blocked=span(at(14), 90), reason="Root canal")
    TimeClaimFactory(resource=clinic.resource, blocked=span(at(9, days=-40), 90))
    TimeClaimFactory(blocked=span(at(14), 90))
    address = of_provider(clinic)
    (event,) = events(address)
    assert (event["SUMMARY"], event["STATUS"], event["SEQUENCE"]) == ("Busy", "CONFIRMED", 0)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (at(14), at(15, 30))
    assert event["UID"].startswith(str(block.pk))
    assert "LOCATION" not in event
    assert event["URL"].endswith(f"/scheduling/?day={at(14).date()}")
    assert b"Root" not in read(address).content
    with acting_as(clinic.provider.user):
        actions.unblock_time(by=clinic.provider.user, claim=block, now=timezone.now())
    assert events(address) == []
    assert events(of_patient(clinic)) == []


def test_a_group_is_one_entry_of_its_provider_and_a_visit_of_each_who_comes(clinic: Clinic) -> None:
    session = GroupSessionFactory(provider=clinic.provider, site=clinic.site, start=at(10))
    with acting_as(clinic.desk):
        for patient in (clinic.patient, PatientFactory(site=clinic.site)):
            visit = actions.give_seat(by=clinic.desk, patient=patient, session=session, now=timezone.now())
    (event,) = events(of_provider(clinic))
    assert (event["SUMMARY"], event["STATUS"]) == ("Group", "CONFIRMED")
    assert event["UID"].startswith(str(session.pk))
    assert event["LOCATION"].startswith(clinic.site.name)
    (own,) = events(of_patient(clinic))
    assert str(visit.pk) != own["UID"].split("@")[0] != str(session.pk)
    with acting_as(clinic.desk):
        actions.cancel_session(by=clinic.desk, session=session, reason="Ill", now=timezone.now())
    assert [entry["STATUS"] for entry in (*events(of_provider(clinic)), *events(of_patient(clinic)))] == [
        "CANCELLED",
        "CANCELLED",
    ]


# == How it is fetched ==
def test_what_a_calendar_has_already_is_not_sent_again(clinic: Clinic) -> None:
    visit = visit_at(clinic, at(9))
    address = of_patient(clinic)
    first = read(address)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"] == "private"
    again = read(address, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (again["ETag"], again["Cache-Control"]) == (first["ETag"], "private")
    with as_the_system():
        visit.sequence += 1
        visit.save(update_fields=["sequence"])
    changed = read(address, **{"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert read(address).content == changed.content, "the same file while nothing changes"


def openings() -> list[Any]:
    with taking_role("owner", "audit"):
        rows = AuditEvent.objects.using("audit").filter(action="scheduling.read_feed").order_by("id")
        return list(rows.values_list("patient_id", "actor_id"))


def test_every_sending_is_in_the_audit_as_a_programs_and_304_is_none(clinic: Clinic) -> None:
    address = of_patient(clinic)
    etag = read(address)["ETag"]
    read(address, **{"If-None-Match": etag})
    read(of_provider(clinic))
    assert openings() == [(clinic.patient.pk, None), (None, None)]


def test_without_an_audit_nothing_is_told(clinic: Clinic, request: Any) -> None:
    address = of_patient(clinic)
    request.getfixturevalue("no_audit")
    assert read(address).status_code == 503


def test_only_reading_is_possible_there(clinic: Clinic) -> None:
    address = of_patient(clinic)
    assert Client().head(address).status_code == 200
    assert Client().post(address).status_code == 405


def test_who_asks_too_often_waits(clinic: Clinic, settings: Any, one_minute: None) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"feed": 2}
    address = of_patient(clinic)
    answers = [read(address) for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0


# == Who may, and until when ==
def test_an_unknown_address_is_not_there(clinic: Clinic) -> None:
    assert read("/scheduling/feeds/never/visits.ics").status_code == 404


def test_the_secret_is_long_and_only_its_hash_is_kept(clinic: Clinic) -> None:
    secret = of_patient(clinic).split("/")[3]
    assert len(secret) >= 43, "256 bits"
    row = as_worker(lambda: PatientFeed.objects.get())
    assert secret not in row.digest
    assert len(row.digest) == 64


def test_another_address_ends_the_one_before(clinic: Clinic) -> None:
    for make in (of_patient, of_provider):
        first, second = make(clinic), make(clinic)
        assert (read(first).status_code, read(second).status_code) == (404, 200)


def test_an_address_is_ended_by_its_owner_and_leads_nowhere(clinic: Clinic) -> None:
    mine, theirs = of_patient(clinic), of_provider(clinic)
    doctor, now = clinic.provider.user, timezone.now()
    with acting_as(clinic.rosa):
        assert actions.end_patient_feed(by=clinic.rosa, patient=clinic.patient, now=now)
        assert not actions.end_patient_feed(by=clinic.rosa, patient=clinic.patient, now=now)
    with acting_as(doctor):
        assert actions.end_provider_feed(by=doctor, provider=clinic.provider, now=now)
        assert not actions.end_provider_feed(by=doctor, provider=clinic.provider, now=now)
    assert (read(mine).status_code, read(theirs).status_code) == (404, 404)


def test_nobody_reads_along_with_somebody_else(clinic: Clinic) -> None:
    stranger = as_worker(lambda: portal_user(PatientFactory()))
    colleague = as_worker(lambda: staff("doctor", clinic.site))
    now = timezone.now()
    with acting_as(stranger), pytest.raises(NotInScope):
        actions.make_patient_feed(by=stranger, patient=clinic.patient, now=now)
    with acting_as(clinic.desk), pytest.raises(NotAllowed):
        actions.make_patient_feed(by=clinic.desk, patient=clinic.patient, now=now)
    for other in (colleague, clinic.desk):
        with acting_as(other), pytest.raises(NotAllowed):
            actions.make_provider_feed(by=other, provider=clinic.provider, now=now)


def test_who_looks_after_somebody_has_an_address_of_their_own(clinic: Clinic) -> None:
    proxy = as_worker(lambda: proxy_of(clinic.patient))
    visit = visit_at(clinic, at(9))
    theirs, own = of_patient(clinic, by=proxy), of_patient(clinic)
    (event,) = events(theirs)
    assert event["URL"].endswith(f"/portal/for/{clinic.patient.pk}/visits/{visit.pk}")
    assert read(own).status_code == 200, "theirs did not end the patient's"
    with acting_as(clinic.rosa):
        assert PatientFeed.objects.visible_to(clinic.rosa).count() == 1, "nor is it seen"


def test_it_ends_with_what_opened_the_record(clinic: Clinic) -> None:
    proxy = as_worker(lambda: proxy_of(clinic.patient))
    address = of_patient(clinic, by=proxy)
    assert read(address).status_code == 200

    def end() -> None:
        now = timezone.now()
        relation = CareRelationship.objects.get(user=proxy, patient=clinic.patient)
        relation.validity = type(relation.validity)(relation.validity.lower, now - timedelta(seconds=1))
        relation.ended_at = now
        relation.save(update_fields=["validity", "ended_at"])

    as_worker(end)
    assert read(address).status_code == 404


def test_it_ends_with_the_account_and_the_administrator_is_told_before(clinic: Clinic) -> None:
    address, doctor = of_provider(clinic), clinic.provider.user
    boss = as_worker(lambda: staff("administrator", clinic.site))
    with acting_as(boss):
        assert list(held(doctor, timezone.now()).values()) == [0, 1]
        accounts.deactivate_user(by=boss, user=doctor)
        doctor.refresh_from_db()
        assert list(held(doctor, timezone.now()).values()) == [0, 0]
    assert read(address).status_code == 404, "at once, before any worker came by"


def test_the_addresses_of_who_left_are_ended_for_good_once_delivered_twice(clinic: Clinic) -> None:
    of_provider(clinic)
    of_patient(clinic)

    def ended() -> list[int]:
        return [model.objects.exclude(ended_at=None).count() for model in (ProviderFeed, PatientFeed)]

    fact = UserDeactivated(user_id=clinic.provider.user_id)
    assert deliver_twice(subscribers.end_feeds_of_who_left, fact, ended) == [1, 0]
    fact = UserDeactivated(user_id=clinic.rosa.pk)
    assert deliver_twice(subscribers.end_feeds_of_who_left, fact, ended) == [1, 1]


def test_the_functions_tell_nothing_without_the_secret(clinic: Clinic) -> None:
    assert find_feed("") is None


# == The owners' pages ==
def test_a_provider_makes_renews_and_ends_it_on_their_page(clinic: Clinic, browser: Any) -> None:
    client = browser(clinic.provider.user)
    assert "Make an address" in text(client.get("/scheduling/own-page"))
    shown = text(client.post("/scheduling/own-page/calendar", {"act": "make"}))
    address = shown.split("/scheduling/feeds/")[1].split("/")[0]
    assert read(f"/scheduling/feeds/{address}/visits.ics").status_code == 200
    later = text(client.get("/scheduling/own-page"))
    assert address not in later, "shown this once"
    assert "Make another address" in later
    assert client.post("/scheduling/own-page/calendar", {"act": "end"}).status_code == 302
    assert read(f"/scheduling/feeds/{address}/visits.ics").status_code == 404
    assert client.get("/scheduling/own-page/calendar").status_code == 405


def test_a_patient_does_so_in_the_portal(clinic: Clinic, browser: Any) -> None:
    client = browser(clinic.rosa)
    assert "/portal/visits/calendar" in text(client.get("/portal/visits"))
    assert "Make an address" in text(client.get("/portal/visits/calendar"))
    shown = text(client.post("/portal/visits/calendar", {"act": "make"}))
    address = shown.split("/scheduling/feeds/")[1].split("/")[0]
    assert read(f"/scheduling/feeds/{address}/visits.ics").status_code == 200
    assert address not in text(client.get("/portal/visits/calendar"))
    assert client.post("/portal/visits/calendar", {"act": "end"}).status_code == 302
    assert read(f"/scheduling/feeds/{address}/visits.ics").status_code == 404
