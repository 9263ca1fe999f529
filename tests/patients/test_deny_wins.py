"""Restrictions, consents, labels and covers: what they open and close, before both walls, to the second."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed, passes
from healthcare.accounts.models import Cover, User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.db.context import acting_as
from patients import actions
from patients.access import check_can_open_chart, find_visible
from patients.models import CareRelationship, Consent, Patient, Restriction, within_reach
from patients.queries import find_patients
from patients.rules import SearchTerms
from records.models import Entry
from tests.factories import (
    ALWAYS,
    CareRelationshipFactory,
    ConsentFactory,
    CoverFactory,
    EntryFactory,
    MembershipFactory,
    PatientFactory,
    RestrictionFactory,
    SiteFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
LABELS = [label.value for label in Sensitivity]


def both(user: User) -> set[UUID]:
    """The patients before the first wall, before the second, and by the ready-made query; they must be the same."""
    fresh = User.objects.get(pk=user.pk).in_role(user.acting_role or "")
    with as_the_system():
        everybody = list(Patient.objects.values_list("pk", flat=True))
        first = set(Patient.objects.filter(within_reach(fresh, Scope.IDENTITY, "pk")).values_list("pk", flat=True))
    with acting_as(fresh):
        second = set(Patient.objects.values_list("pk", flat=True))
        ready = {pk for pk in everybody if find_visible(fresh, pk)}
    assert first == second == ready
    return second


def entries(user: User) -> set[str]:
    """The codes of the entries before both walls."""
    fresh = User.objects.get(pk=user.pk).in_role(user.acting_role or "")
    with as_the_system():
        first = set(Entry.objects.visible_to(fresh).values_list("code", flat=True))
    with acting_as(fresh):
        second = set(Entry.objects.values_list("code", flat=True))
    assert first == second
    return second


def refused(user: User, deed: Callable[[], Any]) -> str:
    with acting_as(user), pytest.raises(DatabaseError) as problem, transaction.atomic():
        deed()
    return str(getattr(problem.value.__cause__, "sqlstate", ""))


# == Restrictions ==
def test_a_restriction_closes_the_chart_whatever_else_opens_it() -> None:
    site = SiteFactory()
    patient, other = PatientFactory(site=site), PatientFactory(site=site)
    nurse = staff("nurse", site)
    CareRelationshipFactory(patient=patient, user=nurse, role="nurse")
    CareRelationshipFactory(patient=patient, user=nurse, role="nurse", kind="break_glass")
    assert both(nurse) == {patient.pk, other.pk}
    RestrictionFactory(patient=patient, user=nurse)
    assert both(nurse) == {other.pk}
    nurse = User.objects.get(pk=nurse.pk).in_role("nurse")
    with acting_as(nurse):
        assert not passes(check_can_open_chart, nurse, patient.pk)
        (found,) = find_patients(SearchTerms(mrn=patient.mrn))
        assert (found.visible, patient.family_name in found.family_name) == (False, False)


def test_a_restriction_ends_by_itself_and_names_one_person_alone() -> None:
    site = SiteFactory()
    patient = PatientFactory(site=site)
    shut, open_ = staff("nurse", site), staff("nurse", site)
    now = timezone.now()
    RestrictionFactory(patient=patient, user=shut, validity=TimestamptzRange(now - 2 * SECOND, now - SECOND))
    RestrictionFactory(patient=patient, user=open_, validity=TimestamptzRange(now + timedelta(hours=1), None))
    assert both(shut) == both(open_) == {patient.pk}


def test_who_is_shut_out_as_a_colleague_still_sees_their_own_record_as_a_patient() -> None:
    patient = PatientFactory()
    user = portal_user(patient)
    MembershipFactory(user=user, site=patient.site, role="nurse")
    RestrictionFactory(patient=patient, user=user)
    assert both(user.in_role("patient")) == {patient.pk}
    assert both(user.in_role("nurse")) == set()


def test_nobody_restricts_whom_they_do_not_reach_nor_in_anothers_name_nor_themselves() -> None:
    patient = PatientFactory()
    near, far, shut = staff("nurse", patient.site), staff("nurse"), UserFactory()

    def row(**said: Any) -> Callable[[], Any]:
        values = {"patient": patient, "user": shut, "reason": "asked", "validity": ALWAYS, "agreed_by": near, **said}
        return lambda: Restriction(**values).save(force_insert=True)

    assert refused(near, row(agreed_by=far)) == "42501"
    assert refused(near, row(user=near)) == "42501"
    assert refused(far, row(agreed_by=far)) == "42501"
    with acting_as(near):
        row()()
    assert Restriction.objects.count() == 0, "without a context there is none"
    with acting_as(shut.in_role("doctor")):
        assert [one.user_id for one in Restriction.objects.all()] == [shut.pk], "the first wall asks in their name"
        assert list(Restriction.objects.visible_to(shut)) == []


# == Covers ==
def test_who_stands_in_reaches_in_that_role_whom_the_absent_one_reaches_while_it_lasts() -> None:
    patient = CareRelationshipFactory().patient
    with as_the_system():
        absent = CareRelationship.objects.get(patient=patient, kind="care_team").user
    cover = staff("doctor")
    MembershipFactory(user=cover, role="nurse", site=SiteFactory())
    assert both(cover) == set()
    row = CoverFactory(absent=absent, cover=cover)
    assert both(cover) == {patient.pk}
    assert both(cover.in_role("nurse")) == set()
    with acting_as(absent.in_role("doctor")):
        Cover.objects.filter(pk=row.pk).update(
            validity=TimestamptzRange(row.validity.lower, timezone.now()), ended_at=timezone.now(), ended_by=absent
        )
    assert both(cover.in_role("doctor")) == set()


def test_a_cover_opens_no_chart_that_is_closed_to_who_stands_in() -> None:
    patient = PatientFactory()
    absent = CareRelationshipFactory(patient=patient).user
    cover = portal_user(patient)
    MembershipFactory(user=cover, role="doctor", site=SiteFactory())
    CoverFactory(absent=absent, cover=cover)
    assert both(cover.in_role("doctor")) == set(), "one's own chart"
    other = staff("doctor")
    CoverFactory(absent=absent, cover=other)
    RestrictionFactory(patient=patient, user=other)
    assert both(other) == set()


def test_only_who_is_away_or_an_administrator_names_who_stands_in() -> None:
    absent, cover = staff("doctor"), staff("doctor")

    def row(by: User) -> Callable[[], Any]:
        until = timezone.now() + timedelta(days=1)
        said = {"absent": absent, "cover": cover, "role": "doctor", "granted_by": by}
        return lambda: Cover(**said, validity=TimestamptzRange(timezone.now(), until)).save(force_insert=True)

    assert refused(cover, row(cover)) == "42501"
    assert refused(absent, row(cover)) == "42501"
    for by in (absent, staff("administrator")):
        with acting_as(by):
            row(by)()


def test_a_cover_is_only_shortened_and_by_nobody_else() -> None:
    row = CoverFactory()
    longer = TimestamptzRange(row.validity.lower, row.validity.upper + SECOND)
    absent, stranger = row.absent.in_role("doctor"), staff("doctor")

    def end(by: User, validity: TimestamptzRange) -> Callable[[], Any]:
        rows = Cover.objects.filter(pk=row.pk)
        return lambda: rows.update(validity=validity, ended_at=timezone.now(), ended_by=by)

    assert refused(absent, end(absent, longer)) == "23514"
    assert refused(stranger, end(stranger, TimestamptzRange(empty=True))) == "42501"


# == Consents ==
def test_a_share_lasts_as_long_as_the_consent_that_it_rests_on() -> None:
    share = CareRelationshipFactory(kind="share")
    user = share.user.in_role("doctor")
    assert both(user) == {share.patient_id}
    desk = staff("front_desk", share.patient.site)
    with acting_as(desk):
        for consent in Consent.objects.visible_to(desk).filter(patient=share.patient):
            consent.validity = TimestamptzRange(consent.validity.lower, timezone.now())
            consent.withdrawn_at, consent.withdrawn_by = timezone.now(), desk
            consent.save(update_fields=["validity", "withdrawn_at", "withdrawn_by"])
    assert both(user) == set()
    ConsentFactory(patient=share.patient)
    assert both(user) == {share.patient_id}, "given anew, what was shared goes on"


@pytest.mark.parametrize(
    "consent",
    [
        None,
        {"decision": "deny"},
        {"purpose": "research"},
        {"validity": TimestamptzRange(None, timezone.now() - timedelta(days=1))},
        {"validity": TimestamptzRange(timezone.now() + timedelta(days=1), None)},
    ],
)
def test_absent_refused_over_and_other_consents_mean_no(consent) -> None:
    patient = PatientFactory()
    if consent:
        ConsentFactory(patient=patient, **consent)
    user = UserFactory()
    with as_the_system():
        CareRelationship.objects.create(
            patient=patient, kind="share", user=user, role="doctor", scopes=["identity"], validity=ALWAYS
        )
    assert both(user.in_role("doctor")) == set()
    nurse = staff("nurse", patient.site)
    with acting_as(nurse), pytest.raises(NotAllowed, match="not agreed"):
        actions.grant_access(
            by=nurse,
            patient=patient,
            user=user,
            role="doctor",
            scopes=[Scope.IDENTITY],
            kind=CareRelationship.Kind.SHARE,
            valid_from=timezone.now(),
        )


# == Labels ==
@pytest.fixture
def marked() -> Patient:
    """A patient with one entry of each mark, coded by it."""
    patient = PatientFactory()
    for label in ["", *LABELS]:
        EntryFactory(patient=patient, code=label or "plain", sensitivity=label, released_at=timezone.now())
    return patient


def test_each_label_opens_its_own_items_and_a_team_none(marked) -> None:
    assert entries(staff("doctor", marked.site)) == {"plain"}
    ConsentFactory(patient=marked, purpose="substance_use")
    for label in LABELS:
        user = CareRelationshipFactory(patient=marked, labels=[label]).user.in_role("doctor")
        assert entries(user) == {"plain", label}


def test_substance_use_needs_consent_but_for_oneself_and_in_an_emergency(marked) -> None:
    every = {"plain", *LABELS}
    rows = {
        kind: CareRelationshipFactory(patient=marked, kind=kind, labels=LABELS).user.in_role("doctor")
        for kind in ("care_team", "share", "break_glass")
    }
    assert entries(rows["break_glass"]) == every
    assert entries(portal_user(marked)) == every
    assert entries(rows["care_team"]) == entries(rows["share"]) == every - {"substance_use"}
    ConsentFactory(patient=marked, purpose="substance_use")
    assert entries(rows["care_team"]) == entries(rows["share"]) == every


def test_a_label_without_the_scope_opens_nothing(marked) -> None:
    user = CareRelationshipFactory(patient=marked, scopes=["identity"], labels=["reproductive"]).user
    assert entries(user.in_role("doctor")) == set()


def test_who_wrote_a_marked_entry_goes_on_reading_it(marked) -> None:
    writer, enterer = staff("doctor", marked.site), staff("nurse", marked.site)
    EntryFactory(patient=marked, code="theirs", sensitivity="mental_health", author=writer, enterer=enterer)
    assert entries(writer) == entries(enterer) == {"plain", "theirs"}
    assert entries(staff("nurse", marked.site)) == {"plain"}


def test_a_proxy_reads_no_marked_entry_unless_it_was_opened(marked) -> None:
    proxy = CareRelationshipFactory(patient=marked, kind="proxy", role="patient").user.in_role("patient")
    assert entries(proxy) == {"plain"}


def test_labels_are_given_only_by_who_holds_them(marked) -> None:
    doctor, colleague = staff("doctor", marked.site), UserFactory()

    def give() -> CareRelationship:
        return actions.grant_access(
            by=doctor,
            patient=marked,
            user=colleague,
            role="doctor",
            scopes=[Scope.IDENTITY, Scope.CLINICAL],
            labels=[Sensitivity.REPRODUCTIVE],
            kind=CareRelationship.Kind.CARE_TEAM,
            valid_from=timezone.now(),
        )

    with acting_as(doctor), pytest.raises(NotAllowed, match="what you can see yourself"):
        give()
    row = {"patient_id": marked.pk, "user": colleague, "role": "doctor", "scopes": ["clinical"], "validity": ALWAYS}
    mine = CareRelationship(kind="care_team", labels=["reproductive"], granted_by=doctor, **row)
    assert refused(doctor, lambda: mine.save(force_insert=True)) == "42501", "nor by a row written past the verb"
    CareRelationshipFactory(patient=marked, user=doctor, labels=["reproductive"])
    with acting_as(doctor):
        assert give().labels == ["reproductive"]
    assert entries(colleague.in_role("doctor")) == {"plain", "reproductive"}


def test_consents_are_recorded_by_who_reaches_the_patient_and_only_shortened() -> None:
    patient, far = PatientFactory(), staff("nurse")
    said = {"purpose": "research", "decision": "permit", "text_version": "1", "text_hash": "0" * 64, "method": "paper"}
    row = Consent(patient=patient, given_at=timezone.now(), recorded_by=far, validity=ALWAYS, **said)
    assert refused(far, lambda: row.save(force_insert=True)) == "42501"
    kept = ConsentFactory(patient=patient, validity=TimestamptzRange(timezone.now() - SECOND, timezone.now()))
    near = staff("nurse", patient.site)
    kept.validity, kept.withdrawn_at, kept.withdrawn_by = ALWAYS, timezone.now(), near
    assert refused(near, lambda: kept.save(update_fields=["validity", "withdrawn_at", "withdrawn_by"])) == "23514"
    with connection.cursor() as cursor, as_the_system():
        cursor.execute("SELECT count(*) FROM patients_consent WHERE purpose = 'research'")
        assert cursor.fetchone() == (0,)
