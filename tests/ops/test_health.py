"""What machines ask: does it live, is it ready, how is it doing?"""

import re

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection

from healthcare.audit.models import AuditEvent
from healthcare.ops import health, metrics
from tests.factories import PatientFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ops.urls")]
SAMPLE = re.compile(r'^[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+$')


def fail(*_: object, **__: object) -> None:
    raise OperationalError("the server is down")


def test_it_lives_without_asking_anybody(visitor, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(cache, "get", fail)
    with django_assert_num_queries(0):
        response = visitor.get("/livez", headers={"Cookie": "sessionid=" + "a" * 32})
    assert response.status_code == 200
    assert "no-cache" in response["Cache-Control"]


def test_ready_names_every_part(visitor):
    response = visitor.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "parts": {"database": "ok", "audit": "ok", "migrations": "ok", "cache": "ok"},
    }


def test_a_dead_cache_is_told_and_does_not_stop_it(visitor, monkeypatch):
    monkeypatch.setattr(cache, "set", fail)
    response = visitor.get("/readyz")
    assert response.status_code == 200
    assert response.json()["parts"]["cache"] == "failed"


def test_a_cache_that_forgets_is_told(monkeypatch):
    monkeypatch.setattr(cache, "get", lambda key: None)
    assert health.examine()[1]["cache"] == "failed"


def test_without_the_right_to_write_audit_rows_it_is_not_ready(visitor, as_role):
    with as_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'audit_auditevent'")
        columns = ", ".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"REVOKE INSERT, INSERT ({columns}) ON audit_auditevent FROM web")
    response = visitor.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["audit"] == "failed"
    assert response.json()["parts"]["database"] == "ok"


def test_with_migrations_to_apply_it_is_not_ready(visitor, as_role, monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)
    with as_role("owner"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'patients'")
    assert visitor.get("/readyz").status_code == 503
    assert visitor.get("/readyz").json()["parts"]["migrations"] == "failed"


def test_once_migrated_it_is_not_asked_again(monkeypatch, django_assert_num_queries):
    health.probe_migrations()
    with django_assert_num_queries(0):
        health.probe_migrations()


def test_a_database_that_only_reads_is_not_ready(visitor):
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    response = visitor.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["audit"] == "failed"


def test_the_probe_leaves_nothing_behind(visitor, as_role):
    visitor.get("/readyz")
    with as_role("owner"):
        assert not AuditEvent.objects.filter(action=health.PROBE).exists()


def test_why_stands_in_the_log_as_a_type(visitor, monkeypatch, log):
    monkeypatch.setattr(cache, "set", fail)
    visitor.get("/readyz")
    line = next(line for line in log if line["message"] == "probe failed")
    assert line["part"] == "cache"
    assert line["failure"] == "OperationalError"


# == Figures ==
def figures(visitor, **headers: str) -> str:
    response = visitor.get("/metrics", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_every_line_is_a_sample_or_a_comment(visitor):
    visitor.get("/who")
    for line in figures(visitor).splitlines():
        assert line.startswith("# TYPE ") or SAMPLE.fullmatch(line), line


def test_every_package_gives_its_figures(visitor):
    text = figures(visitor)
    for part in ("ops", "events", "messaging", "audit"):
        assert f'healthcare_source_failed{{part="{part}"}} 0' in text
    for name in ("ops_sessions_alive", "events_dead", "events_oldest_seconds", "audit_oldest_waiting_seconds"):
        assert re.search(rf"^healthcare_{name} \d", text, re.MULTILINE), name


def test_requests_are_counted_by_pattern_method_and_status(visitor):
    visitor.get("/who")
    before = counted(figures(visitor), "/who", "GET", 200)
    visitor.get("/who")
    visitor.get("/who?q=1")
    assert counted(figures(visitor), "/who", "GET", 200) == before + 2


def counted(text: str, route: str, method: str, status: int) -> int:
    pattern = rf'seconds_count{{process="\d+",route="{route}",method="{method}",status="{status}"}} (\d+)'
    return int(re.search(pattern, text)[1])


def test_methods_that_somebody_invents_are_one_label(visitor):
    visitor.generic("SUMMON", "/who")
    assert 'method="other"' in figures(visitor)
    assert "SUMMON" not in figures(visitor)


def test_addresses_that_do_not_exist_are_one_label(visitor):
    visitor.get("/patients/Canary")
    assert "Canary" not in figures(visitor)
    assert 'route="unmatched"' in figures(visitor)


def test_buckets_add_up():
    tally = metrics.Tally()
    assert len(tally.buckets) == len(metrics.BUCKETS)
    assert list(metrics.BUCKETS) == sorted(metrics.BUCKETS)


def test_nothing_of_a_patient_is_in_it(visitor):
    patient = PatientFactory(family_name="Canary")
    visitor.get(f"/name-in-exception/{patient.pk}")
    text = figures(visitor)
    assert str(patient.pk) not in text
    assert "Canary" not in text


def test_a_source_that_fails_is_itself_a_figure(visitor, monkeypatch):
    monkeypatch.setattr("healthcare.audit.figures.get_sealing_state", fail)
    text = figures(visitor)
    assert 'healthcare_source_failed{part="audit"} 1' in text
    assert 'healthcare_source_failed{part="events"} 0' in text


def test_this_machine_may_read_them_and_another_may_not(visitor, rf):
    assert visitor.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    assert visitor.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    assert visitor.get("/metrics", REMOTE_ADDR="not an address").status_code == 403


def test_a_proxy_on_this_machine_does_not_open_them(visitor):
    assert visitor.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403


def test_the_bearer_of_the_token_may(visitor, settings):
    settings.METRICS_TOKEN = "t" * 40
    from_afar = {"REMOTE_ADDR": "192.0.2.7"}
    assert visitor.get("/metrics", headers={"Authorization": f"Bearer {'t' * 40}"}, **from_afar).status_code == 200
    assert visitor.get("/metrics", headers={"Authorization": f"Bearer {'u' * 40}"}, **from_afar).status_code == 403
    assert visitor.get("/metrics", headers={"Authorization": "Basic dA=="}, **from_afar).status_code == 403


def test_without_a_token_an_empty_one_opens_nothing(visitor, settings):
    settings.METRICS_TOKEN = ""
    response = visitor.get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="192.0.2.7")
    assert response.status_code == 403


def test_labels_cannot_be_broken_out_of():
    assert metrics._escaped('a"b\\c\nd') == 'a\\"b\\\\c\\nd'


# == The rest ==
def test_search_engines_stay_outside(visitor):
    assert visitor.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_the_icon_is_found_where_browsers_look(visitor):
    assert visitor.get("/favicon.ico")["Location"].endswith("img/icon.svg")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/robots.txt", "/favicon.ico"])
def test_they_can_only_be_read(visitor, path):
    assert visitor.post(path).status_code == 405
