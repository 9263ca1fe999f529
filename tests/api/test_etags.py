"""Versions of single objects."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from healthcare.api.etags import check_match, etag_of, is_known, tagged
from healthcare.api.problems import Problem
from healthcare.api.schemas import Shown

ROW = SimpleNamespace(pk=1, updated_at=datetime(2026, 1, 1, tzinfo=UTC))
LATER = SimpleNamespace(pk=1, updated_at=datetime(2026, 1, 2, tzinfo=UTC))
TAG = etag_of(ROW)


def asking(**headers: str):
    return RequestFactory().get("/v1/x", headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_tag_is_of_the_row_and_its_version() -> None:
    assert TAG.startswith('W/"')
    assert etag_of(ROW) == TAG
    assert etag_of(LATER) != TAG
    assert etag_of(SimpleNamespace(pk=2, updated_at=ROW.updated_at)) != TAG
    first, second = (SimpleNamespace(pk=1, version=number, updated_at=ROW.updated_at) for number in (1, 2))
    assert etag_of(first) != etag_of(second)


@pytest.mark.parametrize("header", [TAG, "*", f'"a", {TAG}', None])
def test_who_knows_the_version_may_change_it(header) -> None:
    check_match(asking(**({"If_Match": header} if header else {})), ROW)


@pytest.mark.parametrize("header", [etag_of(LATER), '"a"', "nonsense", ""])
def test_who_knows_another_may_not(header) -> None:
    with pytest.raises(Problem) as refusal:
        check_match(asking(If_Match=header), ROW)
    assert refusal.value.kind.status == 412


def test_what_is_known_is_not_sent_again() -> None:
    assert is_known(asking(If_None_Match=TAG), TAG)
    assert is_known(asking(If_None_Match="*"), TAG)
    assert not is_known(asking(If_None_Match=etag_of(LATER)), TAG)
    assert not is_known(asking(), TAG)
    assert not is_known(asking(If_None_Match="*"), "")


def test_the_tag_is_no_part_of_the_body() -> None:
    shown = tagged(Shown(), ROW)
    assert shown._etag == TAG
    assert shown.model_dump() == {}
