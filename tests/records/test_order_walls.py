"""What the database itself holds of an order: its moves, what it says, and whose it is."""

import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.db.context import acting_as
from records.models import ServiceRequest
from records.models.orders import ORDER_LIFE, ORDER_MOVES
from tests.factories import EncounterFactory, PatientFactory, ServiceRequestFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ENDED = ("revoked", "failed")
SAYS = {"ended_at": "2026-11-20T10:00:00Z", "end_reason": "Because"}


def test_the_table_of_moves_names_every_state() -> None:
    assert ORDER_MOVES.keys() == set(ServiceRequest.Status.values)
    assert set().union(*ORDER_MOVES.values()) <= ORDER_MOVES.keys()


@pytest.mark.parametrize("before", sorted(ORDER_MOVES))
@pytest.mark.parametrize("after", sorted(ORDER_MOVES))
def test_the_database_moves_it_as_the_table_says(before: str, after: str) -> None:
    request = ServiceRequestFactory(status=before, **(SAYS if before in ENDED else {}))
    if before == "draft":
        more = ", ordered_at = now(), ordered_by_id = written_by_id"
    else:
        more = ", ended_at = now(), end_reason = 'Because'" if after in ENDED and before not in ENDED else ""
    if before == "draft" and after in ENDED:
        more += ", ended_at = now(), end_reason = 'Because'"
    statement = f"UPDATE records_servicerequest SET status = %s{more} WHERE id = %s"

    def moves() -> None:
        with as_the_system(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [after, request.pk])
            assert cursor.rowcount == 1

    if after in ORDER_MOVES[before] or before == after:
        moves()
    else:
        with pytest.raises(DatabaseError):
            moves()


@pytest.mark.parametrize(
    "column", [f.column for f in ServiceRequest._meta.concrete_fields if f.column not in ORDER_LIFE]
)
def test_what_was_ordered_never_changes(column: str) -> None:
    request = ServiceRequestFactory()
    doctor = staff("doctor", request.patient.site)
    with pytest.raises(DatabaseError, match="permission denied"), acting_as(doctor), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_servicerequest SET {column} = {column} WHERE id = %s", [request.pk])


@pytest.mark.parametrize("column", ["ordered_at", "collected_at", "ended_at"])
def test_who_did_what_is_said_once(column: str) -> None:
    done = {"collected_at": "2026-11-19T10:00:00Z", "collected_by": staff("nurse")}
    request = ServiceRequestFactory(status="revoked", **SAYS, **done)
    with pytest.raises(DatabaseError, match="said once"), as_the_system(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_servicerequest SET {column} = now() WHERE id = %s", [request.pk])


def test_its_visit_is_of_the_same_patient() -> None:
    with pytest.raises(DatabaseError, match="same_patient"), transaction.atomic():
        write_and_check()


def write_and_check() -> None:
    ServiceRequestFactory(patient=PatientFactory(), encounter=EncounterFactory())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_patient_sees_what_was_ordered_and_changes_nothing() -> None:
    request = ServiceRequestFactory()
    ServiceRequestFactory(patient=request.patient, status="draft")
    rosa = portal_user(request.patient)
    with acting_as(rosa):
        assert list(ServiceRequest.objects.visible_to(rosa)) == [request]
        assert list(ServiceRequest.objects.order_by("id")) == [request]
        assert ServiceRequest.objects.filter(pk=request.pk).count() == 1
    with pytest.raises(DatabaseError), acting_as(rosa), connection.cursor() as cursor:
        cursor.execute("UPDATE records_servicerequest SET status = 'revoked' WHERE id = %s", [request.pk])


def test_nobody_orders_in_anothers_name() -> None:
    request = ServiceRequestFactory()
    doctor, other = staff("doctor", request.patient.site), staff("doctor", request.patient.site)
    row = ServiceRequest(patient=request.patient, provider=request.provider, category="imaging", display="CT")
    row.written_by = row.ordered_by = other
    row.ordered_at, row.expected_by = request.ordered_at, request.expected_by
    with pytest.raises(DatabaseError, match="row-level security"), acting_as(doctor):
        row.save(force_insert=True)
