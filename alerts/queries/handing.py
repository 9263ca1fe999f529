"""To whom an open alert can be handed on, and how it went from one to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from alerts.models import Alert, Handing, Notice
from alerts.queries.lists import notices_of, whose
from healthcare.accounts.models import Cover, Team, User


@dataclass(frozen=True)
class Goal:
    """Who gets it. `instead_of` is who is away, in whose place they stand."""

    to: User | Team
    instead_of: User | None = None

    @property
    def named(self) -> User | Team:
        """Whom one chose."""
        return self.instead_of or self.to


@dataclass(frozen=True)
class Step:
    """A line of an alert's story: somebody was told, or it was handed on."""

    at: datetime
    notice: Notice | None = None
    handing: Handing | None = None


def goals_for(user: User, alert: Alert) -> dict[str, Goal]:
    """Colleagues and teams who may answer this alert, by what a form calls them ("user:ID", "team:ID").

    Neither oneself nor who has it already. Of somebody who is away it goes to who stands in; where those cannot have
    it, the one who is away is not among them.
    """
    rows = _takers(alert)
    people = {person.pk: person for person in User.objects.filter(is_active=True, pk__in=[row[0] for row in rows])}
    others = people.keys() - {user.pk, alert.owner_id}
    away = _stand_ins(people.keys(), alert.team_role)
    goals = {}
    for person in sorted(people.values(), key=lambda person: (person.full_name, person.pk)):
        named = [person.pk] if person.pk not in away else [key for key in away[person.pk] if key in others]
        if person.pk in others and named:
            absent = person if person.pk in away else None
            goals[f"user:{person.pk}"] = Goal(people[named[0]], absent)
    return _teams(alert, rows, others) | goals


def _takers(alert: Alert) -> list[tuple[UUID, UUID, bool]]:
    """Person, team, and whether the chart is open to the team as such. The database answers past the walls, by ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person, team, whole FROM app.who_may_take_alert(%s)", [alert.pk])
        return list(cursor.fetchall())


def _stand_ins(people: Iterable[UUID], role: str) -> dict[UUID, list[UUID]]:
    covers = Cover.objects.current().filter(absent__in=list(people), role=role, cover__is_active=True)
    found: dict[UUID, list[UUID]] = {}
    for absent, cover in covers.order_by("pk").values_list("absent_id", "cover_id"):
        found.setdefault(absent, []).append(cover)
    return found


def _teams(alert: Alert, rows: Sequence[tuple[UUID, UUID, bool]], others: Iterable[UUID]) -> dict[str, Goal]:
    able = {team for person, team, whole in rows if person in others and (whole or team == alert.team_id)}
    if alert.owner_id is None:
        able -= {alert.team_id}
    found = Team.objects.filter(pk__in=able).select_related("site").order_by("site__name", "pk")
    return {f"team:{team.pk}": Goal(team) for team in found}


def story_of(user: User, alert: Alert) -> list[Step]:
    """Who was told about it and who handed it on, in their order."""
    handings = Handing.objects.visible_to(user).filter(alert=alert)
    handings = handings.select_related("handed_by", "to", "instead_of", "team__site").order_by("turn")
    steps = [Step(handing.handed_at, handing=handing) for handing in handings]
    steps += [Step(notice.created_at, notice=notice) for notice in notices_of(user, alert)]
    return sorted(steps, key=lambda step: step.at)


def handed_on_by(user: User, alerts: Iterable[Alert]) -> set[UUID]:
    """Which of these this person once had and gave away."""
    keys = [alert.pk for alert in alerts if alert.turn]
    if not keys:
        return set()
    own = Handing.objects.visible_to(user).filter(alert__in=keys, handed_by=user)
    return set(own.values_list("alert_id", flat=True))


def what_became(user: User, alert: Alert) -> str:
    """A sentence for whoever came second."""
    rows = Alert.objects.visible_to(user).select_related("acknowledged_by", "owner", "handed_on_by", "team__site")
    found = rows.filter(pk=alert.pk).exclude(state=Alert.State.CLOSED).first()
    if found is not None and found.state == Alert.State.OPEN and found.handed_on_by is not None:
        names = {"name": found.handed_on_by.full_name, "who": whose(found)}
        return _("%(name)s handed this alert on before you. It waits for %(who)s.") % names
    if found is None or found.acknowledged_by is None:
        return _("This alert does not wait any more: its occasion is gone.")
    if found.acknowledged_by == user:
        return _("You have acknowledged this alert already.")
    return _("%(name)s acknowledged this alert before you.") % {"name": found.acknowledged_by.full_name}
