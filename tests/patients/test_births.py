"""A date of birth as far as it is known: read, kept, shown, compared and imported; never more than was said."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.template import Context, Template
from django.utils import timezone, translation

from healthcare.db.context import acting_as
from healthcare.ui.reading import Unreadable
from patients.actions import (
    PortalCodeRefused,
    ProxyRefused,
    add_proxy,
    change_patient,
    issue_portal_code,
    link_portal_account,
)
from patients.forms.births import BirthField, birth_text, read_birth
from patients.models import Patient, Proxy
from patients.queries import find_patients
from patients.queries.matching import find_duplicates, person_told
from patients.rules import births, parse_search
from patients.rules.births import UNKNOWN, Birth
from patients.rules.matching import Person
from tests.factories import PatientFactory, UserFactory, staff
from tests.roles import as_the_system

TODAY = date(2026, 11, 23)
TYPED = [
    ("Mar 12, 1968", "1968-03-12", "day"),
    ("3/12/1968", "1968-03-12", "day"),
    ("1968-03-12", "1968-03-12", "day"),
    ("12 March 1968", "1968-03-12", "day"),
    ("Mar 1968", "1968-03-15", "month"),
    ("1968 March", "1968-03-15", "month"),
    ("3/1968", "1968-03-15", "month"),
    ("1968-03", "1968-03-15", "month"),
    ("1968", "1968-07-01", "year"),
    ("about 40", "1986-07-01", "estimated"),
    ("ca. 40 years", "1986-07-01", "estimated"),
    ("~85", "1941-07-01", "estimated"),
    ("About 1985", "1985-07-01", "estimated"),
    ("about 0", "2026-11-23", "estimated"),
    ("unknown", None, "unknown"),
    ("Not known.", None, "unknown"),
    ("?", None, "unknown"),
]
ILL = [
    "yesterday",
    "13/1968",
    "about noon",
    "about 200",
    "Feb 30, 1968",
    "1968-13",
    "Smarch 1968",
    "about 0000",
]


@pytest.mark.parametrize(("text", "born", "known"), TYPED)
def test_what_is_known_is_read_and_no_more(text: str, born: str | None, known: str) -> None:
    assert read_birth(text, TODAY) == Birth(date.fromisoformat(born) if born else None, known)


@pytest.mark.parametrize("text", ILL)
def test_what_is_no_birth_is_a_sentence(text: str) -> None:
    with pytest.raises(Unreadable):
        read_birth(text, TODAY)


@pytest.mark.parametrize(
    ("language", "text", "born"),
    [
        ("de", "12. März 1968", "1968-03-12"),
        ("de", "3.12.1968", "1968-12-03"),
        ("fr", "mars 1968", "1968-03-15"),
        ("es", "12/3/1968", "1968-03-12"),
        ("en-us", "12/3/1968", "1968-12-03"),
    ],
)
def test_in_the_order_and_the_months_of_the_reader(language: str, text: str, born: str) -> None:
    with translation.override(language):
        assert read_birth(text, TODAY).birth_date == date.fromisoformat(born)


@pytest.mark.parametrize("text", [text for text, *_rest in TYPED if text != "about 0"])
def test_what_stands_in_the_field_reads_as_the_same(text: str) -> None:
    birth = read_birth(text, TODAY)
    assert read_birth(birth_text(birth), TODAY) == birth


def test_the_field_keeps_the_bounds_of_a_life() -> None:
    field, today = BirthField(), timezone.localdate()
    assert field.clean(str(today.year)).birth_precision == "year"
    assert field.clean(date(1968, 3, 12)) == field.clean(Birth(date(1968, 3, 12))) == Birth(date(1968, 3, 12))
    assert field.clean("unknown") == UNKNOWN
    assert BirthField(required=False).clean("") is None
    for text, sentence in (
        ("", "Enter the date of birth"),
        (str(today.year + 1), "in the future"),
        ((today + timedelta(days=1)).isoformat(), "in the future"),
        ("1768", "more than 130 years ago"),
        ("Mar 1768", "more than 130 years ago"),
    ):
        with pytest.raises(Exception, match=sentence):
            field.clean(text)
    assert field.widget.format_value("as typed") == "as typed"


FHIR = [("1968-03-12", "day"), ("1968-03", "month"), ("1968", "year"), ("", "unknown")]


@pytest.mark.parametrize(("text", "known"), FHIR)
def test_as_fhir_writes_it_and_back(text: str, known: str) -> None:
    birth = births.birth_told(text)
    assert birth.birth_precision == known
    assert births.told_as(birth) == text


@pytest.mark.parametrize("text", ["1968-13", "1968-02-30", "12.3.1968", "1968-3-1", "today"])
def test_what_is_no_date_of_fhir_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        births.birth_told(text)


def test_an_estimate_is_told_as_a_year_and_has_slack() -> None:
    guess = births.of_age(40, TODAY)
    assert births.told_as(guess) == "1986"
    assert guess.slack > births.of_year(1986).slack > births.of_month(1986, 2).slack > Birth(TODAY).slack == 0


# == In the database and on pages ==
def drawn(born: Any) -> str:
    return Template("{% load ui %}{% birth_date born on=day %}").render(Context({"born": born, "day": TODAY}))


@pytest.mark.parametrize(
    ("birth", "text", "iso"),
    [
        (Birth(date(1968, 3, 12)), "Mar 12, 1968 (58 y)", "1968-03-12"),
        (births.of_month(1968, 3), "Mar 1968 (58 y)", "1968-03"),
        (births.of_year(1968), "1968 (about 58 y)", "1968"),
        (births.of_age(40, TODAY), "about 1986 (about 40 y)", "1986"),
        (UNKNOWN, "Date of birth not known", ""),
    ],
)
def test_pages_say_how_well_it_is_known(birth: Birth, text: str, iso: str) -> None:
    assert text in drawn(birth)
    assert f'datetime="{iso}"' in drawn(birth) or not iso


@pytest.mark.django_db
class TestKept:
    def test_either_a_date_or_unknown(self) -> None:
        for values in ({"birth_date": None}, {"birth_precision": "unknown"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                PatientFactory(**values)

    def test_an_age_nobody_knows_is_none(self) -> None:
        patient = PatientFactory(**vars(UNKNOWN))
        assert patient.age_on(TODAY) is None
        assert PatientFactory(**vars(births.of_age(40, TODAY))).age_on(TODAY) == 40

    def test_a_person_is_registered_with_what_is_known_and_it_stays_so(self, browser: Any) -> None:
        desk = staff("front_desk")
        client, site = browser(desk), desk.memberships.get().site
        typed = {"family_name": "Ashby", "given_name": "Nora", "sex": "unknown", "site": str(site.pk)}
        for text, known in (("1968", "year"), ("about 40", "estimated"), ("unknown", "unknown"), ("Mar 1990", "month")):
            answer = client.post("/patients/register", typed | {"family_name": f"Ashby{known}", "birth_date": text})
            assert answer.status_code == 302, answer.content.decode()[:2000]
            with as_the_system():
                patient = Patient.objects.get(family_name=f"Ashby{known}")
            assert patient.birth_precision == known
            page = client.get(f"/patients/{patient.pk}/")
            assert page.status_code == 200
            form = client.get(f"/patients/{patient.pk}/change").context["form"]
            seen = form["seen"].value()
            again = {name: form[name].value() or "" for name in form.fields} | {"seen": seen}
            assert client.post(f"/patients/{patient.pk}/change", again).status_code == 302
            with as_the_system():
                assert Patient.objects.get(pk=patient.pk).demographics() == patient.demographics()

    def test_what_is_not_known_to_the_day_is_found_and_shown_as_a_year(self) -> None:
        nurse = staff("nurse")
        site = nurse.memberships.get().site
        PatientFactory(site=site, given_name="Nora", family_name="Ashby", **vars(births.of_year(1968)))
        PatientFactory(site=site, given_name="Norah", family_name="Ashbee", **vars(UNKNOWN))
        with acting_as(nurse):
            shown = {line.given_name: line.birth for line in find_patients(parse_search("ashb"))}
        assert shown == {"Nora": births.of_year(1968), "Norah": UNKNOWN}

    @pytest.mark.parametrize("known", [births.of_year(1968), births.of_month(1968, 3), UNKNOWN])
    def test_the_search_for_duplicates_finds_who_is_known_in_part(self, known: Birth) -> None:
        desk = staff("front_desk")
        site = desk.memberships.get().site
        kept = PatientFactory(site=site, given_name="Nora", family_name="Ashby", phone="+15085550142", **vars(known))
        PatientFactory(site=site, given_name="Nora", family_name="Ashby", phone="", birth_date=date(1999, 1, 1))
        asked = Person(given_name="Norah", family_name="Ashby", birth_date=date(1968, 3, 12), phone="+15085550142")
        with acting_as(desk):
            first = find_duplicates(asked)[0]
            again = find_duplicates(person_told(kept))[0]
        assert first.id == again.id == kept.pk
        assert first.birth_date is None
        assert first.judgement.same

    def test_an_estimate_that_cannot_be_is_another_person(self) -> None:
        desk = staff("front_desk")
        PatientFactory(
            site=desk.memberships.get().site, given_name="Nora", family_name="Ashby", **vars(births.of_age(40, TODAY))
        )
        with acting_as(desk):
            asked = Person(given_name="Nora", family_name="Ashby", birth_date=date(1955, 3, 12))
            assert not any(found.judgement.same for found in find_duplicates(asked))

    def test_no_code_is_claimed_with_a_day_that_nobody_told(self) -> None:
        desk, year = staff("front_desk"), births.of_year(1968)
        patient = PatientFactory(site=desk.memberships.get().site)
        with acting_as(desk):
            code = issue_portal_code(by=desk, patient=patient, now=timezone.now())
            told = replace(patient.demographics(), **vars(year))
            change_patient(by=desk, patient=patient, demographics=told)  # the day turns out to be a guess
        somebody = UserFactory().in_role("patient")
        with acting_as(somebody), pytest.raises(PortalCodeRefused):
            link_portal_account(by=somebody, code=code, birth_date=year.birth_date)

    def test_nobody_acts_for_whom_nobody_knows_to_be_a_child(self) -> None:
        desk = staff("front_desk")
        patient = PatientFactory(site=desk.memberships.get().site, **vars(UNKNOWN))
        with acting_as(desk), pytest.raises(ProxyRefused, match="date of birth first"):
            add_proxy(
                by=desk,
                patient=patient,
                full_name="Ann Ashby",
                email="ann@mail.example",
                relation=Proxy.Relation.PARENT,
                extent=Proxy.Extent.BILLS,
                agreed_by=Proxy.AgreedBy.COURT,
                until=None,
                now=timezone.now(),
            )
