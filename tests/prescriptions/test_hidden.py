"""The safety check counts medicines that the prescriber may not see, and says how bad it is; never which."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.permissions import Sensitivity
from healthcare.audit import record_now
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.models import Medication, Prescription, SafetyRule
from prescriptions.queries.hidden import HiddenFindings, hidden_findings
from prescriptions.rules.hidden import HIDDEN, HIDDEN_UNCHECKED, answers_without, with_hidden, without, worst_of
from prescriptions.rules.safety import SEVERITIES, Allergies, Answer, Finding, Medicine, Result, Unchecked, check
from tests.factories import (
    CareRelationshipFactory,
    MedicationStatementFactory,
    PatientFactory,
    PrescriptionFactory,
    SiteFactory,
    staff,
)
from tests.prescriptions.conftest import NOW, drafted, medication, provider, signed

WARFARIN, ASPIRIN, PLAIN = "warfarin 5 mg, tablet", "aspirin 81 mg, tablet", "amlodipine 5 mg, tablet"


# == Rules ==
def finding(key: str, severity: str, other: str = "lithium") -> Finding:
    return Finding(f"R1.{key}", "interaction", severity, "R1", other, "Title", "Why", "What", "Where")


def test_nothing_hidden_says_nothing() -> None:
    result = Result("1", findings=(finding("a", "severe"),))
    assert with_hidden(result) == result


def test_the_worst_comes_once_and_in_its_place() -> None:
    result = Result("1", findings=(finding("a", "contraindicated"), finding("b", "moderate")))
    told = with_hidden(result, "severe", unchecked=True)
    assert [one.severity for one in told.findings] == ["contraindicated", "severe", "moderate"]
    assert told.to_answer == ("R1.a", f"{HIDDEN}.severe", HIDDEN_UNCHECKED)
    assert worst_of([]) == ""


LABELS = st.sampled_from(["lithium", "methadone", "folic acid"])
KEYS = st.sampled_from(["k1", "k2", "k3"])


@given(
    st.lists(st.tuples(KEYS, st.sampled_from(SEVERITIES), LABELS), max_size=4),
    st.sets(KEYS),
    st.lists(LABELS, max_size=3),
    st.sets(KEYS),
)
def test_without_never_names_what_is_hidden(found, hidden, clear, unchecked) -> None:
    findings = tuple(finding(key, severity, f"{label} {key}") for key, severity, label in found)
    left = tuple(Unchecked(f"unchecked.{key}", f"word {key}", "elsewhere") for key in sorted(unchecked))
    result = Result("1", findings=findings, unchecked=left, clear=tuple(clear), medicines=3)
    told = without(result, hidden, clear)
    text = str(told.content())
    for key in hidden:
        assert f" {key}" not in text
        assert f".{key}'" not in text
    assert told.clear == ()
    assert told.medicines == 3 - len(hidden)
    assert sum(one.rule == HIDDEN for one in told.findings) == any(key in hidden for key, _s, _l in found)
    answers = [{"key": key, "reason": "benefit", "words": f"word {key[-2:]}"} for key in result.to_answer]
    kept = answers_without(answers, result, hidden)
    assert {answer["key"] for answer in kept} == set(told.to_answer)
    assert all(f"word {key}" not in str(kept) for key in hidden)


# == The function in the database against the rules in Python ==
def as_prescribed(line: Medication) -> Medicine:
    return queries.medicine_of(Prescription(medication=line, medicine=line.label), queries.get_known())


@pytest.mark.django_db
def test_the_database_says_as_the_rules_do() -> None:
    """Every pair of a third of the medicines that rules name."""
    lines = list(Medication.objects.prefetch_related("ingredients").order_by("key"))
    named = {term for rule in SafetyRule.objects.all() for term in (*rule.left, *rule.right)}
    first: dict[frozenset[str], Medication] = {}
    for line in lines:
        names = frozenset(one.name for one in line.ingredients.all())
        if names & named or len(names) > 1:
            first.setdefault(names, line)
    some = list(first.values())[::3]
    subjects = [(line, as_prescribed(line)) for line in some]
    knowledge = queries.get_known().knowledge
    site = SiteFactory()
    doctor, found = staff("doctor", site), 0
    for other in some:
        patient = PatientFactory(site=site)
        PrescriptionFactory(patient=patient, sensitivity="mental_health", medication=other)
        with acting_as(doctor):
            told = _asked(patient, some)
        beside = [as_prescribed(other)]
        for line, subject in subjects:
            result = check(subject, beside, Allergies(asked=True), knowledge)
            worst = worst_of(one.severity for one in result.findings)
            assert told[line.pk] == (worst, False), f"{line.label} beside {other.label}"
            found += bool(worst)
    assert found > len(some), "The pairs hold more than the same medicine twice."


def _asked(patient: Patient, lines: list[Medication]) -> dict[UUID, tuple[str, bool]]:
    """By the medicine that would be prescribed: how bad, and whether something could not be checked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line, severity, unchecked FROM unnest(%s::uuid[]) AS line, app.hidden_medicines(%s, line)",
            [[line.pk for line in lines], patient.pk],
        )
        return {line: (severity, unchecked) for line, severity, unchecked in cursor.fetchall()}


# == Who prescribes without seeing ==
@pytest.fixture
def hidden(patient, doctor):
    """Warfarin, marked; the doctor of the test is another."""
    return signed(doctor, patient, WARFARIN, sensitivity="mental_health")


def told(user, prescription) -> HiddenFindings:
    with acting_as(user):
        return hidden_findings(user, [prescription])[prescription.pk]


def times(user) -> int:
    with acting_as(user, using="audit"):
        events = AuditEvent.objects.using("audit").filter(actor_id=user.pk, action="prescriptions.check_hidden")
        return events.count()


@pytest.mark.django_db
def test_the_signature_waits_for_an_answer_to_a_medicine_that_is_not_named(patient, hidden) -> None:
    other = provider(patient)
    draft = drafted(other, patient, ASPIRIN)
    with acting_as(other):
        checked = queries.check_prescription(other, draft, NOW)
        assert [one.rule for one in checked.result.findings] == [HIDDEN]
        assert "warfarin" not in str(checked.result.content())
        assert checked.result.medicines == 0, "Its number would tell."
        with pytest.raises(actions.FindingsUnanswered):
            actions.sign_prescription(by=other, prescription=draft, now=NOW)
        answers = [Answer(key, "benefit") for key in checked.result.to_answer]
        actions.sign_prescription(by=other, prescription=draft, overrides=answers, now=NOW)
        kept = queries.last_check_of(other, draft)
    assert kept is not None
    assert kept.labels == []
    assert kept.findings[0]["rule"] == HIDDEN
    assert times(other) >= 2


@pytest.mark.django_db
def test_the_page_says_that_there_is_something_and_not_what(patient, hidden, browser) -> None:
    other = provider(patient)
    draft = drafted(other, patient, ASPIRIN)
    page = browser(other).get(f"/prescriptions/patients/{patient.pk}/{draft.pk}").content
    assert b"a medicine that you may not see" in page
    assert b"warfarin" not in page.lower()
    assert b"bleeding" not in page.lower()


@pytest.mark.django_db
def test_where_nothing_clashes_nothing_is_said_or_noted(patient, hidden) -> None:
    other = provider(patient)
    draft = drafted(other, patient, PLAIN)
    with acting_as(other):
        result = queries.check_prescription(other, draft, NOW).result
    assert result.to_answer == ()
    assert result.medicines == 0
    assert times(other) == 0


@pytest.mark.django_db
def test_who_sees_it_is_told_its_name_and_not_twice(patient, hidden, doctor) -> None:
    holds = CareRelationshipFactory(patient=patient, labels=[Sensitivity.MENTAL_HEALTH.value]).user.in_role("doctor")
    draft = drafted(doctor, patient, ASPIRIN)
    for user in (doctor, holds):
        assert told(user, draft) == HiddenFindings()
    with acting_as(doctor):
        assert HIDDEN not in {one.rule for one in queries.check_prescription(doctor, draft, NOW).result.findings}


@pytest.mark.django_db
def test_what_is_over_or_was_never_signed_counts_no_more(patient, doctor) -> None:
    over = NOW - timedelta(days=1)
    PrescriptionFactory(patient=patient, medication=medication(WARFARIN), sensitivity="mental_health", ends_at=over)
    for status in ("draft", "cancelled"):
        PrescriptionFactory(
            patient=patient, medication=medication(WARFARIN), sensitivity="mental_health", status=status
        )
    assert told(doctor, drafted(doctor, patient, ASPIRIN)) == HiddenFindings()


@pytest.mark.django_db
def test_what_cannot_be_checked_is_said_without_its_name(patient, doctor) -> None:
    PrescriptionFactory(patient=patient, medication=None, medicine="Grandma's drops", sensitivity="mental_health")
    draft = drafted(doctor, patient, PLAIN)
    with acting_as(doctor):
        result = queries.check_prescription(doctor, draft, NOW).result
    assert result.to_answer == (HIDDEN_UNCHECKED,)
    assert "Grandma" not in str(result.content())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "found"),
    [("its own", (True, False)), ("999", (False, True)), ("", (False, True))],
)
def test_what_another_system_marked_counts_by_its_code(patient, doctor, code, found) -> None:
    code = medication(WARFARIN).rxcui if code == "its own" else code
    system = {"code": code, "code_system": "rxnorm"} if code else {}
    MedicationStatementFactory(patient=patient, sensitivity="substance_use", medicine="warfarin", **system)
    other = told(doctor, drafted(doctor, patient, ASPIRIN))
    assert (bool(other.severity), other.unchecked) == found


@pytest.mark.django_db
def test_it_answers_nobody_else(patient, hidden) -> None:
    asked = drafted(provider(patient), patient, ASPIRIN)
    for user in (staff("pharmacist", patient.site), staff("front_desk", patient.site), staff("doctor")):
        assert told(user, asked) == HiddenFindings()


@pytest.mark.django_db(transaction=True)
def test_beyond_sixty_an_hour_the_check_does_not_run_and_says_so(patient, hidden) -> None:
    other, calm = provider(patient), provider(patient)
    asked = drafted(other, patient, ASPIRIN)
    with acting_as(other):
        for _time in range(61):
            record_now("prescriptions.check_hidden", by=other, patient_id=patient.pk)
        result = queries.check_prescription(other, asked, NOW).result
    assert result.problem == "broken", "It must not say that nothing was found."
    assert told(calm, drafted(calm, patient, ASPIRIN)).severity
