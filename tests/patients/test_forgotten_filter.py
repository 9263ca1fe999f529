"""A view that forgets its filter leaks nothing: the first wall is taken down here, and the second one stands."""

from typing import Any

import pytest

from healthcare.db.prepared import Bound, prepared
from patients.models import CareRelationship, CareRelationshipQuerySet, Patient, PatientOwnedQuerySet, PatientQuerySet
from tests.factories import CareRelationshipFactory, PatientFactory, SiteFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def made_afresh(prepared: Any, *given: Any, **named: Any) -> list[Any]:
    """What was prepared before still holds the wall."""
    return list(prepared.function(*[one.value if isinstance(one, Bound) else one for one in given], **named))


@pytest.fixture(autouse=True)
def _no_first_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "__call__", made_afresh)
    for rows in (PatientQuerySet, PatientOwnedQuerySet, CareRelationshipQuerySet):
        monkeypatch.setattr(rows, "visible_to", lambda self, *_user, **_scope: self.all())


def test_the_first_wall_is_down_in_these_tests() -> None:
    mine = PatientFactory()
    with as_the_system():
        assert set(Patient.objects.visible_to(staff("doctor"))) == {mine}


def test_who_holds_no_grant_gets_an_empty_list(browser: Any) -> None:
    PatientFactory(family_name="Hollis")
    page = browser(staff("doctor")).get("/patients/")
    assert page.status_code == 200
    assert page.context["page"].patients == []
    assert b"Hollis" not in page.content


def test_any_other_gets_only_their_own(browser: Any) -> None:
    site = SiteFactory()
    PatientFactory(site=site, family_name="Osei")
    PatientFactory(family_name="Hollis")
    page = browser(staff("nurse", site)).get("/patients/")
    assert [patient.family_name for patient in page.context["page"].patients] == ["Osei"]
    assert b"Hollis" not in page.content


def test_a_chart_out_of_reach_stays_shut(browser: Any) -> None:
    patient = PatientFactory(family_name="Hollis")
    for user, status in ((staff("doctor"), 403), (portal_user(PatientFactory()), 404)):
        for page in ("", "access", "change"):
            answer = browser(user).get(f"/patients/{patient.pk}/{page}")
            assert answer.status_code == status, (user.acting_role, page)
            assert b"Hollis" not in answer.content


def test_the_portal_shows_ones_own_record_alone(browser: Any) -> None:
    other = CareRelationshipFactory(patient=PatientFactory(family_name="Hollis"))
    own = portal_user(PatientFactory(family_name="Osei"))
    page = browser(own).get("/portal/record")
    assert page.status_code == 200
    assert b"Osei" in page.content
    assert b"Hollis" not in page.content
    with as_the_system():
        assert CareRelationship.objects.filter(pk=other.pk).exists()
