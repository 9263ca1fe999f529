"""ServiceRequest: an order placed elsewhere, which is nobody's here to wait for; and what answers it."""

from typing import Any

import pytest
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.models import ImportedSource
from records.actions.orders import list_overdue_orders
from records.fhir import DiagnosticReportResource, KeptResource, ObservationResource, ServiceRequestResource
from records.fhir.orders import STATES
from records.models import Entry, ServiceRequest
from records.settling import settle
from tests.factories import PatientFactory, portal_user, staff
from tests.patients.conftest import sign_in
from tests.records.arriving import LOINC, NOW, SYSTEM, concept, incoming, ledger, states, take, taken
from tests.records.test_fhir_histories import kept
from tests.records.test_fhir_observations import lab
from tests.records.test_fhir_reports import report
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
ORDERS = ServiceRequestResource()


def asked(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "o",
        "status": "active",
        "intent": "order",
        "category": [concept("", "108252007")],
        "code": concept("Lipid panel", "57698-3", LOINC),
        "authoredOn": "2026-10-02T09:00:00Z",
        "priority": "asap",
        "reasonCode": [concept("Chest pain")],
        "note": [{"text": "Fasting"}],
        "requester": {"display": "Dr. Roe"},
        "occurrencePeriod": {"start": "2026-10-02", "end": "2026-10-09"},
    } | fields


def test_an_order_from_elsewhere_says_what_was_asked(rosa) -> None:
    row = taken(ORDERS, incoming(rosa, asked()))[0]
    assert (row.category, row.code, row.code_system, row.display) == ("laboratory", "57698-3", "loinc", "Lipid panel")
    assert (row.status, row.priority, row.reason, row.note) == ("active", "urgent", "Chest pain", "Fasting")
    assert (row.source, row.provider_id, row.written_by_id) == (f"fhir:{SYSTEM}", None, None)
    assert (row.ordered_at.isoformat(), row.expected_by.isoformat()) == ("2026-10-02T09:00:00+00:00", "2026-10-09")
    assert row.told["requester"] == "Dr. Roe"
    assert '"Fasting"' in row.told["resource"]
    with as_the_system():
        assert AuditEvent.objects.filter(action="records.take_orders", patient_id=rosa.pk).count() == 1


def test_it_is_shown_and_nobody_waits_for_it_here(rosa) -> None:
    row = taken(ORDERS, incoming(rosa, asked()))[0]
    doctor = staff("doctor", rosa.site)
    page = sign_in(doctor).get(f"/records/{rosa.pk}/orders/{row.pk}/").text
    assert "Cholesterol and blood fats" in page
    assert "Lipid panel" in page
    with acting_as(doctor):
        assert list_overdue_orders(by=doctor, now=timezone.now(), everybodys=True) == []
    with acting_as(portal_user(rosa)):
        assert ServiceRequest.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(("said", "status"), sorted(STATES.items()))
def test_where_it_stands(rosa, said, status) -> None:
    row = taken(ORDERS, incoming(rosa, asked(status=said)))[0]
    assert (row.status, bool(row.end_reason)) == (status, status == "revoked")


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "draft"},
        {"intent": "plan"},
        {"intent": "proposal"},
        {"doNotPerform": True},
        {"code": None},
        {"meta": {"security": [{"code": "R"}]}},
        {"meta": {"security": [{"code": "PSY"}]}},
        {"authoredOn": "2199-01-01T00:00:00Z"},
    ],
)
def test_what_is_no_order_is_kept_whole(rosa, fields) -> None:
    one = incoming(rosa, asked(**fields))
    assert states(take(ORDERS, one)) == ["homeless"]
    assert states(take(KeptResource(), one)) == ["kept"]
    assert ORDERS.taken_for(one, ledger()) == "imported"


def test_of_nobody_it_is_rejected() -> None:
    assert states(take(ORDERS, incoming(None, asked()))) == ["rejected"]


@pytest.mark.parametrize(
    ("fields", "category"),
    [
        ({"category": [concept("", "363679005")]}, "imaging"),
        ({"category": [concept("Radiology")]}, "imaging"),
        ({"category": None}, "laboratory"),
        ({"category": None, "code": concept("Walk")}, "other"),
    ],
)
def test_of_which_sort_it_is(rosa, fields, category) -> None:
    assert taken(ORDERS, incoming(rosa, asked(**fields)))[0].category == category


def test_its_source_says_where_it_stands_later_and_what_is_revoked_stays_so(rosa) -> None:
    row = taken(ORDERS, incoming(rosa, asked()))[0]
    for said, status in (("completed", "final"), ("active", "active"), ("revoked", "revoked"), ("active", "revoked")):
        again = taken(ORDERS, incoming(rosa, asked(status=said), before=row))[0]
        assert (again.pk, again.status) == (row.pk, status)
        assert f'"status": "{said}"' in again.told["resource"]
    other = taken(ORDERS, incoming(rosa, asked()))[0]
    assert taken(ORDERS, incoming(rosa, asked(intent="plan"), before=other))[0].status == "revoked"


def test_what_answers_it_says_so(rosa) -> None:
    known = ledger()
    order = take(ORDERS, incoming(rosa, asked()), known=known)[0]
    known.note((SYSTEM, "ServiceRequest", "o"), order.home)
    based = {"basedOn": [{"reference": "ServiceRequest/o"}]}
    held = taken(DiagnosticReportResource(), incoming(rosa, report(**based)), known=known)[0]
    value = taken(ObservationResource(), incoming(rosa, lab(valueString="x") | based), known=known)[0]
    assert held.request_id == value.request_id == order.home.id
    later = taken(ObservationResource(), incoming(rosa, lab(valueString="y"), before=value), known=known)[0]
    assert later.request_id == order.home.id
    others = taken(ObservationResource(), incoming(PatientFactory(), lab(valueString="x") | based), known=known)[0]
    assert others.request_id is None
    page = sign_in(staff("doctor", rosa.site)).get(f"/records/{rosa.pk}/orders/{order.home.id}/").text
    assert f"/entries/{held.pk}/" in page


def test_what_was_kept_moves(rosa) -> None:
    row = kept(rosa, incoming(rosa, asked()), "imported", code="ServiceRequest")
    plan = kept(rosa, incoming(rosa, asked(intent="plan", id="p")), "imported", code="ServiceRequest")
    with taking_role("worker"):
        assert dict(settle(now=NOW)) == {"ServiceRequest": 1}
        assert settle(now=NOW).total() == 0
    with as_the_system():
        order = ServiceRequest.objects.get()
        assert Entry.objects.get(pk=row.pk).superseded_at == NOW
        assert Entry.objects.get(pk=plan.pk).superseded_at is None
        source = ImportedSource.objects.get(source_id="o")
        assert (source.model, source.row_id) == ("records.servicerequest", order.pk)
