"""A medicine from elsewhere counts in the safety check, by code or by words; what is not known is said to be so."""

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from healthcare.db.context import acting_as
from prescriptions import queries
from prescriptions.models import SafetyCheck
from prescriptions.rules.outside import recognise
from prescriptions.rules.safety import Allergies as AllergyAnswers
from prescriptions.rules.safety import Medicine, Substance, check, knowledge_of, substance
from tests.factories import EntryFactory, MedicationStatementFactory
from tests.prescriptions.conftest import NOW, drafted, signed
from tests.roles import as_the_system

NAMES = {
    name: (substance(name, ()),)
    for name in ("acetaminophen", "hydrocodone", "simvastatin", "penicillin v", "fluticasone", "salmeterol", "codeine")
} | {
    "tylenol": (substance("acetaminophen", ()),),
    "norco": (substance("acetaminophen", ()), substance("hydrocodone", ())),
}


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("Simvastatin 20 MG Oral Tablet", {"simvastatin"}, ()),
        ("Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet", {"acetaminophen", "hydrocodone"}, ()),
        ("Penicillin V Potassium 250 MG Oral Tablet", {"penicillin v"}, ()),
        (
            "Fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler",
            {"fluticasone", "salmeterol"},
            (),
        ),
        ("Norco", {"acetaminophen", "hydrocodone"}, ()),
        ("24 HR Simvastatin 10 MG [Zocor]", {"simvastatin"}, ()),
        ("NDA020800 0.3 ML Simvastatin 1 MG/ML Auto-Injector", {"simvastatin"}, ()),
        ("acetaminophen codeine", {"acetaminophen", "codeine"}, ()),
        ("acetaminophen, oral tablet", {"acetaminophen"}, ()),
        ("Acetaminophen 21.7 MG/ML / doxylamine succinate 0.4 MG/ML", {"acetaminophen"}, ("doxylamine succinate",)),
        ("Acetaminophen mystery 5 MG", {"acetaminophen"}, ("mystery",)),
        ("Acetaminophen / Magnesium Oxide", {"acetaminophen"}, ("magnesium oxide",)),
        ("Simvistatin 10 MG", set(), ("simvistatin",)),
        ("Zorblax 28 Day Pack", set(), ("zorblax",)),
        ("[Tylenol]", {"acetaminophen"}, ()),
        ("10 MG Tablet", set(), ()),
        ("", set(), ()),
    ],
)
def test_substances_in_the_words_of_another_system(text, found, unknown) -> None:
    read = recognise(text, NAMES)
    assert ({one.name for one in read.substances}, read.unknown) == (found, unknown)


@given(some.text(max_size=120))
def test_any_words_are_read_and_nothing_is_invented(text) -> None:
    assert {one.name for one in recognise(text, NAMES).substances} <= {
        one.name for known in NAMES.values() for one in known
    }


@given(some.lists(some.sampled_from(sorted(NAMES)), min_size=1, max_size=4))
def test_every_name_that_stands_in_it_is_found(names) -> None:
    found = {one.name for one in recognise(" 5 MG / ".join(names), NAMES).substances}
    assert found == {one.name for name in names for one in NAMES[name]}


def test_what_is_partly_known_is_checked_and_said_to_be_partly_checked() -> None:
    subject = Medicine("1", "simvastatin", NAMES["simvastatin"])
    partly = Medicine("2", "tylenol and more", NAMES["tylenol"], elsewhere=True, unknown=("more",))
    nothing = Medicine("3", "a mystery", elsewhere=True)
    rule = knowledge_of("1", []).rules
    assert rule == ()
    known = knowledge_of("1", [_rule("simvastatin", "acetaminophen")])
    result = check(subject, [partly, nothing], AllergyAnswers(asked=True), known)
    assert [finding.other for finding in result.findings] == ["tylenol and more"]
    assert [(one.what, one.why) for one in result.unchecked] == [
        ("tylenol and more", "partly"),
        ("a mystery", "elsewhere"),
    ]
    assert result.clear == ()


def _rule(left: str, right: str):
    from prescriptions.rules.safety import Rule

    return Rule("T", "interaction", frozenset({left}), frozenset({right}), "severe", "t", "m", "a", "s")


# == With the project's own knowledge ==
@pytest.fixture
def verdict(patient, doctor):
    def of(label: str):
        draft = drafted(doctor, patient, label)
        with acting_as(doctor):
            return queries.check_prescription(doctor, draft, NOW)

    return of


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"medicine": "Simvastatin 20 MG Oral Tablet"},
        {"medicine": "Zocor"},
        {"medicine": "Something in another language", "code": "312961", "code_system": "rxnorm"},
    ],
)
def test_an_active_medicine_from_elsewhere_holds_the_signature(patient, verdict, fields) -> None:
    row = MedicationStatementFactory(patient=patient, **fields)
    assert fields.get("code") in {None, *_known_codes()}
    found = verdict("clarithromycin 500 mg, tablet")
    assert [finding.other for finding in found.result.findings] == [row.medicine]
    assert found.result.findings[0].severity == "contraindicated"
    assert [(one.medicine, one.elsewhere, one.mark) for one in queries.taken_with_marks(found, timezone.now())] == [
        (row.medicine, True, "contraindicated")
    ]


def _known_codes() -> set[str]:
    with as_the_system():
        return set(queries.get_known().rxnorm)


@pytest.mark.django_db
def test_what_is_not_recognised_is_named_as_unchecked_and_holds_the_signature(
    patient, doctor, verdict, browser
) -> None:
    MedicationStatementFactory(patient=patient, medicine="Zorblax 28 Day Pack")
    MedicationStatementFactory(patient=patient, medicine="Acetaminophen / Mysterin 5 MG")
    result = verdict("amoxicillin 500 mg, capsule").result
    assert {one.what: one.why for one in result.unchecked} == {
        "Zorblax 28 Day Pack": "elsewhere",
        "Acetaminophen / Mysterin 5 MG": "partly",
    }
    assert len(result.to_answer) == 2
    page = browser(doctor).get(f"/prescriptions/patients/{patient.pk}/{_draft_of(patient)}").content.decode()
    assert "Not checked: Zorblax 28 Day Pack" in page
    assert "Another system says that it is taken" in page
    assert "The rest was checked" in page
    assert "From elsewhere" in page


def _draft_of(patient):
    from prescriptions.models import Prescription

    with as_the_system():
        return Prescription.objects.filter(patient=patient, status="draft").latest("created_at").pk


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"status": "stopped"}, {"status": "entered-in-error"}, {"superseded_at": NOW}])
def test_what_is_over_is_not_checked_against(patient, verdict, fields) -> None:
    MedicationStatementFactory(patient=patient, **fields)
    assert verdict("clarithromycin 500 mg, tablet").result.medicines == 0


@pytest.mark.django_db
def test_the_same_medicine_here_and_elsewhere_is_said_to_be_twice(patient, verdict) -> None:
    MedicationStatementFactory(patient=patient, medicine="Amoxicillin 250 MG Oral Capsule")
    found = verdict("amoxicillin 500 mg, capsule").result
    assert [finding.kind for finding in found.findings] == ["duplicate"]


@pytest.mark.django_db
def test_the_kept_check_shows_what_was_not_checked(patient, doctor) -> None:
    MedicationStatementFactory(patient=patient, medicine="Zorblax 28 Day Pack")
    prescription = signed(doctor, patient)
    with as_the_system():
        kept = SafetyCheck.objects.get(prescription=prescription)
    assert [one["why"] for one in kept.unchecked] == ["elsewhere"]
    assert kept.checked["medicines"] == 1


# == Allergies with codes ==
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("display", "code", "found"),
    [
        ("AAS (en español)", "1191", True),  # RxNorm: aspirin
        ("Allergy to aspirin", "", True),
        ("AAS (en español)", "", False),
        ("Allergy to bee venom", "424213003", False),
    ],
)
def test_an_imported_allergy_is_known_by_its_rxnorm_code_or_its_words(patient, verdict, display, code, found) -> None:
    EntryFactory(
        patient=patient,
        kind="allergy",
        display=display,
        code=code,
        code_system="rxnorm" if code == "1191" else "snomed",
        clinical_status="active",
        value=None,
        unit="",
    )
    result = verdict("aspirin 81 mg, tablet").result
    assert any(finding.kind == "allergy" for finding in result.findings) is found
    known = display != "AAS (en español)" or code == "1191"
    assert any(one.what == display for one in result.unchecked) is not known


def test_a_substance_is_equal_by_what_it_is() -> None:
    assert Substance("a", frozenset({"a"})) == substance("a", ())
