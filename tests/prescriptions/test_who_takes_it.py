"""The safety check goes by who takes the medicine and how much: in the verb, on the page and through /v1."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.models import SafetyCheck
from prescriptions.rules.safety import PROBLEM, Answer
from prescriptions.rules.sig import Sig
from tests.factories import EntryFactory, PatientFactory
from tests.prescriptions.conftest import NOW, allergy, drafted, provider, reload, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
TABLETS = "acetaminophen 500 mg, tablet"
ADULT = Sig(Decimal(2), "tablet", "oral", "four_times_daily", 5)
TYPED = {"dose": "2", "frequency": "four_times_daily", "duration_days": "5", "repeats": "0", "may_substitute": "on"}
BEYOND = "MAX-ACETAMINOPHEN.dose-contraindicated-1000"
HTMX = {"HX-Request": "true"}


def measured(patient, code: str, value: str, unit: str, **fields):
    kind = "vital_signs" if code == "29463-7" else "laboratory_result"
    return EntryFactory(patient=patient, kind=kind, code=code, value=Decimal(value), unit=unit, **fields)


def problem(patient, code: str, status: str = "active", **fields):
    return EntryFactory(
        patient=patient, kind="condition", code=code, code_system="icd-10-cm", clinical_status=status,
        value=None, unit="", **fields,
    )  # fmt: skip


@pytest.fixture
def child():
    made = PatientFactory(given_name="Nico", birth_date=datetime(NOW.year - 1, 1, 15, tzinfo=UTC).date())
    allergy(made, "none")
    measured(made, "29463-7", "9", "kg")
    return made


def found_in(doctor, draft, sig=None) -> dict[str, str]:
    with acting_as(doctor):
        result = queries.check_prescription(doctor, draft, NOW, sig).result
    assert not result.problem
    return {finding.rule: finding.severity for finding in result.findings}


# == A child of 9 kg ==
def test_a_child_of_nine_kilograms_with_a_dose_for_adults_is_not_signed(child) -> None:
    doctor = provider(child)
    draft = drafted(doctor, child, TABLETS, sig=ADULT)
    with acting_as(doctor), pytest.raises(actions.FindingsUnanswered) as refused:
        actions.sign_prescription(by=doctor, prescription=draft, now=NOW)
    (finding,) = refused.value.result.findings
    assert (finding.kind, finding.severity) == ("dose", "contraindicated")
    assert "9 kg" in finding.other
    assert reload(draft).status == "draft"


def test_what_is_typed_last_is_what_is_judged(child) -> None:
    doctor = provider(child)
    small = Sig(Decimal("0.25"), "tablet", "oral", "twice_daily", 5)
    draft = drafted(doctor, child, TABLETS, sig=small)
    assert found_in(doctor, draft) == {}
    assert found_in(doctor, draft, ADULT) == {"MAX-ACETAMINOPHEN": "contraindicated"}
    with acting_as(doctor), pytest.raises(actions.FindingsUnanswered):
        actions.sign_prescription(by=doctor, prescription=draft, content=actions.Content(sig=ADULT), now=NOW)


def test_the_page_stops_it_and_says_how_much_at_most(browser, child) -> None:
    doctor = provider(child)
    draft = drafted(doctor, child, TABLETS, sig=Sig(Decimal("0.25"), "tablet", "oral", "twice_daily", 5))
    client = browser(doctor)
    here = f"/prescriptions/patients/{child.pk}/{draft.pk}"
    refused = client.post(f"{here}/sign", TYPED)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "More than the highest dose" in page
    assert "at 9 kg" in page
    assert reload(draft).status == "draft"
    preview = client.post(f"{here}/change", TYPED, headers=HTMX).content.decode()
    assert "acetaminophen 1000 mg at a time" in preview
    shown = client.get(here).content.decode()
    assert "Dose" in shown
    assert "9 kg" in shown
    answered = TYPED | {f"reason.{BEYOND}": "specialist", f"words.{BEYOND}": ""}
    more = client.post(f"{here}/sign", answered | {"dose": "4"})
    assert more.status_code == 422, "the answer was given to a smaller dose"
    assert "2000 mg at a time" in more.content.decode()
    assert client.post(f"{here}/sign", answered).status_code == 302
    assert reload(draft).status == "signed"


def test_a_program_is_stopped_and_told_the_key(api, child) -> None:
    doctor = provider(child)
    draft = drafted(doctor, child, TABLETS, sig=ADULT)
    refused = api(doctor).write(f"/prescriptions/{draft.pk}/sign", {"answers": []})
    assert refused.status_code == 409
    assert refused.json()["unanswered"] == [BEYOND]


def test_the_kept_check_says_what_it_went_by(child) -> None:
    prescription = signed(provider(child), child, TABLETS, sig=ADULT)
    with as_the_system():
        kept = SafetyCheck.objects.get(prescription=prescription)
    assert any("9 kg" in words for words in kept.checked["about"])
    assert kept.findings[0]["rule"] == "MAX-ACETAMINOPHEN"
    assert kept.overrides


def test_without_a_weight_a_childs_dose_is_unchecked_and_holds(child) -> None:
    unweighed = PatientFactory(birth_date=child.birth_date)
    allergy(unweighed, "none")
    doctor = provider(unweighed)
    draft = drafted(doctor, unweighed, "amoxicillin 80 mg/mL, oral suspension", sig=None)
    sig = Sig(Decimal(5), "ml", "oral", "twice_daily", 7)
    with acting_as(doctor):
        result = queries.check_prescription(doctor, draft, NOW, sig).result
    assert result.to_answer == ("unchecked.weight_unknown",)


# == What the chart knows ==
@pytest.mark.parametrize(
    ("code", "value", "unit", "rule"),
    [
        ("33914-3", "22", "mL/min/{1.73_m2}", "KID-01"),
        ("2160-0", "3.9", "mg/dL", "KID-01"),
        ("2160-0", "0.9", "mg/dL", None),
    ],
)
def test_kidneys_by_the_laboratory_or_by_creatinine(code, value, unit, rule) -> None:
    patient = PatientFactory(sex="female", birth_date=datetime(1958, 3, 1, tzinfo=UTC).date())
    allergy(patient, "none")
    measured(patient, code, value, unit)
    doctor = provider(patient)
    found = found_in(doctor, drafted(doctor, patient, "metformin 500 mg, tablet"))
    assert set(found) == ({rule} if rule else set())


def test_a_pregnancy_on_the_list_of_problems_counts_until_it_is_over() -> None:
    patient = PatientFactory(sex="female", birth_date=datetime(1994, 3, 1, tzinfo=UTC).date())
    allergy(patient, "none")
    doctor = provider(patient)
    draft = drafted(doctor, patient, "lisinopril 10 mg, tablet")
    with acting_as(doctor):
        before = queries.check_prescription(doctor, draft, NOW).result
    assert "pregnancy_unknown" in [one.why for one in before.unchecked]
    assert before.to_answer == ()
    problem(patient, "Z34.80", "resolved")
    problem(patient, "O80")
    assert found_in(doctor, draft) == {}
    problem(patient, "Z34.90")
    assert found_in(doctor, draft) == {"PRG-05": "contraindicated"}


def test_a_marked_pregnancy_is_not_told_by_the_kept_check_to_others() -> None:
    patient = PatientFactory(sex="female", birth_date=datetime(1994, 3, 1, tzinfo=UTC).date())
    allergy(patient, "none")
    doctor = provider(patient)
    problem(patient, "O09.90", sensitivity="reproductive", author=doctor)
    prescription = signed(doctor, patient, "lisinopril 10 mg, tablet")
    with as_the_system():
        kept = list(SafetyCheck.objects.filter(prescription=prescription).order_by("-labels__len"))
    assert [check.labels for check in kept] == [["reproductive"], []]
    assert "PRG-05" in str(kept[0].findings)
    assert "PRG" not in str([kept[1].findings, kept[1].overrides])
    assert "regnan" not in str([kept[1].findings, kept[1].overrides])
    assert kept[1].checked["medicines"] == 0


def test_without_rules_the_dose_says_nothing_while_it_is_typed_and_the_signature_waits(child) -> None:
    doctor = provider(child)
    draft = drafted(doctor, child, TABLETS, sig=ADULT)
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM prescriptions_safetyrule")
    with acting_as(doctor):
        assert queries.dose_findings(doctor, draft, ADULT, NOW) == []
        with pytest.raises(actions.FindingsUnanswered) as refused:
            actions.sign_prescription(by=doctor, prescription=draft, now=NOW)
        assert refused.value.missing == (PROBLEM,)
        answers = [Answer(PROBLEM, "other_source", "Looked it up in the book")]
        actions.sign_prescription(by=doctor, prescription=draft, overrides=answers, now=NOW)


def test_by_hand_no_dose_is_judged(child) -> None:
    doctor = provider(child)
    draft = drafted(doctor, child, "zinc paste")
    with acting_as(doctor):
        assert queries.dose_findings(doctor, draft, ADULT, NOW) == []


def test_forty_medicines_and_ten_allergies_take_as_many_queries_as_one(child) -> None:
    doctor = provider(child)

    def queries_of(patient) -> int:
        draft = drafted(doctor, patient, TABLETS, sig=ADULT)
        with (
            acting_as(doctor),
            CaptureQueriesContext(
                connection,
            ) as caught,
        ):
            assert not queries.check_prescription(doctor, draft, NOW).result.problem
        return len(caught)

    queries_of(child)  # the rules are read once for each state of them
    few = queries_of(child)
    for number in range(10):
        allergy(child, f"pink pill {number}")
        signed(doctor, child, "loratadine 10 mg, tablet")
    assert queries_of(child) == few
