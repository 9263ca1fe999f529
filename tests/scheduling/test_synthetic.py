"""The invented year of visits: no two at once, each with what it must have by now, and open to booking."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from healthcare.accounts.models import Provider, User
from healthcare.db.context import acting_as
from patients.models import CareRelationship, Patient, UserGrant
from patients.synthetic.plan import Plan
from scheduling.actions import TimeTaken, book_appointment, cancel_appointment
from scheduling.models import HOLDING, OPEN, Appointment, PatientClaim, TimeClaim, VisitType, WorkRule
from scheduling.rules import source_of
from scheduling.synthetic import AHEAD, BACK
from tests.roles import as_the_system, taking_role
from tests.synthetic import clinic, proofs

pytestmark = pytest.mark.django_db
GUARDED = """SELECT count(*) FROM pg_constraint WHERE convalidated
AND conname IN ('claim_no_overlap', 'patient_claim_no_overlap', 'claim_of_an_appointment')"""


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("scheduling", django_db_blocker) as made:
        yield made


def a_visit(**conditions: Any) -> Appointment:
    return (
        Appointment.objects.filter(**conditions)
        .select_related("patient", "provider__user", "site", "visit_type")
        .order_by("pk")[0]
    )


def test_every_proof_holds(plan: Plan) -> None:
    assert proofs("scheduling", plan) == {
        "appointments as asked": True,
        "no provider in two places": True,
        "no patient in two places": True,
        "visits stand with their claims, and only then": True,
    }
    with connection.cursor() as cursor:
        cursor.execute(GUARDED)
        assert cursor.fetchone() == (3,)


def test_a_claim_too_few_is_noticed(plan: Plan) -> None:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE scheduling_patientclaim DISABLE TRIGGER USER")
        PatientClaim.objects.filter(pk=PatientClaim.objects.order_by("pk")[0].pk).delete()
    assert proofs("scheduling", plan)["visits stand with their claims, and only then"] is False


def test_an_overlap_is_noticed(plan: Plan) -> None:
    with taking_role("owner"), connection.cursor() as cursor:
        for table in ("timeclaim", "patientclaim"):
            cursor.execute(f"ALTER TABLE scheduling_{table} DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE scheduling_timeclaim DROP CONSTRAINT claim_no_overlap")
        cursor.execute("ALTER TABLE scheduling_patientclaim DROP CONSTRAINT patient_claim_no_overlap")
        cursor.execute(
            "UPDATE scheduling_timeclaim c SET blocked = (SELECT o.blocked FROM scheduling_timeclaim o"
            " WHERE o.resource_id = c.resource_id AND o.id <> c.id ORDER BY o.id LIMIT 1)"
            " WHERE c.id = (SELECT (array_agg(id))[1] FROM scheduling_timeclaim"
            " GROUP BY resource_id HAVING count(*) > 1 LIMIT 1)"
        )
        cursor.execute(
            "UPDATE scheduling_patientclaim c SET during = (SELECT o.during FROM scheduling_patientclaim o"
            " WHERE o.patient_id = c.patient_id AND o.id <> c.id ORDER BY o.id LIMIT 1)"
            " WHERE c.id = (SELECT (array_agg(id))[1] FROM scheduling_patientclaim"
            " GROUP BY patient_id HAVING count(*) > 1 LIMIT 1)"
        )
    found = proofs("scheduling", plan)
    assert found["no provider in two places"] is found["no patient in two places"] is False


def test_each_visit_is_as_far_as_the_clock(plan: Plan) -> None:
    with as_the_system():
        visits = list(Appointment.objects.order_by("pk"))
    states = {visit.status for visit in visits}
    assert states >= {"booked", "confirmed", "checked_out", "cancelled", "no_show"}
    for visit in visits:
        assert visit.created_at < visit.starts_at
        assert visit.created_at <= plan.now
        if visit.starts_at > plan.now + timedelta(hours=1):
            assert visit.status in (*OPEN, "cancelled")
        if visit.ends_at < plan.now - timedelta(hours=1):
            assert visit.status not in OPEN
        if visit.status == "checked_out":
            assert visit.arrived_at <= visit.roomed_at <= visit.started_at <= visit.finished_at <= plan.now
    assert min(visit.starts_at for visit in visits) > plan.now - timedelta(days=BACK + 1)
    assert max(visit.ends_at for visit in visits) < plan.now + timedelta(days=AHEAD + 1)


def test_visits_lie_within_the_hours_of_their_provider(plan: Plan) -> None:
    with as_the_system():
        hours = {
            (row.resource.provider_id, row.isodow, row.site_id, row.starts): row.ends
            for row in WorkRule.objects.select_related("resource").order_by("pk")
        }
        for visit in Appointment.objects.order_by("pk"):
            clock = visit.wall_start[11:]
            day = visit.starts_at.isoweekday()
            fitting = [
                ends
                for (provider, isodow, site, starts), ends in hours.items()
                if (provider, isodow, site) == (visit.provider_id, day, visit.site_id)
                and f"{starts:%H:%M}" <= clock < f"{ends:%H:%M}"
            ]
            assert fitting, visit.wall_start


def test_children_go_to_pediatrics(plan: Plan) -> None:
    with as_the_system():
        rows = Appointment.objects.filter(provider__specialty="Pediatrics").order_by("pk")
        born = set(rows.values_list("patient__birth_date", flat=True))
    assert born
    assert min(born) > plan.ago(18.1 * 365.25).date()


def test_a_provider_may_open_the_charts_of_their_recent_visits_alone(plan: Plan) -> None:
    with as_the_system():
        coming = a_visit(status__in=OPEN, during__startswith__gt=plan.now + timedelta(days=20))
        source = source_of(coming.pk)
        rows = CareRelationship.objects.filter(source=source, kind="appointment").order_by("pk")
        scopes = {scope for row in rows for scope in row.scopes}
        assert len(rows) == 2
        assert len(scopes) == 6
    with taking_role("owner"):
        assert UserGrant.objects.filter(user=coming.provider.user, content_object=coming.patient).exists()
    doctor = coming.provider.user.in_role("doctor")
    with acting_as(doctor):
        assert Appointment.objects.visible_to(doctor).filter(pk=coming.pk).exists()
        assert Patient.objects.visible_to(doctor).filter(pk=coming.patient_id).exists()


def test_what_was_cancelled_left_no_access(plan: Plan) -> None:
    with as_the_system():
        gone = list(Appointment.objects.filter(status="cancelled").order_by("pk").values_list("pk", flat=True))
        sources = [source_of(key) for key in gone]
        assert gone
        assert not CareRelationship.objects.filter(source__in=sources).exists()
        assert not TimeClaim.objects.filter(appointment_id__in=gone).exists()


def test_the_verbs_go_on_from_here(plan: Plan) -> None:
    """A taken time is refused, a visit that was loaded can be cancelled, and its time booked anew."""
    with as_the_system():
        taken = a_visit(status="booked", during__startswith__gt=plan.now + timedelta(days=10))
        someone = Patient.objects.exclude(pk=taken.patient_id).filter(site=taken.site).order_by("pk")[0]
        desk = User.objects.get(pk=taken.booked_by_id).in_role("front_desk")
    wanted = {"provider": taken.provider, "site": taken.site, "visit_type": taken.visit_type, "start": taken.starts_at}
    with acting_as(desk):
        with pytest.raises(TimeTaken):
            book_appointment(by=desk, patient=someone, now=plan.now, **wanted)
        cancel_appointment(by=desk, appointment=taken, reason="Ill", now=plan.now)
        booked = book_appointment(by=desk, patient=someone, now=plan.now, **wanted)
    with as_the_system():
        assert TimeClaim.objects.filter(appointment_id=booked.pk).exists()
        assert Appointment.objects.get(pk=taken.pk).status not in HOLDING


def test_some_providers_work_at_two_sites(plan: Plan) -> None:
    with as_the_system():
        both = [one for one in Provider.objects.order_by("pk") if one.sites.count() == 2]
        assert both
        assert VisitType.objects.count() == 5
