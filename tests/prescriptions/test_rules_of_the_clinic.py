"""A clinic sets how bad a rule is and from how much on; and sees how often rules are overridden, and why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.actions.severities import NotSet, set_rule
from prescriptions.models import SafetyRule
from prescriptions.queries.hidden import hidden_findings
from prescriptions.rules.safety import Answer
from tests.factories import staff
from tests.prescriptions.conftest import NOW, allergy, drafted, medication, provider, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
WARFARIN, ASPIRIN, SERTRALINE = "warfarin 5 mg, tablet", "aspirin 81 mg, tablet", "sertraline 50 mg, tablet"
METRONIDAZOLE = "metronidazole 500 mg, tablet"


@pytest.fixture
def administrator(patient):
    return staff("administrator", patient.site)


def rule(code: str) -> SafetyRule:
    return SafetyRule.objects.get(code=code)


def put(administrator, code: str, severity: str = "", because: str = "Our pharmacy board, May 2026", **limits: int):
    with acting_as(administrator):
        return set_rule(
            by=administrator,
            rule=rule(code),
            severity=severity,
            limits={name: Decimal(limit) for name, limit in limits.items()},
            because=because,
            now=NOW,
        )


def found_by(doctor, draft) -> dict[str, str]:
    with acting_as(doctor):
        result = queries.check_prescription(doctor, draft, NOW).result
    return {finding.rule: finding.severity for finding in result.findings}


# == How bad ==
def test_a_severity_set_here_counts_from_the_next_check_on_and_says_so(doctor, patient, administrator) -> None:
    signed(doctor, patient, WARFARIN)
    draft = drafted(doctor, patient, METRONIDAZOLE)
    assert found_by(doctor, draft) == {"INR-02": "severe"}
    put(administrator, "INR-02", "moderate")
    with acting_as(doctor):
        result = queries.check_prescription(doctor, draft, NOW).result
    (finding,) = result.findings
    assert (finding.severity, result.to_answer) == ("moderate", ())
    assert "set by this clinic: Our pharmacy board, May 2026" in finding.source
    put(administrator, "INR-02", "contraindicated")
    assert found_by(doctor, draft) == {"INR-02": "contraindicated"}


def test_a_rule_turned_off_says_nothing_and_comes_back(doctor, patient, administrator) -> None:
    signed(doctor, patient, WARFARIN)
    draft = drafted(doctor, patient, ASPIRIN)
    put(administrator, "INR-01", "off")
    assert found_by(doctor, draft) == {"INR-05": "severe"}, "of rules that say the same, the others still speak"
    put(administrator, "INR-01", because="")
    assert found_by(doctor, draft)["INR-01"] == "severe"
    assert not rule("INR-01").is_chosen


def test_a_limit_set_here_counts(doctor, patient, administrator) -> None:
    draft = drafted(doctor, patient, SERTRALINE)
    assert found_by(doctor, draft) == {}
    put(administrator, "MAX-SERTRALINE", day_mg=75)
    assert found_by(doctor, draft) == {"MAX-SERTRALINE": "severe"}


@pytest.mark.parametrize(
    ("severity", "because", "limits"),
    [
        ("worst", "A", {}),
        ("moderate", " ", {}),
        ("", "A", {"day_mg": 0}),
        ("", "A", {"week_mg": 5}),
        ("", "", {"day_mg": 9}),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(administrator, severity, because, limits) -> None:
    with pytest.raises(NotSet):
        put(administrator, "MAX-SERTRALINE", severity, because, **limits)
    assert not rule("MAX-SERTRALINE").is_chosen


def test_only_administrators_set_rules_and_it_is_written_down(doctor, administrator) -> None:
    with pytest.raises(NotAllowed):
        put(doctor, "INR-01", "moderate")
    put(administrator, "INR-01", "moderate")
    with taking_role("owner"):
        event = AuditEvent.objects.get(action="prescriptions.set_rule")
    assert event.detail == {"rule": "INR-01", "from": ["severe"], "to": ["moderate"]}
    with acting_as(administrator), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE prescriptions_safetyrule SET severity = 'moderate'")


def test_a_new_version_leaves_what_was_set_here(administrator) -> None:
    put(administrator, "INR-01", "moderate")
    with taking_role("owner"):
        SafetyRule.objects.filter(code="INR-02").update(kb_version="older")
    with as_the_system():
        assert actions.load_knowledge(by=None)
    assert rule("INR-01").chosen_severity == "moderate"


def test_what_is_hidden_counts_as_it_was_set_too(doctor, patient, administrator) -> None:
    signed(doctor, patient, WARFARIN, sensitivity="mental_health")
    other = provider(patient)
    draft = drafted(other, patient, METRONIDAZOLE)
    for chosen, expected in (("", "severe"), ("moderate", "moderate"), ("off", "")):
        put(administrator, "INR-02", chosen, because="A" if chosen else "")
        with acting_as(other):
            assert hidden_findings(other, [draft])[draft.pk].severity == expected


def test_the_page_of_the_administrator_shows_first_what_would_change(browser, administrator) -> None:
    client = browser(administrator)
    page = reverse("admin:prescriptions_safetyrule_change", args=[rule("MAX-SERTRALINE").pk])
    assert client.get(page).status_code == 200
    typed = {"chosen_severity": "moderate", "limits_here": "day_mg 150", "chosen_because": "Our board"}
    assert "150" in client.post(page, typed).content.decode()
    assert not rule("MAX-SERTRALINE").is_chosen
    assert client.post(page, typed | {"_confirmed": "1"}).status_code == 302
    row = rule("MAX-SERTRALINE")
    assert (row.chosen_severity, row.chosen_limits, row.chosen_by) == ("moderate", {"day_mg": 150.0}, administrator)
    assert "day_mg 150" in client.get(page).content.decode()
    wrong = client.post(page, typed | {"limits_here": "much"})
    assert "Write a name and a number" in wrong.content.decode()


# == How often overridden ==
def overrides(user) -> dict[str, tuple[int, int, dict[str, int]]]:
    with acting_as(user):
        rows = actions.list_overrides(by=user, days=90, now=NOW + timedelta(days=1))
    return {row.code: (row.spoke, row.overridden, dict(row.answered)) for row in rows}


def test_overrides_are_counted_by_rule_and_reason(doctor, patient, administrator, pharmacist) -> None:
    allergy(patient, "penicillin")
    signed(doctor, patient, WARFARIN)
    draft = drafted(doctor, patient, ASPIRIN)
    with acting_as(doctor):
        key = queries.check_prescription(doctor, draft, NOW).result.to_answer[0]
        actions.sign_prescription(by=doctor, prescription=draft, overrides=[Answer(key, "benefit")], now=NOW)
    signed(doctor, patient, "amoxicillin 500 mg, capsule")
    for user in (administrator, pharmacist):
        found = overrides(user)
        assert found["INR-01"] == (1, 1, {"benefit": 1})
        assert found["ALG-01"] == (1, 1, {"other": 1})
        assert found["INR-14"] == (1, 0, {}), "amoxicillin with warfarin: said, and no answer was asked for"


def test_a_check_with_a_marked_medicine_counts_once(doctor, patient, administrator) -> None:
    signed(doctor, patient, WARFARIN, sensitivity="mental_health")
    signed(doctor, patient, ASPIRIN)
    assert overrides(administrator)["INR-01"][0] == 1


def test_what_was_unchecked_and_a_check_that_did_not_run_are_counted(browser, doctor, patient, administrator) -> None:
    signed(doctor, patient, "zinc paste")
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    signed(doctor, patient, ASPIRIN)
    found = overrides(administrator)
    assert found["unchecked"] == (1, 1, {"other": 1})
    assert found["problem"] == (1, 1, {"other": 1})
    page = browser(administrator).get("/prescriptions/overrides").content.decode()
    assert "Not checked: a medicine" in page
    assert "The safety check did not run" in page


def test_the_page_names_rules_and_nobody(browser, doctor, patient, pharmacist) -> None:
    signed(doctor, patient, WARFARIN)
    signed(doctor, patient, ASPIRIN)
    client = browser(pharmacist)
    page = client.get("/prescriptions/overrides?days=365").content.decode()
    assert "INR-01" in page
    assert "Bleeding" in page
    assert patient.family_name not in page
    assert medication(WARFARIN).label not in page
    assert client.get("/prescriptions/overrides?days=nonsense").status_code == 200
    assert browser(doctor).get("/prescriptions/overrides").status_code == 403


def test_where_nothing_was_signed_the_page_says_so(browser, administrator) -> None:
    assert "No rule spoke in these days" in browser(administrator).get("/prescriptions/overrides").content.decode()


def test_the_database_counts_for_nobody_else(doctor) -> None:
    with acting_as(doctor), pytest.raises(DatabaseError, match="reviews the rules"), transaction.atomic():
        queries.overrides_since(NOW)
    with acting_as(doctor), pytest.raises(NotAllowed):
        actions.list_overrides(by=doctor, days=30, now=NOW)
