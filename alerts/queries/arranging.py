"""What an administrator is shown before they arrange who is asked, and how soon."""

from alerts.rules import KINDS
from healthcare.accounts.models import Membership, Site
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import ROLES


def roles_for(kind: str) -> list[str]:
    """Roles that receive alerts, and whose people can see what one of this kind is about."""
    area = Scope(KINDS[kind].area)
    found = (role for role in ROLES.values() if Permission.RECEIVE_ALERTS in role.permissions)
    return [role.slug for role in found if area in role.scopes]


def people_by_site(role: str) -> list[tuple[str, int]]:
    """How many people of the role each open site has now."""
    current = Membership.objects.current().filter(role=role, user__is_active=True)
    working = list(current.values_list("site_id", flat=True))
    sites = Site.objects.filter(closed_at=None).order_by("name")
    return [(site.name, working.count(site.pk)) for site in sites]
