"""Coverage of other systems: cards here, whole, at a free place; also those kept whole while they had no home."""

import json
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from psycopg.types.range import DateRange

from billing.actions import withdraw_coverage
from billing.events import CoverageChanged
from billing.fhir import CoverageResource, day_of
from billing.models import Coverage, Payer, Plan
from healthcare.db.context import acting_as
from healthcare.fhir.resources import Home
from patients.models import ImportedSource
from records.fhir import KeptResource
from records.models import Entry
from tests.factories import CoverageFactory, PatientFactory, PlanFactory, SiteFactory
from tests.records.arriving import NOW, SYSTEM, coded, incoming, ledger, states, take
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
CARD = CoverageResource()
MEMBER = {"type": coded("MB"), "value": "88800933501"}
CLASSES = [
    {"type": coded("group"), "value": "xyz", "name": "XYZ employees"},
    {"type": coded("plan"), "value": "gold", "name": "Acme Gold Plan"},
]


def resource(**fields: Any) -> dict[str, Any]:
    """As the example of US Core has it."""
    return {
        "resourceType": "Coverage",
        "status": "active",
        "identifier": [{"value": "not this"}, MEMBER],
        "subscriberId": "888009335",
        "relationship": coded("self"),
        "period": {"start": "2020-01-01"},
        "payor": [{"display": "Acme Health Plan"}],
        "class": CLASSES,
    } | fields


def told(patient: Any, before: Any = None, **fields: Any) -> Coverage:
    outcome = take(CARD, incoming(patient, resource(**fields), before=before))[0]
    assert outcome.home is not None, outcome
    with as_the_system():
        return Coverage.objects.select_related("plan__payer").get(pk=outcome.home.id)


def standing(patient: Any) -> list[tuple[int, str]]:
    with as_the_system():
        rows = Coverage.objects.standing().filter(patient=patient).select_related("plan").order_by("priority")
        return [(row.priority, row.plan.name) for row in rows]


def test_a_card_is_whole_with_its_payer_its_plan_and_its_numbers(rosa, announced) -> None:
    row = told(rosa)
    assert (row.plan.payer.name, row.plan.name, row.group_number) == ("Acme Health Plan", "Acme Gold Plan", "xyz")
    assert (row.member_id, row.priority, row.relationship) == ("88800933501", 1, "self")
    assert (row.first_day, row.last_day, row.source) == (date(2020, 1, 1), None, f"fhir:{SYSTEM}")
    assert json.loads(row.told)["subscriberId"] == "888009335"
    assert [fact.coverage_id for fact in announced(CoverageChanged)] == [row.pk]


def test_what_it_says_is_encrypted(rosa) -> None:
    told(rosa)
    with as_the_system():
        raw = Coverage.objects.values_list("member_id", "told").get()
    assert all(text.startswith("v1.") for text in raw)


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"identifier": None}, "888009335"),
        ({"identifier": [{"value": "A1"}], "subscriberId": None}, "A1"),
        ({"identifier": "x", "subscriberId": 7}, ""),
    ],
)
def test_the_number_is_the_member_s_or_the_next_best(rosa, fields, number) -> None:
    assert told(rosa, **fields).member_id == number


@pytest.mark.parametrize(
    ("fields", "plan"),
    [
        ({"class": []}, "Acme Health Plan"),
        ({"class": None, "type": {"text": "PPO"}}, "PPO"),
        ({"class": [{"type": coded("plan"), "value": "gold"}]}, "gold"),
    ],
)
def test_a_plan_without_a_name_is_called_by_its_type_or_its_payer(rosa, fields, plan) -> None:
    assert told(rosa, **fields).plan.name == plan


def test_payer_and_plan_of_these_names_are_not_made_twice(rosa) -> None:
    known = PlanFactory(name="ACME gold plan", payer__name="Acme HEALTH Plan")
    assert told(rosa).plan == known
    told(PatientFactory(site=rosa.site))
    assert (Payer.objects.count(), Plan.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("codes", "kept"),
    [("spouse", "spouse"), ("common", "spouse"), ("child", "child"), ("injured", "other"), ("self", "self")],
)
def test_whose_insurance_it_is(rosa, codes, kept) -> None:
    row = told(rosa, relationship=coded(codes), subscriber={"display": "Ana Delgado"})
    assert (row.relationship, row.subscriber_name) == (kept, "" if kept == "self" else "Ana Delgado")


def test_where_nobody_says_it_is_the_patient_s_own(rosa) -> None:
    assert told(rosa, relationship=None).relationship == "self"


def test_a_subscriber_without_a_name_is_still_somebody_else(rosa) -> None:
    assert told(rosa, relationship=coded("child")).subscriber_name == ""


# == Days ==
@pytest.mark.parametrize(
    ("said", "first", "end"),
    [
        ("2026-03-31", date(2026, 3, 31), date(2026, 3, 31)),
        ("2026-03-31T23:30:00-10:00", date(2026, 3, 31), date(2026, 3, 31)),
        ("2026-03-31T00:30:00+14:00", date(2026, 3, 31), date(2026, 3, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02-30", None, None),
        ("2026-13", None, None),
        ("soon", None, None),
        (20260331, None, None),
        (None, None, None),
    ],
)
def test_a_day_is_the_one_that_is_written_whatever_the_zone(said, first, end) -> None:
    assert (day_of(said), day_of(said, last=True)) == (first, end)


def test_the_last_day_is_the_last_that_counts(rosa) -> None:
    row = told(rosa, period={"start": "2026-01", "end": "2026-06-30"})
    assert (row.first_day, row.last_day) == (date(2026, 1, 1), date(2026, 6, 30))
    with as_the_system():
        assert Coverage.objects.on(date(2026, 6, 30)).count() == 1
        assert Coverage.objects.on(date(2026, 7, 1)).count() == 0


def test_without_a_period_it_counts_on_every_day(rosa) -> None:
    assert told(rosa, period="always").validity == DateRange(None, None)


# == Places ==
def test_its_place_is_the_one_it_asks_for_or_the_next_that_is_free(rosa) -> None:
    CoverageFactory(patient=rosa, plan__name="Entered here")
    told(rosa)
    told(rosa, order=3)
    assert standing(rosa) == [(1, "Entered here"), (2, "Acme Gold Plan"), (3, "Acme Gold Plan")]
    assert states(take(CARD, incoming(rosa, resource()))) == ["homeless"]
    assert told(rosa, period={"start": "2019-01-01", "end": "2019-12-31"}).priority == 1


@pytest.mark.parametrize("order", [0, 4, True, "1", None])
def test_a_place_that_is_none_is_the_first_free(rosa, order) -> None:
    assert told(rosa, order=order).priority == 1


# == What does not stand ==
@pytest.mark.parametrize(
    "fields",
    [
        {"status": "draft"},
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"payor": []},
        {"payor": [{"reference": "Organization/nobody"}]},
        {"period": {"start": "2026-02-01", "end": "2026-01-01"}},
    ],
)
def test_what_is_no_card_is_left_to_who_keeps_it_whole(rosa, fields) -> None:
    assert states(take(CARD, incoming(rosa, resource(**fields)))) == ["homeless"]
    assert standing(rosa) == []


def test_of_nobody_is_nothing() -> None:
    assert states(take(CARD, incoming(None, resource()))) == ["rejected"]


def test_a_cancelled_one_counts_to_its_last_day(rosa) -> None:
    assert told(rosa, status="cancelled", period={"end": "2026-06-30"}).last_day == date(2026, 6, 30)


def test_a_payer_is_found_by_its_organisation(rosa) -> None:
    known = ledger()
    contained = [{"resourceType": "Organization", "id": "p", "name": "Acme Health Plan"}]
    take(CARD, incoming(rosa, resource(contained=contained, payor=[{"reference": "#p"}])), known=known)
    with as_the_system():
        assert Payer.objects.get().name == "Acme Health Plan"


# == Later versions ==
def test_a_later_version_replaces_the_one_before(rosa) -> None:
    first = told(rosa)
    second = told(rosa, before=first, period={"start": "2020-01-01", "end": "2026-12-31"})
    with as_the_system():
        first.refresh_from_db()
    assert (second.supersedes_id, first.status, second.last_day) == (first.pk, "replaced", date(2026, 12, 31))
    assert standing(rosa) == [(1, "Acme Gold Plan")]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "draft"])
def test_what_its_source_takes_back_no_longer_stands(rosa, status) -> None:
    first = told(rosa)
    assert told(rosa, before=first, status=status).status == "entered-in-error"
    assert standing(rosa) == []


def test_what_somebody_here_withdrew_stays_withdrawn(rosa, clerk) -> None:
    first = told(rosa)
    with acting_as(clerk):
        withdraw_coverage(by=clerk, coverage=first, reason="Not hers", now=NOW)
    assert told(rosa, before=first, order=2).status == "entered-in-error"
    assert standing(rosa) == []


# == What was kept while it had no home ==
@pytest.fixture
def kept(rosa) -> Any:
    """Coverages kept whole by an import of before; returns how."""

    def keep(**fields: Any) -> None:
        one = incoming(rosa, resource(beneficiary={"reference": "Patient/p"}, **fields))
        one.text = json.dumps(one.resource, separators=(",", ":"))  # as the import writes it
        home = take(KeptResource(), one)[0].home
        assert home is not None
        with as_the_system():
            said = {"system": one.system, "run": ledger().run, "digest": one.digest}
            ImportedSource(
                patient=rosa, source_id=one.source_id, resource_type="Coverage", model=home.model, row_id=home.id,
                kept=True, **said,
            ).save()  # fmt: skip
            ImportedSource.objects.get_or_create(
                source_id="p", resource_type="Patient", system=one.system,
                defaults={"patient": rosa, "model": "patients.patient", "row_id": rosa.pk, "kept": False, **said},
            )  # fmt: skip

    return keep


def again(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    with as_the_system():
        call_command("import_fhir", "--kept", "Coverage", "--json", *arguments, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_what_was_kept_whole_moves_to_its_home_once(kept, rosa) -> None:
    SiteFactory()
    kept()
    kept(status="draft")
    report = again()
    assert (report["imported"], report["rejected"]) == ({"Coverage": 1}, [])
    assert standing(rosa) == [(1, "Acme Gold Plan")]
    with as_the_system():
        current = Entry.objects.current().of_kind("imported").filter(patient=rosa)
        assert [row.data["status"] for row in current.order_by("id")] == ["draft"]
        homes = ImportedSource.objects.filter(resource_type="Coverage").order_by("id").values_list("model", "kept")
        assert set(homes) == {("billing.coverage", False), ("records.entry", True)}
    assert again()["imported"] == {}
    assert standing(rosa) == [(1, "Acme Gold Plan")]


def test_tried_first_it_moves_nothing(kept, rosa) -> None:
    SiteFactory()
    kept()
    assert again("--dry-run")["imported"] == {"Coverage": 1}
    assert standing(rosa) == []


def test_the_home_of_a_row_is_its_card(rosa) -> None:
    row = told(rosa)
    assert Home("billing.coverage", row.pk, rosa.pk).model == Coverage._meta.label_lower
