"""Field-by-field changes: whose they are, what they leave out, and the writes that would slip past them."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from auditlog.registry import auditlog
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import isolate_apps

from healthcare.audit.changes import NoSilentWrites, SilentWrite, bulk_verb, mask, patient_of, register_changes
from healthcare.audit.models import Change
from healthcare.audit.request import RequestFacts, request_facts
from healthcare.db.context import acting_as, acting_as_system
from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from tests.audit.conftest import person
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
PATIENT = uuid.uuid4()


@pytest.fixture
def note() -> Iterator[Any]:
    """A model of its own, with a table, whose changes are kept."""
    with isolate_apps("healthcare.audit"):

        class Note(BaseModel):
            patient_id = models.UUIDField()
            kind = models.CharField(max_length=20)
            text = models.TextField(blank=True)
            pin = EncryptedTextField(blank=True, null=True)
            objects = NoSilentWrites.as_manager()

            class Meta:
                app_label = "audit"

        with taking_role("owner"), connection.schema_editor() as editor:
            editor.create_model(Note)
            editor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON audit_note TO web, worker")
            ContentType.objects.get_for_model(Note)
        register_changes(Note, patient_field="patient_id", exclude=["text"])
        yield Note
        auditlog.unregister(Note)
        ContentType.objects.clear_cache()


def changes() -> list[Change]:
    with taking_role("worker"), acting_as_system("test"):
        return list(Change.objects.order_by("id"))


def test_a_change_says_who_whose_and_what_and_leaves_the_text_out(note):
    alice = person("nurse")
    token = request_facts.set(RequestFacts("K7QFP-2M9DX"))
    with acting_as(alice):
        row = note.objects.create(patient_id=PATIENT, kind="call", text="a clinical sentence")
        row.kind = "visit"
        row.text = "another"
        row.save(update_fields=["kind", "text", "updated_at"])
        row.delete()
    request_facts.reset(token)
    created, updated, deleted = changes()
    assert [entry.action for entry in (created, updated, deleted)] == [0, 1, 2]
    assert updated.changes == {"kind": ["call", "visit"]}
    assert (updated.actor_id, updated.actor_role, updated.purpose) == (alice.pk, "nurse", "")
    assert (updated.patient_id, updated.cid) == (PATIENT, "K7QFP-2M9DX")
    assert updated.object_repr == f"note {str(row.id or updated.object_pk)[-8:]}"
    assert not {"text", "created_at", "updated_at"} & created.changes.keys()
    assert str(updated) == f"change {str(updated.id)[-8:]}"


def test_a_job_has_an_actor_too(note):
    with taking_role("worker"), acting_as_system("import_fhir"):
        note.objects.create(patient_id=PATIENT, kind="call")
    (created,) = changes()
    assert (created.actor_id, created.purpose) == (None, "import_fhir")


def test_encrypted_fields_are_masked_whole(note):
    with acting_as(person()):
        row = note.objects.create(patient_id=PATIENT, kind="call", pin="1234")
        row.pin = "56789"
        row.save()
    created, updated = changes()
    assert created.changes["pin"] == ["", "•••"]
    assert updated.changes == {"pin": ["•••", "•••"]}
    assert mask("None") == mask("") == ""


def test_a_change_vanishes_with_its_rollback(note):
    with acting_as(person()):
        note.objects.create(patient_id=PATIENT, kind="call")
        assert changes()
        raise_back = transaction.savepoint()
        note.objects.create(patient_id=PATIENT, kind="visit")
        transaction.savepoint_rollback(raise_back)
    assert [change.changes["kind"][1] for change in changes()] == ["call"]


def test_members_of_a_list_that_come_and_go_are_changes_of_the_patient(note):
    alice = person()
    with acting_as(alice):
        row = note.objects.create(patient_id=PATIENT, kind="call")
        Change.objects.log_m2m_changes([row], row, "add", "groups")
        assert Change.objects.log_m2m_changes([], row, "add", "groups") is None
    change = changes()[-1]
    assert (change.patient_id, change.actor_id) == (PATIENT, alice.pk)
    assert change.changes["groups"]["operation"] == "add"


def test_changes_are_read_by_the_privacy_officer_and_the_system_alone(note):
    alice = person("doctor")
    with acting_as(alice):
        note.objects.create(patient_id=PATIENT, kind="call")
    for role, seen in [("doctor", 0), ("administrator", 0), ("patient", 0), ("privacy_officer", 1)]:
        with acting_as(alice, role=role):
            assert Change.objects.count() == seen
    assert Change.objects.count() == 0


@pytest.mark.parametrize("statement", ["UPDATE audit_change SET changes = NULL", "DELETE FROM audit_change"])
def test_changes_are_not_altered(note, statement):
    for login in ("web", "worker"):
        with (
            taking_role(login),
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_nobody_signs_a_change_for_another(note):
    kind = ContentType.objects.get_for_model(note)
    with acting_as(person()), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Change(actor_id=uuid.uuid4(), actor_role="nurse", content_type=kind, object_pk="1", action=1).save()


def test_writes_that_send_no_signal_are_refused(note):
    with acting_as(person()):
        row = note.objects.create(patient_id=PATIENT, kind="call")
        with pytest.raises(SilentWrite, match="bulk_verb"):
            note.objects.update(kind="visit")
        with pytest.raises(SilentWrite):
            note.objects.filter(pk=row.pk).update(kind="visit")
        with pytest.raises(SilentWrite):
            note.objects.bulk_create([note(patient_id=PATIENT, kind="call")])
        with pytest.raises(SilentWrite):
            note.objects.bulk_update([row], ["kind"])


def test_a_bulk_verb_may_and_the_permission_ends_with_it(note):
    with acting_as(person()):
        with bulk_verb():
            (row,) = note.objects.bulk_create([note(patient_id=PATIENT, kind="call")])
            row.kind = "visit"
            assert note.objects.bulk_update([row], ["kind"]) == 1
            assert note.objects.update(kind="call") == 1
        with pytest.raises(SilentWrite):
            note.objects.update(kind="visit")
    assert changes() == []


def test_a_model_whose_manager_allows_silent_writes_is_not_registered():
    with pytest.raises(ImproperlyConfigured, match="NoSilentWrites"):
        register_changes(Group, patient_field=None)
    assert not auditlog.contains(Group)


def test_a_row_of_nobody_has_no_patient(note):
    register_changes(note, patient_field=None)
    assert patient_of(note(patient_id=PATIENT)) is None
    assert patient_of(Group()) is None
