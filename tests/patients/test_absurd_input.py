"""Nonsense on every form of a person, on every surface: a sentence beside the field, nothing written, nothing lost."""

import re
from html import unescape

import pytest
from django.db import models

from patients.models import (
    Address,
    ContactPoint,
    DeathReport,
    Patient,
    PatientName,
    ProposedChange,
    RelatedPerson,
    SelfRegistration,
)
from tests.factories import PatientFactory, portal_user, staff
from tests.patients.registrations import TYPED
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LONG = "Wolfeschlegel" * 385  # 5,005 characters
NAMES = {
    "5,000 characters": LONG,
    "a bell": "Ro\asa",
    "right to left, overridden": "Rosa\u202eodagleD",
    "right to left, isolated": "\u2067Rosa\u2069",
    "a space without width": "Ro\u200bsa",
    "a mark of order": "\ufeffRosa",
    "a tag that cannot be seen": "Rosa\U000e0041",
    "a lone surrogate's place": "Ro\ue000sa",
    "no letter": "12345",
    "a mark without a letter": "\u0301\u0302",
    "signs alone": "<>&\"'",
    "a Cyrillic letter in a Latin word": "R\u043esa",
    "a Greek letter in a Latin word": "R\u03bfsa",
    "bold letters of mathematics": "\U0001d411\U0001d428\U0001d42c\U0001d41a",
    "letters of full width": "\uff32\uff4f\uff53\uff41",
    "a tower of marks": "Ro" + "\u0335\u0321\u0322\u0327" * 8 + "sa",
}
LOOKS = (
    "a Cyrillic letter in a Latin word",
    "a Greek letter in a Latin word",
    "bold letters of mathematics",
    "letters of full width",
    "a tower of marks",
)
LINES = {
    kind: text
    for kind, text in NAMES.items()
    if kind not in ("no letter", "a mark without a letter", "signs alone", *LOOKS)
}
DATES = {
    "no such day": "Feb 30, 1968",
    "the future": "Jan 1, 2999",
    "before everybody": "Jan 1, 1500",
    "words": "yesterday",
    "a year of five digits": "19680-03-12",
    "zeroes": "00/00/0000",
    "5,000 characters": "1" * 5000,
}
ZIPS = {
    "unknown": "00012",
    "four digits": "0160",
    "letters": "O1608",
    "5,000 characters": "0" * 5000,
    "Arabic digits": "٠١٦٠٨",
}
PHONES = {"words": "call me", "too short": "12", "5,000 characters": "5" * 5000, "a bell": "508\a555"}
MAILS = {
    "no host": "rosa",
    "two signs": "a@b@c.example",
    "a line break": "a@b.example\nBcc: x@y.example",
    "5,000 characters": f"{LONG}@mail.example",
}
WHO = {"family_name": "Delgado", "given_name": "Rosa", "birth_date": "Mar 12, 1968", "sex": "female"}
ABSURD = {
    "given_name": NAMES,
    "family_name": NAMES,
    "preferred_name": NAMES,
    "name": NAMES,
    "line": LINES,
    "city": LINES,
    "pronouns": LINES,
    "birth_date": DATES,
    "until": DATES | {"before everybody": "Jan 1, 0001"},
    "died_on": DATES,
    "postal_code": ZIPS,
    "state": {"words": "Massachusetts", "5,000 characters": LONG, "digits": "12"},
    "phone": PHONES,
    "email": MAILS,
    "value": PHONES | MAILS,
    "reason": LINES,
    "site": {"words": "anywhere", "5,000 characters": LONG, "nobody's": "00000000-0000-7000-8000-000000000001"},
}
#: Surface → who knocks, address, what is typed, what is absurd there. `{pk}` is the patient.
SURFACES = {
    "register": (
        "front_desk",
        "/patients/register",
        WHO,
        (
            "given_name",
            "family_name",
            "preferred_name",
            "birth_date",
            "line",
            "city",
            "state",
            "postal_code",
            "phone",
            "email",
        ),
    ),
    "change": (
        "front_desk",
        "/patients/{pk}/change",
        WHO,
        (
            "given_name",
            "family_name",
            "preferred_name",
            "birth_date",
            "line",
            "city",
            "state",
            "postal_code",
            "phone",
            "email",
        ),
    ),
    "profile": ("nurse", "/patients/{pk}/profile/change", {"pronouns": "she/her"}, ("pronouns",)),
    "names": (
        "nurse",
        "/patients/{pk}/profile/names/add",
        {"use": "maiden", "given_name": "Rosa", "family_name": "Roe"},
        ("given_name", "family_name", "until"),
    ),
    "addresses": (
        "nurse",
        "/patients/{pk}/profile/addresses/add",
        {"use": "work", "line": "3 Mill St", "city": "Holden"},
        ("line", "city", "state", "postal_code", "until"),
    ),
    "contacts": ("nurse", "/patients/{pk}/profile/contacts/add", {"use": "work", "value": "508-555-0199"}, ("value",)),
    "people": (
        "nurse",
        "/patients/{pk}/profile/people/add",
        {"name": "Ana", "relation": "sibling"},
        ("name", "phone", "email"),
    ),
    "online": (
        "nurse",
        "/portal/register",
        TYPED,
        (
            "given_name",
            "family_name",
            "preferred_name",
            "birth_date",
            "line",
            "city",
            "state",
            "postal_code",
            "phone",
            "email",
            "reason",
            "site",
        ),
    ),
    "death": ("nurse", "/patients/{pk}/death", {"source": "family"}, ("died_on",)),
    "propose": (
        "patient",
        "/portal/record/change",
        {"given_name": "Rosa", "family_name": "Delgado"},
        (
            "given_name",
            "family_name",
            "preferred_name",
            "line",
            "city",
            "state",
            "postal_code",
            "phone",
            "email",
            "pronouns",
        ),
    ),
}
CASES = [
    pytest.param(surface, field, kind, id=f"{surface}-{field}-{kind}")
    for surface, (_who, _url, _typed, fields) in SURFACES.items()
    for field in fields
    for kind in ABSURD[field]
    if (field, kind) not in {("until", "before everybody")} or surface == "addresses"
]
WRITTEN: tuple[type[models.Model], ...] = (
    PatientName,
    Address,
    ContactPoint,
    RelatedPerson,
    DeathReport,
    ProposedChange,
    SelfRegistration,
)


def world() -> list[object]:
    with as_the_system():
        people = [tuple(row) for row in Patient.objects.order_by("pk").values_list()]
        return [people, *(model._default_manager.count() for model in WRITTEN)]


@pytest.mark.parametrize(("surface", "field", "kind"), CASES)
def test_it_is_refused_beside_its_field_and_nothing_is_written_nor_lost(browser, surface, field, kind) -> None:
    who, url, good, _fields = SURFACES[surface]
    rosa = PatientFactory(given_name="Rosa", family_name="Delgado")
    client = browser(portal_user(rosa) if who == "patient" else staff(who, rosa.site))
    absurd = ABSURD[field][kind]
    before = world()
    typed = good | ({"site": str(rosa.site.pk)} if surface == "register" else {}) | {field: absurd}
    page = client.post(url.format(pk=rosa.pk), typed)
    text = page.content.decode()
    assert page.status_code == 422, text[:300]
    assert world() == before
    form = page.context["form"]
    assert form.errors.get(field), f"The sentence stands beside the field: {form.errors}"
    sentence = str(form.errors[field][0])
    assert sentence[0].isupper(), sentence
    assert " " in sentence, sentence
    assert len(sentence) < 200, "and does not repeat what was typed"
    shown = unescape(re.sub(r"\s+", " ", text))
    assert sentence.split(".")[0] in shown
    assert str(form[field].value()) == absurd, "what was typed is in the field again"
    for name, value in good.items():
        if name != field:
            assert str(form[name].value()) == value, f"{name} is lost"


@pytest.mark.parametrize("surface", SURFACES)
def test_a_null_which_no_keyboard_types_is_refused_at_the_door(browser, surface) -> None:
    """PostgreSQL keeps none, and no browser sends one: the whole request is refused, before any form."""
    who, url, good, fields = SURFACES[surface]
    rosa = PatientFactory(given_name="Rosa", family_name="Delgado")
    client = browser(portal_user(rosa) if who == "patient" else staff(who, rosa.site))
    before = world()
    assert client.post(url.format(pk=rosa.pk), good | {fields[0]: "Ro\0sa"}).status_code == 400
    assert world() == before


# == What looks odd and is right ==
FINE = {
    "an apostrophe": "O’Brien",
    "a hyphen": "Delgado-Ferreira",
    "one letter": "Ø",
    "Arabic": "رقية",
    "Hebrew": "רוּת",
    "Chinese": "李",
    "Persian, with its joiner": "می\u200cنا",
    "Vietnamese": "Nguyễn",
    "a Hawaiian okina": "Kealiʻi",
    "particles": "van der Berg",
}


@pytest.mark.parametrize("surface", ["change", "names", "people", "propose"])
@pytest.mark.parametrize("kind", FINE)
def test_names_of_people_are_taken(browser, surface, kind) -> None:
    who, url, good, _fields = SURFACES[surface]
    rosa = PatientFactory(given_name="Rosa", family_name="Delgado")
    client = browser(portal_user(rosa) if who == "patient" else staff(who, rosa.site))
    field = "name" if surface == "people" else "family_name"
    assert client.post(url.format(pk=rosa.pk), good | {field: FINE[kind]}).status_code == 302


@pytest.mark.parametrize(("typed", "kept"), [("Nguye\u0302\u0303n", "Nguyễn"), ("  Ro   sa ", "Ro sa"), ("Å", "Å")])
def test_accents_are_composed_and_spaces_single(browser, typed, kept) -> None:
    rosa = PatientFactory()
    client = browser(staff("nurse", rosa.site))
    client.post(f"/patients/{rosa.pk}/profile/people/add", {"name": typed, "relation": "friend"})
    with as_the_system():
        assert RelatedPerson.objects.get().name == kept
