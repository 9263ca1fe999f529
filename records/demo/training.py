"""Somebody in training at the sample clinic, whose notes wait for a colleague."""

from healthcare.accounts.models import Membership, Provider
from healthcare.db.context import acting_as, acting_as_system
from records.actions.supervision import add_supervision

IN_TRAINING, SUPERVISES = "hanna.kowalczyk@", "maren.okafor@"


def tell_who_supervises() -> None:
    """From now on what the one signs waits for the other; where one of them or an administrator is missing, nothing."""
    with acting_as_system("demo"):
        people = [Provider.objects.filter(user__email__startswith=who).first() for who in (IN_TRAINING, SUPERVISES)]
        chair = Membership.objects.current().filter(role="administrator").select_related("user").order_by("id").first()
    trainee, supervisor = people
    if trainee is None or supervisor is None or chair is None:
        return
    administrator = chair.user.in_role("administrator")
    with acting_as(administrator):
        add_supervision(by=administrator, trainee=trainee, supervisor=supervisor)
