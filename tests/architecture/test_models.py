"""Foreign keys point left; whatever hangs on a patient says whose it is and stands behind the second wall."""

import ast
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import RequestFactory

from healthcare.accounts.models import User
from healthcare.db.models import BaseModel
from tests import factories
from tests.architecture.tree import GROUND, JOURNEY, ROOT, parsed, sources

ORDER = (*(f"healthcare.{part}" for part in GROUND), *JOURNEY)
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in {"healthcare", *JOURNEY}]
Patient = apps.get_model("patients", "Patient")

# Tables on the graph that do not carry `patient_id` under that name.
OTHER_PATIENT_COLUMN = {
    "patients.Patient": "its own key is the patient's",
    "patients.UserGrant": "guardian's direct table calls the patient content_object_id; no page may write it",
    "patients.GroupGrant": "guardian's direct table calls the patient content_object_id; no page may write it",
}
# Rows that machines alone make have no page and are built by their verbs in tests.
WITHOUT_FACTORY = {
    "audit.AuditEvent": "made by record()",
    "audit.AuditSeal": "made by the sealer",
    "audit.Change": "made by django-auditlog",
    "patients.UserGrant": "projected by trigger",
    "patients.GroupGrant": "projected by trigger",
    "patients.EmergencyAccess": "made by trigger, with its care relationship",
    "events.OutboxEvent": "made by publish()",
    "events.Event": "made by publish()",
    "events.Delivery": "made by the relay",
    "events.JobTick": "made by run_job()",
    "messaging.Message": "made by queue_message()",
    "messaging.OptOut": "made by a reply, or what the carrier says",
    "messaging.Reply": "made by receive_reply()",
    "messaging.Circuit": "made by the sender",
    "storage.StoredObject": "made by put()",
    "analytics.VisitDay": "made by roll_up()",
    "analytics.WaitDay": "made by roll_up()",
    "analytics.PatientDay": "made by roll_up()",
    "analytics.MedicineDay": "made by roll_up()",
    "analytics.MoneyDay": "made by roll_up()",
    "analytics.RollUp": "made by roll_up()",
    "patients.ImportedSource": "made by import_fhir",
    "patients.DirectoryResource": "made by import_fhir",
    "patients.PatientOrigin": "made by import_fhir",
    "patients.Merge": "made by merge_patients()",
}
WITHOUT_ADMIN = WITHOUT_FACTORY | {
    "alerts.WatchMark": "the web login may not read it",
    "scheduling.Opening": "the web login may not read it",
    "records.UnmatchedResult": "the web login may not read it: pages ask two functions",
}


def place(model: type[models.Model]) -> int:
    module = model.__module__
    return next((index for index, app in enumerate(ORDER) if f"{module}.".startswith(f"{app}.")), -1)


def keys(model: type[models.Model]) -> Iterator[models.Field]:
    return (field for field in model._meta.get_fields() if field.concrete and field.is_relation)


def label(model: type[models.Model]) -> str:
    return model._meta.label


def on_the_graph() -> list[type[models.Model]]:
    """Patient, and whatever points to it at any depth, many-to-many tables too."""
    found, grown = {Patient}, True
    every = apps.get_models(include_auto_created=True)
    while grown:
        pointing = {m for m in every if any(f.related_model in found for f in keys(m) if not f.many_to_many)}
        grown = not pointing <= found
        found |= pointing
    return sorted(found, key=label)


@pytest.mark.parametrize("model", OURS, ids=label)
def test_foreign_keys_point_left(model):
    for field in keys(model):
        assert place(field.related_model) <= place(model), (
            f"{label(model)}.{field.name} points right, to {label(field.related_model)}: turn it round or keep an id."
        )


@pytest.mark.parametrize("model", on_the_graph(), ids=label)
def test_every_table_that_hangs_on_a_patient_says_whose_row_it_is(model):
    columns = {field.column for field in model._meta.concrete_fields}
    assert "patient_id" in columns or label(model) in OTHER_PATIENT_COLUMN, (
        f"{label(model)} hangs on a patient: give it patient_id, CompositeParentKey and ProtectTable."
    )


@pytest.mark.django_db
@pytest.mark.parametrize("model", on_the_graph(), ids=label)
def test_every_table_that_hangs_on_a_patient_has_forced_row_security(model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True,), f"{label(model)}: write ProtectTable in a migration."
        cursor.execute(
            "SELECT DISTINCT unnest(roles)::text FROM pg_policies WHERE tablename = %s", [model._meta.db_table]
        )
        named = {row[0] for row in cursor.fetchall()}
    assert {"web", "worker", "owner"} <= named, f"{label(model)}: each login needs a policy by its name."
    assert "public" not in named, f"{label(model)}: a policy for everybody also opens the table to logins to come."


@pytest.mark.django_db
def test_every_table_with_a_patient_column_is_behind_the_wall_whether_on_the_graph_or_not():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_id'"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
            " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
        )
        assert cursor.fetchall() == [], "These tables name a patient and have no forced row security."


@pytest.mark.django_db
@pytest.mark.parametrize("model", on_the_graph(), ids=label)
def test_without_a_context_each_of_them_is_empty(model):
    factories.PatientFactory()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
        assert cursor.fetchone() == (0,), f"{label(model)} shows rows to nobody in particular."


@pytest.mark.parametrize("model", on_the_graph(), ids=label)
def test_every_model_with_patient_data_has_visible_to(model):
    if label(model) not in {"patients.UserGrant", "patients.GroupGrant"}:
        assert hasattr(model._default_manager.all(), "visible_to"), (
            f"{label(model)}: its QuerySet needs visible_to(user), derived from the one of Patient."
        )


@pytest.mark.parametrize("model", OURS, ids=label)
def test_every_model_names_its_rows_without_naming_people(model):
    own = next(base for base in model.__mro__ if "__str__" in vars(base))
    assert own.__module__.split(".")[0] in {"healthcare", *JOURNEY}, f"{label(model)}: write __str__, a kind and an id."


@pytest.mark.parametrize("model", OURS, ids=label)
def test_every_model_is_fit_for_row_security(model):
    """db_default brings RETURNING back, which row security refuses to whoever may add a row but not read it."""
    for field in model._meta.local_concrete_fields:
        assert not field.has_db_default(), f"{label(model)}.{field.name}: no db_default, no generated column."
    if issubclass(model, BaseModel):
        assert isinstance(model._meta.pk, models.UUIDField), f"{label(model)} has a UUIDv7 key."
    assert not model._meta.ordering, f"{label(model)}: order where it is read, not in Meta."


@pytest.mark.parametrize("model", OURS, ids=label)
def test_every_model_has_a_factory(model):
    made = {found._meta.model for found in vars(factories).values() if hasattr(found, "_meta")}
    assert model in made or label(model) in WITHOUT_FACTORY, f"Write a factory for {label(model)} in tests/factories/."


@pytest.mark.parametrize("model", OURS, ids=label)
def test_every_model_has_an_admin_page_and_clinical_rows_are_read_only_there(model):
    if label(model) in WITHOUT_ADMIN:
        return
    page = admin.site._registry.get(model)
    assert page is not None, f"Register {label(model)} in the admin, or say in WITHOUT_ADMIN why not."
    if model in on_the_graph():
        request = RequestFactory().get("/admin/")
        request.user = User(is_superuser=True, is_active=True)
        allowed = (
            page.has_add_permission(request),
            page.has_change_permission(request),
            page.has_delete_permission(request),
        )
        assert allowed == (False, False, False), f"{label(model)} is patient data: read-only in the admin."


def test_properties_never_touch_the_database():
    """Methods that do are called get_…; a property that asks hides a query in a template."""
    for path in sources():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "property" for d in node.decorator_list):
                assert ".objects." not in ast.unparse(node), f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
