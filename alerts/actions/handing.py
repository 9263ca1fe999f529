"""Hand an open alert on, and ask whoever has it then."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts import queries
from alerts.access import check_can_hand_on
from alerts.actions.alerts import AlreadyAnswered, withdraw_letters
from alerts.actions.asking import ask
from alerts.events import AlertHandedOn
from alerts.models import Alert, Handing
from alerts.queries.handing import Goal, goals_for
from alerts.rules import next_at
from alerts.rules.handing import why_not_hand_on
from healthcare.accounts.models import Team, User
from healthcare.audit import record
from healthcare.events import publish


class NotHandedOn(Exception):
    """It cannot go on, or not to them. The message is a sentence for whoever chose."""


@transaction.atomic
def hand_on_alert(*, by: User, alert: Alert, to: User | Team, turn: int, word: str = "", now: datetime) -> Handing:
    """Give an open alert to a colleague, or a team, who may answer it; of one who is away, to who stands in.

    They are asked at once, and the ladder begins anew. `turn` is that of the alert when the page was drawn: of two at
    once one is first. Raises NotAllowed, AlreadyAnswered with what became of it, and NotHandedOn.
    """
    if alert.turn != turn:
        raise AlreadyAnswered(queries.what_became(by, alert))
    check_can_hand_on(by, alert)
    _check_goes_on(alert)
    goal = _goal(by, alert, to)
    team, person = (goal.to, None) if isinstance(goal.to, Team) else (alert.team, goal.to)
    waiting = Alert.objects.visible_to(by).waiting().filter(pk=alert.pk, turn=turn)
    if not waiting.update(
        owner=person,
        team=team,
        level=0,
        turn=turn + 1,
        handed_on_at=now,
        handed_on_by=by,
        next_at=next_at(alert.severity, 0, now, queries.waits_of(alert.severity)),
        handed_until=None,
        updated_at=now,
    ):
        raise AlreadyAnswered(queries.what_became(by, alert))
    handing = Handing(
        patient_id=alert.patient_id,
        alert=alert,
        area=alert.area,
        turn=turn + 1,
        handed_at=now,
        handed_by=by,
        to=person,
        instead_of=goal.instead_of,
        team=None if person else team,
        word=word,
    )
    handing.save(force_insert=True)
    detail = {"turn": handing.turn, "to": str(goal.to.pk)}
    record("alerts.hand_on", by=by, patient_id=alert.patient_id, target=alert, detail=detail)
    publish(AlertHandedOn(alert_id=alert.pk, patient_id=alert.patient_id, turn=handing.turn))
    return handing


@transaction.atomic
def ask_anew(*, by: User | None, alert_id: UUID, turn: int, now: datetime) -> None:
    """Ask who has it after this turn, and take back what is still in the post for who had it before.

    Answered, closed or handed on again meanwhile: nobody is asked.
    """
    withdraw_letters(by=by, alert_id=alert_id, before=turn, now=now)
    rows = Alert.objects.select_for_update(of=("self",)).select_related("patient", "owner", "team__site")
    alert = rows.waiting().filter(pk=alert_id, turn=turn).first()
    if alert is not None:
        record("alerts.ask_anew", by=by, patient_id=alert.patient_id, target=alert, detail={"turn": turn})
        ask(by=by, alert=alert, now=now)


def _check_goes_on(alert: Alert) -> None:
    """Raises NotHandedOn."""
    why_not = why_not_hand_on(alert.severity, alert.level, alert.turn)
    if why_not == "everybody":
        raise NotHandedOn(_("Everybody was asked already. Acknowledge it, and call whoever is to take over."))
    if why_not:
        raise NotHandedOn(
            _("It was handed on %(times)d times already. Acknowledge it, and call whoever is to take over.")
            % {"times": alert.turn}
        )


def _goal(by: User, alert: Alert, to: User | Team) -> Goal:
    """Raises NotHandedOn."""
    kind, name = ("team", to.site.name) if isinstance(to, Team) else ("user", to.full_name)
    goal = goals_for(by, alert).get(f"{kind}:{to.pk}")
    if goal is None:
        raise NotHandedOn(_("%(name)s cannot take this alert now. Choose somebody else.") % {"name": name})
    return goal
