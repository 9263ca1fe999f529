"""Somebody leaves: what they were to do is shown, a colleague of the same role takes it over, nobody is locked out."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.leaving import can_stand_in, get_held, get_stand_ins, roles_held
from healthcare.accounts.models import Cover, Membership, Provider, Session
from healthcare.db.context import acting_as
from healthcare.events import parts
from tests.accounts.conftest import audited, colleague, letters, person, sign_in
from tests.accounts.test_passwords import fresh
from tests.factories import CoverFactory, MembershipFactory, ProviderFactory, SiteFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Any:
    return colleague("administrator")


def close(by: Any, user: Any, **more: Any) -> int:
    with acting_as(by):
        return actions.deactivate_user(by=by, user=user, **more)


def shown(browser: Any, name: str, user: Any) -> str:
    return html.unescape(browser.get(reverse(f"accounts:{name}", args=[user.pk])).content.decode())


# == Before ==
def test_what_they_leave_is_shown_before_anything_is_closed(admin: Any, takes_part: Any) -> None:
    doctor = colleague("doctor", full_name="Aaron Feld")
    other, nurse = colleague("doctor", full_name="Maren Okafor"), colleague("nurse", full_name="Priya Raman")
    takes_part(
        "accounts.Handover", lambda user, now: {"Notes to sign": 3, "Alerts": 0}, lambda user, now: {"Visits": 2}
    )
    said = shown(sign_in(admin), "deactivate", doctor)
    assert "Notes to sign: 3" in said
    assert "Visits: 2" in said
    assert "Alerts" not in said.partition("What only they were to do")[2].partition("</ul>")[0]
    assert other.full_name in said
    assert nurse.full_name not in said
    assert fresh(doctor).is_active


def test_who_leaves_nothing_is_said_to(admin: Any, takes_part: Any) -> None:
    takes_part("accounts.Handover", lambda user, now: {})
    assert "Nothing waits for them alone" in shown(sign_in(admin), "deactivate", colleague("doctor"))


def test_only_colleagues_of_the_same_role_are_offered() -> None:
    doctor, gone, patient = colleague("doctor"), colleague("doctor", is_active=True), person()
    MembershipFactory(user=doctor, role="nurse")
    nurse, desk = colleague("nurse"), colleague("front_desk")
    with as_the_system():
        type(gone).objects.filter(pk=gone.pk).update(is_active=False, deactivated_at=timezone.now())
    offered = set(can_stand_in(doctor, roles_held(doctor)))
    assert nurse in offered
    assert not offered & {doctor, gone, patient, desk}


# == After ==
def test_a_named_colleague_stands_in_for_ninety_days_and_is_told(admin: Any, takes_part: Any) -> None:
    doctor, other = colleague("doctor"), colleague("doctor", full_name="Maren Okafor")
    takes_part("accounts.Handover", lambda user, now: {"Notes to sign": 3})
    browser = sign_in(admin)
    answer = browser.post(reverse("accounts:deactivate", args=[doctor.pk]), {"to": other.pk}, follow=True)
    assert "Maren Okafor has what they left from now on." in html.unescape(answer.content.decode())
    (cover,) = get_stand_ins(doctor)
    assert (cover.cover, cover.role, cover.granted_by) == (other, "doctor", admin)
    assert cover.validity.upper - cover.validity.lower == timedelta(days=90)
    assert letters()[-1][:2] == (other.email, "handed_over")
    assert audited("accounts.hand_over")[0].detail == {"to": str(other.pk), "role": "doctor"}
    assert audited("accounts.deactivate_user")[0].detail == {"left": 3, "to": str(other.pk)}
    after = shown(browser, "colleague", doctor)
    assert "Maren Okafor</b> stands in" in after
    assert "Notes to sign: 3" in after


def test_without_a_name_it_waits_for_the_team(admin: Any) -> None:
    doctor = colleague("doctor")
    sign_in(admin).post(reverse("accounts:deactivate", args=[doctor.pk]))
    assert not Cover.objects.exists()
    assert "Nobody stands in" in shown(sign_in(admin), "colleague", doctor)


def test_each_role_that_both_hold_is_handed_over(admin: Any) -> None:
    doctor, other = colleague("doctor"), colleague("doctor")
    for user in (doctor, other):
        MembershipFactory(user=user, role="nurse")
    MembershipFactory(user=doctor, role="pharmacist")
    close(admin, doctor, to=other)
    assert [cover.role for cover in get_stand_ins(doctor)] == ["doctor", "nurse"]


def test_a_colleague_who_has_not_joined_yet_stands_in_without_a_letter(admin: Any) -> None:
    doctor, invited = colleague("doctor"), staff("doctor", password=make_password(None))
    close(admin, doctor, to=invited)
    assert [cover.cover for cover in get_stand_ins(doctor)] == [invited]
    assert "handed_over" not in {letter[1] for letter in letters()}


@pytest.mark.parametrize("who", ["nurse", "self", "closed"])
def test_nobody_else_can_be_named(admin: Any, who: str) -> None:
    doctor = colleague("doctor")
    named = {"nurse": colleague("nurse"), "self": doctor, "closed": colleague("doctor")}[who]
    if who == "closed":
        close(admin, named)
        named.refresh_from_db()
    with pytest.raises(NotAllowed, match="same role"):
        close(admin, doctor, to=named)
    answer = sign_in(admin).post(reverse("accounts:deactivate", args=[doctor.pk]), {"to": named.pk})
    assert answer.status_code == 422
    assert fresh(doctor).is_active


def test_a_part_that_fails_closes_nothing(admin: Any, takes_part: Any) -> None:
    def broken(user: Any, now: Any) -> dict[str, int]:
        raise RuntimeError

    doctor = colleague("doctor")
    takes_part("accounts.Handover", broken)
    with pytest.raises(RuntimeError):
        close(admin, doctor)
    assert fresh(doctor).is_active


def test_nobody_books_who_left_and_who_comes_back_is_booked_again(admin: Any) -> None:
    doctor = colleague("doctor")
    provider = ProviderFactory(user=doctor)
    close(admin, doctor, to=colleague("doctor"))
    assert Provider.objects.get(pk=provider.pk).ended_at is not None
    with acting_as(admin):
        actions.reactivate_user(by=admin, user=doctor)
    assert Provider.objects.get(pk=provider.pk).ended_at is None
    assert get_stand_ins(doctor) == []
    ended = Cover.objects.get(absent=doctor)
    assert (ended.ended_by, ended.ended_at is not None) == (admin, True)


def test_a_provider_who_ended_before_stays_ended(admin: Any) -> None:
    doctor = colleague("doctor")
    long_ago = timezone.now() - timedelta(days=9)
    provider = ProviderFactory(user=doctor, ended_at=long_ago)
    close(admin, doctor)
    with acting_as(admin):
        actions.reactivate_user(by=admin, user=doctor)
    assert Provider.objects.get(pk=provider.pk).ended_at == long_ago


def test_counts_are_those_of_the_apps(admin: Any) -> None:
    """Each app that holds work of one person answers; an administrator may ask, and nobody reads a name in it."""
    doctor = colleague("doctor")
    with acting_as(admin):
        assert get_held(doctor, timezone.now()) == []
    assert len(parts.parts_of("accounts.Handover")) >= 3


# == Nobody is locked out ==
def test_the_last_administrator_stays_also_when_two_end_each_other_at_once() -> None:
    """The second one's own membership had ended when their turn came: their page was open still."""
    one, other = colleague("administrator"), colleague("administrator")
    mine = Membership.objects.get(user=one)
    with acting_as(other):
        actions.end_membership(by=other, membership=mine)
    last = Membership.objects.get(user=other)
    with acting_as(one), pytest.raises(NotAllowed, match="Nobody would be left"):
        actions.end_membership(by=one, membership=last)
    with acting_as(one), pytest.raises(NotAllowed, match="Nobody would be left"):
        actions.deactivate_user(by=one, user=other)
    assert Membership.objects.current().filter(role="administrator").get() == last
    assert fresh(other).is_active


def test_an_administrator_whose_account_is_closed_does_not_count(admin: Any) -> None:
    closed = colleague("administrator")
    close(admin, closed)
    other = colleague("administrator")
    with acting_as(other):
        actions.end_membership(by=other, membership=Membership.objects.get(user=admin))
    assert Membership.objects.current().filter(role="administrator").count() == 1


# == Sessions and covers after it ==
def test_sessions_end_with_the_account(admin: Any) -> None:
    doctor = colleague("doctor")
    browser = sign_in(doctor)
    close(admin, doctor)
    assert not Session.objects.filter(user=doctor).exists()
    assert browser.get("/").status_code == 302


def test_a_cover_that_ended_is_not_shown(admin: Any) -> None:
    doctor = colleague("doctor", site=SiteFactory())
    close(admin, doctor)
    now = timezone.now()
    CoverFactory(absent=doctor, granted_by=admin, validity=(now - timedelta(days=9), now - timedelta(days=2)))
    assert get_stand_ins(doctor) == []
