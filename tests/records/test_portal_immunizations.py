"""A patient reads which vaccines they were given, by whom, and apart from them what was not given."""

from typing import Any

import pytest
from django.urls import reverse

from tests.factories import EntryFactory, portal_user

pytestmark = pytest.mark.django_db
PAGE = reverse("records_portal:immunizations")


def dose(patient: Any, code: str = "140", **said: Any) -> Any:
    told = {"kind": "immunization", "code_system": "cvx", "value": None, "unit": "", "display": "Told so"} | said
    return EntryFactory(patient=patient, code=code, **{"data": {"elsewhere": False}} | told)


def test_each_dose_says_who_gave_it_and_how(browser, rosa, nurse) -> None:
    dose(rosa, author=nurse, data={"elsewhere": False, "lot": "LX4471", "site": "LA", "route": "IM"})
    dose(rosa, "165", data={"elsewhere": True, "by": "Pine Street Pharmacy", "status": "dose 2"})
    dose(rosa, "43", data={"elsewhere": True})
    shown = browser(portal_user(rosa)).get(PAGE).content.decode()
    for words in ("Influenza, seasonal", nurse.full_name, "LX4471", "Left arm, Into the muscle"):
        assert words in shown
    assert "Elsewhere: Pine Street Pharmacy" in shown
    assert "dose 2" in shown
    assert "Not given" not in shown


def test_what_was_declined_is_not_shown_as_given(browser, rosa) -> None:
    dose(rosa, "300", kind="vaccine_declined", data={"why": "PATOBJ"})
    shown = browser(portal_user(rosa)).get(PAGE).content.decode()
    assert "No vaccine is recorded" in shown
    assert "Not given: COVID-19" in shown


def test_neither_what_is_void_or_replaced_nor_what_is_somebody_elses(browser, rosa) -> None:
    first = dose(rosa, "10", superseded_at=rosa.created_at)
    dose(rosa, "21", supersedes=first)
    dose(EntryFactory().patient, "08")
    shown = browser(portal_user(rosa)).get(PAGE).content.decode()
    assert "Chickenpox" in shown
    assert "Polio" not in shown
    assert "Hepatitis B, child" not in shown
