"""The verbs of self-registration: told and confirmed by anybody, answered once by the desk, and not kept for ever."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.actions import LinkRefused, TooManyAttempts
from healthcare.accounts.models.links import token_of
from healthcare.accounts.roles import STAFF_ROLES
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from patients.access import NotInScope
from patients.actions import AlreadyRegistered, PatientNotRegistered
from patients.actions import registrations as actions
from patients.actions.proposals import accept_proposal
from patients.actions.registrations import AlreadyAnswered
from patients.events import PatientRegistered
from patients.models import Consent, Patient, ProposedChange, SelfRegistration
from patients.queries.registrations import count_registrations, registrations_of
from patients.rules import registrations as rules
from patients.rules.births import of_year
from patients.rules.registrations import as_text, told_of
from patients.tasks import purge_registrations
from tests.factories import (
    PatientFactory,
    ProposedChangeFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.patients.registrations import TOLD, WHO, confirm, confirmed, everything, kept, letters, request, told
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return staff("front_desk")


@pytest.fixture
def site(desk):
    return desk.memberships.get().site


def accept(by: Any, row: Any, seen: Any = (), site: Any = None) -> Patient:
    with acting_as(by):
        at = site or by.memberships.get().site
        return actions.accept_registration(by=by, registration=row, site=at, seen=seen, now=timezone.now())


def link(by: Any, row: Any, patient: Patient) -> tuple[str, ...]:
    with acting_as(by):
        return actions.link_registration(by=by, registration=row, patient=patient, now=timezone.now())


def refuse(by: Any, row: Any, reason: str = "A joke") -> None:
    with acting_as(by):
        actions.refuse_registration(by=by, registration=row, reason=reason, now=timezone.now())


def ask(by: Any, row: Any, question: str = "Which Elm Street?") -> None:
    with acting_as(by):
        actions.ask_about_registration(by=by, registration=row, question=question, now=timezone.now())


def said(action: str) -> list[AuditEvent]:
    with as_the_system():
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


def proposals(patient: Patient) -> dict[str, tuple[str, str]]:
    with as_the_system():
        rows = ProposedChange.objects.filter(patient=patient, state="waiting").order_by("pk")
        return {row.field: (row.was, row.value) for row in rows}


# == Told ==
@pytest.mark.parametrize("one", [TOLD, told(birth_date=None, birth_precision="unknown"), told(**vars(of_year(1991)))])
def test_what_was_told_comes_back_as_it_was(one) -> None:
    assert told_of(as_text(one)) == one


def test_it_is_ciphertext_and_waits_for_the_link(site) -> None:
    row = request(site=site)
    assert (kept(row).state, kept(row).site_id, kept(row).get_told()) == ("unconfirmed", site.pk, TOLD)
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT told FROM patients_selfregistration")
        assert "Applegate" not in cursor.fetchone()[0]
    assert letters() == [("ngozi@mail.example", "patients/registration_confirm")]
    with as_the_system():
        assert Message.objects.get().parameters == f'{{"link": "{row.pk}"}}'
    [event] = said("patients.request_registration")
    assert (event.actor_id, event.patient_id, event.target_id) == (None, None, row.pk)


def test_known_or_not_the_same_is_done(site) -> None:
    """The verb reads no patient and no account: whoever is known already gets what a stranger gets."""
    patient = PatientFactory(**vars(WHO))
    portal_user(patient, email="ngozi@mail.example")
    request(site=site)
    request(told(email="stranger@mail.example"), site=site)
    assert [template for _address, template in letters()] == ["patients/registration_confirm"] * 2
    assert {row.state for row in everything()} == {"unconfirmed"}


def test_one_address_gets_three_letters_an_hour_and_nobody_is_told() -> None:
    assert [request() is None for _time in range(5)] == [False, False, False, True, True]
    assert len(letters()) == len(everything()) == 3
    assert request(told(email="another@mail.example")) is not None


def test_one_network_address_is_refused_after_thirty() -> None:
    for number in range(30):
        request(told(email=f"a{number}@mail.example"))
    with pytest.raises(TooManyAttempts):
        request(told(email="a30@mail.example"))
    assert request(told(email="a31@mail.example"), network="192.0.2.8") is not None


def test_a_flood_from_everywhere_ends(monkeypatch) -> None:
    monkeypatch.setattr(actions, "ALL_IN_AN_HOUR", 4)
    for number in range(4):
        request(told(email=f"a{number}@mail.example"), network=f"192.0.2.{number}")
    with pytest.raises(TooManyAttempts):
        request(told(email="a9@mail.example"), network="192.0.2.99")
    assert len(everything()) == 4


# == Confirmed ==
def test_the_link_works_once(desk, site) -> None:
    row = request(site=site)
    with acting_as(desk):
        assert count_registrations(desk) == 0
    confirm(row)
    assert kept(row).state == "waiting"
    assert kept(row).confirmed_at is not None
    with pytest.raises(LinkRefused):
        confirm(row)
    assert len(said("patients.confirm_registration")) == 1
    with acting_as(desk):
        assert count_registrations(desk) == 1


@pytest.mark.parametrize("token", ["", "x", "0" * 32 + ".x"])
def test_a_link_that_is_none_of_ours_is_refused(token) -> None:
    with acting_as(None), pytest.raises(LinkRefused):
        actions.confirm_registration(token=token)


def test_two_days_later_it_is_refused() -> None:
    row = request()
    with as_the_system():
        SelfRegistration.objects.filter(pk=row.pk).update(created_at=timezone.now() - rules.CONFIRM_WITHIN)
    with pytest.raises(LinkRefused):
        confirm(row)
    with acting_as(None), pytest.raises(LinkRefused):
        actions.confirm_registration(token=token_of("00000000-0000-7000-8000-000000000001"))


# == Seen by the desk ==
@pytest.mark.parametrize("role", [role for role in STAFF_ROLES if role != "front_desk"])
def test_other_roles_answer_none(role, site) -> None:
    row, user = confirmed(site=site), staff(role, site)
    with acting_as(user):
        for verb in (actions.list_registrations, actions.look_for_registered):
            with pytest.raises(NotAllowed):
                verb(by=user, **({"registration": row} if verb is actions.look_for_registered else {}))
    for act in (accept, refuse, ask):
        with pytest.raises(NotAllowed):
            act(user, row)
    assert kept(row).state == "waiting"


def test_who_may_be_the_same_is_shown_with_reasons_and_masked_elsewhere(desk, site) -> None:
    here = PatientFactory(site=site, **vars(WHO) | {"given_name": "Ngosi"})
    PatientFactory(site=SiteFactory(), **vars(WHO) | {"phone": "", "email": "", "line": ""})
    row = confirmed(site=site)
    with acting_as(desk):
        found = actions.look_for_registered(by=desk, registration=row)
    assert {one.id for one in found if one.visible} == {here.pk}
    assert [one.family_name for one in found if not one.visible] == ["A•••"]
    assert all(one.reasons.agrees for one in found)


# == Registered ==
def test_it_becomes_a_patient_with_all_that_was_told(desk, site, announced) -> None:
    row = confirmed(site=site)
    patient = accept(desk, row)
    with as_the_system():
        now = Patient.objects.get(pk=patient.pk)
        consent = Consent.objects.get(patient=patient)
    assert now.demographics() == WHO
    assert (now.language, now.interpreter, now.site_id) == ("es", True, site.pk)
    assert (consent.purpose, consent.decision, consent.method) == ("privacy_notice", "permit", "online")
    assert consent.given_at == row.created_at
    after = kept(row)
    assert (after.state, after.became, after.answered_by_id) == ("accepted", patient.pk, desk.pk)
    assert [fact.patient_id for fact in announced(PatientRegistered)] == [patient.pk]
    [event] = said("patients.accept_registration")
    assert event.patient_id == patient.pk
    assert event.detail["told_by"] == "patient"
    assert "Applegate" not in str(event.detail)
    assert letters()[-1] == ("ngozi@mail.example", "patients/registration_taken_up")
    with acting_as(desk):
        assert [one.pk for one in registrations_of(desk, patient.pk)] == [row.pk]


def test_no_account_opens_the_record_until_the_desk_gives_a_code(desk, site) -> None:
    patient = accept(desk, confirmed(site=site))
    somebody = portal_user(PatientFactory(), email="ngozi@mail.example")
    with acting_as(somebody):
        assert not Patient.objects.visible_to(somebody).filter(pk=patient.pk).exists()


def test_no_to_the_notice_is_kept_and_other_words_than_todays_are_asked_again(desk, site) -> None:
    denied = accept(desk, confirmed(replace(TOLD, received=False), site))
    other = replace(told(email="b@mail.example", given_name="Other", family_name="Person", phone=""), notice="0" * 64)
    unasked = accept(desk, confirmed(other, site))
    with as_the_system():
        assert Consent.objects.get(patient=denied).decision == "deny"
        assert not Consent.objects.filter(patient=unasked).exists()


def test_whoever_seems_the_same_has_to_be_seen_first(desk, site) -> None:
    known = PatientFactory(site=site, **vars(WHO))
    row = confirmed(site=site)
    with pytest.raises(AlreadyRegistered):
        accept(desk, row)
    assert kept(row).state == "waiting"
    assert accept(desk, row, seen=[known.pk]).pk != known.pk


def test_nobody_registers_at_a_site_of_others(desk, site) -> None:
    row = confirmed(site=site)
    with pytest.raises(PatientNotRegistered):
        accept(desk, row, site=SiteFactory())
    assert kept(row).state == "waiting"


# == Known already ==
def test_of_somebody_known_only_what_differs_is_proposed_and_nothing_changes(desk, site) -> None:
    known = PatientFactory(site=site, **vars(WHO) | {"phone": "+15085550100", "email": "old@mail.example"})
    row = confirmed(told(line="", sex="male", birth_date=date(1990, 1, 1)), site)
    assert set(link(desk, row, known)) == {"phone", "email", "language"}
    assert proposals(known) == {
        "phone": ("+15085550100", "+15085550166"),
        "email": ("old@mail.example", "ngozi@mail.example"),
        "language": ("", "es"),
    }
    with as_the_system():
        now = Patient.objects.get(pk=known.pk)
        told_in = set(ProposedChange.objects.filter(patient=known).values_list("told_in", "proposed_by"))
    assert (now.phone, now.sex, now.birth_date) == ("+15085550100", known.sex, known.birth_date)
    assert told_in == {(row.pk, None)}
    assert (kept(row).state, kept(row).became) == ("linked", known.pk)
    assert letters()[-1] == ("ngozi@mail.example", "patients/registration_taken_up")


def test_such_a_proposal_is_taken_over_by_hand(desk, site) -> None:
    known = PatientFactory(site=site, **vars(WHO) | {"phone": "+15085550100"})
    link(desk, confirmed(site=site), known)
    with as_the_system():
        row = ProposedChange.objects.get(patient=known, field="phone")
    assert row.source == "An online registration"
    with acting_as(desk):
        accept_proposal(by=desk, proposal=row, seen="+15085550100", now=timezone.now())
    with as_the_system():
        assert Patient.objects.get(pk=known.pk).phone == "+15085550166"


def test_what_the_patient_proposed_stands(desk, site) -> None:
    known = PatientFactory(site=site, **vars(WHO) | {"phone": "+15085550100", "language": "es"})
    ProposedChangeFactory(patient=known, field="phone", value="+15085550111")
    assert link(desk, confirmed(site=site), known) == ()
    assert proposals(known) == {"phone": ("", "+15085550111")}


def test_nobody_links_to_a_patient_out_of_reach_or_dead(desk, site) -> None:
    row = confirmed(site=site)
    for patient in (PatientFactory(), PatientFactory(site=site, deceased=True)):
        with pytest.raises(NotInScope):
            link(desk, row, patient)
    assert kept(row).state == "waiting"


# == Asked and refused ==
def test_a_question_stands_in_the_queue_and_not_in_the_mail(desk, site) -> None:
    row = confirmed(site=site)
    ask(desk, row, "Which  Elm Street?")
    after = kept(row)
    assert (after.state, after.question, after.asked_by_id) == ("waiting", "Which Elm Street?", desk.pk)
    ask(desk, row, "And which door?")
    assert [template for _address, template in letters()] == [
        "patients/registration_confirm",
        "patients/registration_question",
        "patients/registration_question",
    ]
    with as_the_system():
        said_in = [one.parameters for one in Message.objects.filter(template__endswith="question")]
    assert said_in == ["{}", "{}"]
    assert accept(desk, row)


def test_it_is_refused_with_a_reason(desk, site) -> None:
    row = confirmed(site=site)
    for act in (refuse, ask):
        with pytest.raises(NotAllowed):
            act(desk, row, "  ")
    refuse(desk, row)
    after = kept(row)
    assert (after.state, after.answer, after.became, after.answered_by_id) == ("refused", "A joke", None, desk.pk)
    assert letters()[-1] == ("ngozi@mail.example", "patients/registration_refused")


def test_what_was_answered_is_answered(desk, site) -> None:
    row, known = confirmed(site=site), PatientFactory(site=site)
    refuse(desk, row)
    for act in (accept, refuse, ask):
        with pytest.raises(AlreadyAnswered, match="A colleague"):
            act(desk, row)
    with pytest.raises(AlreadyAnswered):
        link(desk, row, known)


@pytest.mark.django_db(transaction=True)
def test_of_two_desks_at_once_one_wins_and_the_other_reads_a_sentence() -> None:
    desk = staff("front_desk")
    desks = [desk, staff("front_desk", desk.memberships.get().site)]
    row = confirmed(site=desk.memberships.get().site)
    ready, answers = threading.Barrier(2), []

    def answer(user: Any) -> None:
        try:
            ready.wait(10)
            answers.append(accept(user, row))
        except (AlreadyAnswered, AlreadyRegistered) as problem:
            answers.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer, args=[user]) for user in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(type(one).__name__ for one in answers) == ["AlreadyAnswered", "Patient"]
    with as_the_system():
        assert Patient.objects.filter(family_name="Applegate").count() == 1


# == By the clock ==
def test_what_is_over_is_not_kept_and_what_waits_is(desk, site) -> None:
    now = timezone.now()
    waits, fresh, late = (
        confirmed(site=site),
        request(told(email="b@mail.example")),
        request(told(email="c@mail.example")),
    )
    refused = confirmed(told(email="d@mail.example"), site)
    taken = confirmed(told(email="e@mail.example", given_name="Ann", family_name="Zebrowska", phone=""), site)
    refuse(desk, refused)
    patient = accept(desk, taken)
    with as_the_system():
        assert actions.purge_registrations(by=None, now=now) == 0
        SelfRegistration.objects.filter(pk=late.pk).update(created_at=now - timedelta(days=3))
        SelfRegistration.objects.filter(pk__in=[refused.pk, taken.pk]).update(answered_at=now - timedelta(days=31))
        SelfRegistration.objects.filter(pk=waits.pk).update(confirmed_at=now - timedelta(days=99))
    with taking_role("worker"):
        purge_registrations()
    assert {row.pk for row in everything()} == {waits.pk, fresh.pk, taken.pk}
    assert kept(taken).get_told() is None
    assert kept(taken).became == patient.pk
    assert [event.detail for event in said("patients.purge_registrations")] == [{"rows": 3}]
    with taking_role("worker"):
        purge_registrations()
    assert len(said("patients.purge_registrations")) == 1
