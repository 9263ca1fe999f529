"""Who may take a whole record along as data. What stands in it is `visible_to` of each of its rows."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from patients import queries
from patients.access import NotInScope
from patients.models import Patient


def check_can_download(user: User, patient: Patient) -> None:
    """Whose record it is, and who acts for them in everything: a file cannot leave out what is not open to somebody
    without looking whole. Raises NotAllowed, NotInScope.
    """
    check_can(user, Permission.OWN_RECORD)
    own = queries.own_patient(user)
    if own is not None and own.pk == patient.pk:
        return
    acted_for = queries.acted_for(user, patient.pk)
    if acted_for is None or acted_for.scopes != set(Scope):
        raise NotInScope(_("Who takes the whole record along, has to see all of it."))
