import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.factories import PatientFactory
from tests.roles import taking_role


@pytest.fixture(scope="session")
def passwords() -> dict[str, str]:
    """The passwords in force, by login."""
    return json.loads(Path(os.environ["DATABASE_ROLES_FILE"]).read_text())


@pytest.fixture
def login_parameters(db: None, passwords: dict[str, str]) -> Callable[[str], dict[str, Any]]:
    """How to connect to the test database as one of its real logins."""
    settings = connections["default"].settings_dict

    def parameters(login: str) -> dict[str, Any]:
        address = {"host": settings["HOST"], "port": settings["PORT"], "dbname": settings["NAME"]}
        return {**address, "user": login, "password": passwords[login]}

    # The name of a test database is not known to the bootstrap.
    with taking_role("owner"), connections["default"].cursor() as cursor:
        cursor.execute(f'GRANT CONNECT ON DATABASE "{settings["NAME"]}" TO web, worker')
    return parameters


@pytest.fixture
def committed_patient(transactional_db: None) -> Any:
    return PatientFactory()
