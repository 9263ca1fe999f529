"""Order sets: arranged by administrators for a site or all, begun by a doctor as drafts for one patient."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.admin_pages import CONFIRMED
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.models import Medication, OrderSet, OrderSetLine, Prescription
from prescriptions.rules.sig import Sig
from tests.factories import MedicationFactory, OrderSetFactory, OrderSetLineFactory, SiteFactory, staff
from tests.patients.conftest import sign_in
from tests.prescriptions.conftest import NOW, drafted, medication, provider
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
LISINOPRIL, AMLODIPINE = "lisinopril 20 mg, tablet", "amlodipine 5 mg, tablet"
DAILY = Sig(Decimal(1), "tablet", "oral", "once_daily", 30, ongoing=True)


@pytest.fixture
def boss(patient) -> Any:
    return staff("administrator", patient.site)


def line(label: str, sig: Sig | None = DAILY, **content: Any) -> actions.Line:
    return actions.Line(medication(label), actions.Content(sig, **content))


def arranged(by: Any, *lines: actions.Line, name: str = "Hypertension, start", **more: Any) -> OrderSet:
    with acting_as(by):
        return actions.arrange_order_set(by=by, **{"site": None, "name": name, "lines": lines, **more})


def both(by: Any, **more: Any) -> OrderSet:
    return arranged(by, line(LISINOPRIL, repeats=2, reason="High blood pressure"), line(AMLODIPINE), **more)


def begun(doctor: Any, patient: Any, order_set: OrderSet) -> actions.Begun:
    with acting_as(doctor):
        return actions.prescribe_order_set(by=doctor, patient=patient, order_set=order_set, encounter=None, now=NOW)


def no_longer_offered(*labels: str) -> None:
    with taking_role("owner"):
        Medication.objects.filter(label__in=labels).update(active=False)


def offered(doctor: Any, patient: Any, text: str = "") -> list[str]:
    with acting_as(doctor):
        return [one.order_set.name for one in queries.order_sets_for(patient, text)]


# == Arranged ==
def test_an_administrator_arranges_a_set_and_changes_it(boss) -> None:
    row = both(boss, name="  Hypertension,   start ")
    assert (row.name, row.site, row.active) == ("Hypertension, start", None, True)
    with acting_as(boss):
        lines = list(row.lines.order_by("position"))
        assert [(one.position, one.medication.label, one.repeats, one.reason) for one in lines] == [
            (1, LISINOPRIL, 2, "High blood pressure"),
            (2, AMLODIPINE, 0, ""),
        ]
        assert (lines[0].words, lines[0].quantity_words) == ("Take 1 tablet by mouth once a day.", "30 tablets")
    arranged(boss, line(AMLODIPINE), name="Other", order_set=row, active=False)
    with acting_as(boss):
        assert [one.medication.label for one in row.lines.all()] == [AMLODIPINE]
        assert not OrderSet.objects.usable().exists()
    with taking_role("owner"):
        events = AuditEvent.objects.filter(action="prescriptions.arrange_order_set", target_id=row.pk)
        assert [event.detail["new"] for event in events.order_by("id")] == [True, False]


def test_unit_and_route_are_those_of_the_medicine(boss) -> None:
    odd = Sig(Decimal(1), "ml", "nasal", "once_daily", 30)
    row = arranged(boss, line(LISINOPRIL, odd))
    with acting_as(boss):
        kept = row.lines.get().directions
    assert (kept.dose_unit, kept.route) == ("tablet", "oral")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "at least one"),
        ([(LISINOPRIL, DAILY), (LISINOPRIL, DAILY)], "in it twice"),
        ([(LISINOPRIL, None)], "cannot be followed"),
        ([(LISINOPRIL, Sig(Decimal(0), "tablet", "oral", "once_daily", 30))], "cannot be followed"),
    ],
)
def test_what_cannot_be_arranged_is_said(boss, lines, says) -> None:
    with pytest.raises(actions.NotArranged, match=says):
        arranged(boss, *(line(label, sig) for label, sig in lines))


def test_a_set_is_short_has_a_name_of_its_own_and_repeats_that_can_be(boss) -> None:
    row = both(boss)
    many = [actions.Line(MedicationFactory(), actions.Content(DAILY)) for _each in range(9)]
    for lines, name, says in (
        (many, "Many", "at most 8"),
        ([line(LISINOPRIL)], " ", "Give it a name"),
        ([line(LISINOPRIL)], "HYPERTENSION, start", "has this name"),
        ([line(LISINOPRIL, repeats=13)], "Often", "cannot be followed"),
    ):
        with pytest.raises(actions.NotArranged, match=says):
            arranged(boss, *lines, name=name)
    elsewhere = both(boss, site=SiteFactory())
    both(boss, order_set=row, active=False)
    assert both(boss).pk not in (row.pk, elsewhere.pk)


def test_what_is_no_longer_offered_stays_in_a_set_and_comes_into_none(boss) -> None:
    row = both(boss)
    no_longer_offered(AMLODIPINE)
    both(boss, order_set=row)
    with pytest.raises(actions.NotArranged, match="no longer offered"):
        arranged(boss, line(AMLODIPINE), name="New")


def test_only_administrators_arrange(boss, doctor) -> None:
    with pytest.raises(NotAllowed):
        both(doctor)


def test_the_database_keeps_no_line_without_directions_and_no_name_that_is_none() -> None:
    with pytest.raises(IntegrityError, match="order_set_line_is_whole"), transaction.atomic():
        OrderSetLineFactory(sig={})
    with pytest.raises(IntegrityError, match="order_set_has_a_name"), transaction.atomic():
        OrderSetFactory(name="")
    with pytest.raises(ValueError, match="without directions"):
        _ = OrderSetLine(sig={}).directions


# == Begun ==
def test_each_line_becomes_a_draft_and_nothing_is_signed(boss, doctor, patient) -> None:
    found = begun(doctor, patient, both(boss))
    assert found.gone == []
    told = [(one.medicine, one.sig_text, one.repeats, one.reason, one.status) for one in found.drafts]
    assert told == [
        (LISINOPRIL, "Take 1 tablet by mouth once a day.", 2, "High blood pressure", "draft"),
        (AMLODIPINE, "Take 1 tablet by mouth once a day.", 0, "", "draft"),
    ]
    with taking_role("owner"):
        event = AuditEvent.objects.get(action="prescriptions.prescribe_order_set")
        assert (event.patient_id, event.detail["lines"]) == (patient.pk, 2)


def test_chosen_twice_there_is_one_of_each_and_what_one_writes_already_is_taken_as_it_is(boss, doctor, patient) -> None:
    mine = drafted(doctor, patient, AMLODIPINE)
    drafted(provider(patient), patient, LISINOPRIL)
    row = both(boss)
    first, second = begun(doctor, patient, row), begun(doctor, patient, row)
    assert [one.pk for one in first.drafts] == [one.pk for one in second.drafts]
    assert first.drafts[1].pk == mine.pk
    with as_the_system():
        assert Prescription.objects.count() == 3


def test_what_is_no_longer_offered_is_named_and_the_rest_begins(boss, doctor, patient) -> None:
    row = both(boss)
    no_longer_offered(AMLODIPINE)
    found = begun(doctor, patient, row)
    assert [one.medicine for one in found.drafts] == [LISINOPRIL]
    assert found.gone == [AMLODIPINE]
    no_longer_offered(LISINOPRIL)
    with pytest.raises(actions.NotPrescribable, match="Nothing of this set"):
        begun(doctor, patient, row)


def test_a_set_of_elsewhere_or_given_up_begins_nothing(boss, doctor, patient) -> None:
    elsewhere, here = both(boss, site=SiteFactory()), both(boss, site=patient.site)
    assert offered(doctor, patient) == ["Hypertension, start"]
    with pytest.raises(actions.NotPrescribable, match="no longer used here"):
        begun(doctor, patient, elsewhere)
    both(boss, order_set=here, site=patient.site, active=False)
    assert offered(doctor, patient) == []
    with pytest.raises(actions.NotPrescribable, match="no longer used here"):
        begun(doctor, patient, here)


def test_who_prescribes_nothing_begins_nothing(boss, patient) -> None:
    with pytest.raises(NotAllowed):
        begun(staff("nurse", patient.site), patient, both(boss))


def test_found_by_every_word_of_name_and_medicines_and_not_where_nothing_is_offered(boss, doctor, patient) -> None:
    both(boss)
    arranged(boss, line("metformin 850 mg, tablet"), name="Diabetes")
    assert offered(doctor, patient) == ["Diabetes", "Hypertension, start"]
    assert offered(doctor, patient, "AMLO hyper") == ["Hypertension, start"]
    assert offered(doctor, patient, "amlo diab") == []
    no_longer_offered("metformin 850 mg, tablet")
    assert offered(doctor, patient) == ["Hypertension, start"]


# == Chosen ==
def test_it_is_chosen_where_medicines_are_and_leads_to_all_of_its_drafts(boss, browser, doctor, patient) -> None:
    row = both(boss)
    client, choose = browser(doctor), reverse("prescriptions:choose", args=[patient.pk])
    said = client.get(choose, {"q": "hyper"}).text
    assert "Hypertension, start" in said
    assert AMLODIPINE in said
    no_longer_offered(AMLODIPINE)
    assert "Not all of it is offered any more" in client.get(choose).text
    answer = client.post(choose, {"order_set": row.pk}, follow=True)
    assert answer.redirect_chain[0][0].startswith(reverse("prescriptions:together", args=[patient.pk]) + "?draft=")
    assert f"No longer offered, so it is not among them: {AMLODIPINE}" in answer.text
    assert "1 prescription to sign" in answer.text
    no_longer_offered(LISINOPRIL)
    refused = client.post(choose, {"order_set": row.pk})
    assert refused.status_code == 422
    assert "Nothing of this set is offered any more" in refused.text
    assert client.post(choose, {"order_set": patient.pk}).status_code == 404


# == In the admin ==
def typed(*lines: tuple[str, dict[str, str]], **more: str) -> dict[str, str]:
    asked = {"name": "Hypertension, start", "site": "", "active": "on", **more}
    for place, (label, said) in enumerate(lines, 1):
        values = {"medication": label, "dose": "1", "frequency": "once_daily", "days": "30", **said}
        asked |= {f"{part}_{place}": value for part, value in values.items()}
    return asked


def test_the_admin_shows_what_changes_and_keeps_the_lines(boss) -> None:
    client, add = sign_in(boss), reverse("admin:prescriptions_orderset_add")
    assert "changes or leaves out what does not fit" in client.get(add).text
    asked = typed((LISINOPRIL, {"ongoing": "on", "reason": "Pressure", "repeats": "3"}), (AMLODIPINE, {"dose": "10"}))
    assert LISINOPRIL in client.post(add, asked).text
    with as_the_system():
        assert not OrderSet.objects.exists()
    client.post(add, asked | {CONFIRMED: "yes"})
    with as_the_system():
        row = OrderSet.objects.get()
        first, second = row.lines.order_by("position")
        assert (first.repeats, first.reason, first.directions.ongoing) == (3, "Pressure", True)
        assert second.directions.dose == 10
    change = reverse("admin:prescriptions_orderset_change", args=[row.pk])
    shown = client.get(change).text
    assert 'value="10"' in shown
    given_up = typed((LISINOPRIL, {}))
    del given_up["active"]
    assert "Nobody can choose it any more" in client.post(change, given_up).text
    no_longer_offered(AMLODIPINE)
    assert "What would change" in client.post(change, typed((AMLODIPINE, {"days": "60"}))).text
    listed = client.get(reverse("admin:prescriptions_orderset_changelist")).text
    assert "every site" in listed
    assert LISINOPRIL in client.get(reverse("admin:prescriptions_ordersetline_changelist")).text
    arranged(boss, line(LISINOPRIL), site=SiteFactory(name="Alder Street"))
    assert "Alder Street" in client.get(reverse("admin:prescriptions_orderset_changelist")).text


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"medication_1": ""}, "Choose the medicine, or empty the line"),
        ({"medication_1": "lisinopril 21 mg, tablet"}, "no such medicine"),
        ({"medication_1": "lisinoprill 20"}, f"Do you mean: {LISINOPRIL}"),
        ({"dose_1": ""}, "Say how it is taken"),
        ({"dose_1": "0.3"}, "cannot be divided so finely"),
        ({"days_1": "x"}, "Enter a whole number"),
        ({"dose_1": "0"}, "Say how it is taken"),
    ],
)
def test_the_admin_says_what_does_not_do_and_keeps_what_was_typed(boss, said, says) -> None:
    answer = sign_in(boss).post(
        reverse("admin:prescriptions_orderset_add"), typed((LISINOPRIL, {"note": "with water"})) | said
    )
    assert says in answer.text
    assert 'value="with water"' in answer.text


def test_a_name_that_is_taken_and_a_set_of_nothing_are_refused_in_the_admin(boss) -> None:
    both(boss)
    client, add = sign_in(boss), reverse("admin:prescriptions_orderset_add")
    assert "Another set there has this name" in client.post(add, typed((LISINOPRIL, {}))).text
    refused = client.post(add, {"name": "Empty", "active": "on", CONFIRMED: "yes"}, follow=True)
    assert "at least one medicine" in refused.text
