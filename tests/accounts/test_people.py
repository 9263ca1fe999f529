"""Colleagues: who works where as what, and what happens when they leave."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can_manage
from healthcare.accounts.actions import AlreadyHere
from healthcare.accounts.events import MembershipEnded, MembershipGranted, UserDeactivated
from healthcare.accounts.leaving import roles_held
from healthcare.accounts.models import Membership, OneTimeLink, Session, User
from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from tests.accounts.conftest import audited, colleague, letters, only, person, sign_in
from tests.accounts.test_passwords import fresh
from tests.accounts.test_sign_in import give_password, where
from tests.factories import MembershipFactory, OneTimeLinkFactory, SiteFactory
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def page(name: str, user: User, *more: Any) -> str:
    return reverse(f"accounts:{name}", args=[user.pk, *more])


# == Roles ==
def test_an_administrator_gives_and_ends_a_role(announced: Any) -> None:
    admin, doctor, site = sign_in(colleague("administrator")), colleague("doctor"), SiteFactory(name="Shrewsbury")
    admin.post(page("grant", doctor), {"site": site.pk, "role": "nurse"})
    membership = Membership.objects.current().get(user=doctor, role="nurse")
    assert letters()[-1][1] == "role_granted"
    assert "Shrewsbury" in admin.get(page("colleague", doctor)).content.decode()
    admin.post(page("end_membership", doctor, membership.pk))
    assert not Membership.objects.current().filter(user=doctor, role="nurse").exists()
    ended = Membership.objects.get(pk=membership.pk)
    assert ended.ended_by is not None
    same = {"membership_id": membership.pk, "user_id": doctor.pk, "site_id": site.pk, "role": "nurse"}
    assert only(MembershipGranted, announced()) == [MembershipGranted(**same)]
    assert only(MembershipEnded, announced()) == [MembershipEnded(**same)]
    assert audited("accounts.grant_membership")[0].detail["role"] == "nurse"


def test_a_role_for_a_while_ends_by_itself_at_midnight_of_the_site() -> None:
    admin, nurse, site = sign_in(colleague("administrator")), person(), SiteFactory(time_zone="America/New_York")
    MembershipFactory(user=nurse, role="front_desk")
    last = timezone.localdate(timezone=ZoneInfo(site.time_zone)) + timedelta(days=3)
    asked = {"site": site.pk, "role": "nurse", "last_day": last.isoformat()}
    assert "It ends by itself after" in admin.get(page("grant", nurse), asked).content.decode()
    admin.post(page("grant", nurse), asked)
    given = Membership.objects.get(user=nurse, role="nurse")
    over = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(site.time_zone))
    assert given.validity.upper == over
    assert "ends" in admin.get(page("colleague", nurse)).content.decode()
    assert given in Membership.objects.current()
    with as_the_system():
        Membership.objects.filter(pk=given.pk).update(validity=TimestamptzRange(given.validity.lower, timezone.now()))
    assert given not in Membership.objects.current()
    assert roles_held(nurse) == {"front_desk"}


def test_a_last_day_that_is_over_is_refused_at_its_field() -> None:
    admin, nurse = sign_in(colleague("administrator")), colleague("nurse")
    asked = {"site": SiteFactory().pk, "role": "doctor", "last_day": "2020-02-02"}
    answer = admin.post(page("grant", nurse), asked)
    assert answer.status_code == 422
    assert "That day is over. Choose today or a later one." in answer.content.decode()


def test_an_administrator_for_a_while_is_not_the_one_who_stays() -> None:
    """Else nobody would be left to run accounts the day after."""
    first, second = colleague("administrator"), colleague("administrator")
    own = Membership.objects.get(user=second)
    with as_the_system():
        Membership.objects.filter(pk=own.pk).update(
            validity=TimestamptzRange(own.validity.lower, timezone.now() + timedelta(days=2))
        )
    with acting_as(second), pytest.raises(NotAllowed, match="Nobody would be left"):
        actions.end_membership(by=second, membership=Membership.objects.get(user=first))


def test_ending_a_role_twice_changes_nothing(announced: Any) -> None:
    admin, doctor = colleague("administrator"), colleague("doctor")
    membership = Membership.objects.get(user=doctor)
    with acting_as(admin):
        actions.end_membership(by=admin, membership=membership)
        first = Membership.objects.get(pk=membership.pk).validity
        actions.end_membership(by=admin, membership=membership)
    assert Membership.objects.get(pk=membership.pk).validity == first
    assert len(only(MembershipEnded, announced())) == 1


def test_a_role_is_not_given_twice() -> None:
    admin, doctor = colleague("administrator"), colleague("doctor")
    site = Membership.objects.get(user=doctor).site
    with acting_as(admin), pytest.raises(AlreadyHere):
        actions.grant_membership(by=admin, user=doctor, site=site, role="doctor")
    answer = sign_in(admin).post(page("grant", doctor), {"site": site.pk, "role": "doctor"}, follow=True)
    assert "already" in answer.content.decode()


def test_a_role_that_does_not_exist_is_refused_at_its_field() -> None:
    answer = sign_in(colleague("administrator")).post(page("grant", colleague("doctor")), {"role": "king"})
    assert answer.status_code == 422


def test_nobody_gives_themselves_a_role() -> None:
    admin = colleague("administrator")
    with acting_as(admin), pytest.raises(NotAllowed, match="your own account"):
        actions.grant_membership(by=admin, user=admin, site=SiteFactory(), role="doctor")
    assert not can_manage(admin, admin)
    browser = sign_in(admin)
    browser.post(page("grant", admin), {"site": SiteFactory().pk, "role": "doctor"})
    assert not Membership.objects.filter(user=admin, role="doctor").exists()
    assert "Give this role" not in browser.get(page("colleague", admin)).content.decode()


@pytest.mark.parametrize("name", ["grant", "deactivate", "reactivate", "request_second_factor_reset", "invite_again"])
def test_only_administrators_touch_colleagues(name: str) -> None:
    doctor = colleague("doctor")
    assert sign_in(colleague("nurse")).post(page(name, doctor)).status_code == 403
    assert audited("accounts.denied")[0].detail["permission"].startswith("accounts.")


@pytest.mark.parametrize("name", ["colleague", "deactivate"])
def test_portal_accounts_are_not_theirs_to_see(name: str) -> None:
    """That somebody is a patient is not the administrator's business."""
    patient = person()
    admin = sign_in(colleague("administrator"))
    assert admin.get(page(name, patient)).status_code == 404
    assert patient.full_name not in admin.get(reverse("accounts:staff")).content.decode()


def test_every_deed_needs_a_fresh_proof_of_identity() -> None:
    doctor = colleague("doctor")
    admin = sign_in(colleague("administrator"), stepped_up=False)
    answer = admin.post(page("grant", doctor), {"site": SiteFactory().pk, "role": "nurse"})
    assert "Is it still you?" in answer.content.decode()
    assert not Membership.objects.filter(user=doctor, role="nurse").exists()


# == Leaving ==
def test_closing_an_account_ends_everything_at_once(announced: Any) -> None:
    admin, doctor = colleague("administrator"), colleague("doctor")
    browser, link = sign_in(doctor), OneTimeLinkFactory(user=doctor)
    admins = sign_in(admin)
    assert "Every session ends now" in admins.get(page("deactivate", doctor)).content.decode()
    admins.post(page("deactivate", doctor))
    assert not Session.objects.filter(user=doctor).exists()
    assert where(browser.get("/")).startswith(reverse("accounts:sign_in"))
    assert not Membership.objects.current().filter(user=doctor).exists()
    assert OneTimeLink.objects.get(pk=link.pk).used_at is not None
    closed = fresh(doctor)
    assert (closed.is_active, closed.deactivated_at is not None) == (False, True)
    assert give_password(Client(), doctor.email).status_code == 422
    assert only(UserDeactivated, announced()) == [UserDeactivated(user_id=doctor.pk)]
    assert audited("accounts.deactivate_user", actor_id=admin.pk)


def test_closing_twice_changes_nothing(announced: Any) -> None:
    admin, doctor = colleague("administrator"), colleague("doctor")
    with acting_as(admin):
        actions.deactivate_user(by=admin, user=doctor)
        assert actions.deactivate_user(by=admin, user=doctor) == 0
    assert len(only(UserDeactivated, announced())) == 1


def test_the_last_administrator_cannot_close_themselves() -> None:
    admin = colleague("administrator")
    answer = sign_in(admin).post(page("deactivate", admin), follow=True)
    assert "your own account" in answer.content.decode()
    assert fresh(admin).is_active
    assert "Another administrator has to close it" in sign_in(admin).get(page("deactivate", admin)).content.decode()


def test_an_account_that_is_opened_again_holds_no_role() -> None:
    admin, doctor = colleague("administrator"), colleague("doctor")
    with acting_as(admin):
        actions.deactivate_user(by=admin, user=doctor)
    browser = sign_in(admin)
    assert "Closed" in browser.get(page("colleague", doctor)).content.decode()
    browser.post(page("reactivate", doctor))
    assert fresh(doctor).is_active
    assert not Membership.objects.current().filter(user=doctor).exists()
    browser.post(page("reactivate", doctor))
    assert len(audited("accounts.reactivate_user")) == 1


# == Names ==
def test_people_write_their_own_name() -> None:
    user = person()
    client = sign_in(user)
    client.post(reverse("accounts:rename"), {"full_name": "Rosa D."})
    assert fresh(user).full_name == "Rosa D."
    assert client.post(reverse("accounts:rename"), {"full_name": ""}).status_code == 422


@pytest.mark.parametrize("name", ['"><svg onload=alert(1)>', "<script>x</script>", "{{ 7|add:7 }}"])
def test_a_name_is_only_ever_text(name: str) -> None:
    """Abuse cases 59 and 64."""
    client = sign_in(person(full_name=name))
    body = client.get(reverse("accounts:account")).content.decode()
    assert "<svg onload" not in body
    assert "<script>x" not in body


def test_a_stranger_does_not_rename_others() -> None:
    doctor, nurse = colleague("doctor"), colleague("nurse")
    with acting_as(nurse), pytest.raises(NotAllowed):
        actions.rename_user(by=nurse, user=doctor, full_name="X")


def test_preferences_follow_the_person() -> None:
    doctor = colleague("doctor")
    client = sign_in(doctor)
    client.post(reverse("accounts:preferences"), {"theme": "dark", "density": "roomy"})
    changed = fresh(doctor)
    assert (changed.theme, changed.density, changed.single_keys) == ("dark", "roomy", False)
    assert b'data-theme="dark"' in client.get(reverse("accounts:account")).content
    client.post(reverse("accounts:preferences"), {"theme": "purple"})
    assert fresh(doctor).theme == "dark"


def test_a_patient_keeps_what_the_portal_does_not_ask() -> None:
    patient = person(single_keys=True)
    sign_in(patient).post(reverse("accounts:preferences"), {"theme": "light"})
    assert (fresh(patient).theme, fresh(patient).single_keys) == ("light", True)


# == The list ==
def test_the_list_pages_by_name_and_costs_the_same_for_one_and_for_ten(django_assert_max_num_queries: Any) -> None:
    from healthcare.accounts.queries import get_staff

    admin = colleague("administrator", full_name="Aaa")
    for number in range(9):
        colleague("doctor", full_name=f"Doctor {number}")
    with acting_as(admin), django_assert_max_num_queries(4):
        first = get_staff(limit=4)
    assert [line.user.full_name for line in first.lines] == ["Aaa", "Doctor 0", "Doctor 1", "Doctor 2"]
    with acting_as(admin):
        second = get_staff(after=first.next_after, limit=4)
        last = get_staff(after=second.next_after, limit=4)
    assert [line.user.full_name for line in second.lines] == [f"Doctor {n}" for n in (3, 4, 5, 6)]
    assert (len(last.lines), last.next_after) == (2, "")


def test_the_list_finds_by_a_part_of_the_name_and_shows_the_closed_apart() -> None:
    admin, doctor = colleague("administrator"), colleague("doctor", full_name="Zoltan Varga")
    with acting_as(admin):
        actions.deactivate_user(by=admin, user=doctor)
    browser, address = sign_in(admin), reverse("accounts:staff")
    assert "Nobody found" in browser.get(address, {"q": "varga"}).content.decode()
    assert "Zoltan Varga" in browser.get(address, {"q": "varga", "closed": "yes"}).content.decode()


def test_someone_with_two_roles_stands_there_once() -> None:
    admin, desk = colleague("administrator"), colleague("front_desk", full_name="Sam Adeyemi")
    MembershipFactory(user=desk, role="billing")
    assert sign_in(admin).get(reverse("accounts:staff")).content.decode().count(">Sam Adeyemi<") == 1


# == Parts ==
def test_every_part_named_by_an_app_exists() -> None:
    for config in apps.get_app_configs():
        for name in getattr(config, "parts", {}):
            assert parts_of(name), name
