"""JSON lines with nothing of a patient in them."""

import json
import logging
import sys
import uuid

import pytest

from healthcare.db.context import acting_as
from healthcare.ops.logs import FIELDS, JsonLines, safe_error
from tests.factories import UserFactory
from tests.ops.urls import NAME

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ops.urls")]


def written(message: object, *args: object, logger: str = "patients.actions", **extra: object) -> dict:
    record = logging.getLogger(logger).makeRecord(logger, 40, "file.py", 7, message, args, None, extra=extra or None)
    return json.loads(JsonLines().format(record))


def test_a_name_in_an_exception_never_reaches_the_log(visitor, log):
    assert visitor.get(f"/name-in-exception/{uuid.uuid4()}").status_code == 500
    assert "Canary" not in log.text
    assert "coverage" not in log.text


def test_the_place_of_the_exception_does(visitor, log):
    visitor.get("/boom")
    error = next(line["error"] for line in log if "error" in line)
    assert error["type"] == "builtins.ValueError"
    assert error["at"][-1].startswith("tests/ops/urls.py:")
    assert error["at"][-1].endswith(" name_in_exception")


def test_nor_does_one_in_a_cause_or_a_database_error(visitor, log):
    visitor.get("/away")
    visitor.post("/write/503")
    assert "Canary" not in log.text


def test_every_request_has_one_line_with_its_pattern_and_no_ids(visitor, log):
    patient_id = uuid.uuid4()
    response = visitor.get(f"/name-in-exception/{patient_id}?q={NAME}")
    lines = [line for line in log if line["logger"] == "healthcare.request"]
    assert len(lines) == 1
    assert lines[0]["route"] == "/name-in-exception/<uuid:patient_id>"
    assert lines[0]["status"] == 500
    assert lines[0]["level"] == "ERROR"
    assert lines[0]["method"] == "GET"
    assert lines[0]["ms"] >= 0
    assert lines[0]["request_id"] == response["X-Request-Id"]
    assert str(patient_id) not in log.text


def test_bodies_and_queries_and_unknown_paths_are_not_logged(visitor, log):
    visitor.post("/echo?q=Canary", {"a": "Canary"})
    visitor.get("/patients/Canary")
    visitor.post("/echo", b"a=Canary%00", content_type="application/x-www-form-urlencoded")
    assert "Canary" not in log.text


def test_refused_hosts_and_suspicious_requests_say_no_value(visitor, log):
    visitor.get("/who", headers={"Host": "canary.example"})
    assert "canary" not in log.text


def test_who_acted_is_an_id_and_a_role():
    user = UserFactory()
    with acting_as(user, role="nurse"):
        line = written("opened")
    assert line["user_id"] == str(user.pk)
    assert line["role"] == "nurse"
    assert user.email not in json.dumps(line)


def test_it_is_one_line_of_json_with_the_time_in_utc():
    line = written("message")
    assert line["time"].endswith("+00:00")
    assert line["level"] == "ERROR"
    assert line["logger"] == "patients.actions"


@pytest.mark.parametrize("text", ["a\nb", 'a"b', "\x1b[31m", "\u2028", "\r\n{}"])
def test_nothing_can_break_out_of_the_line(text):
    record = logging.makeLogRecord({"name": "patients", "msg": text, "levelno": 20, "levelname": "INFO"})
    formatted = JsonLines().format(record)
    assert "\n" not in formatted
    assert "\x1b" not in formatted
    assert json.loads(formatted)["message"] == text


def test_our_own_messages_are_filled_in_but_never_with_an_exception():
    assert written("sent %s of %s", 3, 5)["message"] == "sent 3 of 5"
    assert written("failed: %s", ValueError(NAME))["message"] == "failed: ValueError"
    assert written(ValueError(NAME))["message"] == "ValueError"
    assert written("%(count)s done", {"count": 3})["message"] == "3 done"


def test_other_peoples_messages_are_bare_templates():
    line = written("Task %s raised: %s", "send", NAME, logger="celery.app.trace")
    assert line["message"] == "Task %s raised: %s"
    assert written(f"User {NAME}", logger="somebody.else")["message"] == "at file:7"


def test_extra_is_written_only_under_known_names():
    line = written("done", count=3, part="audit", patient_name=NAME)
    assert line["count"] == 3
    assert line["part"] == "audit"
    assert "Canary" not in json.dumps(line)
    assert "patient_name" not in FIELDS


def test_the_chain_of_causes_is_types_alone():
    try:
        try:
            raise KeyError(NAME)
        except KeyError as cause:
            raise ValueError(NAME) from cause
    except ValueError:
        told = safe_error(sys.exc_info()[1])
    assert told["type"] == "builtins.ValueError"
    assert told["causes"] == ["builtins.KeyError"]
    assert "Canary" not in json.dumps(told)


def test_a_chain_that_goes_in_a_circle_ends():
    first, second = ValueError(), ValueError()
    first.__context__, second.__context__ = second, first
    assert len(safe_error(first)["causes"]) == 5


def test_the_configuration_is_in_force():
    """What the settings say is what a process runs with."""
    assert any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers)
    assert logging.getLogger("django").handlers == []
