"""Text that is ciphertext in the database and cannot be moved from one row to another (NIST SP 800-38D)."""

import base64
import os
import uuid
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models, transaction
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st

from healthcare.db.fields import EncryptedTextField, UnreadableValue, decrypt, encrypt, is_encrypted, key_id_of
from healthcare.db.models import BaseModel

BINDING = "table.column.1"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(text=TEXTS)
def test_what_goes_in_comes_out(text):
    assert decrypt(encrypt(text, BINDING), BINDING) == text


@given(text=st.text(st.characters(codec="ascii"), min_size=4))
def test_the_text_does_not_show(text):
    stored = encrypt(text, BINDING)
    assert is_encrypted(stored)
    assert text not in stored.split(".")[3]


def test_the_same_text_is_never_stored_the_same():
    assert len({encrypt("same", BINDING) for _ in range(100)}) == 100


def test_it_names_its_version_and_key(settings):
    version, key_id, nonce, _ = encrypt("text", BINDING).split(".")
    assert version == "v1"
    assert key_id == settings.FIELD_KEYS["current"] == key_id_of(encrypt("text", BINDING))
    assert len(base64.urlsafe_b64decode(nonce + "==")) == 12


@pytest.mark.parametrize("binding", ["table.column.2", "table.other.1", "other.column.1"])
def test_moved_to_another_row_column_or_table_it_does_not_decrypt(binding):
    with pytest.raises(UnreadableValue):
        decrypt(encrypt("text", BINDING), binding)


def test_one_changed_sign_is_noticed():
    stored = encrypt("text", BINDING)
    altered = stored[:-2] + ("A" if stored[-2] != "A" else "B") + stored[-1]
    with pytest.raises(UnreadableValue):
        decrypt(altered, BINDING)


def test_a_key_that_is_gone_is_said_not_guessed(settings):
    stored = encrypt("text", BINDING)
    settings.FIELD_KEYS = {"current": "new", "keys": {"new": os.urandom(32)}}
    with pytest.raises(UnreadableValue, match="not in the key file"):
        decrypt(stored, BINDING)


def test_after_rotation_old_values_are_read_and_new_ones_use_the_new_key(settings):
    stored = encrypt("text", BINDING)
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = {"current": "next", "keys": {**old["keys"], "next": os.urandom(32)}}
    assert decrypt(stored, BINDING) == "text"
    assert key_id_of(encrypt("text", BINDING)) == "next"


@pytest.fixture
def secret_model(db: None, as_role: Any) -> type[models.Model]:
    with isolate_apps("healthcare.db"):

        class Scratch(BaseModel):
            secret = EncryptedTextField(null=True)
            other = EncryptedTextField(null=True)

            class Meta:
                app_label = "db"

    with as_role("owner"), connection.schema_editor() as editor:
        editor.create_model(Scratch)
        editor.execute(f"GRANT SELECT, INSERT, UPDATE ON {Scratch._meta.db_table} TO web")
    return Scratch


def stored(row: models.Model, column: str = "secret") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def test_the_column_holds_ciphertext_and_the_attribute_text(secret_model):
    row = secret_model.objects.create(secret="078-05-1120")
    assert is_encrypted(stored(row))
    assert row.secret == "078-05-1120"
    assert secret_model.objects.get().secret == "078-05-1120"


def test_nothing_is_kept_as_nothing(secret_model):
    row = secret_model.objects.create(secret=None)
    assert stored(row) is None
    assert secret_model.objects.get().secret is None


def test_saving_again_encrypts_again(secret_model):
    row = secret_model.objects.create(secret="a")
    before = stored(row)
    row = secret_model.objects.get()
    row.save(update_fields=["secret"])
    assert stored(row) != before
    assert secret_model.objects.get().secret == "a"


def test_a_deferred_value_is_read_when_asked_for(secret_model):
    secret_model.objects.create(secret="later")
    assert secret_model.objects.defer("secret").get().secret == "later"


def test_swapping_two_rows_in_sql_is_noticed(secret_model):
    first, second = (secret_model.objects.create(secret=text) for text in ("one", "two"))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {first._meta.db_table} SET secret = %s WHERE id = %s", [stored(second), first.pk])
    with pytest.raises(UnreadableValue):
        _ = secret_model.objects.get(pk=first.pk).secret


def test_text_that_looks_like_ciphertext_is_refused_not_read_as_such(secret_model):
    row = secret_model(secret=encrypt("smuggled", f"{secret_model._meta.db_table}.secret.{uuid.uuid4()}"))
    with pytest.raises(UnreadableValue):
        row.save()


@pytest.mark.parametrize("write", ["update", "bulk_update"])
def test_writes_that_know_no_row_are_refused_not_left_in_clear(secret_model, write):
    row = secret_model.objects.create(secret="a")
    row.secret = "clear text"
    given = {"update": {"secret": "clear text"}, "bulk_update": {"objs": [row], "fields": ["secret"]}}[write]
    with pytest.raises(TypeError, match="save the row"), transaction.atomic():
        getattr(secret_model.objects, write)(**given)
    assert is_encrypted(stored(row))


def test_rows_made_in_bulk_are_encrypted(secret_model):
    rows = secret_model.objects.bulk_create([secret_model(secret="a"), secret_model(secret=None)])
    assert is_encrypted(stored(rows[0]))
    assert stored(rows[1]) is None


def test_it_can_be_emptied_in_bulk(secret_model):
    row = secret_model.objects.create(secret="a")
    secret_model.objects.update(secret=None)
    assert stored(row) is None


def test_a_search_by_value_is_refused_because_it_could_find_nothing(secret_model):
    with pytest.raises(FieldError, match="Unsupported lookup"):
        secret_model.objects.filter(secret="a")
    assert not secret_model.objects.filter(secret__isnull=False).exists()
