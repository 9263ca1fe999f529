"""Who plans a recall, and who says that it is over. Which recalls one sees is `visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from patients.access import NotInScope
from records.models import Recall


def check_can_end_recall(user: User, recall: Recall) -> None:
    """Whoever plans, of a patient in reach. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.RECORD_HISTORY)
    if not Recall.objects.visible_to(user).filter(pk=recall.pk, patient_id=recall.patient_id).exists():
        raise NotInScope(_("This recall is not in your scope."))


def check_can_call(user: User, recall: Recall) -> None:
    """Whoever books visits, of a patient in reach. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.BOOK_APPOINTMENT)
    if not Recall.objects.visible_to(user).filter(pk=recall.pk, patient_id=recall.patient_id).exists():
        raise NotInScope(_("This recall is not in your scope."))


def can_end_recall(user: User, recall: Recall) -> bool:
    return passes(check_can_end_recall, user, recall)
