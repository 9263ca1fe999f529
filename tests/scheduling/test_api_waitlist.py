"""The waitlist for other programs: listed, joined and left, with what is kept at the moment."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling.models import Wait
from tests.factories import PatientFactory, VisitTypeFactory, WaitFactory, WaitOfferFactory, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import Clinic
from tests.scheduling.waiting import fresh

pytestmark = pytest.mark.django_db


def body(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    last = (timezone.localdate() + timedelta(days=20)).isoformat()
    asked = {"visit_type": clinic.visit_type.slug, "site": str(clinic.site.pk), "last_day": last}
    return asked | changes


def test_a_patient_joins_reads_and_leaves(api: Any, clinic: Clinic) -> None:
    program = api(clinic.rosa)
    joined = program.write("/waitlist", body(clinic, weekdays=[4, 2, 2], parts=["morning"]))
    assert joined.status_code == 201, joined.content
    told = joined.json()
    assert joined["Location"].endswith(f"/v1/waitlist/{told['id']}")
    assert (told["patient"], told["weekdays"], told["parts"]) == (str(clinic.patient.pk), [2, 4], ["morning"])
    assert (told["first_day"], told["provider"], told["offer"]) == (timezone.localdate().isoformat(), None, None)
    assert program.read("/waitlist").json()["items"] == [told]
    assert program.read(f"/waitlist/{told['id']}").json() == told
    gone = program.write(f"/waitlist/{told['id']}/leave", {})
    assert (gone.status_code, gone.json()["state"]) == (200, "left")
    assert program.read("/waitlist").json()["items"] == []


def test_what_is_kept_stands_with_the_line(api: Any, clinic: Clinic) -> None:
    wait = WaitFactory(patient=clinic.patient)
    WaitOfferFactory(wait=wait, provider=clinic.provider, state="expired", next_at=None)
    kept = WaitOfferFactory(wait=wait, provider=clinic.provider)
    (line,) = api(clinic.rosa).read("/waitlist").json()["items"]
    assert line["offer"]["provider"] == str(clinic.provider.pk)
    assert line["offer"]["time_zone"] == kept.time_zone


def test_the_desk_lists_whom_it_reaches_and_names_a_patient_to_join(api: Any, clinic: Clinic) -> None:
    desk = api(clinic.desk)
    assert desk.write("/waitlist", body(clinic)).status_code == 422
    asked = body(clinic, patient=str(clinic.patient.pk), provider=str(clinic.provider.pk))
    assert desk.write("/waitlist", asked).json()["provider"] == str(clinic.provider.pk)
    WaitFactory()
    assert [line["patient"] for line in desk.read("/waitlist").json()["items"]] == [str(clinic.patient.pk)]
    assert desk.read("/waitlist", {"patient": str(PatientFactory().pk)}).status_code == 404


def test_what_cannot_be_is_said(api: Any, clinic: Clinic) -> None:
    program = api(clinic.rosa)
    late = program.write("/waitlist", body(clinic, last_day="2020-01-01"))
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (422, "not-bookable")
    for wrong in ({"parts": ["night"]}, {"weekdays": [8]}, {"site": str(clinic.patient.pk)}, {"visit_type": "none"}):
        assert program.write("/waitlist", body(clinic, **wrong)).status_code == 422, wrong
    off = VisitTypeFactory(portal_mode="off")
    assert program.write("/waitlist", body(clinic, visit_type=off.slug)).status_code == 422


def test_one_key_joins_once_and_a_stranger_takes_nobody_off(api: Any, clinic: Clinic) -> None:
    program = api(clinic.rosa)
    answers = [program.write("/waitlist", body(clinic), Idempotency_Key="once") for _each in range(2)]
    assert {answer.status_code for answer in answers} == {201}
    with as_the_system():
        wait = Wait.objects.get()
    stranger = api(staff("front_desk"))
    assert stranger.write(f"/waitlist/{wait.pk}/leave", {}).status_code == 404
    assert stranger.read(f"/waitlist/{wait.pk}").status_code == 404
    assert fresh(wait).is_waiting
