"""The pages of who somebody is: whom nobody knows, newborns, families, numbers, the label, and possible duplicates."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from patients.models import DuplicatePair, Patient, PatientIdentifier, PatientLink
from patients.queries import TooManySearches
from tests.factories import DuplicatePairFactory, PatientFactory, SiteFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Any:
    return staff("front_desk")


@pytest.fixture
def rosa(desk: Any) -> Any:
    return PatientFactory(site=desk.memberships.get().site, given_name="Rosa", family_name="Delgado")


def rows(model: Any, **found: Any) -> list[Any]:
    with as_the_system():
        return list(model.objects.filter(**found).order_by("pk"))


def test_a_caller_needs_a_name_and_a_phone(browser: Any, desk: Any) -> None:
    client = browser(desk)
    form = client.get("/patients/register?caller=1").context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    assert (typed["birth_date"], typed["sex"]) == ("unknown", "unknown")
    typed |= {"family_name": "Hollis", "given_name": "Edmund", "phone": "508 555 0142"}
    assert client.post("/patients/register", typed).status_code == 302
    [known] = rows(Patient)
    assert (known.birth_date, known.birth_precision, known.phone) == (None, "unknown", "+15085550142")
    again = client.post("/patients/register", typed | {"given_name": "Ed"})
    assert again.status_code == 422
    assert "same phone" in again.content.decode()


def test_somebody_registered_meanwhile_is_shown(browser: Any, desk: Any, rosa: Any, monkeypatch: Any) -> None:
    """The search of the page came too early: the verb looks again, and nobody is registered twice."""
    monkeypatch.setattr("patients.actions.find_alike", lambda **_said: [])
    known = rosa.demographics()
    typed = {
        "family_name": "Delgado",
        "given_name": "Rosa",
        "birth_date": known.birth_date.isoformat(),
        "sex": "unknown",
    }
    page = browser(desk).post("/patients/register", typed | {"site": str(rosa.site_id)})
    assert page.status_code == 422
    assert "registered a moment ago" in page.content.decode()
    assert rows(Patient) == [rosa]


# == Whom nobody knows, and newborns ==
def test_somebody_unknown(browser: Any, desk: Any) -> None:
    client, site = browser(desk), desk.memberships.get().site
    assert client.get("/patients/register/unidentified").status_code == 200
    wrong = client.post("/patients/register/unidentified", {"sex": "", "birth": "noon", "site": str(site.pk)})
    assert wrong.status_code == 422
    for sentence in ("Choose the sex", "Write day, month and year", 'value="noon"'):
        assert sentence in wrong.content.decode()
    right = client.post("/patients/register/unidentified", {"sex": "male", "birth": "about 40", "site": str(site.pk)})
    [patient] = rows(Patient)
    assert right["Location"] == f"/patients/{patient.pk}/"
    assert patient.birth_precision == "estimated"
    assert "Not identified yet" in client.get(right["Location"]).content.decode()


def test_a_newborn(browser: Any, desk: Any, rosa: Any) -> None:
    client, today = browser(desk), timezone.localdate()
    url = f"/patients/{rosa.pk}/family/newborn"
    assert client.get(url).status_code == 200
    typed = {"sex": "female", "birth_date": (today - timedelta(days=400)).isoformat(), "site": str(rosa.site_id)}
    assert "at most a year old" in client.post(url, typed).content.decode()
    right = client.post(url, typed | {"birth_date": (today - timedelta(days=1)).isoformat()})
    [child] = rows(Patient, family_name="Delgado", given_name__startswith="Baby")
    assert right["Location"] == f"/patients/{child.pk}/"
    page = client.get(f"/patients/{rosa.pk}/family").content.decode()
    assert "Baby girl of Rosa" in page


# == Family and numbers ==
def test_two_are_linked_by_number_and_parted(browser: Any, desk: Any, rosa: Any) -> None:
    client, url = browser(desk), f"/patients/{rosa.pk}/family"
    other = PatientFactory(site=rosa.site, given_name="Carmen", family_name="Delgado")
    assert "Nobody of the family is linked" in client.get(url).content.decode()
    for number in ("Carmen", PatientFactory(site=SiteFactory()).mrn, "1" * 50):
        page = client.post(f"{url}/link", {"number": number, "relation": "sibling"})
        assert page.status_code == 422
        assert number[:9] in page.content.decode()
    assert "same person" in client.post(f"{url}/link", {"number": rosa.mrn, "relation": "child"}).content.decode()
    assert client.post(f"{url}/link", {"number": other.mrn, "relation": "sibling"}).status_code == 302
    assert "Delgado</b>, Carmen" in client.get(url).content.decode()
    assert "Delgado</b>, Rosa" in client.get(f"/patients/{other.pk}/family").content.decode()
    [link] = rows(PatientLink, patient=rosa)
    assert client.post(f"{url}/{link.pk}/unlink").status_code == 302
    assert rows(PatientLink) == []
    assert client.post(f"{url}/{link.pk}/unlink").status_code == 404


def test_who_reads_is_not_offered_to_change(browser: Any, rosa: Any) -> None:
    page = browser(staff("pharmacist", rosa.site)).get(f"/patients/{rosa.pk}/family").content.decode()
    assert rosa.mrn in page
    assert '<form class="stack"' not in page


def test_a_number_is_kept_and_a_wrong_one_is_not(browser: Any, desk: Any, rosa: Any) -> None:
    client, url = browser(desk), f"/patients/{rosa.pk}/family"
    wrong = client.post(f"{url}/numbers", {"system": "mrn", "value": "123456780"})
    assert wrong.status_code == 422
    assert "check digit does not fit" in wrong.content.decode()
    assert 'value="123456780"' in wrong.content.decode()
    assert client.post(f"{url}/numbers", {"system": "", "value": ""}).status_code == 422
    assert client.post(f"{url}/numbers", {"system": "Riverside", "value": "RH-1"}).status_code == 302
    assert "RH-1" in client.get(url).content.decode()
    assert [row.system for row in rows(PatientIdentifier)] == ["Riverside"]


def test_too_many_searches_are_a_sentence(browser: Any, desk: Any, rosa: Any, monkeypatch: Any) -> None:
    def refuse(_terms: Any) -> Any:
        raise TooManySearches("That was a lot of searches.")

    monkeypatch.setattr("patients.forms.identity.find_patients", refuse)
    page = browser(desk).post(f"/patients/{rosa.pk}/family/link", {"number": rosa.mrn, "relation": "child"})
    assert page.status_code == 422
    assert "That was a lot of searches." in page.content.decode()


def test_the_label_has_the_number_as_bars(browser: Any, desk: Any, rosa: Any) -> None:
    page = browser(desk).get(f"/patients/{rosa.pk}/label").content.decode()
    assert f"Barcode of {rosa.mrn}" in page
    assert page.count("<rect x=") == 3 * (1 + len(rosa.mrn) + 1) + 4


# == Possible duplicates ==
def test_pairs_are_listed_and_settled(browser: Any, desk: Any, rosa: Any) -> None:
    client = browser(desk)
    assert "No possible duplicates" in client.get("/patients/duplicates").content.decode()
    beside = PatientFactory(site=rosa.site, given_name="Rosita", family_name="Delgado")
    pair = DuplicatePairFactory(patient=rosa, other=beside)
    DuplicatePairFactory(patient=rosa, other=PatientFactory(site=SiteFactory(), family_name="Hidden"))
    DuplicatePairFactory(patient=PatientFactory(site=SiteFactory(), family_name="Elsewhere"), other=beside)
    page = client.get("/patients/duplicates").content.decode()
    assert "Delgado, Rosita" in page
    assert "somebody not in your care" in page
    assert "Hidden" not in page
    assert "Elsewhere" not in page
    nurse = browser(staff("nurse", rosa.site))
    assert f"/patients/duplicates/{pair.pk}/settle" not in nurse.get("/patients/duplicates").content.decode()
    assert nurse.post(f"/patients/duplicates/{pair.pk}/settle").status_code == 403
    assert client.post(f"/patients/duplicates/{pair.pk}/settle").status_code == 302
    assert [row.verdict for row in rows(DuplicatePair, pk=pair.pk)] == ["different"]
    assert client.post(f"/patients/duplicates/{pair.pk}/settle").status_code == 404
    assert client.post(f"/patients/duplicates/{uuid4()}/settle").status_code == 404
