"""The two policies by which a visit opens access, each condition by itself: rows as nobody's verb writes them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import CareRelationship
from scheduling import actions
from scheduling.rules import source_of
from tests.factories import CareRelationshipFactory, PatientFactory, SiteFactory, bookable_provider, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
START = NINE + 60 * DAY


@pytest.fixture
def elsewhere(clinic):
    """A clinic at another site, which the patient never saw; whoever books acts for a second patient, too."""
    site = SiteFactory()
    clinic.site, clinic.provider = site, bookable_provider(site, user=staff("doctor", site))
    clinic.other = PatientFactory()
    CareRelationshipFactory(patient=clinic.other, kind="proxy", role="patient", user=clinic.rosa)
    return clinic


def added(by: User, **fields: Any) -> str:
    """What the database says: "" or the code of its refusal."""
    try:
        with acting_as(by), transaction.atomic():
            CareRelationship(**fields).save(force_insert=True)
    except DatabaseError as refusal:
        return str(getattr(refusal.__cause__, "sqlstate", refusal))
    return ""


def brought(clinic: Any, visit: Any, kind: str) -> dict[str, Any]:
    """A row that may be: to its provider or its site, round the visit."""
    holder = {"user": clinic.provider.user, "role": "doctor"} if kind == "appointment" else {"site": clinic.site}
    return holder | {
        "kind": kind,
        "patient": clinic.patient,
        "scopes": ["identity", "schedule", "clinical"],
        "validity": TimestamptzRange(START - 7 * DAY, visit.ends_at + 30 * DAY),
        "source": source_of(visit.pk),
        "granted_by": clinic.rosa,
    }


@pytest.mark.parametrize("kind", ["appointment", "site"])
def test_a_visit_opens_to_its_own_round_its_time_and_no_more(elsewhere, kind):
    visit = elsewhere.book(start=START)
    good = brought(elsewhere, visit, kind)
    span = good["validity"]
    early = TimestamptzRange(START - 31 * DAY, span.upper)
    wrong = [
        {"granted_by": elsewhere.provider.user},
        {"source": f"scheduling.appointment:{uuid4()}"},
        {"patient": elsewhere.other},
        {"validity": TimestamptzRange(span.lower, visit.ends_at + 91 * DAY)},
        {"validity": early},
        {"kind": "care_team"},
        {"kind": "share"},
        *([{"user": staff("doctor")}, {"role": "patient"}] if kind == "appointment" else [{"site": SiteFactory()}]),
    ]
    for changes in wrong:
        assert added(elsewhere.rosa, **good | changes) == "42501", changes
    assert added(elsewhere.rosa, **good) == ""
    assert added(elsewhere.rosa, **good | {"validity": early, "scopes": ["identity", "schedule"]}) == ""
    with acting_as(elsewhere.rosa):
        actions.cancel_appointment(by=elsewhere.rosa, appointment=visit, reason="", now=NOW + timedelta(hours=1))
    assert added(elsewhere.rosa, **good) == "42501", "what was called off opens nothing"


def test_only_visits_ask_for_one_and_the_system_brings_them_without(elsewhere):
    doctor = staff("doctor", elsewhere.patient.site)
    row = brought(elsewhere, elsewhere.book(start=START), "appointment") | {"granted_by": doctor, "source": ""}
    assert added(doctor, **row) == "42501"
    assert added(doctor, **row | {"kind": "care_team", "scopes": ["identity", "clinical"]}) == ""
    with as_the_system():
        CareRelationshipFactory(patient=elsewhere.patient, kind="appointment", user=elsewhere.provider.user)
