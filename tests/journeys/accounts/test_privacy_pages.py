"""The privacy officer's pages, and those on which a patient doubts an opening: axe, the console, no sideways scroll."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.audit.request import RequestFacts, request_facts
from healthcare.db.context import acting_as
from tests.accounts.conftest import colleague, sign_in
from tests.factories import (
    AnomalyFactory,
    CloseWatchFactory,
    PatientFactory,
    PrivacyCaseFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.journeys.accounts.test_accessibility import LONG, look  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world() -> dict[str, Any]:
    site = SiteFactory()
    patient = PatientFactory(site=site, family_name="Wolfeschlegelsteinhausenbergerdorff")
    account, doctor = portal_user(patient), staff("doctor", site, full_name=LONG)
    token = request_facts.set(RequestFacts("K7QFP-2M9DX", "2001:db8:ffff:ffff:ffff:ffff:ffff:fff7"))
    with acting_as(doctor):
        record("patients.open_chart", by=doctor, patient_id=patient.pk)
        event = AuditEvent.objects.by_actor(doctor.pk)[0]
    request_facts.reset(token)
    case = PrivacyCaseFactory(patient=patient, opened_by=account, event_id=event.pk)
    AnomalyFactory(person=doctor)
    AnomalyFactory(person=None, role="", address="2001:db8:ffff:ffff:ffff:ffff:ffff:fff7", rule="denials")
    CloseWatchFactory(patient=patient)
    officer = colleague("privacy_officer", site=site, full_name=LONG)
    return {"officer": officer, "account": account, "doctor": doctor, "case": case, "event": event}


def test_the_officers_pages(world: dict[str, Any], look: Callable[..., None]) -> None:  # noqa: F811
    client = sign_in(world["officer"])
    look(
        reverse("accounts:audit") + "?sort=who&action=patients.",
        reverse("accounts:audit") + "?reference=K7QFP-2M9DX",
        reverse("alerts:unusual"),
        reverse("alerts:watches"),
        reverse("patients:privacy_cases"),
        reverse("patients:privacy_case", args=[world["case"].pk]),
        reverse("patients:watched"),
        reverse("patients:breach_scope"),
        reverse("patients:breach_scope") + f"?person={world['doctor'].email}",
        client=client,
    )


def test_the_patients_pages(world: dict[str, Any], look: Callable[..., None]) -> None:  # noqa: F811
    doubt = reverse("portal:doubt", args=[world["event"].pk])
    look(reverse("portal:openings"), doubt, reverse("portal:doubts"), client=sign_in(world["account"], role="patient"))
