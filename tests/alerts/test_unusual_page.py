"""The privacy officer's list of what is unusual, and the page of the rules."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.models import Anomaly, WatchEdit
from tests.accounts.conftest import audited, colleague, sign_in
from tests.factories import AnomalyFactory
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LIST, RULES = reverse("alerts:unusual"), reverse("alerts:watches")


@pytest.fixture
def officer() -> Any:
    return colleague("privacy_officer", full_name="Thomas Byrne")


@pytest.fixture
def finding() -> Anomaly:
    return AnomalyFactory(person=colleague("nurse", full_name="Priya Raman"), found_at=timezone.now())


def kept(finding: Anomaly) -> Anomaly:
    with as_the_system():
        return Anomaly.objects.get(pk=finding.pk)


def review(client: Any, finding: Anomaly, **typed: str) -> Any:
    said = {f"{finding.pk}-{name}": value for name, value in typed.items()}
    return client.post(reverse("alerts:review", args=[finding.pk]), said)


def test_the_list_says_who_did_what_and_leads_to_the_events(officer: Any, finding: Anomaly) -> None:
    answer = sign_in(officer).get(LIST)
    body = answer.content.decode()
    assert "Many charts in a short time" in body
    assert "Priya Raman" in body
    assert f"person={finding.person_id}" in body
    assert "Overdue" not in body
    assert audited("alerts.list_unusual", actor_id=officer.pk)


def test_what_is_late_says_so_and_an_address_stands_for_nobody(officer: Any) -> None:
    AnomalyFactory(person=None, role="", address="203.0.113.9", found_at=timezone.now() - timedelta(days=2))
    body = sign_in(officer).get(LIST).content.decode()
    assert "Overdue" in body
    assert "203.0.113.9" in body


def test_the_navigation_counts_what_waits(officer: Any, finding: Anomaly) -> None:
    assert "Unusual access" in sign_in(officer).get(reverse("home")).content.decode()
    assert "Unusual access" not in sign_in(colleague("doctor")).get(reverse("home")).content.decode()


def test_a_review_moves_it_to_the_reviewed(officer: Any, finding: Anomaly) -> None:
    client = sign_in(officer)
    answer = review(client, finding, verdict="not_justified", note="She could not say why she looked.")
    assert answer.status_code == 302
    assert kept(finding).verdict == "not_justified"
    assert "Priya Raman" not in client.get(LIST).content.decode()
    body = client.get(LIST, {"show": "reviewed"}).content.decode()
    assert "She could not say why she looked." in body
    assert "Not justified" in body


def test_what_is_missing_is_said_and_nothing_typed_is_lost(officer: Any, finding: Anomaly) -> None:
    answer = review(sign_in(officer), finding, verdict="justified", note="short")
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "Say in a few words why" in body
    assert ">short</textarea>" in body.replace("\n", "")
    assert review(sign_in(officer), finding, note="Without a verdict").status_code == 422
    assert kept(finding).verdict == ""


def test_who_comes_second_is_told(officer: Any) -> None:
    done = AnomalyFactory(
        verdict="justified",
        note="Covered the ward",
        reviewed_at=timezone.now(),
        reviewed_by=colleague("privacy_officer"),
    )
    client = sign_in(officer)
    answer = client.get(review(client, done, verdict="justified", note="Covered the ward")["Location"])
    assert "Somebody reviewed this before you" in answer.content.decode()


def test_ones_own_is_for_somebody_else(officer: Any) -> None:
    own = AnomalyFactory(person=officer)
    client = sign_in(officer)
    assert "somebody else has to review it" in client.get(LIST).content.decode()
    review(client, own, verdict="justified", note="It was only me")
    assert kept(own).verdict == ""


@pytest.mark.parametrize("role", ["doctor", "nurse", "administrator", "researcher", "front_desk"])
def test_other_roles_get_neither_page(role: str, finding: Anomaly) -> None:
    client = sign_in(colleague(role))
    for answer in (client.get(LIST), client.get(RULES), review(client, finding, verdict="justified", note="x" * 20)):
        assert answer.status_code == 403
        assert "Priya" not in answer.content.decode()


def test_a_rule_is_changed_on_its_page(officer: Any) -> None:
    client = sign_in(officer)
    assert client.get(RULES).status_code == 200
    answer = client.post(RULES, {"rule": "many_charts", "is_on": "on", "at_least": "30", "minutes": "45"})
    assert answer.status_code == 302
    with as_the_system():
        edit = WatchEdit.objects.get()
    assert (edit.rule, edit.is_on, edit.at_least, edit.minutes) == ("many_charts", True, 30, 45)
    assert "Changed by Thomas Byrne" in client.get(RULES).content.decode()
    client.post(RULES, {"rule": "colleague", "at_least": "1"})
    assert "Rests" in client.get(RULES).content.decode()


@pytest.mark.parametrize("typed", [{"at_least": "0"}, {"at_least": "many"}, {"minutes": "9999"}])
def test_odd_numbers_are_said_and_kept(officer: Any, typed: dict[str, str]) -> None:
    answer = sign_in(officer).post(RULES, {"rule": "serial", "at_least": "8", "minutes": "60", **typed})
    assert answer.status_code == 422
    assert f'value="{next(iter(typed.values()))}"' in answer.content.decode()


def test_no_rule_of_another_name(officer: Any) -> None:
    assert sign_in(officer).post(RULES, {"rule": "everything", "at_least": "1"})["Location"] == RULES
    with as_the_system():
        assert not WatchEdit.objects.exists()
