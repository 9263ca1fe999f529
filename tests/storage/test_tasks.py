from healthcare.storage import tasks


def test_sweeping_is_a_daily_job(monkeypatch):
    moments = []
    monkeypatch.setattr(tasks, "sweep", moments.append)
    tasks.sweep_objects()
    assert tasks.sweep_objects.job.seconds == 24 * 3600
    assert moments[0].tzinfo is not None
