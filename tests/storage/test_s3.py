"""The same in a bucket, against a server that speaks S3."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from healthcare.storage.backends import object_storage
from healthcare.storage.encryption import DamagedObject
from healthcare.storage.objects import discard, open_object, put
from tests.roles import taking_role
from tests.storage.conftest import PDF, files

pytestmark = pytest.mark.django_db
BUCKET = "clinic-objects"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, settings: Any) -> Iterator[Any]:
    settings.S3_ENDPOINT_URL, settings.S3_BUCKET, settings.S3_REGION = endpoint, BUCKET, "us-east-1"
    settings.S3_ACCESS_KEY_ID, settings.S3_SECRET_ACCESS_KEY = "test", "test-secret"
    client = boto3.resource(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test-secret",
    )
    place = client.Bucket(BUCKET)
    place.create()
    yield place
    place.objects.all().delete()
    place.delete()


def test_objects_lie_encrypted_in_the_bucket_and_come_back(as_alice, bucket, folder):
    stored = put(PDF, content_type="application/pdf", name="a.pdf")
    (kept,) = bucket.objects.all()
    assert kept.key == stored.place
    raw = kept.get()["Body"].read()
    assert raw.startswith(b"HCO1")
    assert b"synthetic" not in raw
    assert open_object(stored.pk).content == PDF
    assert not folder.exists() or not files(folder)


def test_one_client_serves_the_process(bucket):
    assert object_storage() is object_storage()


def test_an_object_lost_from_the_bucket_is_said(as_alice, bucket):
    stored = put(PDF, content_type="application/pdf", name="a.pdf")
    bucket.objects.all().delete()
    with pytest.raises(DamagedObject, match="missing"):
        open_object(stored.pk)


def test_what_is_discarded_leaves_the_bucket(as_alice, bucket, django_capture_on_commit_callbacks):
    stored = put(PDF, content_type="application/pdf", name="a.pdf")
    with django_capture_on_commit_callbacks(execute=True), taking_role("worker"):
        discard(stored.pk)
    assert not list(bucket.objects.all())
