"""Django's admin: that there are visits and hours, never whose; nothing is written."""

import pytest
from django.contrib.admin import site
from django.test import RequestFactory
from django.urls import reverse

from healthcare.db.context import acting_as
from scheduling.models import (
    Appointment,
    PatientClaim,
    Resource,
    TimeClaim,
    VisitType,
    WorkException,
    WorkRule,
)
from tests.factories import WorkExceptionFactory, staff
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
MODELS = [Appointment, PatientClaim, Resource, TimeClaim, VisitType, WorkException, WorkRule]


def url(model) -> str:
    return reverse(f"admin:scheduling_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_sees_lists_without_patients(browser, clinic, model) -> None:
    visit_at(clinic, at(9))
    WorkExceptionFactory(resource=clinic.resource)
    page = text(browser(staff("administrator", clinic.site)).get(url(model)))
    assert clinic.patient.family_name not in page
    assert "Cough" not in page
    assert browser(staff("doctor", clinic.site)).get(url(model)).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_written_here(model) -> None:
    admin, request = site.get_model_admin(model), RequestFactory().get("/")
    request.user = staff("administrator")
    with acting_as(request.user):
        assert admin.has_view_permission(request)
        assert not admin.has_add_permission(request)
        assert not admin.has_change_permission(request)
        assert not admin.has_delete_permission(request)
