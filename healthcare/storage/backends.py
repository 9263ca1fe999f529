"""The place of the ciphertext: a folder, or S3 where a bucket is configured. Never served by itself."""

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage


def object_storage() -> Storage:
    """Made anew from the settings: cheap for a folder, and S3 keeps its connection in the process."""
    if not settings.S3_BUCKET:
        return FileSystemStorage(
            location=settings.DATA_DIR / "objects", file_permissions_mode=0o600, directory_permissions_mode=0o700
        )
    return _bucket(settings.S3_BUCKET, settings.S3_ENDPOINT_URL, settings.S3_REGION)


_buckets: dict[tuple[str, str, str], Storage] = {}


def _bucket(name: str, endpoint: str, region: str) -> Storage:
    place = (name, endpoint, region)
    if place not in _buckets:
        from storages.backends.s3 import S3Storage  # 60 MB of client, for those who use it

        _buckets[place] = S3Storage(
            bucket_name=name,
            endpoint_url=endpoint or None,
            region_name=region or None,
            access_key=settings.S3_ACCESS_KEY_ID or None,
            secret_key=settings.S3_SECRET_ACCESS_KEY or None,
            default_acl=None,
            file_overwrite=False,
            querystring_auth=True,
        )
    return _buckets[place]
