from datetime import UTC, datetime

from django.core.files.storage import FileSystemStorage

from healthcare.storage import objects, tasks


def test_sweeping_is_a_daily_job(monkeypatch):
    moments = []
    monkeypatch.setattr(tasks, "sweep", moments.append)
    tasks.sweep_objects()
    assert tasks.sweep_objects.job.seconds == 24 * 3600
    assert moments[0].tzinfo is not None


def test_sweeping_where_nothing_was_ever_stored_removes_nothing(tmp_path, monkeypatch):
    empty = FileSystemStorage(tmp_path / "objects")
    monkeypatch.setattr(objects, "object_storage", lambda: empty)
    assert objects.sweep(datetime.now(UTC)) == 0
