"""The policies that open access in an emergency and by an answer, and those of the audit: each condition by itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.audit.models import AuditEvent, Change
from healthcare.db.context import acting_as
from patients.models import CareRelationship
from tests.factories import AccessRequestFactory, PatientFactory, SiteFactory, portal_user, proxy_of, staff
from tests.patients.merging import merge, undo

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def added(by: User, row: Any) -> str:
    """What the database says: "" or the code of its refusal."""
    try:
        with acting_as(by), transaction.atomic():
            row.save(force_insert=True)
    except DatabaseError as refusal:
        return str(getattr(refusal.__cause__, "sqlstate", refusal))
    return ""


# == Who breaks the glass ==
def opening(by: User, **changes: Any) -> CareRelationship:
    now = timezone.now()
    fields = {
        "patient": PatientFactory(),
        "kind": "break_glass",
        "user": by,
        "role": "doctor",
        "scopes": ["identity"],
        "validity": TimestamptzRange(now, now + HOUR),
        "reason": "Brought in unconscious, nobody with her",
        "source": "ETREAT",
        "granted_by": by,
    }
    return CareRelationship(**fields | changes)


def test_broken_glass_is_an_emergency_that_has_not_ended() -> None:
    doctor = staff("doctor")
    assert added(doctor, opening(doctor)) == ""
    for kind in ("care_team", "appointment", "site"):
        assert added(doctor, opening(doctor, kind=kind)) == "42501", kind
    assert added(doctor, opening(doctor, ended_at=timezone.now(), ended_by=doctor)) == "42501"


# == Who opens by an answer ==
def test_an_answer_opens_to_whoever_asked_in_the_role_they_asked_in() -> None:
    officer, feld = staff("privacy_officer"), staff("doctor")
    request = AccessRequestFactory(user=feld, until=timezone.now() + 30 * 24 * HOUR)
    own = AccessRequestFactory(user=officer, patient=request.patient, until=request.until)

    def answer(by: User, to: Any = request, **changes: Any) -> str:
        fields = {
            "patient": to.patient,
            "kind": "care_team",
            "user": to.user,
            "scopes": ["identity", "clinical"],
            "source": f"request:{to.pk}",
            "reason": "",
            "validity": TimestamptzRange(timezone.now(), to.until),
        }
        return added(by, opening(by, **fields | changes))

    for changes in ({"kind": "share"}, {"kind": "appointment"}, {"role": "nurse"}, {"granted_by": feld}):
        assert answer(officer, **changes) == "42501", changes
    assert answer(officer, ended_at=timezone.now(), ended_by=officer) == "42501"
    for other in (staff("administrator"), staff("doctor"), feld):
        assert answer(other) == "42501", "nobody but the privacy officer, and whoever reaches the record"
    bills = AccessRequestFactory(
        patient=request.patient, user=feld, scopes=["identity", "billing"], until=request.until
    )
    nurse = staff("nurse", request.patient.site)
    assert answer(nurse, bills, scopes=["identity", "billing"]) == "42501", "who reaches the record gives what they see"
    assert answer(officer, own) == "42501", "nobody answers themselves"
    assert answer(officer) == ""


# == Who reads and writes the audit ==
def seen(user: User) -> set[Any]:
    with acting_as(user):
        return set(AuditEvent.objects.filter(action="patients.open_chart").values_list("patient_id", flat=True))


def test_who_opened_a_record_is_read_by_its_patient_and_not_by_colleagues() -> None:
    site = SiteFactory()
    desk, doctor, colleague = (staff(role, site) for role in ("front_desk", "doctor", "doctor"))
    kept, gone, another = (PatientFactory(site=site) for _each in range(3))
    for patient in (kept, gone, another):
        with acting_as(doctor):
            record("patients.open_chart", by=doctor, patient_id=patient.pk)
    own, other = portal_user(kept), portal_user(another)
    assert (seen(own), seen(other)) == ({kept.pk}, {another.pk})
    assert seen(colleague) == set(), "who reaches the record reads what they did themselves"
    merged = merge(desk, kept, gone)
    assert (seen(own), seen(other)) == ({kept.pk, gone.pk}, {another.pk})
    assert seen(proxy_of(kept, scopes=["identity", "billing"])) == set()
    undo(desk, merged)
    assert (seen(own), seen(other), seen(colleague)) == ({kept.pk}, {another.pk}, set())


@pytest.mark.parametrize("wrong", [{"actor_role": "administrator"}, {"purpose": "test"}, {"actor": None}], ids=str)
def test_a_change_is_written_in_ones_own_name_role_and_purpose(wrong: dict[str, Any]) -> None:
    nurse = staff("nurse")

    def change(**said: Any) -> Change:
        template = Change.objects.model(action=1, object_pk="1", object_repr="", changes={}, patient_id=None)
        template.content_type_id = content_type()
        for name, value in {"actor_id": nurse.pk, "actor_role": "nurse", "purpose": "", **said}.items():
            setattr(template, name, value)
        return template

    assert added(nurse, change()) == ""
    said = {"actor_id": None} if "actor" in wrong else wrong
    assert added(nurse, change(**said)) == "42501"


def content_type() -> int:
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(CareRelationship).pk
