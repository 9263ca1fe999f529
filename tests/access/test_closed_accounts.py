"""An account that is closed sees nothing, in whatever role a page still takes it for, without a look at any row."""

import pytest
from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db.models import Model

from healthcare.accounts.roles import ROLES
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
SEEN = [model for model in apps.get_models() if hasattr(model._default_manager, "visible_to")]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", SEEN, ids=lambda model: model._meta.label)
def test_a_closed_account_sees_no_row(model: type[Model], role: str) -> None:
    user = UserFactory.build().in_role(role)
    user.is_active = False
    with pytest.raises(EmptyResultSet):
        str(model._default_manager.visible_to(user).query)


def test_there_are_models_to_ask() -> None:
    assert len(SEEN) > 40
