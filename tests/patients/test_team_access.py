"""When what a team may open changes, its grants follow."""

import pytest

from healthcare.accounts.events import TeamChanged
from healthcare.accounts.models import Team
from patients.models import GroupGrant
from patients.subscribers import sync_team_access
from tests.factories import PatientFactory, SiteFactory
from tests.roles import taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def test_a_narrowed_team_told_twice_loses_its_grants_and_other_sites_keep_theirs() -> None:
    site, other = SiteFactory(), SiteFactory()
    patient, stranger = PatientFactory(site=site), PatientFactory(site=other)
    team = Team.objects.get(site=site, role="nurse")
    with taking_role("owner"):
        Team.objects.filter(pk=team.pk).update(scopes=["identity", "schedule"])

    def opened() -> set[tuple[object, str]]:
        nurses = Team.objects.filter(role="nurse").values("group")
        grants = GroupGrant.objects.filter(group__in=nurses).values_list("content_object_id", "permission__codename")
        return set(grants)

    left = deliver_twice(sync_team_access, TeamChanged(team_id=team.pk, site_id=site.pk), opened)
    assert {scope for key, scope in left if key == patient.pk} == {"identity", "schedule"}
    assert len({scope for key, scope in left if key == stranger.pk}) == 5
