"""What a colleague who leaves was to do, and who can do it in their place."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise

from healthcare.accounts.models import Cover, Membership, User
from healthcare.events.parts import parts_of


def get_held(user: User, now: datetime) -> list[tuple[Promise | str, int]]:
    """What only this person was to do, app by app; what there is none of is left out."""
    told = [pair for part in parts_of("accounts.Handover") for pair in part(user, now).items()]
    return [(words, count) for words, count in told if count]


def roles_held(user: User) -> set[str]:
    return set(Membership.objects.current().filter(user=user).values_list("role", flat=True))


def can_stand_in(user: User, roles: Collection[str]) -> QuerySet[User]:
    """Colleagues who work in one of these roles now."""
    others = Membership.objects.current().filter(role__in=roles).exclude(user=user)
    return User.objects.filter(is_active=True, pk__in=others.values("user")).order_by("full_name", "pk")


def get_stand_ins(user: User) -> list[Cover]:
    """Who stands in for this person now, and in which role until when."""
    return list(Cover.objects.current().filter(absent=user).select_related("cover").order_by("role", "pk"))
