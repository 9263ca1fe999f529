"""What a patient reads beside a value: what it may mean, after whom, whether somebody has read it; short names."""

import pytest
from django.utils.translation import override

from records.kinds.laboratory_result import NAMES
from records.kinds.meanings import MEANINGS, SOURCE, meaning_of
from records.kinds.order_names import ORDER_NAMES, order_name
from records.rules.orders import CATALOGUE
from tests.events.draining import drain
from tests.factories import EntryFactory, ServiceRequestFactory, portal_user
from tests.patients.conftest import sign_in
from tests.records.measuring import result


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_each_says_one_neutral_sentence_on_a_side(code: str) -> None:
    """Of a test that people know by name, with its page; and nothing of what the reader has."""
    assert code in NAMES
    found = [meaning_of(code, flag) for flag in ("low", "critical_low", "high", "critical_high")]
    assert any(sentence for sentence, _page in found)
    for sentence, page in found:
        assert not sentence or (sentence.endswith(".") and len(sentence) < 130 and page.startswith(SOURCE))
        assert "you have" not in sentence


def test_in_range_or_unknown_nothing_is_said() -> None:
    assert meaning_of("4548-4", "") == meaning_of("4548-4", "low") == meaning_of("no-such", "high") == ("", "")


def test_everything_in_the_catalogue_has_a_short_name() -> None:
    with override("en"):
        for code, one in CATALOGUE.items():
            assert code in NAMES or code in ORDER_NAMES
            assert len(order_name(one)) <= 32
        order = ServiceRequestFactory.build(code_system="other", code="58410-2", display="Theirs")
        assert order_name(order) == "Theirs"
        assert order_name(ServiceRequestFactory.build(code="1", display="New")) == "New"


@pytest.mark.django_db
def test_the_patient_reads_what_it_may_mean_and_that_nobody_has_read_it(rosa, nurse) -> None:
    high, critical = result(nurse, rosa, "7.4"), result(nurse, rosa, "6.9", code="2823-3")
    fine = result(nurse, rosa, "5.2")
    drain()
    client = sign_in(portal_user(rosa))
    page = client.get(f"/portal/results/{high.pk}/").text
    assert "they can be a sign of diabetes" in page
    assert "medlineplus.gov/lab-tests/hemoglobin-a1c-hba1c-test" in page
    assert "No clinician has read this yet" in page
    assert "call the clinic today" not in page
    urgent = client.get(f"/portal/results/{critical.pk}/").text
    assert "call the clinic today" in urgent
    assert "911" in urgent
    assert "That is what is common" not in client.get(f"/portal/results/{fine.pk}/").text


@pytest.mark.django_db
def test_a_report_has_its_short_name(rosa) -> None:
    words = {"text": "No fracture.", "category": "imaging"}
    report = EntryFactory(
        patient=rosa,
        kind="diagnostic_report",
        code="36643-5",
        display="XR Chest 2 Views",
        value=None,
        unit="",
        data=words,
    )
    page = sign_in(portal_user(rosa)).get(f"/portal/results/{report.pk}/").text
    assert "<h1>Chest X-ray, 2 views</h1>" in page
    assert "XR Chest 2 Views" in page
