"""Django's admin: rows by the one rule, no names, nothing to write."""

import pytest
from django.contrib.admin import site
from django.test import RequestFactory
from django.urls import reverse

from healthcare.db.context import acting_as
from patients.models import CareRelationship, GroupGrant, Patient, PortalCode, UserGrant
from tests.factories import CareRelationshipFactory, PatientFactory, staff

pytestmark = pytest.mark.django_db
MODELS = [Patient, CareRelationship, PortalCode, UserGrant, GroupGrant]


def url(model, page="changelist", *args) -> str:
    return reverse(f"admin:patients_{model._meta.model_name}_{page}", args=args)


def request_of(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_sees_an_empty_list(browser, model) -> None:
    patient = PatientFactory(family_name="Delgado")
    CareRelationshipFactory(patient=patient)
    client = browser(staff("administrator", patient.site))
    page = client.get(url(model))
    assert page.status_code == 200
    assert "Delgado" not in page.content.decode()
    assert "0 " in page.content.decode()
    assert client.get(url(model, "add")).status_code == 403


def test_an_administrator_opens_no_single_patient(browser) -> None:
    patient = PatientFactory(family_name="Delgado")
    answer = browser(staff("administrator", patient.site)).get(url(Patient, "change", patient.pk))
    assert answer.status_code == 302, "as for one who does not exist"


@pytest.mark.parametrize("model", MODELS)
def test_a_doctor_has_no_admin_at_all(browser, model) -> None:
    assert browser(staff("doctor")).get(url(model)).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_written_in_the_admin(model) -> None:
    admin, request = site.get_model_admin(model), request_of(staff("administrator"))
    with acting_as(request.user):
        assert admin.has_view_permission(request)
        assert admin.has_module_permission(request)
        assert not admin.has_add_permission(request)
        assert not admin.has_change_permission(request)
        assert not admin.has_delete_permission(request)


@pytest.mark.parametrize("model", MODELS)
def test_no_column_and_no_field_is_a_name(model) -> None:
    admin = site.get_model_admin(model)
    shown = {*admin.list_display, *admin.fields}
    assert not shown & {"given_name", "family_name", "preferred_name", "birth_date", "phone", "email", "mrn", "user"}


def test_whoever_may_see_a_patient_is_shown_the_row_and_its_site() -> None:
    mine, other = PatientFactory(), PatientFactory()
    request = request_of(staff("doctor", mine.site))
    admin = site.get_model_admin(Patient)
    with acting_as(request.user):
        assert list(admin.get_queryset(request)) == [mine]
        assert admin.site_name(mine) == mine.site.name
    assert other.pk != mine.pk
