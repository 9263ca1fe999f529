"""A person sees which programs they let in, in plain words, and ends one for good."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.api.models import AccessToken
from healthcare.api.oauth.programs import get_programs
from tests.accounts.conftest import audited, colleague, person, sign_in
from tests.api.oauth import post_token, tokens_for
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db
PAGE = "/oauth/programs/"


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def refused(token: str, client: Any) -> bool:
    return bool(client.get("/v1/me", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401)


def test_each_program_stands_there_with_what_it_may(client: Any) -> None:
    doctor = colleague("doctor")
    diary, clock = ApplicationFactory(name="Walking diary"), ApplicationFactory(name="Clock")
    tokens_for(doctor, diary)
    tokens_for(doctor, clock)
    tokens_for(person(), ApplicationFactory(name="Somebody else's"))
    page = text(sign_in(doctor).get(PAGE))
    assert page.index("Clock") < page.index("Walking diary")
    assert "Doctor" in page
    assert "Health records: notes, results, problems, allergies: read" in page
    assert "Somebody else's" not in page
    assert PAGE in text(sign_in(doctor).get("/accounts/"))


def test_nothing_let_in_is_said() -> None:
    assert "No program acts for you" in text(sign_in(person()).get(PAGE))


def test_a_patient_sees_it_in_the_portals_frame() -> None:
    rosa = person()
    tokens_for(rosa, ApplicationFactory(name="Walking diary"))
    page = text(sign_in(rosa).get(PAGE))
    assert "Walking diary" in page
    assert 'class="portal' in page


def test_a_program_that_is_ended_is_refused_at_once_and_renews_nothing(client: Any) -> None:
    doctor, diary, clock = colleague("doctor"), ApplicationFactory(), ApplicationFactory()
    given, kept = tokens_for(doctor, diary), tokens_for(doctor, clock)
    browser = sign_in(doctor)
    answer = browser.post(f"{PAGE}{diary.pk}/end/", follow=True)
    assert "acts for you no more" in text(answer)
    assert refused(given["access_token"], client)
    again = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], "client_id": diary.client_id}
    assert post_token(**again).status_code == 400
    assert not refused(kept["access_token"], client)
    (event,) = audited("api.end_program")
    assert (event.target_id, event.actor_id, event.detail) == (diary.pk, doctor.pk, {"count": 2})


@pytest.mark.parametrize("whose", ["a colleague's", "nobody's"])
def test_others_programs_are_not_there(whose: str, client: Any) -> None:
    diary = ApplicationFactory()
    token = tokens_for(colleague("nurse"), diary)["access_token"] if whose == "a colleague's" else ""
    assert sign_in(colleague("doctor")).post(f"{PAGE}{diary.pk}/end/").status_code == 404
    assert not token or not refused(token, client)
    assert audited("api.end_program") == []


def test_a_program_stands_there_while_it_can_renew(client: Any) -> None:
    doctor, diary = colleague("doctor"), ApplicationFactory()
    tokens_for(doctor, diary)
    tomorrow = timezone.now() + timedelta(days=1)
    assert [program.application for program in get_programs(doctor, tomorrow)] == [diary]
    sign_in(doctor).post(f"{PAGE}{diary.pk}/end/")
    assert AccessToken.objects.filter(user=doctor, revoked=None).count() == 0
    assert get_programs(doctor, timezone.now()) == []


def test_it_costs_the_same_for_one_and_for_many(django_assert_num_queries: Any) -> None:
    doctor = colleague("doctor")
    for _number in range(3):
        tokens_for(doctor, ApplicationFactory())
    with django_assert_num_queries(2):
        assert len(get_programs(doctor, timezone.now())) == 3
