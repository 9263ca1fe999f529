"""Pools of a site, who answers for them, and which colleagues could answer a thread."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from healthcare.accounts.models import Cover, Membership, Provider, RoleEdit, Site, User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import STAFF_ROLES
from healthcare.accounts.rules import edited
from patients.models import CareRelationship, Patient
from records.models import Pool, PoolMember, Thread
from records.rules.messages import ANSWER_HOURS, working_days


def pools_at(site: Site) -> list[Pool]:
    return list(Pool.objects.usable().filter(site=site).order_by("name", "pk"))


def promised_days(site: Site) -> int:
    """Within how many working days whoever writes to this site has an answer, wherever it goes."""
    hours = Pool.objects.usable().filter(site=site).values_list("answer_hours", flat=True)
    return working_days(max([ANSWER_HOURS, *hours]))


def people_of(pool: Pool) -> list[User]:
    """Who answers for it now: its members who still work here."""
    members = PoolMember.objects.current().filter(pool=pool, user__is_active=True).select_related("user")
    return [member.user for member in members.order_by("user__full_name", "pk")]


def answering_roles() -> list[str]:
    """Roles that may write to patients, as delivered and edited."""
    writing = Permission.MESSAGE_PATIENTS
    edits = dict(RoleEdit.objects.filter(permission=writing.value).values_list("role", "held"))
    changed = {role: {writing.value: held} for role, held in edits.items()}
    return [role for role in STAFF_ROLES if writing in edited(role, changed.get(role, {}))]


def may_join(site: Site) -> list[User]:
    """Who works at this site in a role that writes to patients."""
    here = Membership.objects.current().filter(site=site, role__in=answering_roles())
    return list(User.objects.filter(is_active=True, pk__in=here.values("user")).order_by("full_name", "pk"))


def may_answer(thread: Thread) -> Sequence[User]:
    """Colleagues of the thread's site to whom the messages of its patient are open, those of its pool first.

    The database answers past the walls, by ids alone, and whoever reaches the patient themself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT person, in_role FROM app.who_may_answer(%s, %s)", [thread.patient_id, thread.site_id])
        rows: list[tuple[UUID, str]] = cursor.fetchall()
    roles = answering_roles()
    able = {person for person, role in rows if role in roles}
    people = list(User.objects.filter(is_active=True, pk__in=able).order_by("full_name", "pk"))
    members = {member.pk for member in people_of(thread.pool)} if thread.pool else set()
    return sorted(people, key=lambda person: person.pk not in members)


def providers_of(patient: Patient) -> list[Provider]:
    """To whom the patient can write by name: providers of their care team, while messages are open to them."""
    team = CareRelationship.objects.current().filter(
        patient=patient, kind=CareRelationship.Kind.CARE_TEAM, scopes__contains=[Scope.MESSAGE.value]
    )
    found = Provider.objects.filter(ended_at=None, user__is_active=True, user__in=team.values("user"))
    return list(found.order_by("name", "pk"))


def standing_in_for(user: User | None) -> list[User]:
    """Who answers in their place now, in some role."""
    covers = Cover.objects.current().filter(absent=user, cover__is_active=True) if user else Cover.objects.none()
    return [cover.cover for cover in covers.select_related("cover").order_by("pk")]


def places_for(patient: Patient) -> dict[str, Pool | Provider]:
    """To whom a patient can write by name, by what a form calls them: the pools of their site, their care team."""
    named: list[Pool | Provider] = [*pools_at(patient.site), *providers_of(patient)]
    return {f"{place._meta.model_name}:{place.pk}": place for place in named}


def goals_for(thread: Thread) -> dict[str, User | Pool | None]:
    """To whom a thread can be handed on: back, to another pool, to a colleague."""
    goals: dict[str, User | Pool | None] = {"back": None} if thread.taken_by_id else {}
    if thread.provider_id is None:
        goals |= {f"pool:{pool.pk}": pool for pool in pools_at(thread.site) if pool.pk != thread.pool_id}
    people = (person for person in may_answer(thread) if person.pk != thread.taken_by_id)
    return goals | {f"user:{person.pk}": person for person in people}
