"""When patients are reminded of which kind of visit."""

from collections.abc import Sequence

from django.db import transaction

from alerts.models import ReminderPlan
from alerts.rules import STAGES
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from scheduling.models import VisitType


@transaction.atomic
def plan_kind(*, by: User, visit_type: VisitType, stages: Sequence[str]) -> ReminderPlan:
    """Remind patients of such visits then, from the next that is booked or moved. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    wanted = [stage for stage in STAGES if stage in stages]
    plan, made = ReminderPlan.objects.select_for_update(of=("self",)).get_or_create(
        visit_type=visit_type, defaults={"stages": wanted}
    )
    if not made and plan.stages != wanted:
        plan.stages = wanted
        plan.save(update_fields=["stages", "updated_at"])
    record("alerts.plan_kind", by=by, target=plan, detail={"stages": wanted})
    return plan
