"""How people come: invited to work here, or opening a portal account. And moving to another address."""

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts import actions
from healthcare.accounts.actions import AlreadyHere, LinkRefused, NotInvited
from healthcare.accounts.models import Membership, OneTimeLink, Provider, Session, User
from healthcare.db.context import acting_as
from tests.accounts.conftest import PASSWORD, audited, code_of, colleague, letters, link_in, person, sign_in
from tests.accounts.test_passwords import fresh, strip
from tests.accounts.test_sign_in import where
from tests.factories import OneTimeLinkFactory, SiteFactory

pytestmark = pytest.mark.django_db
INVITE = reverse("accounts:invite")
MINE = {"full_name": "Priya Raman, RN", "new_password": PASSWORD}


def invitation(**more: Any) -> dict[str, Any]:
    return {
        "full_name": "P. Raman",
        "email": "priya@clinic.example",
        "site": SiteFactory().pk,
        "roles": ["nurse"],
    } | more


def invited(**more: Any) -> tuple[User, str]:
    answer = sign_in(colleague("administrator")).post(INVITE, invitation(**more))
    assert answer.status_code == 302, answer.content.decode()
    return User.objects.get(email="priya@clinic.example"), link_in(letters()[-1])


# == Invited ==
def test_an_invited_colleague_takes_the_account_over_and_sets_up_everything() -> None:
    user, token = invited()
    page, client = reverse("accounts:invitation", args=[token]), Client()
    assert "P. Raman" in client.get(page).content.decode()
    assert where(client.post(page, MINE)) == reverse("accounts:continue")
    assert where(client.get(reverse("accounts:continue"))) == reverse("accounts:enrol")
    client.post(reverse("accounts:enrol"))
    client.post(reverse("accounts:enrol"), {"code": code_of(user)})
    assert where(client.get(reverse("accounts:continue"))) == "/"
    person = fresh(user)
    assert (person.full_name, person.check_password(PASSWORD)) == ("Priya Raman, RN", True)
    assert person.email_verified_at is not None
    assert Session.objects.get(user=user).acting_role == "nurse"
    assert audited("accounts.accept_invitation", target_id=user.pk)


def test_nobody_signs_in_before_the_link_is_followed() -> None:
    user, _token = invited()
    assert not user.has_usable_password()
    assert Membership.objects.filter(user=user, role="nurse").exists()


def test_an_invitation_works_once_and_for_seven_days() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        _user, token = invited()
        page = reverse("accounts:invitation", args=[token])
        clock.shift(7 * 86400 - 1)
        assert Client().get(page).status_code == 200
        clock.shift(2)
        assert Client().get(page).status_code == 410
        assert Client().post(page, MINE).status_code == 410
    _user, token = invited_again()
    page = reverse("accounts:invitation", args=[token])
    assert Client().post(page, MINE).status_code == 302
    assert Client().post(page, MINE).status_code == 410


def invited_again() -> tuple[User, str]:
    user = User.objects.get(email="priya@clinic.example")
    sign_in(colleague("administrator")).post(reverse("accounts:invite_again", args=[user.pk]))
    return user, link_in(letters()[-1])


def test_a_new_invitation_ends_the_old_one() -> None:
    _user, first = invited()
    _user, second = invited_again()
    assert Client().get(reverse("accounts:invitation", args=[first])).status_code == 410
    assert Client().get(reverse("accounts:invitation", args=[second])).status_code == 200


def test_who_has_accepted_is_not_invited_again() -> None:
    admin, doctor = colleague("administrator"), colleague("doctor")
    with acting_as(admin), pytest.raises(NotInvited):
        actions.invite_again(by=admin, user=doctor)
    page = sign_in(admin).post(reverse("accounts:invite_again", args=[doctor.pk]), follow=True)
    assert "no open invitation" in page.content.decode()


def test_a_provider_is_made_with_the_account() -> None:
    user, _token = invited(
        roles=["doctor"], is_provider="on", credentials="MD", specialty="Cardiology", npi="1234567893"
    )
    provider = Provider.objects.get(user=user)
    assert (provider.credentials, provider.npi, provider.sites.count()) == ("MD", "1234567893", 1)


@pytest.mark.parametrize("wrong", [{"email": "x"}, {"roles": ["patient"]}, {"roles": []}, {"npi": "12"}, {"site": ""}])
def test_what_does_not_fit_is_said_at_its_field(wrong: dict[str, Any]) -> None:
    answer = sign_in(colleague("administrator")).post(INVITE, invitation(**wrong))
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_colleague_is_not_invited_twice() -> None:
    doctor, admin = colleague("doctor"), colleague("administrator")
    answer = sign_in(admin).post(INVITE, invitation(email=doctor.email.upper()))
    assert "here already" in answer.content.decode()
    with acting_as(admin), pytest.raises(AlreadyHere):
        actions.invite(by=admin, email=doctor.email, full_name="X", site=SiteFactory(), roles=["nurse"])


def test_a_patient_who_comes_to_work_here_keeps_their_account() -> None:
    patient = person(email="priya@clinic.example")
    sign_in(colleague("administrator")).post(INVITE, invitation())
    assert Membership.objects.get(user=patient).role == "nurse"
    assert [template for _to, template, _words in letters()] == ["role_granted"]
    assert fresh(patient).check_password(PASSWORD)


def test_only_administrators_invite() -> None:
    assert sign_in(colleague("doctor")).post(INVITE, invitation()).status_code == 403
    assert not User.objects.filter(email="priya@clinic.example").exists()


# == A portal account ==
def asked(email: str) -> Any:
    return Client().post(reverse("accounts:request_account"), {"email": email})


def test_somebody_opens_a_portal_account() -> None:
    asked("rosa@mail.example")
    page, client = reverse("accounts:open_account", args=[link_in(letters()[-1])]), Client()
    client.post(page, {"full_name": "Rosa Delgado", "new_password": PASSWORD})
    user = User.objects.get(email="rosa@mail.example")
    assert user.email_verified_at is not None
    assert Session.objects.get(user=user).acting_role == "patient"
    assert Client().post(page, {"full_name": "Rosa", "new_password": PASSWORD}).status_code == 410


def test_asking_does_not_say_whether_there_is_an_account() -> None:
    known = person()
    assert strip(asked(known.email).content.decode()) == strip(asked("new@mail.example").content.decode())
    assert [template for _to, template, _words in letters()] == ["account_exists", "open_account"]


def test_one_address_gets_three_mails() -> None:
    for _try in range(5):
        asked("rosa@mail.example")
    assert len(letters()) == 3


def test_an_address_that_got_an_account_meanwhile_is_left_alone() -> None:
    asked("rosa@mail.example")
    token = link_in(letters()[-1])
    person(email="Rosa@mail.example")
    with pytest.raises(LinkRefused):
        actions.open_account(token=token, full_name="Rosa", password=PASSWORD)


# == Another address (abuse case 43) ==
def moving(user: User, new: str = "new@mail.example") -> str:
    sign_in(user).post(reverse("accounts:change_email"), {"email": new})
    return link_in(letters()[-1])


def test_the_old_address_agrees_then_the_new_one_confirms() -> None:
    user = person(email="old@mail.example")
    token = moving(user)
    assert letters()[-1][:2] == ("old@mail.example", "leave_address")
    page = reverse("accounts:leave_address", args=[token])
    assert "new@mail.example" in Client().get(page).content.decode()
    Client().post(page)
    assert fresh(user).email == "old@mail.example"
    assert letters()[-1][:2] == ("new@mail.example", "confirm_address")
    page = reverse("accounts:confirm_address", args=[link_in(letters()[-1])])
    assert Client().get(page).status_code == 200
    Client().post(page)
    assert fresh(user).email == "new@mail.example"
    assert letters()[-1][:2] == ("old@mail.example", "address_changed")
    assert audited("accounts.verify_email", target_id=user.pk)
    for used in (reverse("accounts:leave_address", args=[token]), page):
        assert Client().get(used).status_code == 410


def test_until_then_a_reset_goes_to_the_old_address() -> None:
    user = person(email="old@mail.example")
    moving(user)
    Client().post(reverse("accounts:request_reset"), {"email": "new@mail.example"})
    assert [to for to, _template, _words in letters()] == ["old@mail.example"]
    Client().post(reverse("accounts:request_reset"), {"email": "old@mail.example"})
    assert letters()[-1][:2] == ("old@mail.example", "reset_password")


def test_an_address_that_is_taken_is_found_out_by_its_owner_alone() -> None:
    other, user = person(email="taken@mail.example"), person()
    Client().post(reverse("accounts:leave_address", args=[moving(user, other.email)]))
    answer = Client().post(reverse("accounts:confirm_address", args=[link_in(letters()[-1])]))
    assert answer.status_code == 410
    assert "Another account has this address" in answer.content.decode()
    assert fresh(user).email == user.email


def test_moving_needs_a_fresh_proof_of_identity() -> None:
    client = sign_in(person(), stepped_up=False)
    assert where(client.get(reverse("accounts:change_email"))).startswith(reverse("accounts:step_up"))


def test_a_new_wish_ends_the_one_before() -> None:
    user = person()
    first = moving(user)
    moving(user, "third@mail.example")
    assert Client().post(reverse("accounts:leave_address", args=[first])).status_code == 410


def test_a_link_without_an_account_confirms_nothing() -> None:
    link = OneTimeLinkFactory(purpose=OneTimeLink.Purpose.CONFIRM_ADDRESS, user=None, address="x@mail.example")
    with pytest.raises(LinkRefused):
        actions.verify_email(token=link.token())


@pytest.mark.parametrize("name", ["leave_address", "confirm_address", "open_account", "invitation"])
def test_worn_out_links_say_so(name: str) -> None:
    answer = Client().get(reverse(f"accounts:{name}", args=["nonsense"]))
    assert answer.status_code == 410
    assert "used already, or has run out" in answer.content.decode()


@pytest.mark.parametrize(
    "email", ["rösa@mail.example", "rosa@mäil.example", "x" * 300 + "@mail.example", "two@at@signs"]
)
def test_odd_addresses_are_refused(email: str) -> None:
    assert asked(email).status_code == 422
