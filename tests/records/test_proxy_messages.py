"""Who acts for a patient writes under their own name, for the patient, where that was opened to them."""

import re
import uuid
from typing import Any

import pytest
from django.urls import reverse

from healthcare.accounts.permissions import Scope
from records.access.messages import can_write
from records.actions.messages import SoundsUrgent
from tests.factories import proxy_of
from tests.patients.conftest import sign_in
from tests.records.writing import CALM, DIRE, Talk, all_messages, now_is, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Talk:
    return talk()


@pytest.fixture
def ana(told: Talk) -> Any:
    ana = proxy_of(told.patient)
    with as_the_system():
        ana.full_name = "Ana Roy"
        ana.save(update_fields=["full_name"])
    return ana


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def typed(body: str, **more: str) -> dict[str, str]:
    return {"category": "medicine", "body": body, "key": str(uuid.uuid4())} | more


def test_the_row_says_that_somebody_acted(told: Talk, ana: Any) -> None:
    thread = told.starts(ana)
    told.sends(told.rosa, thread)
    told.sends(told.nurse, thread)
    assert [message.as_proxy for message in all_messages(thread)] == [True, False, False]
    assert now_is(thread).started_by == ana


def test_both_sides_read_who_wrote_for_whom(told: Talk, ana: Any) -> None:
    thread = told.starts(ana, body=CALM)
    staff_page = text(sign_in(told.nurse).get(reverse("records:thread", args=[told.patient.pk, thread.pk])))
    assert f"Ana Roy for {told.patient.name}" in staff_page
    own = text(sign_in(told.rosa).get(reverse("records_portal:thread", args=[thread.pk])))
    assert f"Ana Roy for {told.patient.name}" in own
    address = f"/portal/for/{told.patient.pk}/messages/{thread.pk}/"
    assert f"You for {told.patient.name}" in text(sign_in(ana).get(address))


def test_a_proxy_writes_in_the_portal_of_whom_they_act_for(told: Talk, ana: Any) -> None:
    client = sign_in(ana)
    start = f"/portal/for/{told.patient.pk}/messages/write"
    assert "Not for emergencies" in text(client.get(start))
    urgent = client.post(start, typed(DIRE))
    assert "Call 911 now" in text(urgent)
    answer = client.post(start, typed(CALM))
    assert answer["Location"].startswith(f"/portal/for/{told.patient.pk}/messages/")
    told.sends(told.nurse, told.starts(), "For Rosa.")
    assert "New answer" in text(client.get(f"/portal/for/{told.patient.pk}/messages/"))


def test_what_a_proxy_may_not_open_they_neither_read_nor_write(told: Talk) -> None:
    thread = told.starts()
    only_visits = proxy_of(told.patient, scopes=[Scope.IDENTITY, Scope.SCHEDULE])
    assert not can_write(only_visits, told.patient)
    client = sign_in(only_visits)
    for path in ("messages/", "messages/write", f"messages/{thread.pk}/"):
        answer = client.get(f"/portal/for/{told.patient.pk}/{path}")
        assert answer.status_code in (403, 404)
        assert CALM not in text(answer)


def test_who_read_first_is_named_to_the_clinic(told: Talk, ana: Any) -> None:
    thread = told.starts()
    told.sends(told.nurse, thread)
    told.reads(ana, thread)
    page = text(sign_in(told.nurse).get(reverse("records:thread", args=[told.patient.pk, thread.pk])))
    assert "Read by Ana Roy" in page


def test_words_of_an_emergency_ask_a_proxy_too(told: Talk, ana: Any) -> None:
    with pytest.raises(SoundsUrgent):
        told.starts(ana, body=DIRE)
