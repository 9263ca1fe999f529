"""The pages of the profile: what is shown to whom, what is kept of a mistake, and the portal's own."""

import pytest

from patients.models import Address, ContactPoint, ContactPreference, Patient, PatientName, RelatedPerson
from tests.factories import (
    AddressFactory,
    ContactPointFactory,
    ContactPreferenceFactory,
    PatientFactory,
    PatientNameFactory,
    RelatedPersonFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
PERSON = {"name": "Ana Delgado", "relation": "sibling", "phone": "508-555-0188", "email": "", "emergency": "on"}
GOOD = {
    "names": (PatientName, {"use": "maiden", "given_name": "Rosa", "family_name": "Ferreira", "until": "Jun 1, 1995"}),
    "addresses": (
        Address,
        {"use": "work", "line": "3 Mill St", "city": "Worcester", "state": "MA", "postal_code": "01608"},
    ),
    "contacts": (ContactPoint, {"use": "work", "value": "508-555-0199"}),
    "people": (RelatedPerson, PERSON),
}


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado", phone="+15085550177", email="rosa@mail.example")


@pytest.fixture
def client(browser, rosa):
    return browser(staff("front_desk", rosa.site))


def url(patient, rest: str = "") -> str:
    return f"/patients/{patient.pk}/profile{rest}"


def rows(model) -> list:
    with as_the_system():
        return list(model.objects.order_by("pk"))


# == The page ==
def test_an_empty_profile_says_what_nobody_asked(client, rosa) -> None:
    text = client.get(url(rosa)).content.decode()
    assert text.count("Not asked") == 4
    for page in ("proposals", "death"):
        assert f'href="/patients/{rosa.pk}/{page}"' in text
    for part in ("nobody to call", "No other name is known", "No other address", "Nobody has asked"):
        assert part in text


def test_everything_known_is_shown(client, rosa) -> None:
    kept = {"patient": rosa}
    PatientNameFactory(**kept)
    AddressFactory(**kept)
    ContactPointFactory(**kept, value="+15085550199", bad="silent", bad_at="2026-05-06T12:00Z")
    RelatedPersonFactory(**kept, may_be_told=True)
    ContactPreferenceFactory(**kept)
    text = client.get(url(rosa)).content.decode()
    for part in (
        "Rosa Ferreira",
        "Name at birth",
        "3 Mill Street, Worcester, MA 01608",
        "508-555-0177",
        "508-555-0199",
        "Nobody answers any more",
        "Ana Delgado",
        "In an emergency",
        "May be told",
        "E-mail: Visits and reminders",
    ):
        assert part in text, part


@pytest.mark.parametrize("role", ["billing", "pharmacist"])
def test_who_may_not_change_reads_without_ways_to_change(browser, rosa, role) -> None:
    PatientNameFactory(patient=rosa)
    text = browser(staff(role, rosa.site)).get(url(rosa)).content.decode()
    assert "Rosa Ferreira" in text
    assert "/profile/" not in text.replace(url(rosa) + '"', "")


def test_bob_sees_nothing(browser, rosa) -> None:
    PatientNameFactory(patient=rosa)
    page = browser(staff("nurse")).get(url(rosa))
    assert page.status_code == 403
    assert "Ferreira" not in page.content.decode()


# == Who somebody is ==
def test_it_is_changed_and_the_banner_tells_how_to_speak_with_them(client, rosa) -> None:
    typed = {
        "sex_at_birth": "female",
        "gender_identity": "non_binary",
        "pronouns": "they/them",
        "language": "pt",
        "interpreter": "yes",
        "quiet_from": "9 pm",
        "quiet_until": "08:00",
    }
    assert client.post(url(rosa, "/change"), typed)["Location"] == url(rosa)
    text = client.get(f"/patients/{rosa.pk}/").content.decode()
    banner = text[: text.index("</section>")]
    assert "Interpreter: Portuguese" in banner
    assert "they/them" in banner
    page = client.get(url(rosa, "/change")).content.decode()
    assert 'value="21:00"' in page
    assert 'value="they/them"' in page
    again = client.post(url(rosa, "/change"), typed, follow=True)
    assert "Nothing was different" in again.content.decode()
    client.post(url(rosa, "/change"), {"interpreter": "yes"})
    assert "Interpreter<" in client.get(f"/patients/{rosa.pk}/").content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"quiet_from": "9 pm"}, "Quiet hours have a beginning and an end"),
        ({"quiet_until": "9 pm"}, "Quiet hours have a beginning and an end"),
        ({"quiet_from": "evening", "quiet_until": "9 am"}, "Enter a time, like 21:00 or 9 pm"),
        ({"pronouns": "x" * 41}, "Pronouns is too long"),
        ({"language": "tlh"}, "tlh"),
    ],
)
def test_a_mistake_stays_beside_its_field(client, rosa, typed, sentence) -> None:
    page = client.post(url(rosa, "/change"), {"pronouns": "she/her"} | typed)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    with as_the_system():
        assert Patient.objects.get(pk=rosa.pk).pronouns == ""


# == Rows ==
@pytest.mark.parametrize("kind", GOOD)
def test_a_row_is_added_changed_and_ended(client, rosa, kind) -> None:
    model, typed = GOOD[kind]
    assert client.get(url(rosa, f"/{kind}/add")).status_code == 200
    assert client.post(url(rosa, f"/{kind}/add"), typed)["Location"] == url(rosa)
    (row,) = rows(model)
    page = client.get(url(rosa, f"/{kind}/{row.pk}"))
    shown = {field.html_name: field.value() for field in page.context["form"]}
    again = {name: value for name, value in shown.items() if value not in (None, False)}
    changed = {"use": "old" if kind in ("names", "addresses") else "temp", "relation": "friend"}
    kept = again | {name: value for name, value in changed.items() if name in again}
    assert client.post(url(rosa, f"/{kind}/{row.pk}"), kept)["Location"] == url(rosa)
    (now,) = rows(model)
    assert getattr(now, "use", getattr(now, "relation", "")) in changed.values()
    client.post(url(rosa, f"/{kind}/{row.pk}/end"))
    assert rows(model)[0].ended_at is not None
    assert client.get(url(rosa, f"/{kind}/{row.pk}")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "wrong", "sentence"),
    [
        ("names", {"family_name": "?!"}, "needs at least one letter"),
        ("addresses", {"postal_code": "00012"}, "No place has a ZIP code that begins with 000"),
        ("addresses", {"postal_code": "1608"}, "ZIP code has 5 digits"),
        ("addresses", {"state": "Mass"}, "State is two letters"),
        ("contacts", {"value": "rosa@nowhere"}, "E-mail needs an address"),
        ("contacts", {"value": "12"}, "12"),
        ("people", {"phone": ""}, "Whom to call in an emergency needs a number"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(client, rosa, kind, wrong, sentence) -> None:
    model, typed = GOOD[kind]
    page = client.post(url(rosa, f"/{kind}/add"), typed | wrong)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert rows(model) == []


def test_what_is_kept_already_is_said_beside_the_field(client, rosa) -> None:
    ContactPointFactory(patient=rosa, value="+15085550199")
    other = ContactPointFactory(patient=rosa, value="+15085550100")
    for path in ("/contacts/add", f"/contacts/{other.pk}"):
        page = client.post(url(rosa, path), {"use": "home", "value": "(508) 555-0199"})
        assert page.status_code == 422
        assert "This is kept already" in page.content.decode()
        assert "(508) 555-0199" in page.content.decode()


def test_a_kind_that_is_none_and_a_row_of_another_are_not_found(client, rosa) -> None:
    elsewhere = PatientNameFactory()
    near = PatientNameFactory(patient=PatientFactory(site=rosa.site))
    assert client.get(url(rosa, "/pets/add")).status_code == 404
    for row in (elsewhere, near):
        assert client.get(url(rosa, f"/names/{row.pk}")).status_code == 404
        assert client.post(url(rosa, f"/names/{row.pk}/end")).status_code == 404
    assert all(row.ended_at is None for row in rows(PatientName))


# == What does not arrive ==
def test_a_first_number_is_marked_and_works_again(client, rosa) -> None:
    said = {"system": "phone", "value": "+15085550177", "bad": "silent"}
    page = client.post(url(rosa, "/mark"), said, follow=True).content.decode()
    assert "Nobody answers any more" in page
    assert "It works" in client.post(url(rosa, "/mark"), said, follow=True).content.decode()
    assert "Nobody answers" not in client.post(url(rosa, "/mark"), said | {"bad": ""}, follow=True).content.decode()


@pytest.mark.parametrize("wrong", [{"value": "+15085550000"}, {"bad": "cursed"}, {"system": "fax"}])
def test_a_number_of_nobody_here_is_not_marked(client, rosa, wrong) -> None:
    said = {"system": "phone", "value": "+15085550177", "bad": "silent"} | wrong
    assert "not kept any more" in client.post(url(rosa, "/mark"), said, follow=True).content.decode()
    assert rows(ContactPoint) == []


# == What they want to hear ==
def test_the_staff_say_how_they_were_told(client, rosa) -> None:
    page = client.get(url(rosa, "/preferences"))
    assert page.status_code == 200
    typed = {"sms-visits": "yes", "email-bills": "no", "method": "phone"}
    client.post(url(rosa, "/preferences"), typed)
    kept = {(row.channel, row.purpose, row.allowed, row.method) for row in rows(ContactPreference)}
    assert kept == {("sms", "visits", True, "phone"), ("email", "bills", False, "phone")}
    form = client.get(url(rosa, "/preferences")).context["form"]
    assert form["sms-visits"].value() == "yes"
    assert client.post(url(rosa, "/preferences"), {"sms-visits": "yes"}).status_code == 422


def test_patients_say_it_in_the_portal(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    assert "Say what we may send you" in client.get("/portal/record").content.decode()
    assert client.get("/portal/record/reach").status_code == 200
    assert client.post("/portal/record/reach", {"email-news": "maybe"}).status_code == 422
    assert client.post("/portal/record/reach", {"email-news": "yes"})["Location"] == "/portal/record"
    (row,) = rows(ContactPreference)
    assert (row.method, row.allowed, row.purpose) == ("portal", True, "news")


def test_the_portal_shows_the_profile_to_the_patient_and_their_proxy(browser, rosa) -> None:
    PatientNameFactory(patient=rosa)
    RelatedPersonFactory(patient=rosa)
    own = browser(portal_user(rosa)).get("/portal/record").content.decode()
    acting = browser(proxy_of(rosa)).get(f"/portal/for/{rosa.pk}/record").content.decode()
    for text in (own, acting):
        assert "Rosa Ferreira" in text
        assert "Ana Delgado" in text
        assert "/patients/" not in text, "no way into the staff's pages"
    assert "Say what we may send you" not in acting


def test_where_nothing_arrives_is_a_line_of_what_can_be_put_right(browser, client, rosa) -> None:
    there = "/patients/to-put-right/contacts"
    assert "Everything that was tried arrives" in client.get(there).content.decode()
    ContactPointFactory(patient=rosa, bad="wrong", bad_at="2026-05-06T12:00Z")
    ContactPointFactory(bad="wrong", bad_at="2026-05-06T12:00Z")
    page = client.get(there).content.decode()
    assert f'href="{url(rosa)}"' in page
    assert page.count("/profile") == 1, "and nobody of another site"
    assert f'href="{there}"' in client.get("/patients/to-put-right").content.decode()
    assert browser(staff("billing", rosa.site)).get(there).status_code == 403
