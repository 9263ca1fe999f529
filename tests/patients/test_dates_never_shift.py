"""A date of birth is a day, not a moment: no zone of a server, a site or a reader makes it the day before or after."""

import json
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from patients.models import Patient
from tests.factories import PatientFactory, SiteFactory, portal_user, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
ZONES = ["Pacific/Kiritimati", "America/Adak", "Pacific/Pago_Pago", "America/New_York"]  # UTC+14 to UTC-11
BORN = [date(1968, 3, 12), date(2000, 1, 1), date(1999, 12, 31), date(2024, 2, 29)]


@pytest.fixture(params=ZONES)
def zone(request: Any) -> Iterator[str]:
    """The zone of the site, of the running request and of the database's session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('TimeZone')")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('TimeZone', %s, false)", [request.param])
    with timezone.override(request.param):
        yield request.param
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, false)", [before])


@pytest.mark.parametrize("born", BORN, ids=str)
def test_what_is_typed_is_kept_and_shown_as_that_day(browser: Any, api: Any, zone: str, born: date) -> None:
    desk = staff("front_desk", SiteFactory(time_zone=zone))
    client, site = browser(desk), desk.memberships.get().site
    typed = {"family_name": "Delgado", "given_name": "Rosa", "sex": "unknown", "site": str(site.pk)}
    answer = client.post("/patients/register", typed | {"birth_date": born.isoformat()})
    assert answer.status_code == 302
    with as_the_system():
        patient = Patient.objects.get(family_name="Delgado")
    assert patient.birth_date == born
    iso = f'datetime="{born.isoformat()}"'
    for page in ("", "change", "family", "label"):
        assert iso in client.get(f"/patients/{patient.pk}/{page}").content.decode()
    assert iso in client.get(f"/patients/search?q={born.isoformat()}").content.decode()
    form = client.get(f"/patients/{patient.pk}/change").context["form"]
    again = {name: form[name].value() or "" for name in form.fields} | {"city": "Boston"}
    assert client.post(f"/patients/{patient.pk}/change", again).status_code == 302
    with as_the_system():
        assert Patient.objects.get(pk=patient.pk).birth_date == born
    assert api(staff("doctor", site)).read(f"/patients/{patient.pk}").json()["birth_date"] == born.isoformat()


def test_the_portal_shows_the_same_day(browser: Any, zone: str) -> None:
    patient = PatientFactory(site=SiteFactory(time_zone=zone), birth_date=BORN[1])
    page = browser(portal_user(patient)).get("/portal/record").content.decode()
    assert f'datetime="{BORN[1].isoformat()}"' in page


@pytest.mark.parametrize("born", BORN, ids=str)
def test_an_import_and_the_same_again_leave_the_day(tmp_path: Path, zone: str, born: date) -> None:
    resource = {
        "resourceType": "Patient",
        "id": "a",
        "name": [{"family": "Kowal", "given": ["Ada"]}],
        "birthDate": born.isoformat(),
    }
    site, file = SiteFactory(time_zone=zone), tmp_path / "a.json"
    for city in ("Quincy", "Boston"):
        resource["address"] = [{"city": city}]
        file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}))
        with taking_role("worker"):
            call_command("import_fhir", file, site=site.slug, system="there", stdout=StringIO())
    with as_the_system():
        [found] = Patient.objects.filter(family_name="Kowal")
    assert (found.birth_date, found.city) == (born, "Boston")
