"""The pages of the desk about insurance cards, the card on a visit and on a bill, and what the patient reads."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.html import strip_tags
from psycopg.types.range import DateRange

from billing.models import Coverage, EligibilityCheck
from scheduling.models import VisitType
from tests.factories import (
    AppointmentFactory,
    CareRelationshipFactory,
    CoverageFactory,
    EligibilityCheckFactory,
    InvoiceFactory,
    PatientFactory,
    PlanFactory,
    PlanTermsFactory,
    VisitCoverageFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def address(patient: Any, tail: str = "") -> str:
    return f"/billing/{patient.pk}/coverage/{tail}"


@pytest.fixture
def plan() -> Any:
    return PlanFactory(name="Gold PPO", payer__name="Hartwell Mutual")


@pytest.fixture
def typed(plan) -> Any:
    """What somebody types from a card, with what a test says besides."""

    def fields(**said: str) -> dict[str, str]:
        days = {"first_day": "Jan 1, 2026", "last_day": ""}
        own = {"relationship": "self", "subscriber_name": "", "subscriber_birth_date": ""}
        card = {"plan": str(plan.pk), "priority": "1", "member_id": "XQH 884", "group_number": ""}
        return card | days | own | said

    return fields


def cards(patient: Any) -> list[Coverage]:
    with as_the_system():
        return list(Coverage.objects.standing().filter(patient=patient).order_by("priority", "validity"))


# == The tab ==
def test_who_has_no_card_is_said_to_have_none(browser, rosa, clerk) -> None:
    text = browser(clerk).get(address(rosa)).content.decode()
    assert "No card was ever kept" in text
    assert "Add a card" in text


def test_what_counts_is_told_from_what_is_over_and_what_comes(browser, rosa, clerk) -> None:
    today = timezone.localdate()
    over = DateRange(date(2020, 1, 1), today)
    CoverageFactory(patient=rosa, plan__name="Bronze", validity=over)
    CoverageFactory(patient=rosa, plan__name="Silver", validity=DateRange(today + timedelta(days=9), None))
    text = browser(clerk).get(address(rosa)).content.decode()
    for part in ("No card counts today", "Bronze", "Over", "Silver", "Begins later"):
        assert part in text, part
    CoverageFactory(patient=rosa, priority=2, plan__name="Gold")
    text = browser(clerk).get(address(rosa)).content.decode()
    for part in ("Covered today", "Pays second", "XQH 884 201 557"):
        assert part in text, part


def test_the_last_day_itself_still_counts(browser, rosa, clerk) -> None:
    today = timezone.localdate()
    CoverageFactory(patient=rosa, validity=DateRange(date(2020, 1, 1), today + timedelta(days=1)))
    assert "Covered today" in browser(clerk).get(address(rosa)).content.decode()


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ({}, ["Asked, no answer yet"]),
        (
            {"status": "answered", "outcome": "active", "reason": "covered", "copay": "25.00"},
            ["Covered", "$25.00", "the payer was not asked"],
        ),
        ({"status": "answered", "outcome": "not_found", "reason": "no_number"}, ["Member not found"]),
        ({"status": "failed"}, ["No answer could be had", "nothing else waits"]),
    ],
)
def test_the_newest_answer_stands_beside_the_card(browser, rosa, clerk, said, parts) -> None:
    own = {"answered_at": timezone.now(), "answered_by": EligibilityCheck.OWN_RULES} if said else {}
    EligibilityCheckFactory(coverage=CoverageFactory(patient=rosa), **said, **own)
    text = browser(clerk).get(address(rosa)).content.decode()
    for part in parts:
        assert part in text, part


def test_a_page_with_many_cards_costs_no_more_queries(browser, rosa, clerk, assert_queries) -> None:
    client = browser(clerk)
    CoverageFactory(patient=rosa)
    client.get(address(rosa))
    with assert_queries(at_most=12) as few:
        client.get(address(rosa))
    for year in range(2000, 2010):
        days = DateRange(date(year, 1, 1), date(year + 1, 1, 1))
        EligibilityCheckFactory(coverage=CoverageFactory(patient=rosa, validity=days))
    with assert_queries(at_most=12) as many:
        client.get(address(rosa))
    assert len(few) == len(many)


def test_who_reaches_the_chart_and_not_the_money_sees_no_card(browser, rosa) -> None:
    CoverageFactory(patient=rosa)
    desk = staff("front_desk")
    CareRelationshipFactory(patient=rosa, user=desk, role="front_desk", scopes=["identity"])
    for user, status in ((desk, 403), (staff("billing"), 403), (staff("doctor", rosa.site), 403)):
        page = browser(user).get(address(rosa))
        assert page.status_code == status
        assert b"XQH" not in page.content


# == Entering ==
def test_a_card_is_entered(browser, rosa, clerk, typed) -> None:
    client = browser(clerk)
    assert "Keep the card" in client.get(address(rosa, "record")).content.decode()
    answer = client.post(address(rosa, "record"), typed(last_day="12/31/2026"), follow=True)
    assert answer.redirect_chain == [(address(rosa), 302)]
    assert "Hartwell Mutual: Gold PPO" in answer.content.decode()
    assert [(card.first_day, card.last_day) for card in cards(rosa)] == [(date(2026, 1, 1), date(2026, 12, 31))]


def test_somebody_else_s_insurance_names_them(browser, rosa, clerk, typed) -> None:
    own = typed(relationship="child", subscriber_name="Ana Delgado", subscriber_birth_date="1980-02-03")
    browser(clerk).post(address(rosa, "record"), own)
    card = cards(rosa)[0]
    assert (card.relationship, card.subscriber_name, card.subscriber_birth_date) == (
        "child",
        "Ana Delgado",
        date(1980, 2, 3),
    )


def test_of_one_s_own_nobody_else_is_kept(browser, rosa, clerk, typed) -> None:
    browser(clerk).post(address(rosa, "record"), typed(subscriber_name="Ana Delgado"))
    assert cards(rosa)[0].subscriber_name == ""


ABSURD = [
    ({"plan": ""}, "Choose the plan that stands on the card"),
    ({"plan": "x' OR 1=1"}, "Choose one of the plans of the list"),
    ({"priority": "4"}, "4 is not one of the available choices"),
    ({"member_id": ""}, "Missing: Member number"),
    ({"member_id": "7" * 5000}, "Member number is too long: 40 characters fit, it has 5000"),
    ({"member_id": "XQ\u202eH"}, "a character that cannot be seen"),
    ({"member_id": "XQ\x07H"}, "a character that cannot be seen"),
    ({"first_day": ""}, "Enter a date"),
    ({"first_day": "31/31/2026"}, ""),
    ({"first_day": "Jan 1, 0026"}, ""),
    ({"first_day": "Jan 1, 1890"}, "First day cannot be before Jan 1, 1950"),
    ({"last_day": "Jan 1, 2199"}, "Last day cannot be after Dec 31, 2099"),
    ({"last_day": "Dec 31, 2025"}, "The last day is before the first"),
    ({"relationship": "child"}, "Write the name of the person whose insurance it is"),
    ({"subscriber_birth_date": "Jan 1, 2199"}, "Date of birth is in the future"),
]


@pytest.mark.parametrize(("said", "sentence"), ABSURD)
def test_what_does_not_fit_is_said_beside_the_field_and_nothing_typed_is_lost(
    browser, rosa, clerk, typed, said, sentence
) -> None:
    answer = browser(clerk).post(address(rosa, "record"), typed(group_number="KEEP-ME") | said)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in text
    assert "KEEP-ME" in text
    assert cards(rosa) == []


def test_a_place_that_is_held_says_by_what_and_offers_to_end_it(browser, rosa, clerk, typed, plan) -> None:
    CoverageFactory(patient=rosa, plan=plan)
    client, new = browser(clerk), typed(first_day="Jan 1, 2027", member_id="NEW 1")
    answer = client.post(address(rosa, "record"), new)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Gold PPO of Hartwell Mutual is asked at this place from Jan 1, 2026 on" in text
    assert "End the other card on the day before this one begins" in text
    assert "NEW 1" in text
    assert client.post(address(rosa, "record"), new | {"end_earlier": "on"}).status_code == 302
    assert [(card.first_day, card.last_day) for card in cards(rosa)] == [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), None),
    ]


def test_where_it_cannot_end_it_is_not_offered(browser, rosa, clerk, typed) -> None:
    CoverageFactory(patient=rosa, validity=DateRange(date(2026, 6, 1), None))
    text = browser(clerk).post(address(rosa, "record"), typed()).content.decode()
    assert "is asked at this place" in text
    assert "End the other card" not in text


# == Changing and withdrawing ==
def test_a_card_is_changed_and_what_it_said_stays_below(browser, rosa, clerk, typed, plan) -> None:
    card = CoverageFactory(patient=rosa, plan=plan)
    client, tail = browser(clerk), f"{card.pk}/change"
    assert "XQH 884 201 557" in client.get(address(rosa, tail)).content.decode()
    answer = client.post(address(rosa, tail), typed(member_id="XQH 900"), follow=True)
    text = answer.content.decode()
    for part in ("XQH 900", "What cards said before", "XQH 884 201 557", "Wei Tran"):
        assert part in text, part
    assert client.get(address(rosa, tail)).status_code == 404


def test_nothing_different_is_said_so(browser, rosa, clerk, typed, plan) -> None:
    card = CoverageFactory(patient=rosa, plan=plan, member_id="XQH 884")
    answer = browser(clerk).post(address(rosa, f"{card.pk}/change"), typed(), follow=True)
    assert "nothing was changed" in answer.content.decode()


def test_a_change_that_does_not_fit_keeps_what_was_typed(browser, rosa, clerk, typed) -> None:
    CoverageFactory(patient=rosa)
    card = CoverageFactory(patient=rosa, priority=2)
    answer = browser(clerk).post(address(rosa, f"{card.pk}/change"), typed(member_id="STILL HERE"))
    assert answer.status_code == 422
    for part in ("is asked at this place", "STILL HERE"):
        assert part in answer.content.decode()


def test_a_card_of_a_payer_that_pays_no_longer_can_still_be_changed(browser, rosa, clerk, typed) -> None:
    closed = PlanFactory(payer__active=False, name="Gone")
    card = CoverageFactory(patient=rosa, plan=closed)
    client = browser(clerk)
    assert "Gone" in client.get(address(rosa, f"{card.pk}/change")).content.decode()
    assert "Gone" not in client.get(address(rosa, "record")).content.decode()
    ended = typed(plan=str(closed.pk), last_day="Jun 30, 2026")
    assert client.post(address(rosa, f"{card.pk}/change"), ended).status_code == 302


def test_a_mistake_is_withdrawn_with_a_reason(browser, rosa, clerk) -> None:
    card = CoverageFactory(patient=rosa)
    client, tail = browser(clerk), f"{card.pk}/withdraw"
    assert client.post(address(rosa, tail), {"reason": ""}).status_code == 422
    text = client.post(address(rosa, tail), {"reason": "Of her sister"}, follow=True).content.decode()
    for part in ("Withdrawn", "Entered in error", "Of her sister"):
        assert part in text, part
    assert cards(rosa) == []


@pytest.mark.parametrize("tail", ["change", "withdraw"])
def test_who_comes_second_gets_a_sentence(browser, rosa, clerk, typed, monkeypatch, tail) -> None:
    card = CoverageFactory(patient=rosa)
    with as_the_system():
        card.status, card.ended_at = "replaced", timezone.now()
        card.save(update_fields=["status", "ended_at"])
    monkeypatch.setattr("billing.queries.card_of", lambda *_asked: card)
    answer = browser(clerk).post(address(rosa, f"{card.pk}/{tail}"), typed(reason="Wrong"))
    assert answer.status_code == 422
    assert "Somebody changed this card after you opened it" in answer.content.decode()


def test_two_patients_in_two_tabs_never_cross(browser, rosa, clerk, typed) -> None:
    ines = PatientFactory(site=rosa.site)
    client = browser(clerk)
    for patient, number in ((rosa, "R-1"), (ines, "I-1"), (rosa, "R-2"), (ines, "I-2")):
        place = number[-1]
        client.get(address(ines if patient is rosa else rosa, "record"))
        client.post(address(patient, "record"), typed(member_id=number, priority=place))
    assert [card.member_id for card in cards(rosa)] == ["R-1", "R-2"]
    assert [card.member_id for card in cards(ines)] == ["I-1", "I-2"]
    mine = cards(rosa)[0]
    assert client.get(address(ines, f"{mine.pk}/change")).status_code == 404


# == Asking ==
def test_the_payer_is_asked_by_a_button(browser, rosa, clerk) -> None:
    card = CoverageFactory(patient=rosa)
    client = browser(clerk)
    assert "Asked." in client.post(address(rosa, f"{card.pk}/check"), follow=True).content.decode()
    client.post(address(rosa, f"{card.pk}/check"), {"day": "Dec 1, 2026"})
    text = client.post(address(rosa, f"{card.pk}/check"), {"day": "soon"}, follow=True).content.decode()
    assert "Write day, month and year" in text
    with as_the_system():
        days = list(EligibilityCheck.objects.order_by("id").values_list("service_date", flat=True))
    assert days == [timezone.localdate(), date(2026, 12, 1)]


# == On the visit and on the bill ==
def test_a_visit_shows_which_card_counts_on_its_day(browser, rosa, clerk) -> None:
    desk = staff("front_desk", rosa.site)
    visit = AppointmentFactory(patient=rosa)
    url = f"/scheduling/patients/{rosa.pk}/visits/{visit.pk}"
    assert "No card counts on that day" in browser(desk).get(url).content.decode()
    card = CoverageFactory(patient=rosa, plan__name="Gold PPO")
    text = browser(desk).get(url).content.decode()
    for part in ("Gold PPO", "Pays first", "as the cards say now", "Not asked yet"):
        assert part.lower() in text.lower(), part
    VisitCoverageFactory(coverage=card, appointment=visit, service_date=date.fromisoformat(visit.wall_start[:10]))
    assert "As it was when the patient came" in browser(desk).get(url).content.decode()


@pytest.mark.parametrize(
    ("copay", "said"), [("25.00", "Copay to ask for: $25.00"), ("0", "No copay"), (None, "Copay not known")]
)
def test_the_desk_is_shown_what_to_ask_for(browser, rosa, copay, said) -> None:
    desk = staff("front_desk", rosa.site)
    card = CoverageFactory(patient=rosa, plan__without_terms=True)
    visit = AppointmentFactory(patient=rosa)
    PlanTermsFactory(plan=card.plan, copay=copay, validity=DateRange(date(2020, 1, 1), None))
    url = f"/scheduling/patients/{rosa.pk}/visits/{visit.pk}"
    assert said in strip_tags(browser(desk).get(url).content.decode())
    with as_the_system():
        VisitType.objects.filter(pk=visit.visit_type_id).update(takes_copay=False)
    assert "opay" not in browser(desk).get(url).content.decode()


def test_who_sees_no_bills_and_visits_that_did_not_take_place_have_none(browser, rosa) -> None:
    CoverageFactory(patient=rosa)
    visit = AppointmentFactory(patient=rosa)
    gone = AppointmentFactory(patient=rosa, status="cancelled", cancelled_at=timezone.now())
    nurse, desk = staff("nurse", rosa.site), staff("front_desk", rosa.site)
    for user, seen in ((nurse, visit), (desk, gone)):
        text = browser(user).get(f"/scheduling/patients/{rosa.pk}/visits/{seen.pk}").content.decode()
        assert "XQH" not in text


def test_a_part_that_fails_leaves_the_visit_standing(browser, rosa, monkeypatch) -> None:
    monkeypatch.setattr("billing.queries.coverage_of_visit", lambda *_asked: 1 / 0)
    visit = AppointmentFactory(patient=rosa)
    url = f"/scheduling/patients/{rosa.pk}/visits/{visit.pk}"
    page = browser(staff("front_desk", rosa.site)).get(url)
    assert page.status_code == 200
    assert "could not be shown" in page.content.decode()


def test_a_bill_shows_what_counted_on_its_day(browser, rosa, clerk) -> None:
    copy = VisitCoverageFactory(coverage=CoverageFactory(patient=rosa, plan__name="Gold PPO"))
    bill = InvoiceFactory(patient=rosa, appointment=copy.appointment)
    url = f"/billing/{rosa.pk}/{bill.pk}/"
    for part in ("Gold PPO", "XQH 884 201 557"):
        assert part in browser(clerk).get(url).content.decode()
    other = InvoiceFactory(patient=rosa)
    assert "Nobody has looked" in browser(clerk).get(f"/billing/{rosa.pk}/{other.pk}/").content.decode()
    none = VisitCoverageFactory(
        patient=rosa, coverage=None, payer_name="", plan_name="", member_id="", validity=DateRange(None, None),
        appointment=AppointmentFactory(patient=rosa),
    )  # fmt: skip
    bill = InvoiceFactory(patient=rosa, appointment=none.appointment)
    assert "No card counted on that day" in browser(clerk).get(f"/billing/{rosa.pk}/{bill.pk}/").content.decode()


# == The patient ==
def test_the_patient_reads_the_cards_that_the_clinic_knows(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    assert "The clinic knows of no insurance" in client.get("/portal/coverage/").content.decode()
    CoverageFactory(patient=rosa, plan__name="Gold PPO")
    CoverageFactory(plan__name="Of somebody else")
    text = client.get("/portal/coverage/").content.decode()
    for part in ("Gold PPO", "Counts now", "XQH 884 201 557"):
        assert part in text, part
    assert "Of somebody else" not in text
    assert "/portal/coverage/" in client.get("/portal/bills/").content.decode()


def test_withdrawn_cards_are_not_the_patient_s_to_read(browser, rosa) -> None:
    CoverageFactory(patient=rosa, plan__name="Mistake", status="entered-in-error", ended_at=timezone.now())
    assert "Mistake" not in browser(portal_user(rosa)).get("/portal/coverage/").content.decode()
