"""Rules on who takes it and how much: age, weight, kidneys, pregnancy and doses."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prescriptions.knowledge import medication_lines
from prescriptions.rules.people import CONDITIONS, Dosing, Person, dosing_of, egfr_of, with_person
from prescriptions.rules.safety import BROKEN, Result, Rule, check, failed, knowledge_of
from prescriptions.rules.sig import FREQUENCIES, Sig
from tests.prescriptions.test_knowledge import RULES
from tests.prescriptions.test_safety import ASKED, KNOWN, medicine

LINES = {line.label: line for line in medication_lines()}
GROWN = Person(45 * 12, "male", Decimal(80), "Nov 2, 2026", 90, "Nov 2, 2026")
INFANT = Person(age_months=10, sex="male", weight=Decimal(9), weighed="Nov 2, 2026")
SCHOOL = Person(age_months=8 * 12, sex="female", weight=Decimal(25), weighed="Nov 2, 2026")
WOMAN = Person(30 * 12, "female", Decimal(62), "Nov 2, 2026", 95, "Nov 2, 2026")
PREGNANT = replace(WOMAN, pregnancy="0193-entry")
OLD = replace(GROWN, age_months=82 * 12)
LIMITS = {*CONDITIONS, "everywhere", *(f"{span}_mg{per}" for span in ("dose", "day", "week") for per in ("", "_kg"))}


def asked(label: str, person: Person, *, dose: str = "1", frequency: str = "once_daily") -> Result:
    line = LINES[label]
    sig = Sig(Decimal(dose), line.dose_unit, line.route, frequency, 7)
    subject = medicine(*line.ingredients)
    dosing = dosing_of(sig, line.ingredients, line.strength)
    return with_person(check(subject, [], ASKED, KNOWN), subject, dosing, person, KNOWN)


def rules_of(result: Result) -> list[str]:
    return [finding.rule for finding in result.findings]


# == Doses ==
@pytest.mark.parametrize(
    ("label", "dose", "frequency", "severity"),
    [
        ("acetaminophen 500 mg, tablet", "2", "four_times_daily", "contraindicated"),
        ("acetaminophen 32 mg/mL, oral suspension", "10", "every_6_hours", "contraindicated"),
        ("acetaminophen 32 mg/mL, oral suspension", "6", "every_6_hours", "severe"),
        ("ibuprofen 400 mg, tablet", "1", "three_times_daily", "contraindicated"),
        ("amoxicillin 875 mg, tablet", "1", "twice_daily", "severe"),
        ("azithromycin 500 mg, tablet", "1", "once_daily", "severe"),
        ("cephalexin 500 mg, capsule", "1", "four_times_daily", "contraindicated"),
    ],
)
def test_a_child_of_nine_kilograms_with_a_dose_for_adults_is_stopped(label, dose, frequency, severity) -> None:
    result = asked(label, INFANT, dose=dose, frequency=frequency)
    worst = next(one for one in result.findings if one.kind == "dose")
    assert worst.severity == severity
    assert worst.key in result.to_answer
    assert "9 kg" in worst.other
    assert worst.source


def test_it_says_how_much_and_how_much_at_most() -> None:
    result = asked("acetaminophen 500 mg, tablet", INFANT, dose="1", frequency="twice_daily")
    said = next(one.other for one in result.findings if one.kind == "dose")
    assert said == "acetaminophen 500 mg at a time; at most 149 mg at 9 kg (Nov 2, 2026)"


@pytest.mark.parametrize(
    ("label", "person", "dose", "frequency"),
    [
        ("acetaminophen 32 mg/mL, oral suspension", INFANT, "4", "every_6_hours"),
        ("amoxicillin 80 mg/mL, oral suspension", INFANT, "5", "twice_daily"),
        ("ibuprofen 20 mg/mL, oral suspension", SCHOOL, "12.5", "three_times_daily"),
        ("acetaminophen 500 mg, tablet", GROWN, "2", "four_times_daily"),
        ("ibuprofen 800 mg, tablet", GROWN, "1", "three_times_daily"),
        ("methotrexate 2.5 mg, tablet", GROWN, "6", "once_weekly"),
        ("alendronate 70 mg, tablet", GROWN, "1", "once_weekly"),
        ("alendronate 10 mg, tablet", GROWN, "1", "once_daily"),
        ("azithromycin 500 mg, tablet", GROWN, "4", "once"),
    ],
)
def test_a_usual_dose_says_nothing(label, person, dose, frequency) -> None:
    result = asked(label, person, dose=dose, frequency=frequency)
    assert [one for one in result.findings if one.kind == "dose"] == []
    assert [one.why for one in result.unchecked if one.must_be_answered] == []


def test_methotrexate_each_day_and_a_weekly_tablet_each_day_are_contraindicated() -> None:
    for label in ("methotrexate 2.5 mg, tablet", "alendronate 70 mg, tablet"):
        result = asked(label, GROWN, dose="6" if "metho" in label else "1", frequency="once_daily")
        assert ("contraindicated", "dose") in {(one.severity, one.kind) for one in result.findings}


def test_a_child_whose_weight_nobody_knows_and_a_medicine_without_a_childs_dose_are_unchecked() -> None:
    unweighed = asked("amoxicillin 80 mg/mL, oral suspension", replace(INFANT, weight=None, weighed=""), dose="5")
    assert "unchecked.weight_unknown" in unweighed.to_answer
    unknown = asked("carvedilol 25 mg, tablet", INFANT)
    assert "unchecked.child_dose" in unknown.to_answer
    local = asked("hydrocortisone 1%, cream", INFANT)
    assert local.to_answer == ()
    assert asked("carvedilol 25 mg, tablet", GROWN).unchecked == ()


def test_a_dose_that_cannot_be_reckoned_is_unchecked_and_holds() -> None:
    subject = replace(medicine("acetaminophen"), label="acetaminophen 500 mg, tablet", route="oral")
    for unit, route in (("ml", "oral"), ("g", "oral"), ("drop", "topical")):
        sig = Sig(Decimal(10), unit, route, "four_times_daily", 7)
        result = with_person(
            check(subject, [], ASKED, KNOWN), subject, dosing_of(sig, ["acetaminophen"], "500 mg"), GROWN, KNOWN
        )
        assert result.to_answer == ("unchecked.dose_unknown",)


def test_directions_for_the_skin_do_not_hide_a_tablet_from_the_rules() -> None:
    subject = replace(medicine("acetaminophen"), route="oral")
    sig = Sig(Decimal(4), "tablet", "topical", "four_times_daily", 7)
    dosing = dosing_of(sig, ["acetaminophen"], "500 mg")
    assert rules_of(with_person(check(subject, [], ASKED, KNOWN), subject, dosing, GROWN, KNOWN)) == [
        "MAX-ACETAMINOPHEN"
    ]


def test_a_gel_of_testosterone_counts_in_pregnancy() -> None:
    gels = [line for line in LINES.values() if line.ingredients == ("testosterone",) and line.form == "gel"]
    for gel in gels:
        assert "PRG-02" in rules_of(asked(gel.label, PREGNANT))


def test_limits_by_age_count_for_that_age_alone() -> None:
    assert "MAX-CITALOPRAM-2" in rules_of(asked("citalopram 40 mg, tablet", OLD))
    assert "MAX-CITALOPRAM-2" not in rules_of(asked("citalopram 40 mg, tablet", GROWN))
    small = replace(SCHOOL, age_months=4 * 12, weight=Decimal(16))
    assert "MAX-CETIRIZINE-2" in rules_of(asked("cetirizine 10 mg, tablet", small))
    assert "unchecked.child_dose" not in asked("cetirizine 10 mg, tablet", small).to_answer


def test_micrograms_grams_and_millilitres_are_reckoned_and_percent_is_not() -> None:
    def amounts(label: str, dose: str) -> dict[str, Decimal]:
        line = LINES[label]
        sig = Sig(Decimal(dose), line.dose_unit, line.route, "twice_daily", 7)
        return dict(dosing_of(sig, line.ingredients, line.strength).amounts)

    assert amounts("levothyroxine 100 mcg, tablet", "1") == {"levothyroxine": Decimal("0.1")}
    assert amounts("valacyclovir 1 g, tablet", "1") == {"valacyclovir": Decimal(1000)}
    assert amounts("amoxicillin 80 mg/mL, oral suspension", "5") == {"amoxicillin": Decimal(400)}
    assert amounts("clobetasol 0.05%, cream", "1") == {}
    assert amounts("vitamin d3 50,000 units, capsule", "1") == {}
    assert "mcg" in asked("levothyroxine 200 mcg, tablet", GROWN, dose="2").findings[0].other


@given(st.decimals(3, 49, places=1), st.decimals("0.25", 8, places=2), st.sampled_from(sorted(FREQUENCIES)))
def test_what_is_right_for_the_lighter_is_right_for_the_heavier(weight, dose, frequency) -> None:
    def over(kg: Decimal) -> bool:
        person = replace(SCHOOL, weight=kg)
        found = asked("ibuprofen 20 mg/mL, oral suspension", person, dose=str(dose), frequency=frequency)
        return any(one.kind == "dose" for one in found.findings)

    assert over(weight) or not over(weight + 1)


# == Who takes it ==
@pytest.mark.parametrize(
    ("label", "person", "rule", "severity"),
    [
        ("tramadol 50 mg, tablet", SCHOOL, "AGE-01", "contraindicated"),
        ("aspirin 81 mg, tablet", SCHOOL, "AGE-02", "severe"),
        ("doxycycline 100 mg, capsule", INFANT, "AGE-03", "severe"),
        ("promethazine 12.5 mg, tablet", INFANT, "AGE-05", "contraindicated"),
        ("diphenhydramine 25 mg, tablet", OLD, "AGE-21", "moderate"),
        ("zolpidem 5 mg, tablet", OLD, "AGE-20", "moderate"),
        ("lisinopril 10 mg, tablet", PREGNANT, "PRG-05", "contraindicated"),
        ("isotretinoin 20 mg, capsule", PREGNANT, "PRG-01", "contraindicated"),
        ("warfarin 5 mg, tablet", PREGNANT, "PRG-04", "contraindicated"),
        ("ibuprofen 400 mg, tablet", PREGNANT, "PRG-11", "severe"),
        ("metformin 500 mg, tablet", replace(GROWN, egfr=22), "KID-01", "contraindicated"),
        ("nitrofurantoin 100 mg, capsule", replace(OLD, egfr=25), "KID-05", "contraindicated"),
        ("ibuprofen 400 mg, tablet", replace(GROWN, egfr=28), "KID-03", "severe"),
        ("prasugrel 10 mg, tablet", replace(GROWN, weight=Decimal(55)), "WGT-01", "moderate"),
    ],
)
def test_cautions_of_age_weight_pregnancy_and_kidneys(label, person, rule, severity) -> None:
    found = {one.rule: one for one in asked(label, person).findings}
    assert found[rule].severity == severity
    assert found[rule].other
    assert rule not in rules_of(asked(label, replace(GROWN, sex="male")))


def test_the_rule_for_worse_kidneys_speaks_alone_unless_it_is_the_milder_one() -> None:
    def said(*rules: Rule) -> list[str]:
        known = knowledge_of("1", rules)
        subject = replace(medicine("ibuprofen"), route="oral")
        found = with_person(check(subject, [], ASKED, known), subject, None, replace(GROWN, egfr=20), known)
        return rules_of(found)

    by_code = {rule.code: rule for rule in RULES}
    worse, bad, other = by_code["KID-03"], by_code["KID-04"], replace(by_code["KID-01"], left=frozenset({"ibuprofen"}))
    assert said(worse, bad) == ["KID-03"]
    assert said(worse, bad, other) == ["KID-01", "KID-03"]
    assert said(worse, replace(bad, severity="contraindicated")) == ["KID-04", "KID-03"]


def test_a_larger_dose_is_another_finding() -> None:
    keys = {
        asked("acetaminophen 500 mg, tablet", GROWN, dose=dose, frequency="once_daily").to_answer
        for dose in ("3", "4", "5")
    }
    assert len(keys) == 3


def test_on_the_skin_and_in_the_eye_they_say_nothing() -> None:
    assert asked("ciprofloxacin 0.3%, eye drops", SCHOOL).findings == ()


def test_what_is_not_known_of_a_grown_person_is_said_and_holds_nothing() -> None:
    nobody = replace(WOMAN, egfr=None, egfr_of="")
    result = asked("metformin 500 mg, tablet", nobody)
    assert [one.why for one in result.unchecked] == ["kidney_unknown"]
    assert result.to_answer == ()
    assert [one.why for one in asked("lisinopril 10 mg, tablet", WOMAN).unchecked] == ["pregnancy_unknown"]
    assert asked("lisinopril 10 mg, tablet", GROWN).unchecked == ()
    assert "kidney function not known" in result.about


def test_without_a_date_of_birth_rules_on_age_are_unchecked() -> None:
    result = asked("tramadol 50 mg, tablet", Person())
    assert "unchecked.age_unknown" in result.to_answer
    assert result.about == ("age not known", "weight not known", "kidney function not known")


def test_the_finding_on_pregnancy_names_the_entry_that_says_so() -> None:
    keys = [one.key for one in asked("lisinopril 10 mg, tablet", PREGNANT).findings]
    assert keys == ["PRG-05.0193-entry"]


def test_without_directions_the_person_is_judged_and_the_dose_is_not() -> None:
    subject = replace(medicine("tramadol"), route="oral")
    result = with_person(check(subject, [], ASKED, KNOWN), subject, None, SCHOOL, KNOWN)
    assert rules_of(result) == ["AGE-01"]
    assert result.unchecked == ()


def test_a_check_that_did_not_run_stays_one() -> None:
    broken = failed(BROKEN)
    dosing = Dosing("oral", Decimal(1))
    assert with_person(broken, medicine("tramadol"), dosing, SCHOOL, KNOWN) == broken


# == Kidneys ==
@pytest.mark.parametrize(
    ("creatinine", "years", "sex", "expected"),
    [("1.0", 50, "male", 92), ("1.0", 50, "female", 69), ("2.5", 70, "male", 27), ("0.6", 30, "female", 124)],
)
def test_kidney_function_follows_from_creatinine(creatinine, years, sex, expected) -> None:
    """By CKD-EPI 2021, worked out by hand; give or take the rounding."""
    assert abs(egfr_of(Decimal(creatinine), years, sex) - expected) <= 1


@given(st.decimals("0.3", 12, places=2), st.integers(18, 100))
def test_the_lower_of_both_where_the_sex_is_not_known(creatinine, years) -> None:
    both = [egfr_of(creatinine, years, sex) for sex in ("female", "male")]
    assert egfr_of(creatinine, years, "unknown") == min(both)
    assert egfr_of(creatinine, years + 1, "male") <= both[1]


# == The data ==
def test_every_limit_is_one_that_the_rules_know() -> None:
    for rule in RULES:
        if rule.kind in ("interaction", "allergy"):
            assert rule.right, rule.code
            assert rule.limits == {}, rule.code
        else:
            assert rule.limits, rule.code
            assert set(rule.limits) <= LIMITS, rule.code
            assert not rule.right, rule.code
        if rule.kind == "dose":
            assert any("_mg" in name for name in rule.limits), rule.code
