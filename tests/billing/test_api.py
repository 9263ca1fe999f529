"""Bills through /v1: a patient's own, and for those who bill what is in their care."""

import uuid
from decimal import Decimal

import pytest

from tests.factories import CareRelationshipFactory, InvoiceFactory, PatientFactory, portal_user, staff

pytestmark = pytest.mark.django_db


def numbers(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["number"] for item in answer.json()["items"]]


def test_a_patient_reads_their_own_bills(api, audited, rosa, bill) -> None:
    InvoiceFactory(patient=PatientFactory(site=rosa.site))
    own = portal_user(rosa)
    (item,) = api(own).read("/invoices").json()["items"]
    assert (
        item.items()
        >= {
            "id": str(bill.pk),
            "number": bill.number,
            "patient": str(rosa.pk),
            "site": str(rosa.site_id),
            "visit_date": "2026-11-03",
            "due_date": "2026-12-06",
            "currency": "USD",
            "total": "142.00",
            "balance": "142.00",
            "status": "issued",
            "settled_at": None,
        }.items()
    )
    assert audited(own) == [("patients.open_chart", "ok")]


def test_amounts_are_strings_with_two_decimals(api, rosa, clerk) -> None:
    InvoiceFactory(patient=rosa, status="settled", total=Decimal("80.50"))
    (item,) = api(clerk).read("/invoices").json()["items"]
    assert (item["total"], Decimal(item["balance"]), item["status"]) == ("80.50", 0, "settled")
    assert isinstance(item["balance"], str)


@pytest.mark.parametrize("role", ["billing", "front_desk"])
def test_who_bills_lists_those_of_their_site(api, audited, rosa, bill, role) -> None:
    InvoiceFactory()
    somebody = staff(role, rosa.site)
    assert numbers(api(somebody).read("/invoices")) == [bill.number]
    assert numbers(api(somebody).read("/invoices", {"patient": str(rosa.pk)})) == [bill.number]
    assert audited(somebody) == [("billing.list", "ok"), ("patients.open_chart", "ok")]


@pytest.mark.parametrize("role", ["nurse", "doctor", "pharmacist", "researcher", "administrator"])
def test_other_roles_read_no_bills(api, audited, rosa, bill, role) -> None:
    somebody = staff(role, rosa.site)
    assert api(somebody).read("/invoices").status_code == 403
    assert audited(somebody) == [("api.denied", "denied")]


def test_without_the_scope_or_a_token_nothing_is_read(api, clerk, bill) -> None:
    assert api(None).read("/invoices").status_code == 401
    for scopes in ("identity.read clinical.read", "write", "billing.write"):
        assert api(clerk, scopes).read("/invoices").status_code == 403
    assert numbers(api(clerk, "billing.read").read("/invoices")) == [bill.number]


def test_charlie_gets_the_answer_of_nobody(api, audited, rosa, bill) -> None:
    for charlie in (portal_user(PatientFactory()), staff("billing")):
        program = api(charlie)
        assert numbers(program.read("/invoices")) == []
        theirs, nobodys = (program.read("/invoices", {"patient": str(pk)}) for pk in (rosa.pk, uuid.uuid4()))
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json() | {"request_id": ""} == nobodys.json() | {"request_id": ""}
        assert audited(charlie)[-1] == ("patients.open_chart", "denied")


def test_who_may_open_the_chart_and_not_the_bills_gets_none(api, rosa, bill) -> None:
    helper = staff("front_desk")
    CareRelationshipFactory(
        patient=rosa, kind="care_team", role="front_desk", user=helper, scopes=["identity", "schedule"]
    )
    assert api(helper).read("/invoices", {"patient": str(rosa.pk)}).status_code == 404
    assert numbers(api(helper).read("/invoices")) == []


def test_they_are_narrowed_by_status(api, rosa, clerk, bill) -> None:
    paid = InvoiceFactory(patient=rosa, status="settled")
    assert numbers(api(clerk).read("/invoices", {"status": "issued"})) == [bill.number]
    assert numbers(api(clerk).read("/invoices", {"status": "settled"})) == [paid.number]


def test_what_cannot_be_read_names_its_field(api, clerk) -> None:
    for query, field in (
        ({"status": "nonsense"}, "status"),
        ({"patient": "1"}, "patient"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"limit": "1000"}, "limit"),
    ):
        answer = api(clerk).read("/invoices", query)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


def test_page_after_page_each_once_while_more_are_issued(api, rosa, clerk) -> None:
    issued = [InvoiceFactory(patient=rosa).number for _each in range(7)]
    program, seen, cursor = api(clerk), [], ""
    while cursor is not None:
        body = program.read("/invoices", {"limit": 3, "cursor": cursor}).json()
        seen += [item["number"] for item in body["items"]]
        InvoiceFactory(patient=rosa)
        cursor = body["next"]
    assert seen == issued[::-1]


def test_nothing_is_shown_without_an_audit_line(api, rosa, clerk, bill, no_audit) -> None:
    for user in (clerk, portal_user(rosa)):
        answer = api(user).read("/invoices")
        assert answer.status_code == 503
        assert bill.number.encode() not in answer.content


def test_ten_cost_as_many_queries_as_one(api, rosa, clerk, bill, assert_queries) -> None:
    program = api(clerk)
    with assert_queries(at_most=2) as one:
        program.read("/invoices")
    for _each in range(9):
        InvoiceFactory(patient=rosa)
    with assert_queries(at_most=2) as ten:
        program.read("/invoices")
    assert len(one) == len(ten)
