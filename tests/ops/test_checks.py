"""Settings that would let a wall fall without a sound are refused at start."""

import pytest

from healthcare.ops import checks


def ids(check) -> list[str]:
    return [message.id for message in check()]


def test_the_settings_as_they_are_pass():
    for check in (checks.requests_are_wrapped, checks.connections_carry_the_context, checks.guardian_only_stores):
        assert ids(check) == []


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([], ["ops.E001", "ops.E002"]),
        ([checks.LAST, checks.FIRST], ["ops.E001", "ops.E002"]),
        ([checks.FIRST, checks.LAST, "late.Comer"], ["ops.E002"]),
        (["early.Bird", checks.FIRST, checks.LAST], ["ops.E001"]),
    ],
)
def test_the_two_ends_of_the_list_are_held(settings, middleware, expected):
    settings.MIDDLEWARE = middleware
    assert ids(checks.requests_are_wrapped) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"OPTIONS": {"server_side_binding": True}}, []),
        ({"OPTIONS": {}}, ["ops.E003"]),
        ({"OPTIONS": {"server_side_binding": True}, "ATOMIC_REQUESTS": True}, ["ops.E004"]),
    ],
)
def test_connections_bind_on_the_server_and_leave_transactions_to_us(monkeypatch, settings, options, expected):
    monkeypatch.setattr(checks, "settings", type("Settings", (), {"DATABASES": {"default": options}}))
    assert ids(checks.connections_carry_the_context) == expected


def test_guardian_decides_nothing(settings):
    settings.AUTHENTICATION_BACKENDS = ["guardian.backends.ObjectPermissionBackend"]
    assert ids(checks.guardian_only_stores) == ["ops.E005"]


@pytest.mark.parametrize(("present", "expected"), [(True, []), (False, ["ops.W001"])])
def test_printing_is_asked_for_when_deployed(monkeypatch, present, expected):
    monkeypatch.setattr(checks, "pango_present", lambda: present)
    assert ids(checks.documents_can_be_printed) == expected
