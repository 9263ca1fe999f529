"""Pools: arranged by administrators, where messages go, who answers, what was promised."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.admin_pages import CONFIRMED
from healthcare.accounts.permissions import Permission
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from records.actions.messages import NotAddressed
from records.actions.pools import NotArranged, arrange_pool
from records.models import Pool, PoolMember, Thread
from records.queries.pools import (
    answering_roles,
    may_answer,
    may_join,
    people_of,
    places_for,
    pools_at,
    promised_days,
    standing_in_for,
)
from records.rules.messages import answer_due
from tests.factories import (
    CareRelationshipFactory,
    CoverFactory,
    MembershipFactory,
    PoolFactory,
    PoolMemberFactory,
    ProviderFactory,
    RestrictionFactory,
    RoleEditFactory,
    staff,
)
from tests.patients.conftest import sign_in
from tests.records.writing import NOW, Talk, now_is, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
About = Thread.Category


@pytest.fixture
def told() -> Talk:
    return talk()


@pytest.fixture
def boss(told: Talk) -> Any:
    return staff("administrator", told.patient.site, full_name="Lena Fox")


def arrange(boss: Any, told: Talk, people: list[Any], pool: Pool | None = None, **changes: Any) -> Pool:
    values = {"name": "Prescriptions", "takes": ["medicine"], "answer_hours": 4, "active": True} | changes
    with acting_as(boss):
        return arrange_pool(by=boss, site=told.patient.site, values=values, people=people, now=NOW, pool=pool)


# == Arranged ==
def test_a_pool_has_a_name_people_and_a_promise(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse, told.doctor])
    with acting_as(boss):
        assert [person.full_name for person in people_of(pool)] == ["Maren Okafor", "Priya Raman"]
        assert pools_at(told.patient.site) == [pool]
        event = AuditEvent.objects.get(action="records.arrange_pool", target_id=pool.pk)
    assert (event.detail["new"], event.detail["hours"], event.detail["takes"]) == (True, 4, ["medicine"])
    assert set(event.detail["joined"]) == {str(told.nurse.pk), str(told.doctor.pk)}
    assert (str(pool), pool.active) == (f"pool for messages {str(pool.pk)[-8:]}", True)


def test_who_is_not_named_any_more_leaves_and_history_says_when(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse, told.doctor])
    arrange(boss, told, [told.nurse, told.desk], pool, name="Refills")
    with as_the_system():
        left = PoolMember.objects.get(pool=pool, user=told.doctor)
        assert (left.ended_at, left.ended_by) == (NOW, boss)
        assert {member.user for member in PoolMember.objects.current().filter(pool=pool)} == {told.nurse, told.desk}
        assert Pool.objects.get(pk=pool.pk).name == "Refills"


def test_who_left_the_clinic_answers_no_more(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse])
    with as_the_system():
        told.nurse.is_active, told.nurse.deactivated_at = False, NOW
        told.nurse.save(update_fields=["is_active", "deactivated_at"])
        assert people_of(pool) == []


def test_what_makes_no_sense_is_refused_with_a_sentence(told: Talk, boss: Any) -> None:
    with pytest.raises(NotArranged, match="Name at least one colleague"):
        arrange(boss, told, [])
    for who in (told.pharmacist, told.stranger):
        with pytest.raises(NotArranged, match="does not work at this site"):
            arrange(boss, told, [who])
    arrange(boss, told, [told.nurse])
    with pytest.raises(NotArranged, match="takes some of that already"):
        arrange(boss, told, [told.nurse], name="Other", takes=["bill", "medicine"])
    with pytest.raises(NotArranged, match="has a pool of this name"):
        arrange(boss, told, [told.nurse], takes=["bill"])


def test_a_pool_that_is_given_up_needs_nobody_and_takes_nothing(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse])
    arrange(boss, told, [], pool, active=False)
    assert arrange(boss, told, [told.nurse]).pk != pool.pk
    arrange(boss, told, [told.nurse], pool, active=False)


def test_nobody_else_arranges_them(told: Talk) -> None:
    with pytest.raises(NotAllowed):
        arrange(told.nurse, told, [told.nurse])


def test_roles_that_write_to_patients_are_as_edited(told: Talk) -> None:
    assert answering_roles() == ["front_desk", "nurse", "doctor"]
    RoleEditFactory(role="front_desk", permission=Permission.MESSAGE_PATIENTS.value, held=False)
    assert answering_roles() == ["nurse", "doctor"]
    assert told.desk not in may_join(told.patient.site)


# == Where a message goes ==
def test_what_is_about_something_goes_to_the_pool_that_takes_it(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse])
    thread = told.starts(category=About.MEDICINE)
    due = answer_due(NOW, "America/New_York", 4)
    assert (thread.pool, thread.status, thread.due_at, thread.next_at) == (pool, "new", due, due)
    assert told.starts(category=About.BILL).pool is None
    answered = told.starts(told.nurse, category=About.MEDICINE)
    assert (answered.pool, answered.status, answered.due_at) == (pool, "open", None)


def test_a_patient_may_choose_the_pool(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse])
    assert told.starts(category=About.BILL, to=pool).pool == pool
    elsewhere = PoolFactory(site=told.stranger.memberships.get().site)
    for gone in (elsewhere, arrange(boss, told, [], pool, active=False)):
        with pytest.raises(NotAddressed, match="Nobody answers there"):
            told.starts(to=gone)


def test_or_somebody_of_their_care_team(told: Talk, boss: Any) -> None:
    provider = ProviderFactory(user=told.doctor, name="Dr. Maren Okafor")
    arrange(boss, told, [told.nurse])
    with pytest.raises(NotAddressed, match="do not answer your messages"):
        told.starts(to=provider)
    CareRelationshipFactory(patient=told.patient, user=told.doctor, role="doctor", kind="care_team")
    thread = told.starts(category=About.MEDICINE, to=provider)
    assert (thread.provider, thread.pool, thread.taken_by) == (provider, None, None)
    with acting_as(told.rosa):
        assert [place.name for place in places_for(told.patient).values()] == ["Prescriptions", "Dr. Maren Okafor"]


def test_the_promise_of_the_moment_stands(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse])
    thread = told.starts(category=About.MEDICINE)
    arrange(boss, told, [told.nurse], pool, answer_hours=24)
    told.sends(told.rosa, thread, now=NOW + timedelta(hours=1))
    assert now_is(thread).due_at == answer_due(NOW, "America/New_York", 4)
    told.sends(told.nurse, thread)
    told.sends(told.rosa, thread)
    assert now_is(thread).due_at == answer_due(NOW, "America/New_York", 24)
    assert promised_days(told.patient.site) == 3


# == Who could answer ==
def test_colleagues_of_the_site_who_reach_the_patient_those_of_the_pool_first(told: Talk, boss: Any) -> None:
    arrange(boss, told, [told.nurse])
    thread = told.starts(category=About.MEDICINE)
    kept_out, own = staff("nurse", told.patient.site), staff("nurse", told.patient.site)
    RestrictionFactory(patient=told.patient, user=kept_out)
    CareRelationshipFactory(patient=told.patient, user=own, role="patient", kind="proxy")
    with acting_as(told.doctor):
        assert may_answer(thread)[:1] == [told.nurse]
        assert set(may_answer(thread)) == {told.nurse, told.doctor, told.desk, own}
    for user in (told.rosa, told.stranger, told.pharmacist):
        with acting_as(user):
            assert may_answer(thread) == []
    with as_the_system():
        assert told.nurse in may_answer(thread)


def test_nobody_answers_their_own_messages(told: Talk) -> None:
    MembershipFactory(user=told.rosa, site=told.patient.site, role="nurse")
    thread = told.starts()
    with acting_as(told.nurse):
        assert told.rosa not in may_answer(thread)


def test_who_reaches_by_a_share_alone_is_no_colleague_of_the_site(told: Talk) -> None:
    CareRelationshipFactory(patient=told.patient, user=told.stranger, role="nurse", kind="care_team")
    thread = told.starts()
    with acting_as(told.nurse):
        assert told.stranger not in may_answer(thread)
    MembershipFactory(user=told.stranger, site=told.patient.site, role="front_desk")
    with acting_as(told.nurse):
        assert told.stranger in may_answer(thread)


def test_who_stands_in_is_said(told: Talk) -> None:
    CoverFactory(absent=told.nurse, cover=told.stranger, role="nurse")
    with acting_as(told.doctor):
        assert standing_in_for(told.nurse) == [told.stranger]
        assert standing_in_for(None) == standing_in_for(told.doctor) == []


# == In the admin ==
def test_the_admin_shows_what_changes_before_it_is_kept(told: Talk, boss: Any) -> None:
    client = sign_in(boss)
    add = reverse("admin:records_pool_add")
    asked = {
        **{"site": str(told.patient.site_id), "name": "Nurses", "takes": ["question", "result"]},
        **{"people": [str(told.nurse.pk)], "answer_hours": "8", "active": "on"},
    }
    page = client.get(add).text
    assert "Priya Raman" in page
    assert "opens no chart" in page
    preview = client.post(add, asked).text
    assert "keeps its place" in preview
    assert "Priya Raman" in preview
    with as_the_system():
        assert not Pool.objects.exists()
    assert client.post(add, asked | {CONFIRMED: "yes"}).status_code in (200, 302)
    with as_the_system():
        pool = Pool.objects.get()
        assert (pool.name, pool.takes, pool.answer_hours) == ("Nurses", ["question", "result"], 8)
    change = reverse("admin:records_pool_change", args=[pool.pk])
    assert "Alder Street" in client.get(change).text
    given_up = client.post(change, {"name": "Nurses", "people": [str(told.nurse.pk)], "answer_hours": "8"}).text
    assert "Nothing new comes here" in given_up
    assert "Nurses" in client.get(reverse("admin:records_pool_changelist")).text
    assert client.get(reverse("admin:records_poolmember_changelist")).status_code == 200
    assert client.get(reverse("admin:records_pool_history", args=[pool.pk])).status_code == 200


def test_a_refusal_of_the_verb_is_said_in_the_admin(told: Talk, boss: Any) -> None:
    client = sign_in(boss)
    asked = {"site": str(told.patient.site_id), "name": "Nurses", "answer_hours": "8", "active": "on"}
    answer = client.post(reverse("admin:records_pool_add"), asked | {CONFIRMED: "yes"}, follow=True)
    assert "Name at least one colleague" in answer.text


# == On the portal ==
def test_the_patient_chooses_on_the_page(told: Talk, boss: Any) -> None:
    pool = arrange(boss, told, [told.nurse])
    start = reverse("records_portal:start_thread")
    client = sign_in(told.rosa)
    page = client.get(start).text
    assert "Whoever answers such questions" in page
    assert "Prescriptions" in page
    asked = {"category": "bill", "body": "A bill?", "key": "01890000-0000-7000-8000-000000000001"}
    assert client.post(start, asked | {"to": "pool:none"}).status_code == 422
    assert client.post(start, asked | {"to": f"pool:{pool.pk}"}).status_code == 302
    with as_the_system():
        thread = Thread.objects.get()
    assert thread.pool == pool
    assert "Prescriptions, Alder Street" in client.get(reverse("records_portal:thread", args=[thread.pk])).text


# == A pool says who is to answer, and opens nothing ==
def test_to_be_in_a_pool_opens_no_messages(told: Talk) -> None:
    pool = PoolFactory(site=told.patient.site)
    PoolMemberFactory(pool=pool, user=told.stranger)
    told.starts(to=pool)
    with acting_as(told.stranger):
        assert not Thread.objects.visible_to(told.stranger).exists()
        assert not Thread.objects.exists()
