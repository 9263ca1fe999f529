"""Several at the same moment, on real connections: one code or renewal is answered once, and that answer is ended."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from healthcare.api.models import AccessToken, RefreshToken
from tests.accounts.conftest import person
from tests.api.oauth import Pkce, alive, code_for, exchange, renew, tokens_for
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 4


def together(deed: Callable[[], Any]) -> list[Any]:
    gate = Barrier(COUNT)

    def one(_number: int) -> Any:
        try:
            gate.wait(30)
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(COUNT) as pool:
        return list(pool.map(one, range(COUNT)))


def test_one_code_is_exchanged_once_and_what_it_gave_ends() -> None:
    """RFC 6749 section 4.1.2."""
    program, pkce = ApplicationFactory(), Pkce()
    code = code_for(person(), program, pkce)
    answers = together(lambda: exchange(program, code, pkce))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    given = next(answer.json() for answer in answers if answer.status_code == 200)
    assert not alive(given["access_token"])
    assert AccessToken.objects.count() == 1


def test_one_renewal_is_answered_once_and_the_family_ends() -> None:
    """RFC 9700 section 4.14.2, and no grace: who came second had a copy."""
    program = ApplicationFactory()
    first = tokens_for(person(), program)["refresh_token"]
    answers = together(lambda: renew(program, first))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    given = next(answer.json() for answer in answers if answer.status_code == 200)
    assert given["refresh_token"]
    assert not alive(given["access_token"])
    assert not RefreshToken.objects.filter(revoked=None).exists()
